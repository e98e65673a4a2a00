"""Forecast versions staged, uploaded, published or dropped; both sides read the same, and what they
read makes the version's content hash."""
import hashlib

from contract import Firm, Refused, Violation, accepted, check, date, fc, fc_grpc, request_id
from network import FIRST_DAY, MAKER, MAKER_ITEMS, RETAILER

BUCKETS = 14
LEVELS = [100_000, 500_000, 900_000]
STUB = fc_grpc.ForecastServiceStub


class ForecastLoad:
    """The maker's versions in the agreement that the load runs on."""

    def __init__(self, server, agreement, locations, rng, tally):
        self.rng = rng
        self.tally = tally
        self.agreement = agreement
        self.locations = locations
        self.author = Firm(server, MAKER)
        self.partner = Firm(server, RETAILER)
        self.published = {}  # Name: {(item, location): (means, quantiles)}.
        self.dropped = set()
        self._chunk = 0

    def step(self):
        levels = LEVELS if self.rng.random() < 0.5 else []
        version = self._call("StageVersion", fc.StageVersionRequest(
            parent=self.agreement, request_id=request_id(self.rng), version=fc.Version(
                purpose=fc.PURPOSE_SALES, method="planner", start_date=date(FIRST_DAY + 1000),
                bucket_count=BUCKETS, bucket_days=1, reason="run",
                quantile_level_millionths=levels)))
        pairs = [(item, location) for item in MAKER_ITEMS for location in self.locations]
        self.rng.shuffle(pairs)
        values, chunks = {}, self.rng.randint(1, 4)
        for number in range(1, chunks + 1):
            chunk, quantiles = self._columns(
                [pairs.pop() for _ in range(self.rng.randint(1, 10))], len(levels), values)
            for _ in range(2 if self.rng.random() < 0.2 else 1):
                stands = self._call("UploadChunk", fc.UploadChunkRequest(
                    name=version.name, chunk=number, series=chunk, quantiles=quantiles))
                check(stands.chunk_count == number, f"{stands.chunk_count} chunks, not {number}")
        if self.rng.random() < 0.2:
            self._call("DropVersion", fc.DropVersionRequest(
                name=version.name, request_id=request_id(self.rng)))
            self.dropped.add(version.name)
            return
        done = self._call("PublishVersion", fc.PublishVersionRequest(
            name=version.name, chunk_count=chunks, request_id=request_id(self.rng)))
        check(done.state == fc.Version.STATE_PUBLISHED, f"{done.name} is not published")
        check(done.series_count == len(values), f"{done.series_count} series of {len(values)}")
        self.published[version.name] = values

    def _call(self, method, request):
        answer = accepted(self.author.call(STUB, method, request), method)
        self.tally.add("acknowledged")
        return answer

    def _columns(self, pairs, levels, values):
        chunk = fc.SeriesColumns(owner=f"firms/{RETAILER}")
        quantiles = fc.QuantileColumns() if levels else None
        for item, location in pairs:
            row = [1000 * self.rng.randrange(100) for _ in range(BUCKETS)]
            spread = [value + 500 * level for value in row for level in range(levels)]
            values[item, location] = (row, spread)
            if levels:
                quantiles.value_milli.extend(spread)
            chunk.item_index.append(_index(chunk.items, item))
            chunk.location_index.append(_index(chunk.locations, location))
            chunk.mean_milli.extend(row)
        return chunk, quantiles

    def _read(self, firm, name):
        """What was uploaded, and the content hash by the contract's rule."""
        answer = firm.read(STUB, "ReadVersion", fc.ReadVersionRequest(
            name=name, with_quantiles=True))
        if isinstance(answer, Refused):
            raise Violation(f"{firm.firm} cannot read {name}: {answer}")
        values, chain = {}, bytes(32)
        for message in answer:
            series = message.series
            spreads = message.quantiles.value_milli
            each = len(spreads) // len(series.item_index)
            parts = [series] + ([message.quantiles] if spreads else [])
            hashes = b"".join(hashlib.sha256(part.SerializeToString()).digest() for part in parts)
            chain = hashlib.sha256(chain + hashes).digest()
            for row, item in enumerate(series.item_index):
                key = (series.items[item], series.locations[series.location_index[row]])
                check(key not in values, f"{name} has {key} twice")
                values[key] = (list(series.mean_milli[row * BUCKETS:(row + 1) * BUCKETS]),
                               list(spreads[row * each:(row + 1) * each]))
        return values, chain.hex()

    def verify(self, _feeds, report):
        """Both sides read what was uploaded; staged and dropped versions are not the partner's."""
        for name, values in self.published.items():
            hashes = set()
            for firm in (self.author, self.partner):
                try:
                    read, chain = self._read(firm, name)
                    if read != values:
                        report.add("other", f"{firm.firm} reads {name} otherwise than uploaded")
                except Violation as failure:
                    report.add("lost", str(failure))
                    continue
                stands = accepted(firm.call(STUB, "GetVersion", fc.GetVersionRequest(name=name)),
                                  "GetVersion")
                hashes.update([stands.content_hash, chain])
            if len(hashes) > 1:
                report.add("other", f"{name} has two hashes")
        listed, token = [], ""
        while True:
            page = accepted(self.partner.call(STUB, "ListVersions", fc.ListVersionsRequest(
                parent=self.agreement, page_size=100, page_token=token)), "ListVersions")
            listed.extend(version.name for version in page.versions
                          if version.state == fc.Version.STATE_PUBLISHED)
            token = page.next_page_token
            if not token:
                break
        if sorted(listed) != sorted(self.published):
            report.add("other", f"{len(listed)} versions are listed, {len(self.published)} were "
                                "published")


def _index(dictionary, name):
    """Where the name stands; it is put in where it is missing."""
    if name not in dictionary:
        dictionary.append(name)
    return list(dictionary).index(name)
