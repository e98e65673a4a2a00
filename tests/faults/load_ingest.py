"""Sales as streams of blocks, with batches that are closed, taken back and read meanwhile."""
import dataclasses

import grpc

from contract import Firm, Refused, Violation, accepted, check, ex, ex_grpc, is_retried, refusal
from contract import request_id
from network import FIRST_DAY, ITEMS, MAKER, MAKER_ITEMS, RETAILER, location_name, read_series

DAYS = 900


@dataclasses.dataclass
class Batch:
    """Blocks that become visible together. Cells are {(item, day): (revision, value)}."""
    first_block: int
    cells: dict = dataclasses.field(default_factory=dict)
    row_count: int = 0
    block_count: int = 0
    closed: bool = False
    retracted: bool = False


class IngestLoad:
    """One stream at one location. After every break it asks where the stream stands and goes on
    from there, so its model of the location is exact."""

    def __init__(self, server, location, rng, tally):
        self.server = server
        self.location = location
        self.rng = rng
        self.tally = tally
        self.firm = Firm(server, RETAILER)
        self.stream = "pos-1"
        self.name = f"{location_name(location)}/streams/{self.stream}"
        self.durable = 0
        self.answered = 0
        self.rows = [0]  # Of the stream up to each block.
        self.batches = [Batch(1)]

    def step(self):
        blocks = self._burst()
        self._send(blocks)
        chance = self.rng.random()
        if chance < 0.1:
            self._repeat(blocks[-1])
        elif chance < 0.25 and self.batches[-1].block_count:
            self._close()
        elif chance < 0.35:
            self._retract()
        elif chance < 0.5:
            self._compare(self.firm, set(ITEMS))

    def _burst(self):
        return [self._block(self.durable + 1 + offset)
                for offset in range(self.rng.randint(1, 5))]

    def _block(self, number):
        series = ex.SeriesBlock(items=ITEMS, measure=ex.MEASURE_SALES, revision=number)
        for index in sorted(self.rng.sample(range(len(ITEMS)), self.rng.randint(1, 12))):
            length = self.rng.randint(1, 28)
            series.run_item.append(index)
            series.run_first_day.append(FIRST_DAY + self.rng.randrange(DAYS - length))
            series.run_length.append(length)
            series.value_milli.extend(1000 * self.rng.randrange(1, 50) for _ in range(length))
        return ex.IngestRequest(location=location_name(self.location), stream=self.stream,
                                block=number, series=series, close_batch=self.rng.random() < 0.3)

    def _send(self, blocks):
        """Sends until all are durable, from the durable block on after every break."""
        while self.durable < blocks[-1].block:
            first = self.durable + 1
            left = [block for block in blocks if block.block >= first]
            try:
                stub = ex_grpc.ExchangeServiceStub(self.firm.channel())
                for answer in stub.Ingest(iter(left), metadata=self.firm.metadata, timeout=30):
                    check(self.answered <= answer.durable_block <= blocks[-1].block,
                          "an answer names a block that was not sent, or goes back")
                    self.tally.add("acknowledged", answer.durable_block - self.answered)
                    self.answered = answer.durable_block
                    self._take(blocks, answer.durable_block, answer.row_count)
            except grpc.RpcError as error:
                if not is_retried(error):
                    raise Violation(f"a block was refused: {refusal(error)}") from error
                self._resume(blocks)
            except ValueError:
                self._resume(blocks)

    def _resume(self, blocks):
        self.tally.add("streams resumed")
        stands = self.firm.call(ex_grpc.ExchangeServiceStub, "GetStream",
                                ex.GetStreamRequest(name=self.name))
        if isinstance(stands, Refused):
            check(stands.code == grpc.StatusCode.NOT_FOUND and self.answered == 0,
                  f"the stream is gone: {stands}")
            return
        check(stands.durable_block >= self.answered,
              f"block {self.answered} was durable and now only {stands.durable_block} is")
        check(stands.durable_block <= blocks[-1].block, "a block that was not sent is durable")
        self._take(blocks, stands.durable_block, stands.row_count)
        self.answered = self.durable

    def _take(self, blocks, durable, row_count):
        """Moves the model up to the durable block."""
        for block in blocks:
            if self.durable < block.block <= durable:
                self._take_block(block)
        check(row_count == self.rows[durable],
              f"the stream has {row_count} rows at block {durable}, {self.rows[durable]} were sent")

    def _take_block(self, block):
        batch = self.batches[-1]
        index = 0
        series = block.series
        for run, item in enumerate(series.run_item):
            for offset in range(series.run_length[run]):
                key = (ITEMS[item], series.run_first_day[run] + offset)
                batch.cells[key] = (block.block, series.value_milli[index])
                index += 1
        batch.row_count += index
        batch.block_count += 1
        self.durable = block.block
        self.rows.append(self.rows[-1] + index)
        if block.close_batch:
            self._closed()

    def _closed(self):
        self.batches[-1].closed = True
        self.batches.append(Batch(self.durable + 1))

    def _repeat(self, block):
        stub = ex_grpc.ExchangeServiceStub(self.firm.channel())
        try:
            answers = list(stub.Ingest(iter([block]), metadata=self.firm.metadata, timeout=30))
        except (grpc.RpcError, ValueError):
            return self._resume([block])
        check(answers[-1].durable_block == self.durable, "a repeated block moved the stream")
        check(answers[-1].row_count == self.rows[-1], "a repeated block was counted again")
        return self.tally.add("repeats")

    def _close(self):
        batch = self.batches[-1]
        closed = accepted(self.firm.call(
            ex_grpc.ExchangeServiceStub, "CloseBatch",
            ex.CloseBatchRequest(stream=self.name, request_id=request_id(self.rng))), "CloseBatch")
        check((closed.state, closed.row_count, closed.block_count)
              == (ex.Batch.STATE_CLOSED, batch.row_count, batch.block_count),
              f"a closed batch is not whole: {closed} where {batch.row_count} rows were sent")
        self.tally.add("acknowledged")
        self._closed()

    def _retract(self):
        closed = [batch for batch in self.batches if batch.closed and not batch.retracted]
        if not closed:
            return
        batch = self.rng.choice(closed)
        accepted(self.firm.call(ex_grpc.ExchangeServiceStub, "RetractBatch", ex.RetractBatchRequest(
            name=self._batch_name(batch), request_id=request_id(self.rng))), "RetractBatch")
        self.tally.add("acknowledged")
        batch.retracted = True

    def _batch_name(self, batch):
        return f"{location_name(self.location)}/batches/{self.stream}-{batch.first_block}"

    def _expected(self, items):
        cells = {}
        for batch in self.batches:
            if batch.closed and not batch.retracted:
                for key, statement in batch.cells.items():
                    if key[0] in items and (key not in cells or cells[key][0] < statement[0]):
                        cells[key] = statement
        return {key: value for key, (_, value) in cells.items()}

    def _compare(self, firm, items):
        found = read_series(firm, ex.MEASURE_SALES, self.location)
        expected = self._expected(items)
        check(not isinstance(found, Refused), f"sales cannot be read: {found}")
        if found != expected:
            wrong = {key for key in found.keys() | expected.keys()
                     if found.get(key) != expected.get(key)}
            first = min(wrong)
            raise Violation(
                f"sales at {self.location} read by {firm.firm}: {len(wrong)} cells differ, the "
                f"first {first}: {found.get(first)} where {expected.get(first)} was sent")
        self.tally.add("cells compared", len(found))

    def verify(self, _feeds, report):
        """Reads everything back, as the owner and as who has the grant."""
        try:
            self._compare(self.firm, set(ITEMS))
            maker = Firm(self.server, MAKER)
            self._compare(maker, set(MAKER_ITEMS))
            maker.close()
            self._compare_batches()
        except Violation as failure:
            report.add("other", str(failure))

    def _compare_batches(self):
        listed = {}
        token = ""
        while True:
            page = accepted(self.firm.call(
                ex_grpc.ExchangeServiceStub, "ListBatches", ex.ListBatchesRequest(
                    parent=location_name(self.location), page_size=100, page_token=token)),
                "ListBatches")
            for batch in page.batches:
                check(batch.name not in listed, f"{batch.name} is listed twice")
                listed[batch.name] = (batch.state, batch.row_count, batch.block_count)
            token = page.next_page_token
            if not token:
                break
        expected = {}
        for batch in self.batches:
            if batch.block_count:
                state = (ex.Batch.STATE_RETRACTED if batch.retracted else
                         ex.Batch.STATE_CLOSED if batch.closed else ex.Batch.STATE_OPEN)
                expected[self._batch_name(batch)] = (state, batch.row_count, batch.block_count)
        check(listed == expected, f"batches at {self.location} are not what was sent: "
                                  f"{listed.items() ^ expected.items()}")
