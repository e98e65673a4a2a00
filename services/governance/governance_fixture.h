// For governance's tests: terms that pass, facts folded into rows, and callers. Headers only.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/rows.h"
#include "services/governance/codec.h"
#include "services/governance/decide.h"
#include "services/governance/model.h"
#include "services/governance/terms.h"

namespace tandem::governance {

// One certificate in PEM, as far as its shape tells.
inline std::string Pem(char letter = 'A') {
  return absl::StrCat("-----BEGIN CERTIFICATE-----\n", std::string(64, letter), "\n",
                      std::string(64, 'b'), "\n-----END CERTIFICATE-----\n");
}

// An authority with that certificate, and a subject by its letter.
inline Authority Ca(char letter = 'A') {
  return {.pem = Pem(letter), .subject = std::string(32, letter)};
}

// The shop shares sales and stock of two items at two locations with the maker.
inline v1::Terms GoodTerms(const std::vector<std::string>& parties = {"shop", "maker"}) {
  v1::Terms terms;
  for (const std::string& party : parties) terms.add_parties("firms/" + party);
  v1::Scope& scope = *terms.add_scopes();
  scope.set_owner("firms/" + parties[0]);
  for (const char* item : {"i1", "i2"}) scope.add_items(item);
  for (const char* location : {"l1", "l2"}) scope.add_locations(location);
  v1::Grant& grant = *terms.add_grants();
  grant.set_owner("firms/" + parties[0]);
  grant.set_reader("firms/" + parties[1]);
  grant.add_kinds(v1::DATA_KIND_SALES);
  grant.add_kinds(v1::DATA_KIND_STOCK);
  grant.add_purposes("forecasting");
  grant.add_derivations("forecast");
  terms.mutable_lead_roles()->set_sales_forecast("firms/" + parties[1]);
  terms.set_horizon_days(28);
  terms.set_bucket_days(7);
  terms.set_frozen_days(7);
  terms.set_service_level_permille(980);
  terms.set_retention_days(3'650);
  v1::ExceptionCriterion& criterion = *terms.add_exception_criteria();
  criterion.set_criterion("sales-forecast-gap");
  criterion.set_metric("SALES_FORECAST");
  criterion.set_threshold_permille(200);
  terms.set_title("Shelves");
  return terms;
}

inline base::Caller CallerOf(const std::string& firm, const std::string& principal = "admin") {
  return {.firm = firm, .principal = principal};
}
inline base::Caller Operator() {
  return {.firm = kOperatorFirm, .principal = "root", .operator_role = true};
}

// Rows that commands change one by one, as a slot would.
class World {
 public:
  // Decides at the next second, and applies what was accepted.
  template <typename Command>
  absl::StatusOr<Facts> Do(const base::Caller& caller, const Command& command) {
    const base::Stamp stamp{
        .instant = now_ += absl::Seconds(1), .first_number = number_ + 1, .caller = caller};
    absl::StatusOr<Facts> facts = Decide(rows, command, stamp);
    if (!facts.ok()) return facts;
    for (const base::Fact& fact : *facts) {
      records.push_back(
          {.slot = {}, .number = ++number_, .instant = now_, .actor = caller, .fact = fact});
      Apply(records.back(), rows);
    }
    return facts;
  }
  // The same for what a test takes for granted.
  template <typename Command>
  void Must(const base::Caller& caller, const Command& command) {
    const absl::Status status = Do(caller, command).status();
    base::Require(status.ok(), std::string(status.message()));
  }
  void Admit(const std::string& firm) {
    Must(Operator(), AdmitFirm{.firm = firm,
                               .display_name = "The " + firm,
                               .gln = "",
                               .authorities = {{.pem = Pem(), .subject = "of " + firm}},
                               .admin_principal = "admin"});
  }
  void Wait(absl::Duration time) { now_ += time; }
  Agreement At(const std::string& agreement) const { return AgreementIn(rows, agreement).value(); }

  base::MapRows rows;
  std::vector<base::FactRecord> records;

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  std::uint64_t number_ = 0;
};

// Decide takes a hash as it comes: tests use a readable one of 32 bytes.
inline std::string HashNamed(const std::string& name) {
  return name + std::string(32 - name.size(), '.');
}

inline OfferAgreement OfferOf(const std::string& agreement, const v1::Terms& terms,
                              const std::string& hash) {
  return {.agreement = agreement,
          .new_relation = true,
          .etag = "",
          .terms = TermsBytes(terms),
          .terms_hash = HashNamed(hash),
          .parties = PartyIds(terms)};
}
inline OfferAgreement CounterOf(const std::string& agreement, const v1::Terms& terms,
                                const std::string& hash) {
  OfferAgreement offer = OfferOf(agreement, terms, hash);
  offer.new_relation = false;
  return offer;
}

}  // namespace tandem::governance
