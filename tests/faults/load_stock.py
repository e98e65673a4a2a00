"""Single stock reports, one at a time for each location, so that their order is known."""
import dataclasses
import time

from contract import Firm, Unknown, accepted, check, date, ex, ex_grpc, request_id
from network import FIRST_DAY, ITEMS, MAKER, MAKER_ITEMS, RETAILER, location_name, read_series


@dataclasses.dataclass
class Sent:
    """One report. `accept_nanos` is None where no answer ever came."""
    item: str
    day: int
    value_milli: int
    accept_nanos: int | None


class StockLoad:
    """Reports cell after cell at one location. Most of what got no answer is sent again with the
    same request_id until there is one; some is left unanswered on purpose."""

    def __init__(self, server, location, rng, tally):
        self.server = server
        self.location = location
        self.rng = rng
        self.tally = tally
        self.firm = Firm(server, RETAILER)
        self.sent = []
        self._last = None

    def step(self):
        count = len(self.sent)
        name, day = ITEMS[count % len(ITEMS)], FIRST_DAY + count // len(ITEMS)
        request = ex.ReportStockRequest(
            location=location_name(self.location), item=name, date=date(day),
            on_hand_milli=1000 * count, status=ex.STOCK_STATUS_FREE,
            request_id=request_id(self.rng))
        self.sent.append(Sent(name, day, 1000 * count, self._send(request)))
        if self._last is not None and self.rng.random() < 0.03:
            # An answered command again, perhaps of an earlier life: the same answer, no new effect.
            again = accepted(self._call(self._last[0]), "a repeated report")
            check(again == self._last[1], "a repeat got another answer than the first")
            self.tally.add("repeats")

    def _call(self, request):
        return self.firm.call(ex_grpc.ExchangeServiceStub, "ReportStock", request)

    def _send(self, request):
        kills = self.server.kills
        tries = 0
        while True:
            try:
                answer = self.firm.try_call(ex_grpc.ExchangeServiceStub, "ReportStock", request)
                break
            except Unknown:
                tries += 1
                # Left alone only if the process that may have it is dead: it cannot come later.
                if self.server.kills != kills and self.rng.random() < 0.3:
                    self.tally.add("unanswered")
                    return None
                time.sleep(0.02)
        accepted(answer, "a stock report")
        self.tally.add("acknowledged")
        if tries:
            self.tally.add("answered after a retry")
        self._last = (request, answer)
        return answer.accept_time.ToNanoseconds()

    def verify(self, feeds, report):
        """`feeds` are the reports in the firms' feeds, as stock_reports gives them."""
        name = location_name(self.location)
        seen = [entry[1:] for entry in feeds[RETAILER] if entry[0] == name]
        kept = in_order(self.sent, seen, name, report)
        shown = [entry[1:] for entry in feeds[MAKER] if entry[0] == name]
        if shown != [entry for entry in seen if entry[0] in MAKER_ITEMS]:
            report.add("other", f"{MAKER}'s feed of {name} is not what it is granted")
        stock = read_series(self.firm, ex.MEASURE_STOCK, self.location)
        expected = {(entry[0], entry[1]): entry[2] for entry in seen}
        if stock != expected:
            report.add("other", f"stock at {name} reads otherwise than its feed "
                                f"({len(stock)} cells, {len(expected)} expected)")
        self.tally.add("unanswered but done", kept)


def in_order(sent, seen, name, report):
    """Compares what was sent with what the log holds; returns how many unanswered ones it holds."""
    kept, position = 0, 0
    times = {}
    for entry in seen:
        times[entry[:2]] = times.get(entry[:2], 0) + 1
    for cell, count in times.items():
        if count > 1:
            report.add("doubled", f"{name} {cell} is there {count} times")
    for one in sent:
        here = seen[position] if position < len(seen) else None
        if here is not None and here[:3] == (one.item, one.day, one.value_milli):
            if one.accept_nanos is None:
                kept += 1
            elif one.accept_nanos != here[3]:
                report.add("other", f"{name} {one} has another instant than was answered")
            position += 1
        elif one.accept_nanos is not None:
            report.add("lost", f"{name} {one} was acknowledged and is not there in its order")
    if position < len(seen):
        report.add("other", f"{name} holds {len(seen) - position} reports that nobody sent there, "
                            f"the first {seen[position]}")
    return kept
