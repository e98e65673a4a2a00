"""Forecast versions staged, uploaded, published or dropped; both sides read the same."""
from contract import Firm, Refused, Violation, accepted, check, date, fc, fc_grpc, request_id
from network import FIRST_DAY, MAKER, MAKER_ITEMS, RETAILER

BUCKETS = 14
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
        self.published = {}  # Name: {(item, location): values}.
        self.dropped = set()
        self._chunk = 0

    def step(self):
        version = self._call("StageVersion", fc.StageVersionRequest(
            parent=self.agreement, request_id=request_id(self.rng), version=fc.Version(
                purpose=fc.PURPOSE_SALES, method="planner", start_date=date(FIRST_DAY + 1000),
                bucket_count=BUCKETS, bucket_days=1, reason="run")))
        pairs = [(item, location) for item in MAKER_ITEMS for location in self.locations]
        self.rng.shuffle(pairs)
        values, chunks = {}, self.rng.randint(1, 4)
        for number in range(1, chunks + 1):
            chunk = self._columns([pairs.pop() for _ in range(self.rng.randint(1, 10))], values)
            for _ in range(2 if self.rng.random() < 0.2 else 1):
                stands = self._call("UploadChunk", fc.UploadChunkRequest(
                    name=version.name, chunk=number, series=chunk))
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

    def _columns(self, pairs, values):
        chunk = fc.SeriesColumns(owner=f"firms/{RETAILER}")
        for item, location in pairs:
            row = [1000 * self.rng.randrange(100) for _ in range(BUCKETS)]
            values[item, location] = row
            chunk.item_index.append(_index(chunk.items, item))
            chunk.location_index.append(_index(chunk.locations, location))
            chunk.mean_milli.extend(row)
        return chunk

    def _read(self, firm, name):
        answer = firm.read(STUB, "ReadVersion", fc.ReadVersionRequest(name=name))
        if isinstance(answer, Refused):
            raise Violation(f"{firm.firm} cannot read {name}: {answer}")
        values = {}
        for message in answer:
            series = message.series
            for row, item in enumerate(series.item_index):
                key = (series.items[item], series.locations[series.location_index[row]])
                check(key not in values, f"{name} has {key} twice")
                values[key] = list(series.mean_milli[row * BUCKETS:(row + 1) * BUCKETS])
        return values

    def verify(self, _feeds, report):
        """Both sides read what was uploaded; staged and dropped versions are not the partner's."""
        for name, values in self.published.items():
            hashes = set()
            for firm in (self.author, self.partner):
                try:
                    if self._read(firm, name) != values:
                        report.add("other", f"{firm.firm} reads {name} otherwise than uploaded")
                except Violation as failure:
                    report.add("lost", str(failure))
                    continue
                stands = accepted(firm.call(STUB, "GetVersion", fc.GetVersionRequest(name=name)),
                                  "GetVersion")
                hashes.add(stands.content_hash)
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
