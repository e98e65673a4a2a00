"""Agreements offered, countered, signed, superseded and revoked, and register entries."""
from contract import Firm, accepted, check, ex, ex_grpc, gov, gov_facts, gov_grpc, request_id
from follow import facts_of
from network import ITEMS, MAKER, OTHER, RETAILER, item, terms

FACTS = {"offered": gov_facts.AgreementOffered, "signed": gov_facts.AgreementSigned,
         "in force": gov_facts.AgreementInForce, "revoked": gov_facts.AgreementRevoked}


class AgreementLoad:
    """Each relation goes through its life by commands that are repeated until they are answered;
    the model is the list of facts that this must have made."""

    def __init__(self, server, rng, tally):
        self.rng = rng
        self.tally = tally
        self.firms = {firm: Firm(server, firm) for firm in (RETAILER, MAKER, OTHER)}
        self.facts = {}   # Relation id: [(what, version, party)].
        self.states = {}  # Name: (state, version).

    def step(self):
        partner = self.rng.choice((MAKER, OTHER))
        offer = self._offer(RETAILER, partner, "")
        if self.rng.random() < 0.3:
            offer = self._offer(partner, partner, offer.name)
        self._sign(offer, partner if offer.offering_party.endswith(RETAILER) else RETAILER)
        if self.rng.random() < 0.3:
            self._sign(self._offer(RETAILER, partner, offer.name), partner)
        if self.rng.random() < 0.5:
            self._revoke(offer.name, self.rng.choice((RETAILER, partner)))

    def _call(self, firm, method, request):
        answer = accepted(self.firms[firm].call(gov_grpc.GovernanceServiceStub, method, request),
                          f"{method} by {firm}")
        self.tally.add("acknowledged")
        if self.rng.random() < 0.1:
            again = accepted(self.firms[firm].call(gov_grpc.GovernanceServiceStub, method, request),
                             f"a repeated {method}")
            check(again.name == answer.name, f"a repeated {method} made another agreement")
            self.tally.add("repeats")
        return answer

    def _note(self, name, what, version, party):
        self.facts.setdefault(name.split("/")[1], []).append((what, version, party))

    def _offer(self, party, partner, name):
        offered = terms((RETAILER, partner), [f"q{self.rng.randrange(100)}"], ["quiet-1"],
                        f"offer {self.rng.randrange(10**9)}")
        answer = self._call(party, "OfferAgreement", gov.OfferAgreementRequest(
            agreement=name, terms=offered, request_id=request_id(self.rng)))
        version = self.states.get(answer.name, (0, 0))[1] + 1
        self._note(answer.name, "offered", version, party)
        self.states.setdefault(answer.name, (gov.Agreement.STATE_OFFERED, 0))
        return answer

    def _sign(self, offer, party):
        answer = self._call(party, "SignAgreement", gov.SignAgreementRequest(
            name=offer.name, terms_hash=offer.offered_terms_hash,
            request_id=request_id(self.rng)))
        version = self.states[offer.name][1] + 1
        check(answer.version == version, f"{offer.name} is in version {answer.version}")
        self._note(offer.name, "signed", version, party)
        self._note(offer.name, "in force", version, "")
        self.states[offer.name] = (gov.Agreement.STATE_IN_FORCE, version)

    def _revoke(self, name, party):
        version = self.states[name][1]
        self._call(party, "RevokeAgreement", gov.RevokeAgreementRequest(
            name=name, explanation="done", request_id=request_id(self.rng)))
        self._note(name, "revoked", version, party)
        self.states[name] = (gov.Agreement.STATE_REVOKED, version)

    def verify(self, feeds, report):
        """Every relation's facts once and in order, and its state as they make it."""
        found = {}
        records = [(instant, what, fact) for what, message in FACTS.items()
                   for fact, instant in facts_of(feeds["records"], message)]
        order = {"offered": 0, "signed": 1, "in force": 2, "revoked": 3}
        for _, what, fact in sorted(records, key=lambda entry: (entry[0], order[entry[1]])):
            party = "" if what == "in force" else fact.party
            found.setdefault(fact.agreement, []).append((what, fact.version, party))
        for relation, expected in self.facts.items():
            if found.get(relation) != expected:
                got = found.get(relation, [])
                kind = ("lost" if len(got) < len(expected) else
                        "doubled" if len(got) > len(expected) else "other")
                report.add(kind, f"agreement {relation} has {got} where {expected} was answered")
        for name, (state, version) in self.states.items():
            stands = accepted(self.firms[RETAILER].call(
                gov_grpc.GovernanceServiceStub, "GetAgreement", gov.GetAgreementRequest(name=name)),
                "GetAgreement")
            if (stands.state, stands.version) != (state, version):
                report.add("other", f"{name} is {stands.state} in version {stands.version}, not "
                                    f"{state} in {version}")


class RegisterLoad:
    """New items, a few at a time, with dense numbers."""

    def __init__(self, server, rng, tally):
        self.rng = rng
        self.tally = tally
        self.firm = Firm(server, RETAILER)
        self.count = 0

    def step(self):
        more = self.rng.randint(1, 5)
        names = [f"r{self.count + offset}" for offset in range(more)]
        answer = accepted(self.firm.call(
            ex_grpc.ExchangeServiceStub, "RegisterItems", ex.RegisterItemsRequest(
                parent=f"firms/{RETAILER}", items=[item(name) for name in names],
                request_id=request_id(self.rng))), "RegisterItems")
        check(answer.registered_count == more, f"{answer.registered_count} of {more} items are new")
        self.tally.add("acknowledged")
        self.count += more

    def verify(self, _feeds, report):
        """Every item once, under a number of its own."""
        items, token = [], ""
        while True:
            page = accepted(self.firm.call(
                ex_grpc.ExchangeServiceStub, "ListItems", ex.ListItemsRequest(
                    parent=f"firms/{RETAILER}", page_size=1000, page_token=token)), "ListItems")
            items.extend(page.items)
            token = page.next_page_token
            if not token:
                break
        names = [one.name.rsplit("/", 1)[1] for one in items]
        expected = set(ITEMS) | {f"r{number}" for number in range(self.count)}
        if len(names) != len(set(names)):
            report.add("doubled", "an item is in the register twice")
        for name in sorted(expected - set(names)):
            report.add("lost", f"item {name} is not in the register")
        for name in sorted(set(names) - expected):
            report.add("other", f"item {name} is in the register and nobody registered it")
        if sorted(one.register_number for one in items) != list(range(1, len(items) + 1)):
            report.add("other", "the register's numbers are not dense")
