// The steps about firms: who they are, what they agreed on, what they may not see.
#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/export.h"
#include "services/tandem/cli/forecast_client.h"
#include "services/tandem/cli/tour.h"
#include "tandem/exchange/v1/facts.pb.h"
#include "tandem/forecast/v1/facts.pb.h"
#include "tandem/governance/v1/facts.pb.h"
#include "tandem/governance/v1/governance.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = governance::v1;
using v1::GovernanceService;
using Names = std::shared_ptr<const absl::flat_hash_set<std::string>>;

constexpr char kOperator[] = "operator";
constexpr absl::Duration kConnectLongest = absl::Seconds(20);
constexpr absl::Duration kRevokedLongest = absl::Seconds(1);

v1::Terms TermsFor(const Tour& tour, int maker) {
  v1::Terms terms;
  const std::string retailer = absl::StrCat("firms/", kRetailer);
  const std::string partner = absl::StrCat("firms/", kMakerIds[maker]);
  terms.add_parties(retailer);
  terms.add_parties(partner);
  v1::Scope& scope = *terms.add_scopes();
  scope.set_owner(retailer);
  for (const TourData::Item& item : tour.data->items()) {
    if (item.maker == maker) scope.add_items(item.id);
  }
  for (const std::string& store : tour.data->stores()) scope.add_locations(store);
  v1::Grant& grant = *terms.add_grants();
  grant.set_owner(retailer);
  grant.set_reader(partner);
  for (const v1::DataKind kind :
       {v1::DATA_KIND_ITEMS, v1::DATA_KIND_LOCATIONS, v1::DATA_KIND_SALES, v1::DATA_KIND_STOCK,
        v1::DATA_KIND_PRICES, v1::DATA_KIND_PROMOTIONS, v1::DATA_KIND_EVENTS,
        v1::DATA_KIND_FORECASTS}) {
    grant.add_kinds(kind);
  }
  grant.add_purposes("forecasting");
  grant.add_derivations("forecast");
  const v1::Scope own = tour.data->MakerScope(maker);
  if (!own.owner().empty()) {
    *terms.add_scopes() = own;
    v1::Grant& back = *terms.add_grants();
    back.set_owner(partner);
    back.set_reader(retailer);
    for (const v1::DataKind kind :
         {v1::DATA_KIND_ITEMS, v1::DATA_KIND_LOCATIONS, v1::DATA_KIND_PLANS}) {
      back.add_kinds(kind);
    }
    back.add_purposes("replenishment");
  }
  terms.set_horizon_days(kHorizonDays);
  terms.set_bucket_days(1);
  terms.set_frozen_days(3);
  terms.set_service_level_permille(980);
  terms.set_retention_days(3650);
  terms.set_title(absl::StrCat("CPFR ", kRetailer, " and ", kMakerIds[maker]));
  return terms;
}

v1::Terms CarrierTerms(const Tour& tour) {
  v1::Terms terms;
  terms.add_parties(absl::StrCat("firms/", kRetailer));
  terms.add_parties(absl::StrCat("firms/", kCarrier));
  v1::Scope& scope = *terms.add_scopes();
  scope.set_owner(absl::StrCat("firms/", kRetailer));
  for (const std::string& store : tour.data->stores()) scope.add_locations(store);
  scope.add_items(tour.data->items().front().id);
  v1::Grant& grant = *terms.add_grants();
  grant.set_owner(absl::StrCat("firms/", kRetailer));
  grant.set_reader(absl::StrCat("firms/", kCarrier));
  grant.add_kinds(v1::DATA_KIND_LOCATIONS);
  grant.add_purposes("transport");
  terms.set_horizon_days(kHorizonDays);
  terms.set_bucket_days(1);
  terms.set_title("Deliveries");
  return terms;
}

