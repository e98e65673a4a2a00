"""Commands that must be refused, each time with its reason, and of which nothing may stay."""
import grpc

from contract import Firm, Refused, accepted, check, date, ex, ex_grpc, gov, gov_grpc, request_id
from network import FIRST_DAY, ITEMS, OTHER, RETAILER, item, location_name, read_series, terms

MARK = 777_777_000  # A value that no accepted report has.
CODE = grpc.StatusCode


class RefusedLoad:
    """Refusals in turn, at a location of their own."""

    def __init__(self, server, location, agreement, rng, tally):
        self.rng = rng
        self.tally = tally
        self.location = location
        self.agreement = agreement
        self.retailer = Firm(server, RETAILER)
        self.other = Firm(server, OTHER)
        self._first = None
        self._cases = [self._unknown_item, self._quantity, self._day, self._not_yours,
                       self._bad_id, self._conflict, self._reused, self._gtin, self._stranger,
                       self._not_party]

    def step(self):
        if self._first is None:
            # What the conflict and the reused id are about.
            self._first = self._report(on_hand_milli=1000)
            accepted(self._send(self.retailer, self._first), "the report that others contradict")
            self.tally.add("acknowledged")
        case = self.rng.choice(self._cases)
        answer, code, reason = case()
        check(isinstance(answer, Refused), f"{case.__name__} was accepted: {answer}")
        check((answer.code, answer.reason) == (code, reason),
              f"{case.__name__} got {answer} where {code.name} / {reason} is promised")
        self.tally.add("refused")

    def _report(self, **fields):
        request = ex.ReportStockRequest(
            location=location_name(self.location), item=ITEMS[0], date=date(FIRST_DAY),
            on_hand_milli=MARK, status=ex.STOCK_STATUS_FREE, request_id=request_id(self.rng))
        for field, value in fields.items():
            if field == "date":
                request.date.CopyFrom(value)
            else:
                setattr(request, field, value)
        return request

    @staticmethod
    def _send(firm, request):
        return firm.call(ex_grpc.ExchangeServiceStub, "ReportStock", request)

    def _unknown_item(self):
        return (self._send(self.retailer, self._report(item="refused-item")), CODE.NOT_FOUND,
                "UNKNOWN_ITEM")

    def _quantity(self):
        return (self._send(self.retailer, self._report(on_hand_milli=9_000_000_000_001)),
                CODE.INVALID_ARGUMENT, "QUANTITY_OUT_OF_RANGE")

    def _day(self):
        return (self._send(self.retailer, self._report(date=date(3000))), CODE.INVALID_ARGUMENT,
                "DAY_OUT_OF_RANGE")

    def _not_yours(self):
        return self._send(self.other, self._report()), CODE.PERMISSION_DENIED, "NOT_YOURS"

    def _bad_id(self):
        return (self._send(self.retailer, self._report(request_id="once")), CODE.INVALID_ARGUMENT,
                "BAD_REQUEST_ID")

    def _conflict(self):
        return (self._send(self.retailer, self._report()), CODE.FAILED_PRECONDITION,
                "REVISION_CONFLICT")

    def _reused(self):
        return (self._send(self.retailer, self._report(request_id=self._first.request_id)),
                CODE.INVALID_ARGUMENT, "REQUEST_ID_REUSED")

    def _gtin(self):
        entry = item("refused-item")
        entry.gtin = "4006381333932"
        good = item("refused-too")  # All or none.
        return (self.retailer.call(ex_grpc.ExchangeServiceStub, "RegisterItems",
                                   ex.RegisterItemsRequest(parent=f"firms/{RETAILER}",
                                                           items=[good, entry],
                                                           request_id=request_id(self.rng))),
                CODE.INVALID_ARGUMENT, "BAD_GTIN")

    def _stranger(self):
        offered = terms((RETAILER, "nobody"), ["q1"], ["quiet-1"], "refused")
        return (self.retailer.call(
            gov_grpc.GovernanceServiceStub, "OfferAgreement",
            gov.OfferAgreementRequest(terms=offered, request_id=request_id(self.rng))),
            CODE.NOT_FOUND, "UNKNOWN_FIRM")

    def _not_party(self):
        return (self.other.call(
            gov_grpc.GovernanceServiceStub, "RevokeAgreement", gov.RevokeAgreementRequest(
                name=self.agreement, request_id=request_id(self.rng))),
            CODE.PERMISSION_DENIED, "NOT_GRANTED")

    def verify(self, feeds, report):
        """Nothing of a refused command is to be seen anywhere."""
        for firm, reports in feeds.items():
            if firm == "records":
                continue
            for entry in reports:
                if entry[3] == MARK or entry[3] > 9_000_000_000_000:
                    report.add("refused but kept", f"{entry} is in {firm}'s feed")
        if self._first is not None:
            stock = read_series(self.retailer, ex.MEASURE_STOCK, self.location)
            if stock != {(ITEMS[0], FIRST_DAY): 1000}:
                report.add("refused but kept", f"stock at {self.location} is {stock}")
        denied = read_series(self.other, ex.MEASURE_STOCK, self.location)
        if not isinstance(denied, Refused) or denied.code != CODE.PERMISSION_DENIED:
            report.add("other", f"{OTHER} reads what it is not granted: {denied}")
