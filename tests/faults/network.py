"""The firms, registers and agreement that the load runs on."""
from contract import Firm, accepted, date, ex, ex_grpc, gov, gov_grpc, request_id

RETAILER, MAKER, OTHER = "acme", "bolt", "crate"
FIRMS = (RETAILER, MAKER, OTHER)
ITEMS = [f"i{number}" for number in range(40)]
MAKER_ITEMS = ITEMS[::2]  # What the agreement shows to bolt; crate sees nothing of it.
FIRST_DAY = 16436  # 2015-01-01


def location_name(location):
    """The retailer's location by name."""
    return f"firms/{RETAILER}/locations/{location}"


def terms(parties, items, locations, title=""):
    """Terms under which the first party shows what it sells, holds, asks for and plans to the others."""
    owner = f"firms/{parties[0]}"
    result = gov.Terms(parties=[f"firms/{party}" for party in parties], horizon_days=28,
                       bucket_days=1, retention_days=365, title=title)
    result.scopes.add(owner=owner, items=items, locations=locations)
    for reader in parties[1:]:
        result.grants.add(owner=owner, reader=f"firms/{reader}", purposes=["forecasting"],
                          derivations=["forecast"],
                          kinds=[gov.DATA_KIND_ITEMS, gov.DATA_KIND_LOCATIONS, gov.DATA_KIND_SALES,
                                 gov.DATA_KIND_STOCK, gov.DATA_KIND_PRICES,
                                 gov.DATA_KIND_PROMOTIONS, gov.DATA_KIND_FORECASTS])
    return result


def item(name, unit="C62"):
    """A register entry of the retailer."""
    return ex.Item(name=f"firms/{RETAILER}/items/{name}", unit_code=unit, display_name=name)


def set_up(server, locations, rng):
    """Admits the firms, fills the registers, and brings the agreement into force: its name."""
    operator = Firm(server, "operator", "ops")
    for firm in FIRMS:
        accepted(operator.call(gov_grpc.GovernanceServiceStub, "AdmitFirm", gov.AdmitFirmRequest(
            firm_id=firm, firm=gov.Firm(display_name=firm), admin_principal="bot",
            request_id=request_id(rng))), f"admitting {firm}")
    retailer, maker = Firm(server, RETAILER), Firm(server, MAKER)
    accepted(retailer.call(ex_grpc.ExchangeServiceStub, "RegisterItems", ex.RegisterItemsRequest(
        parent=f"firms/{RETAILER}", items=[item(name) for name in ITEMS],
        request_id=request_id(rng))), "registering items")
    accepted(retailer.call(
        ex_grpc.ExchangeServiceStub, "RegisterLocations", ex.RegisterLocationsRequest(
            parent=f"firms/{RETAILER}", request_id=request_id(rng),
            locations=[ex.Location(name=location_name(location), kind=ex.LOCATION_KIND_STORE)
                       for location in locations])), "registering locations")
    offer = accepted(retailer.call(
        gov_grpc.GovernanceServiceStub, "OfferAgreement", gov.OfferAgreementRequest(
            terms=terms((RETAILER, MAKER), MAKER_ITEMS, locations, "what the load runs on"),
            request_id=request_id(rng))), "offering")
    accepted(maker.call(gov_grpc.GovernanceServiceStub, "SignAgreement", gov.SignAgreementRequest(
        name=offer.name, terms_hash=offer.offered_terms_hash, request_id=request_id(rng))),
        "signing")
    for firm in (operator, retailer, maker):
        firm.close()
    return offer.name


def read_series(firm, measure, location, first_day=FIRST_DAY, days=1200, **more):
    """{(item, day): value} of what a firm reads of the retailer's location; or Refused."""
    answer = firm.read(ex_grpc.ExchangeServiceStub, "ReadSeries", ex.ReadSeriesRequest(
        owner=f"firms/{RETAILER}", measure=measure, locations=[location],
        start_date=date(first_day), end_date=date(first_day + days - 1), **more))
    if not isinstance(answer, list):
        return answer
    found = {}
    for block in answer:
        for row, name in enumerate(block.items):
            for offset in range(block.day_count):
                bit = row * block.day_count + offset
                if not block.known or block.known[bit // 8] >> (bit % 8) & 1:
                    key = (name, block.first_day + offset)
                    if key in found:
                        raise AssertionError(f"an answer gives {key} twice")
                    found[key] = block.value_milli[bit]
    return found