// The retailer offers, the partner reads and signs what it has read.
absl::StatusOr<std::string> Agree(Tour& tour, const std::string& partner, const v1::Terms& terms) {
  v1::OfferAgreementRequest offer;
  *offer.mutable_terms() = terms;
  offer.set_request_id(NewRequestId());
  v1::Agreement agreement;
  TANDEM_RETURN_IF_ERROR(
      tour.client(kRetailer).Call(&GovernanceService::Stub::OfferAgreement, offer, &agreement));
  v1::GetAgreementRequest read;
  read.set_name(agreement.name());
  v1::Agreement offered;
  TANDEM_RETURN_IF_ERROR(
      tour.client(partner).Call(&GovernanceService::Stub::GetAgreement, read, &offered));
  v1::SignAgreementRequest sign;
  sign.set_name(agreement.name());
  sign.set_terms_hash(offered.offered_terms_hash());
  sign.set_request_id(NewRequestId());
  v1::Agreement signed_agreement;
  TANDEM_RETURN_IF_ERROR(
      tour.client(partner).Call(&GovernanceService::Stub::SignAgreement, sign, &signed_agreement));
  if (signed_agreement.state() != v1::Agreement::STATE_IN_FORCE) {
    return absl::InternalError("the agreement is not in force after both signed");
  }
  return agreement.name();
}

// Every string in the message that is one of `names`, alone or as the end of a resource's name.
std::int64_t CountNames(const google::protobuf::Message& message,
                        const absl::flat_hash_set<std::string>& names) {
  std::int64_t count = 0;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  reflection.ListFields(message, &fields);
  const auto check = [&](const std::string& text) {
    count += names.contains(text.substr(text.rfind('/') + 1)) ? 1 : 0;
  };
  for (const auto* field : fields) {
    const bool text = field->type() == google::protobuf::FieldDescriptor::TYPE_STRING;
    const bool inner = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int k = 0; k < size && (text || inner); ++k) {
      if (inner) {
        count += CountNames(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, k)
                                                 : reflection.GetMessage(message, field),
                            names);
      } else {
        check(field->is_repeated() ? reflection.GetRepeatedString(message, field, k)
                                   : reflection.GetString(message, field));
      }
    }
  }
  return count;
}

// Counts forbidden names in a record's fact.
std::int64_t CountNames(const feed::v1::Record& record,
                        const absl::flat_hash_set<std::string>& names) {
  const std::string& url = record.fact().type_url();
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      url.substr(url.rfind('/') + 1));
  if (type == nullptr) return 0;
  const std::unique_ptr<google::protobuf::Message> fact(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  return fact->ParseFromString(record.fact().value()) ? CountNames(*fact, names) : 0;
}

// Ids that a partner must never see: items of the other maker; all items for the carrier.
Names ForbiddenTo(const Tour& tour, const std::string& firm) {
  auto names = std::make_shared<absl::flat_hash_set<std::string>>();
  for (const TourData::Item& item : tour.data->items()) {
    if (kMakerIds[item.maker] != firm) names->insert(item.id);
  }
  // The carrier's agreement itself names this one.
  if (firm == kCarrier) names->erase(tour.data->items().front().id);
  return names;
}

std::string OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "could read";
  return absl::StrCat("refused: ", std::string(base::ReasonName(base::ReasonOf(status))));
}

}  // namespace

absl::StatusOr<std::int64_t> CountSales(Client& reader, const TourData& data,
                                        const std::string& item) {
  exchange::v1::ReadSeriesRequest request;
  request.set_owner(absl::StrCat("firms/", kRetailer));
  request.set_measure(exchange::v1::MEASURE_SALES);
  request.add_locations(data.stores().front());
  request.add_items(item);
  TANDEM_ASSIGN_OR_RETURN(*request.mutable_start_date(),
                          ParseDate("date", (data.origin() - 6).ToString()));
  TANDEM_ASSIGN_OR_RETURN(*request.mutable_end_date(), ParseDate("date", data.origin().ToString()));
  std::int64_t count = 0;
  TANDEM_RETURN_IF_ERROR(
      ReadSeries(reader, request, [&](const exchange::v1::ReadSeriesResponse& answer) {
        count += answer.value_milli_size();
        return absl::OkStatus();
      }));
  return count;
}

