// Goal: no method of the exchange goes without its audit line: a read served or refused, a change
// refused.
#include "services/exchange/api_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "google/protobuf/descriptor.h"
#include "services/exchange/domain.h"
#include "services/exchange/testing.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "tests/support/audit_lines.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"

namespace tandem::exchange {
namespace {

using tandem::testing::FakeClock;
using tandem::testing::IsOk;
using tandem::testing::ManualExecutor;
using ::testing::ElementsAre;

class CountingRandom final : public runtime::Random {
 public:
  std::uint64_t Next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

// "rival" has been granted nothing of "shop".
class ExchangeAuditTest : public ::testing::Test {
 protected:
  void SetUp() override {
    router_.Serve(domain_, [](const absl::Status& status) { EXPECT_THAT(status, IsOk()); });
    executor_.RunDue();
    ASSERT_THAT(registers_.Start(), IsOk());
    executor_.RunDue();
  }

  std::map<std::string, std::function<void()>> AskAsRival();

  static std::vector<base::SlotId> Slots() {
    std::vector<base::SlotId> slots;
    for (std::uint16_t i = 0; i < ExchangeDomain::kSlots; ++i) {
      slots.push_back({base::DomainId::kExchange, i});
    }
    return slots;
  }
  Call CallOf(const std::string& firm) const {
    return {.caller = {.firm = firm, .principal = "bot"},
            .deadline = clock_.Now() + absl::Hours(1)};
  }

  template <typename Request, typename Response>
  void Ask(void (ExchangeApi::*method)(const Call&, const Request&, Response), const char* firm,
           const Request& request) {
    (api_.*method)(CallOf(firm), request, [](const auto&) {});
    executor_.RunDue();
  }
  // The lines that came since the last call of this.
  std::vector<std::string> NewLines() {
    executor_.Advance(absl::Seconds(1));
    return lines_.Take(router_);
  }

