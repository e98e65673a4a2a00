#include "services/governance/terms.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/base/bug.h"
#include "services/base/name.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::governance {
namespace {

using Parties = std::set<std::string, std::less<>>;  // As names, "firms/acme".

constexpr int kPurposesMax = 16;
constexpr std::size_t kPurposeBytesMax = 64;
constexpr std::size_t kTitleBytesMax = 200;
constexpr std::int64_t kPermilleMax = 1'000'000;  // A thousandfold difference.
// What to do about terms that are too large.
constexpr char kSplit[] =
    ": split the scope over several agreements of the same parties, each with a part of the items";

std::string At(std::string_view list, int index) {
  return absl::StrCat(absl::string_view(list.data(), list.size()), "[", index, "]");
}

absl::Status OutOfRange(std::string_view field, std::string_view message, std::int64_t value) {
  return base::RefuseField(base::Reason::kFieldOutOfRange, field, message, {{"value", value}});
}

absl::Status CheckBetween(std::string_view field, std::int64_t value, std::int64_t first,
                          std::int64_t last) {
  if (value >= first && value <= last) return absl::OkStatus();
  return OutOfRange(field, absl::StrCat("must be ", first, " to ", last), value);
}

absl::Status CheckParty(const std::string& field, const std::string& name, const Parties& parties) {
  TANDEM_RETURN_IF_ERROR(base::ParseName(field, "firms/*", name).status());
  if (parties.contains(name)) return absl::OkStatus();
  return base::RefuseField(base::Reason::kFieldOutOfRange, field, "is no party of these terms",
                           {{"value", name}});
}

absl::StatusOr<Parties> CheckParties(const v1::Terms& terms) {
  TANDEM_RETURN_IF_ERROR(
      CheckBetween("terms.parties", terms.parties_size(), kPartiesMin, kPartiesMax));
  Parties parties;
  for (int i = 0; i < terms.parties_size(); ++i) {
    const std::string field = At("terms.parties", i);
    TANDEM_RETURN_IF_ERROR(base::ParseName(field, "firms/*", terms.parties(i)).status());
    if (!parties.insert(terms.parties(i)).second) {
      return base::RefuseField(base::Reason::kDuplicateRow, field, "is a party already",
                               {{"value", terms.parties(i)}});
    }
  }
  return parties;
}

// Ids that are well formed and distinct, at least one. The path is made only for what is wrong.
absl::Status CheckIds(const std::string& field,
                      const google::protobuf::RepeatedPtrField<std::string>& ids) {
  if (ids.empty()) {
    return base::RefuseField(base::Reason::kFieldMissing, field, "name at least one");
  }
  absl::flat_hash_set<absl::string_view> seen;
  seen.reserve(static_cast<std::size_t>(ids.size()));
  for (int i = 0; i < ids.size(); ++i) {
    if (!base::CheckId(field, ids[i]).ok()) return base::CheckId(At(field, i), ids[i]);
    if (!seen.insert(ids[i]).second) {
      return base::RefuseField(base::Reason::kDuplicateRow, At(field, i), "is listed already",
                               {{"value", ids[i]}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckScopes(const v1::Terms& terms, const Parties& parties) {
  if (terms.scopes().empty()) {
    return base::RefuseField(base::Reason::kFieldMissing, "terms.scopes", "name at least one");
  }
  TANDEM_RETURN_IF_ERROR(CheckBetween("terms.scopes", terms.scopes_size(), 1, kScopesMax));
  std::int64_t items = 0;
  std::int64_t locations = 0;
  for (const v1::Scope& scope : terms.scopes()) {
    items += scope.items_size();
    locations += scope.locations_size();
  }
  if (items > kItemsMax) {
    return OutOfRange("terms.scopes", absl::StrCat("at most ", kItemsMax, " items in all", kSplit),
                      items);
  }
  if (locations > kLocationsMax) {
    return OutOfRange("terms.scopes",
                      absl::StrCat("at most ", kLocationsMax, " locations in all", kSplit),
                      locations);
  }
  for (int i = 0; i < terms.scopes_size(); ++i) {
    const v1::Scope& scope = terms.scopes(i);
    const std::string field = At("terms.scopes", i);
    TANDEM_RETURN_IF_ERROR(CheckParty(field + ".owner", scope.owner(), parties));
    TANDEM_RETURN_IF_ERROR(CheckIds(field + ".items", scope.items()));
    TANDEM_RETURN_IF_ERROR(CheckIds(field + ".locations", scope.locations()));
  }
  return absl::OkStatus();
}

// Calendar events are the whole firm's; forecasts are about the scopes of all parties.
bool NeedsScope(int kind) {
  return kind != v1::DATA_KIND_EVENTS && kind != v1::DATA_KIND_FORECASTS;
}

absl::Status CheckKinds(const std::string& field, const v1::Grant& grant, bool owner_has_scope) {
  if (grant.kinds().empty() && grant.derivations().empty()) {
    return base::RefuseField(base::Reason::kFieldMissing, field + ".kinds",
                             "name at least one kind of data or a derivation");
  }
  std::set<int> seen;
  for (int i = 0; i < grant.kinds_size(); ++i) {
    const int kind = grant.kinds(i);
    const std::string at = At(field + ".kinds", i);
    if (kind == v1::DATA_KIND_UNSPECIFIED || !v1::DataKind_IsValid(kind)) {
      return base::RefuseField(base::Reason::kUnknownEnum, at, "is no kind of data",
                               {{"value", kind}});
    }
    if (!seen.insert(kind).second) {
      return base::RefuseField(base::Reason::kDuplicateRow, at, "is listed already",
                               {{"value", kind}});
    }
    if (NeedsScope(kind) && !owner_has_scope) {
      return base::RefuseField(base::Reason::kFieldOutOfRange, at,
                               "the grant's owner has no scope that it could be about",
                               {{"owner", grant.owner()}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWords(const std::string& field,
                        const google::protobuf::RepeatedPtrField<std::string>& words) {
  TANDEM_RETURN_IF_ERROR(CheckBetween(field, words.size(), 0, kPurposesMax));
  std::set<std::string> seen;
  for (int i = 0; i < words.size(); ++i) {
    if (words[i].empty() || words[i].size() > kPurposeBytesMax) {
      return OutOfRange(At(field, i), absl::StrCat("must be 1 to ", kPurposeBytesMax, " bytes"),
                        static_cast<std::int64_t>(words[i].size()));
    }
    if (!seen.insert(words[i]).second) {
      return base::RefuseField(base::Reason::kDuplicateRow, At(field, i), "is listed already",
                               {{"value", words[i]}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckGrants(const v1::Terms& terms, const Parties& parties) {
  TANDEM_RETURN_IF_ERROR(CheckBetween("terms.grants", terms.grants_size(), 0, kGrantsMax));
  for (int i = 0; i < terms.grants_size(); ++i) {
    const v1::Grant& grant = terms.grants(i);
    const std::string field = At("terms.grants", i);
    TANDEM_RETURN_IF_ERROR(CheckParty(field + ".owner", grant.owner(), parties));
    TANDEM_RETURN_IF_ERROR(CheckParty(field + ".reader", grant.reader(), parties));
    if (grant.owner() == grant.reader()) {
      return base::RefuseField(base::Reason::kFieldOutOfRange, field + ".reader",
                               "the owner needs no grant to read what is its own",
                               {{"value", grant.reader()}});
    }
    const bool owner_has_scope =
        std::any_of(terms.scopes().begin(), terms.scopes().end(),
                    [&grant](const v1::Scope& scope) { return scope.owner() == grant.owner(); });
    TANDEM_RETURN_IF_ERROR(CheckKinds(field, grant, owner_has_scope));
    TANDEM_RETURN_IF_ERROR(CheckWords(field + ".purposes", grant.purposes()));
    TANDEM_RETURN_IF_ERROR(CheckWords(field + ".derivations", grant.derivations()));
  }
  return absl::OkStatus();
}

absl::Status CheckLeadRoles(const v1::LeadRoles& roles, const Parties& parties) {
  const std::pair<const char*, const std::string*> leads[] = {
      {"terms.lead_roles.sales_forecast", &roles.sales_forecast()},
      {"terms.lead_roles.order_forecast", &roles.order_forecast()},
      {"terms.lead_roles.order_generation", &roles.order_generation()},
  };
  for (const auto& [field, lead] : leads) {
    if (!lead->empty()) TANDEM_RETURN_IF_ERROR(CheckParty(field, *lead, parties));
  }
  return absl::OkStatus();
}

absl::Status CheckCriterion(const std::string& field, const v1::ExceptionCriterion& criterion) {
  TANDEM_RETURN_IF_ERROR(base::CheckId(field + ".criterion", criterion.criterion()));
  static const std::set<std::string> kMetrics = {"SALES_FORECAST", "ORDER_FORECAST", "ON_HAND",
                                                 "SALES"};
  if (!kMetrics.contains(criterion.metric())) {
    return base::RefuseField(base::Reason::kUnknownEnum, field + ".metric",
                             "must be SALES_FORECAST, ORDER_FORECAST, ON_HAND or SALES",
                             {{"value", criterion.metric().substr(0, 80)}});
  }
  TANDEM_RETURN_IF_ERROR(
      CheckBetween(field + ".threshold_permille", criterion.threshold_permille(), 0, kPermilleMax));
  TANDEM_RETURN_IF_ERROR(CheckBetween(field + ".threshold_milli", criterion.threshold_milli(), 0,
                                      base::Quantity::kMilliMax));
  if (criterion.threshold_permille() == 0 && criterion.threshold_milli() == 0) {
    return base::RefuseField(base::Reason::kFieldMissing, field + ".threshold_permille",
                             "set a relative or an absolute threshold");
  }
  return CheckBetween(field + ".lag_buckets", criterion.lag_buckets(), 0, kHorizonDaysMax);
}

absl::Status CheckCriteria(const v1::Terms& terms) {
  TANDEM_RETURN_IF_ERROR(
      CheckBetween("terms.exception_criteria", terms.exception_criteria_size(), 0, kCriteriaMax));
  std::set<std::string> seen;
  for (int i = 0; i < terms.exception_criteria_size(); ++i) {
    const v1::ExceptionCriterion& criterion = terms.exception_criteria(i);
    const std::string field = At("terms.exception_criteria", i);
    TANDEM_RETURN_IF_ERROR(CheckCriterion(field, criterion));
    if (!seen.insert(criterion.criterion()).second) {
      return base::RefuseField(base::Reason::kDuplicateRow, field + ".criterion",
                               "is listed already", {{"value", criterion.criterion()}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckParameters(const v1::Terms& terms) {
  TANDEM_RETURN_IF_ERROR(
      CheckBetween("terms.horizon_days", terms.horizon_days(), 1, kHorizonDaysMax));
  if (terms.bucket_days() != 1 && terms.bucket_days() != 7) {
    return OutOfRange("terms.bucket_days", "must be 1 or 7", terms.bucket_days());
  }
  TANDEM_RETURN_IF_ERROR(
      CheckBetween("terms.frozen_days", terms.frozen_days(), 0, terms.horizon_days()));
  TANDEM_RETURN_IF_ERROR(
      CheckBetween("terms.service_level_permille", terms.service_level_permille(), 0, 1'000));
  TANDEM_RETURN_IF_ERROR(
      CheckBetween("terms.retention_days", terms.retention_days(), 0, kRetentionDaysMax));
  const std::string& key = terms.gain_share_key();
  if (!key.empty() && key != "shapley" && key != "equal-profit") {
    return base::RefuseField(base::Reason::kUnknownEnum, "terms.gain_share_key",
                             "must be shapley, equal-profit or empty",
                             {{"value", key.substr(0, 80)}});
  }
  if (terms.title().size() > kTitleBytesMax) {
    return OutOfRange("terms.title", absl::StrCat("at most ", kTitleBytesMax, " bytes"),
                      static_cast<std::int64_t>(terms.title().size()));
  }
  return absl::OkStatus();
}

// A field that this build does not know would be signed without having been checked.
absl::Status CheckKnownFields(const v1::Terms& terms) {
  const std::size_t size = terms.ByteSizeLong();
  if (size > kTermsBytesMax) {
    return OutOfRange("terms",
                      absl::StrCat("at most ", kTermsBytesMax,
                                   " bytes, about 46,000 item ids of 13 characters", kSplit),
                      static_cast<std::int64_t>(size));
  }
  v1::Terms known = terms;
  known.DiscardUnknownFields();
  if (known.ByteSizeLong() == size) return absl::OkStatus();
  return base::RefuseField(base::Reason::kFieldOutOfRange, "terms",
                           "holds fields that this installation does not know");
}

}  // namespace

absl::Status CheckTerms(const v1::Terms& terms) {
  TANDEM_ASSIGN_OR_RETURN(const Parties parties, CheckParties(terms));
  TANDEM_RETURN_IF_ERROR(CheckScopes(terms, parties));
  TANDEM_RETURN_IF_ERROR(CheckKnownFields(terms));
  TANDEM_RETURN_IF_ERROR(CheckGrants(terms, parties));
  TANDEM_RETURN_IF_ERROR(CheckLeadRoles(terms.lead_roles(), parties));
  TANDEM_RETURN_IF_ERROR(CheckParameters(terms));
  return CheckCriteria(terms);
}

std::string TermsBytes(const v1::Terms& terms) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  base::Require(terms.SerializeToCodedStream(&out), "terms do not serialize");
  out.Trim();
  return bytes;
}

std::vector<std::string> PartyIds(const v1::Terms& terms) {
  std::vector<std::string> ids;
  for (const std::string& party : terms.parties()) ids.push_back(FirmIdOf(party));
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::string FirmIdOf(std::string_view name) { return std::string(name.substr(name.find('/') + 1)); }

}  // namespace tandem::governance