StepResult ConnectAll(Tour& tour) {
  for (const std::string firm : {kOperator, kRetailer, kMakerIds[0], kMakerIds[1], kCarrier}) {
    ClientOptions options = tour.options;
    options.as = firm + "/tour";
    TANDEM_ASSIGN_OR_RETURN(tour.clients[firm], Client::Connect(options));
  }
  TANDEM_RETURN_IF_ERROR(tour.client(kOperator).WaitUntilReady(kConnectLongest));
  return absl::StrCat("at ", tour.options.server);
}

StepResult AdmitFirms(Tour& tour) {
  for (const auto& [firm, title] :
       {std::pair(kRetailer, "Meridian Markets"), std::pair(kMakerIds[0], "Northmill Foods"),
        std::pair(kMakerIds[1], "Harvest & Sons"), std::pair(kCarrier, "Swiftline Freight")}) {
    v1::AdmitFirmRequest request;
    request.set_firm_id(firm);
    request.mutable_firm()->set_display_name(title);
    request.set_admin_principal("tour");
    request.set_request_id(NewRequestId());
    v1::Firm answer;
    const absl::Status status =
        tour.client(kOperator).Call(&GovernanceService::Stub::AdmitFirm, request, &answer);
    if (!status.ok() && !absl::IsAlreadyExists(status)) return status;
  }
  return absl::StrCat(kRetailer, ", ", kMakerIds[0], ", ", kMakerIds[1], ", ", kCarrier);
}

StepResult SignAgreements(Tour& tour) {
  for (int maker = 0; maker < kMakers; ++maker) {
    TANDEM_ASSIGN_OR_RETURN(tour.agreements[kMakerIds[maker]],
                            Agree(tour, kMakerIds[maker], TermsFor(tour, maker)));
  }
  TANDEM_ASSIGN_OR_RETURN(tour.agreements[kCarrier], Agree(tour, kCarrier, CarrierTerms(tour)));
  return std::string("3 in force, each signed by both over the same bytes");
}

StepResult StartFeeds(Tour& tour) {
  for (const std::string firm : {kRetailer, kMakerIds[0], kMakerIds[1], kCarrier}) {
    auto leaks = std::make_shared<std::int64_t>(0);
    tour.leaks[firm] = leaks;
    std::function<void(const feed::v1::Record&)> inspect;
    if (firm != kRetailer) {
      inspect = [leaks, names = ForbiddenTo(tour, firm)](const feed::v1::Record& record) {
        *leaks += CountNames(record, *names);
      };
    }
    tour.watchers[firm] = std::make_unique<FeedWatcher>(tour.client(firm), std::move(inspect));
  }
  return std::string("4 streams, from the first fact on");
}

StepResult TryForbidden(Tour& tour) {
  const TourData& data = *tour.data;
  std::string own[kMakers];
  for (const TourData::Item& item : data.items()) own[item.maker] = item.id;
  struct Attempt {
    std::string firm;
    std::string what;
    std::string item;
    bool allowed;
  };
  const Attempt attempts[] = {
      {kMakerIds[0], "sales of its own items", own[0], true},
      {kMakerIds[1], "sales of its own items", own[1], true},
      {kMakerIds[0], absl::StrCat("sales of ", kMakerIds[1], "'s items"), own[1], false},
      {kMakerIds[1], absl::StrCat("sales of ", kMakerIds[0], "'s items"), own[0], false},
      {kCarrier, "sales of any item", own[0], false},
      {kOperator, "sales of any item", own[0], false},
  };
  int wrong = 0;
  for (const Attempt& attempt : attempts) {
    const auto count = CountSales(tour.client(attempt.firm), data, attempt.item);
    tour.report.Saw(attempt.firm, attempt.what, OutcomeOf(count.status()));
    const bool right =
        attempt.allowed ? count.ok() && *count > 0 : absl::IsPermissionDenied(count.status());
    wrong += right ? 0 : 1;
  }
  for (const auto& [firm, other] :
       {std::pair(kMakerIds[0], kMakerIds[1]), std::pair(kMakerIds[1], kMakerIds[0]),
        std::pair(kCarrier, kMakerIds[0])}) {
    const auto versions = AllVersions(tour.client(firm), tour.agreements.at(other));
    tour.report.Saw(firm, absl::StrCat("forecasts shared with ", other),
                    OutcomeOf(versions.status()));
    wrong += absl::IsPermissionDenied(versions.status()) ? 0 : 1;
  }
  if (wrong > 0) {
    return absl::InternalError(absl::StrCat(wrong, " attempts did not end as the agreements say"));
  }
  return absl::StrCat(std::size(attempts) + 3, " attempts, all as the agreements say");
}