  FakeClock clock_;
  ManualExecutor executor_{clock_};
  runtime::MapStore store_{executor_};
  CountingRandom random_;
  runtime::Sealer sealer_{std::string(32, 'k'), random_};
  testing::TableGrants grants_;
  runtime::EmbeddedLog log_{store_, executor_, 77};
  RegisterReplica registers_{log_, executor_, Slots()};
  ExchangeDomain domain_{registers_};
  runtime::Router router_{log_, clock_, executor_, runtime::SlotOptions{}};
  ExchangeApi api_{ExchangeSeams{
      .router = &router_, .grants = &grants_, .registers = &registers_, .sealer = &sealer_}};
  tandem::testing::NewAuditLines lines_;
};

template <typename Request>
Request Parent(const char* name) {
  Request request;
  request.set_parent(name);
  return request;
}
template <typename Request>
Request Name(const char* name) {
  Request request;
  request.set_name(name);
  return request;
}

// Every method on what is the shop's, asked by its rival.
std::map<std::string, std::function<void()>> ExchangeAuditTest::AskAsRival() {
  constexpr char kFirm[] = "firms/shop";
  constexpr char kPlace[] = "firms/shop/locations/l1";
  constexpr char kStream[] = "firms/shop/locations/l1/streams/pos";
  constexpr char kItem[] = "firms/shop/items/i1";
  using Api = ExchangeApi;
  v1::PutPlanRequest plan;
  plan.mutable_plan()->set_name("firms/shop/plans/p1");
  v1::ReportStockRequest stock;
  stock.set_location(kPlace);
  v1::CloseBatchRequest batch;
  batch.set_stream(kStream);
  v1::ReadSeriesRequest series;
  series.set_owner(kFirm);
  v1::ReadPricesRequest prices;
  prices.set_location(kPlace);
  v1::IngestRequest block;
  block.set_location(kPlace);
  block.set_stream("pos");
  return {
      {"RegisterItems",
       [=, this] { Ask(&Api::RegisterItems, "rival", Parent<v1::RegisterItemsRequest>(kFirm)); }},
      {"CloseItem",
       [=, this] { Ask(&Api::CloseItem, "rival", Name<v1::CloseItemRequest>(kItem)); }},
      {"ListItems",
       [=, this] { Ask(&Api::ListItems, "rival", Parent<v1::ListItemsRequest>(kFirm)); }},
      {"RegisterLocations",
       [=, this] {
         Ask(&Api::RegisterLocations, "rival", Parent<v1::RegisterLocationsRequest>(kFirm));
       }},
      {"CloseLocation",
       [=, this] { Ask(&Api::CloseLocation, "rival", Name<v1::CloseLocationRequest>(kPlace)); }},
      {"ListLocations",
       [=, this] { Ask(&Api::ListLocations, "rival", Parent<v1::ListLocationsRequest>(kFirm)); }},
      {"PutEvents",
       [=, this] { Ask(&Api::PutEvents, "rival", Parent<v1::PutEventsRequest>(kFirm)); }},
      {"ListEvents",
       [=, this] { Ask(&Api::ListEvents, "rival", Parent<v1::ListEventsRequest>(kFirm)); }},
      {"PutPromotions",
       [=, this] { Ask(&Api::PutPromotions, "rival", Parent<v1::PutPromotionsRequest>(kPlace)); }},
      {"ListPromotions",
       [=, this] {
         Ask(&Api::ListPromotions, "rival", Parent<v1::ListPromotionsRequest>(kPlace));
       }},
      {"PutPlan", [=, this] { Ask(&Api::PutPlan, "rival", plan); }},
      {"ListPlans",
       [=, this] { Ask(&Api::ListPlans, "rival", Parent<v1::ListPlansRequest>(kFirm)); }},
      {"ReportStock", [=, this] { Ask(&Api::ReportStock, "rival", stock); }},
      {"Ingest", [=, this] { api_.OpenIngest(CallOf("rival"))->Push(block, [](const auto&) {}); }},
      {"GetStream",
       [=, this] { Ask(&Api::GetStream, "rival", Name<v1::GetStreamRequest>(kStream)); }},
      {"CloseBatch", [=, this] { Ask(&Api::CloseBatch, "rival", batch); }},
      {"RetractBatch",
       [=, this] { Ask(&Api::RetractBatch, "rival", Name<v1::RetractBatchRequest>(kStream)); }},
      {"ListBatches",
       [=, this] { Ask(&Api::ListBatches, "rival", Parent<v1::ListBatchesRequest>(kPlace)); }},
      {"ReadSeries", [=, this] { Ask(&Api::ReadSeries, "rival", series); }},
      {"ReadPrices", [=, this] { Ask(&Api::ReadPrices, "rival", prices); }},
  };
}

TEST_F(ExchangeAuditTest, EveryMethodLeavesALineWhereItIsRefused) {
  const std::map<std::string, std::function<void()>> methods = AskAsRival();
  const google::protobuf::ServiceDescriptor& service =
      *v1::ListItemsRequest::descriptor()->file()->service(0);
  for (int i = 0; i < service.method_count(); ++i) {
    const std::string& name = service.method(i)->name();
    SCOPED_TRACE(name);
    const auto found = methods.find(name);
    ASSERT_NE(found, methods.end()) << "a new method: give it its line, and add it here";
    found->second();
    const std::vector<std::string> lines = NewLines();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_THAT(lines[0], ::testing::StartsWith("rival/bot " + name + " firms/shop"));
    EXPECT_THAT(lines[0], ::testing::Not(::testing::EndsWith(" OK")));
  }
}

// A firm's reads of its own data count too: its principals are people.
TEST_F(ExchangeAuditTest, ReadsThatAreServedSayWhatRangesWereAsked) {
  Ask(&ExchangeApi::ListItems, "shop", Parent<v1::ListItemsRequest>("firms/shop"));
  Ask(&ExchangeApi::ListBatches, "shop", Parent<v1::ListBatchesRequest>("firms/shop/locations/l1"));
  v1::ReadSeriesRequest series;
  series.set_owner("firms/shop");
  series.set_measure(v1::MEASURE_SALES);
  series.mutable_start_date()->set_year(2026);
  series.mutable_start_date()->set_month(1);
  series.mutable_start_date()->set_day(5);
  *series.mutable_end_date() = series.start_date();
  Ask(&ExchangeApi::ReadSeries, "shop", series);
  for (const char* id : {"i1", "i2", "i3", "i4", "i5"}) series.add_items(id);
  Ask(&ExchangeApi::ReadSeries, "shop", series);
  EXPECT_THAT(NewLines(), ElementsAre("shop/bot ListItems firms/shop OK",
                                      "shop/bot ListBatches firms/shop/locations/l1 OK",
                                      "shop/bot ReadSeries firms/shop SALES 2026-01-05..2026-01-05 "
                                      "locations all items all OK",
                                      "shop/bot ReadSeries firms/shop SALES 2026-01-05..2026-01-05 "
                                      "locations all items i1,i2,i3,+2 UNKNOWN_ITEM"));
}

// What a slot refuses leaves one line, not two, and an accepted change none: it is a fact.
TEST_F(ExchangeAuditTest, ChangesLeaveALineOnlyWhereTheyAreRefused) {
  auto items = Parent<v1::RegisterItemsRequest>("firms/shop");
  v1::Item& item = *items.add_items();
  item.set_name("firms/shop/items/i1");
  item.set_unit_code("C62");
  items.set_request_id("00000000-0000-4000-8000-000000000001");
  Ask(&ExchangeApi::RegisterItems, "shop", items);
  EXPECT_THAT(NewLines(), ElementsAre());
  item.set_unit_code("no unit");
  items.set_request_id("00000000-0000-4000-8000-000000000002");
  Ask(&ExchangeApi::RegisterItems, "shop", items);
  EXPECT_THAT(NewLines(), ElementsAre("shop/bot RegisterItems firms/shop UNKNOWN_UNIT"));
}

}  // namespace
}  // namespace tandem::exchange
