#include "tests/simulation/trade.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"

namespace tandem::simulation {

namespace ev1 = exchange::v1;
namespace gv1 = governance::v1;
using exchange::ExchangeApi;
using governance::GovernanceApi;

std::string ItemId(int item) { return absl::StrCat("item-", item); }
std::string LocationId(int location) { return absl::StrCat("store-", location); }

namespace {

constexpr std::int32_t kFirstDay = 20'000;

std::string Firm(const std::string& firm) { return absl::StrCat("firms/", firm); }
std::string Location(int location) {
  return absl::StrCat("firms/", kRetailer, "/locations/", LocationId(location));
}

void SetDate(std::int32_t day, google::type::Date& date) {
  const std::string text = base::Day::FromNumber(day).ToString();
  date.set_year(std::stoi(text.substr(0, 4)));
  date.set_month(std::stoi(text.substr(5, 2)));
  date.set_day(std::stoi(text.substr(8, 2)));
}

}  // namespace

std::string NewRequestId(SeededRandom& random) {
  std::string id;
  for (int i = 0; i < 36; ++i) {
    id.push_back(i == 8 || i == 13 || i == 18 || i == 23 ? '-'
                                                         : "0123456789abcdef"[random.Below(16)]);
  }
  return id;
}

Trade::Trade(Wire wire, Instance& governing, Instance& exchanging, Instance& forecasting,
             Journal& journal, Report& report)
    : wire_(wire),
      governing_(&governing),
      exchanging_(&exchanging),
      forecasting_(&forecasting),
      journal_(&journal),
      report_(&report) {}

void Trade::Sequence(const std::shared_ptr<Steps>& steps, std::size_t at, const Next& done) {
  if (at == steps->size()) return done();
  (*steps)[at]([this, steps, at, done] { Sequence(steps, at + 1, done); });
}

void Trade::SetUp(const std::function<void()>& done) {
  const auto steps = std::make_shared<Steps>();
  AddFirms(*steps);
  AddRegisters(*steps);
  for (int maker = 0; maker < 2; ++maker) {
    steps->push_back([this, maker](Next next) { Agree(maker, std::move(next)); });
  }
  Sequence(steps, 0, done);
}

void Trade::AddFirms(std::vector<std::function<void(Next)>>& steps) {
  for (const std::string firm : {kRetailer, kMakers[0], kMakers[1], kCarrier}) {
    steps.push_back([this, firm](const Next& next) {
      gv1::AdmitFirmRequest request;
      request.set_firm_id(firm);
      request.mutable_firm()->set_display_name(firm);
      request.set_admin_principal("robot");
      Command(Question(*governing_, &Instance::governance, &GovernanceApi::AdmitFirm, "operator",
                       request),
              "", true, [this, next](const absl::StatusOr<gv1::Firm>& answer) {
                report_->Expect(answer.ok(),
                                absl::StrCat("AdmitFirm: ", answer.status().ToString()));
                next();
              });
    });
  }
}

void Trade::AddRegisters(std::vector<std::function<void(Next)>>& steps) {
  // A replica of governance may be a moment behind: the retailer's role is not yet known there.
  steps.push_back([this](const Next& next) { wire_.clients->RunAfter(absl::Seconds(2), next); });
  steps.push_back([this](const Next& next) {
    ev1::RegisterItemsRequest request;
    request.set_parent(Firm(kRetailer));
    for (int i = 0; i < kItems; ++i) {
      ev1::Item& item = *request.add_items();
      item.set_name(absl::StrCat(Firm(kRetailer), "/items/", ItemId(i)));
      item.set_unit_code("C62");
    }
    Command(Question(*exchanging_, &Instance::exchange, &ExchangeApi::RegisterItems, kRetailer,
                     request),
            "", true, [this, next](const absl::StatusOr<ev1::RegisterItemsResponse>& answer) {
              report_->Expect(answer.ok(),
                              absl::StrCat("RegisterItems: ", answer.status().ToString()));
              next();
            });
  });
  steps.push_back([this](const Next& next) {
    ev1::RegisterLocationsRequest request;
    request.set_parent(Firm(kRetailer));
    for (int l = 0; l < kLocations; ++l) {
      ev1::Location& location = *request.add_locations();
      location.set_name(Location(l));
      location.set_kind(ev1::LOCATION_KIND_STORE);
    }
    Command(Question(*exchanging_, &Instance::exchange, &ExchangeApi::RegisterLocations, kRetailer,
                     request),
            "", true, [this, next](const absl::StatusOr<ev1::RegisterLocationsResponse>& answer) {
              report_->Expect(answer.ok(),
                              absl::StrCat("RegisterLocations: ", answer.status().ToString()));
              next();
            });
  });
}

void Trade::Agree(int maker, Next done) {
  Relation relation;
  for (int i = 0; i < kItems / 2; ++i) relation.items.insert(maker * kItems / 2 + i);
  relations_[maker] = relation;
  gv1::OfferAgreementRequest request;
  gv1::Terms& terms = *request.mutable_terms();
  terms.add_parties(Firm(kRetailer));
  terms.add_parties(Firm(kMakers[maker]));
  gv1::Scope& scope = *terms.add_scopes();
  scope.set_owner(Firm(kRetailer));
  for (const int item : relation.items) scope.add_items(ItemId(item));
  for (int l = 0; l < kLocations; ++l) scope.add_locations(LocationId(l));
  gv1::Grant& grant = *terms.add_grants();
  grant.set_owner(Firm(kRetailer));
  grant.set_reader(Firm(kMakers[maker]));
  grant.add_kinds(gv1::DATA_KIND_SALES);
  grant.add_kinds(gv1::DATA_KIND_STOCK);
  grant.add_kinds(gv1::DATA_KIND_FORECASTS);
  grant.add_derivations("forecast");
  terms.set_horizon_days(14);
  terms.set_bucket_days(1);
  terms.mutable_lead_roles()->set_sales_forecast(Firm(kRetailer));
  terms.mutable_lead_roles()->set_order_forecast(Firm(kMakers[maker]));
  terms.set_retention_days(30);  // Joint records are compared after revocations too.
  Command(Question(*governing_, &Instance::governance, &GovernanceApi::OfferAgreement, kRetailer,
                   request),
          "", true,
          [this, maker, done = std::move(done)](const absl::StatusOr<gv1::Agreement>& answer) {
            report_->Expect(answer.ok(),
                            absl::StrCat("OfferAgreement: ", answer.status().ToString()));
            if (!answer.ok()) return done();
            Sign(maker, answer->name(), answer->offered_terms_hash(), done);
          });
}

void Trade::Sign(int maker, const std::string& name, const std::string& hash, Next done) {
  gv1::SignAgreementRequest request;
  request.set_name(name);
  request.set_terms_hash(hash);
  Command(
      Question(*governing_, &Instance::governance, &GovernanceApi::SignAgreement, kMakers[maker],
               request),
      "", true,
      [this, maker, name, done = std::move(done)](const absl::StatusOr<gv1::Agreement>& answer) {
        report_->Expect(answer.ok(), absl::StrCat("SignAgreement: ", answer.status().ToString()));
        relations_[maker].name = name;
        done();
      });
}

void Trade::Loop(std::function<void(Next)> step) {
  ++loops_;
  // Shared, so that a step may begin the next one whatever it waits for.
  const auto again = std::make_shared<std::function<void()>>();
  *again = [this, step = std::move(step), again] {
    if (stopped_) {
      --loops_;
      wire_.clients->Run([again] { *again = nullptr; });  // It holds itself.
      return;
    }
    step([this, again] {
      wire_.clients->RunAfter(
          wire_.world->random().Between(absl::Milliseconds(1), absl::Milliseconds(400)),
          [again] { (*again)(); });
    });
  };
  (*again)();
}

void Trade::Begin() {
  for (int l = 0; l < kLocations; ++l) {
    Loop([this, l](Next next) { ReportStock(l, std::move(next)); });
    Loop([this, l](Next next) { SendBlock(l, std::move(next)); });
  }
  Loop([this](Next next) { ReportBadStock(std::move(next)); });
  for (int maker = 0; maker < 2; ++maker) {
    Loop([this, maker](Next next) { ReadAsMaker(maker, std::move(next)); });
  }
  Loop([this](Next next) { ReviseAgreements(std::move(next)); });
  Loop([this](Next next) { PublishVersion(std::move(next)); });
  Loop([this](Next next) { BreakGlass(std::move(next)); });
  for (int maker = 0; maker < 2; ++maker) {
    Loop([this, maker](Next next) { RunForecast(maker, std::move(next)); });
  }
}

void Trade::ReportStock(int location, Next done) {
  ev1::ReportStockRequest request;
  request.set_location(Location(location));
  const int day = stock_day_[location]++;
  request.set_item(ItemId(day % kItems));
  SetDate(kFirstDay + day / kItems, *request.mutable_date());
  request.set_on_hand_milli(static_cast<std::int64_t>(wire_.world->random().Below(50)) * 1000);
  request.set_status(ev1::STOCK_STATUS_FREE);
  Command(
      Question(*exchanging_, &Instance::exchange, &ExchangeApi::ReportStock, kRetailer, request),
      absl::StrCat("stock-", location), true,
      [done = std::move(done)](const absl::StatusOr<ev1::ReportStockResponse>&) { done(); });
}

void Trade::ReportBadStock(Next done) {
  ev1::ReportStockRequest request;
  request.set_location(Location(0));
  request.set_item(ItemId(0));
  SetDate(kFirstDay, *request.mutable_date());
  request.set_status(ev1::STOCK_STATUS_FREE);
  std::string firm = kRetailer;
  switch (wire_.world->random().Below(4)) {
    case 0:
      request.set_item("no-such-item");
      break;
    case 1:
      request.set_on_hand_milli(std::int64_t{1} << 60);
      break;
    case 2:
      request.set_location(absl::StrCat("firms/", kRetailer, "/locations/nowhere"));
      break;
    default:
      firm = kMakers[1];  // Another firm's location.
  }
  const std::size_t entry = journal_->sent.size();
  Command(Question(*exchanging_, &Instance::exchange, &ExchangeApi::ReportStock, firm, request),
          "bad", true,
          [this, entry,
           done = std::move(done)](const absl::StatusOr<ev1::ReportStockResponse>& answer) {
            report_->Expect(!answer.ok(), "a bad stock report was accepted");
            // Not answered, it must not be there either.
            journal_->sent[entry].fate = Fate::kRefused;
            done();
          });
}

}  // namespace tandem::simulation