StepResult RevokeBeforeTheReader(Tour& tour) {
  const std::string partner = kMakerIds[1];
  std::string item;
  for (const TourData::Item& each : tour.data->items()) {
    if (each.maker == 1) item = each.id;
  }
  TANDEM_RETURN_IF_ERROR(CountSales(tour.client(partner), *tour.data, item).status());
  v1::RevokeAgreementRequest revoke;
  revoke.set_name(tour.agreements.at(partner));
  revoke.set_explanation("the tour shows it");
  revoke.set_request_id(NewRequestId());
  v1::Agreement agreement;
  TANDEM_RETURN_IF_ERROR(
      tour.client(kRetailer).Call(&GovernanceService::Stub::RevokeAgreement, revoke, &agreement));
  const absl::Time durable = absl::Now();
  absl::Status status;
  while (status.ok() && absl::Now() - durable < absl::Seconds(5)) {
    status = CountSales(tour.client(partner), *tour.data, item).status();
    absl::SleepFor(absl::Milliseconds(2));
  }
  const absl::Duration until = absl::Now() - durable;
  tour.report.Saw(partner, "sales of its own items, after revocation", OutcomeOf(status));
  const auto versions = AllVersions(tour.client(partner), tour.agreements.at(partner));
  tour.report.Saw(partner, "the joint forecasts, after revocation", OutcomeOf(versions.status()));
  if (!absl::IsPermissionDenied(status) || until > kRevokedLongest) {
    return absl::InternalError(
        absl::StrCat("reads went on for ", absl::FormatDuration(until), ": ", status.ToString()));
  }
  if (!versions.ok()) return versions.status();
  return absl::StrFormat("refused %.0f ms after the revocation was durable (limit 1,000)",
                         absl::ToDoubleMilliseconds(until));
}

StepResult CheckFeeds(Tour& tour) {
  const absl::Time give_up = absl::Now() + absl::Seconds(5);
  const std::string& revoked = tour.agreements.at(kMakerIds[1]);
  while (tour.watchers.at(kMakerIds[1])->seen().revoked.count(revoked) == 0 &&
         absl::Now() < give_up) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  std::int64_t records = 0;
  std::int64_t wrong = 0;
  for (const auto& [firm, watcher] : tour.watchers) {
    const FeedWatcher::Seen seen = watcher->seen();
    const std::int64_t leaks = *tour.leaks.at(firm);
    records += seen.records;
    wrong += seen.gaps + leaks + (seen.status.ok() ? 0 : 1);
    if (!seen.status.ok()) return seen.status;
    tour.report.Saw(
        firm, "its feed",
        absl::StrCat(seen.records, " records, ", seen.gaps, " gaps, ", leaks, " names of others"));
  }
  if (tour.watchers.at(kMakerIds[1])->seen().revoked.count(revoked) == 0) {
    return absl::InternalError("the notice of the revocation did not come in the feed");
  }
  if (wrong > 0) return absl::InternalError("a feed has gaps or shows what it may not");
  return absl::StrCat(records, " records, and the notice of the revocation");
}

}  // namespace tandem::cli
