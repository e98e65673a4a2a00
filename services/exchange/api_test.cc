// The handlers on a real router and log in memory, on one thread under the test's clock.
#include "services/exchange/api.h"

#include <gmock/gmock.h>

#include <optional>

#include "services/exchange/api_fixture.h"
#include "tests/support/status.h"

namespace tandem::exchange {
namespace {

using base::Reason;
using tandem::testing::HasReason;
using tandem::testing::IsOk;
using ::testing::ElementsAre;

TEST_F(ExchangeApiTest, RegistersOnceAndListsById) {
  v1::ListItemsRequest request;
  request.set_parent("firms/shop");
  request.set_page_size(2);
  TANDEM_ASSERT_OK_AND_ASSIGN(v1::ListItemsResponse page,
                              Ask(&ExchangeApi::ListItems, "shop", request));
  ASSERT_EQ(page.items_size(), 2);
  EXPECT_EQ(page.items(1).name(), "firms/shop/items/i2");
  EXPECT_EQ(page.items(1).register_number(), 2);
  request.set_page_token(page.next_page_token());
  TANDEM_ASSERT_OK_AND_ASSIGN(page, Ask(&ExchangeApi::ListItems, "shop", request));
  ASSERT_EQ(page.items_size(), 1);
  EXPECT_EQ(page.next_page_token(), "");
  // Another firm sees what is granted, without numbers.
  request.set_page_token("");
  TANDEM_ASSERT_OK_AND_ASSIGN(page, Ask(&ExchangeApi::ListItems, "maker", request));
  ASSERT_EQ(page.items_size(), 1);
  EXPECT_EQ(page.items(0).name(), "firms/shop/items/i1");
  EXPECT_EQ(page.items(0).register_number(), 0);
  EXPECT_EQ(page.next_page_token(), "");
  EXPECT_THAT(Ask(&ExchangeApi::ListItems, "other", request), HasReason(Reason::kNotGranted));
}

TEST_F(ExchangeApiTest, ChangesOnlyItsOwn) {
  v1::RegisterItemsRequest items;
  items.set_parent("firms/shop");
  items.set_request_id(NextId());
  EXPECT_THAT(Ask(&ExchangeApi::RegisterItems, "maker", items), HasReason(Reason::kNotYours));
  items.set_request_id("no uuid");
  EXPECT_THAT(Ask(&ExchangeApi::RegisterItems, "shop", items), HasReason(Reason::kBadRequestId));
}

TEST_F(ExchangeApiTest, ShowsABatchWhenItIsClosedAndCutsItToGrants) {
  TANDEM_ASSERT_OK_AND_ASSIGN(
      v1::IngestResponse response,
      Ingest(1, {{1, testing::kDay, 1000}, {2, testing::kDay, 2000}}, false));
  EXPECT_EQ(response.durable_block(), 1);
  TANDEM_ASSERT_OK_AND_ASSIGN(auto pages, Sales("shop"));
  ASSERT_EQ(pages.size(), 1u);  // The position alone.
  EXPECT_EQ(pages[0].items_size(), 0);
  TANDEM_ASSERT_OK_AND_ASSIGN(response, Ingest(2, {{1, testing::kDay + 1, 3000}}, true));
  EXPECT_EQ(response.row_count(), 3);
  EXPECT_EQ(response.closed_batch(), "firms/shop/locations/l1/batches/pos-1");
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Sales("shop"));
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_THAT(pages[0].items(), ElementsAre("i1", "i2"));
  EXPECT_THAT(pages[0].value_milli(), ElementsAre(1000, 3000, 2000, 0));
  EXPECT_EQ(pages[0].known(), "\x07");
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Sales("maker"));
  EXPECT_THAT(pages[0].items(), ElementsAre("i1"));
  EXPECT_EQ(pages[0].known(), "");
  EXPECT_THAT(Sales("other"), HasReason(Reason::kNotGranted));
}

// Goal: under a break-glass the operator's principal reads what is shared, and changes nothing.
TEST_F(ExchangeApiTest, ABreakGlassReadsWhatIsSharedAndWritesNothing) {
  ASSERT_THAT(Ingest(1, {{1, testing::kDay, 1000}, {2, testing::kDay, 2000}}, true), IsOk());
  EXPECT_THAT(Sales("operator"), HasReason(Reason::kNotGranted));
  grants_.table["break-glass/g1/shop/l1"] = {"i1"};
  EXPECT_THAT(Sales("operator"), HasReason(Reason::kNotGranted));
  break_glass_ = "g1";
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Sales("operator"));
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_THAT(pages[0].items(), ElementsAre("i1"));
  v1::ListItemsRequest list;
  list.set_parent("firms/shop");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto items, Ask(&ExchangeApi::ListItems, "operator", list));
  ASSERT_EQ(items.items_size(), 1);
  EXPECT_EQ(items.items(0).register_number(), 0);
  v1::RegisterItemsRequest change;
  change.set_parent("firms/shop");
  change.set_request_id(NextId());
  EXPECT_THAT(Ask(&ExchangeApi::RegisterItems, "operator", change), HasReason(Reason::kNotYours));
}

TEST_F(ExchangeApiTest, SkipsRepeatsAndNamesGaps) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, false));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto again, Ingest(1, {{1, testing::kDay, 1000}}, false));
  EXPECT_EQ(again.durable_block(), 1);
  EXPECT_EQ(again.row_count(), 1);
  EXPECT_THAT(Ingest(3, {{1, testing::kDay, 1000}}, false), HasReason(Reason::kStreamGap));
  v1::GetStreamRequest request;
  request.set_name("firms/shop/locations/l1/streams/pos");
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Stream stream,
                              Ask(&ExchangeApi::GetStream, "shop", request));
  EXPECT_EQ(stream.durable_block(), 1);
}

TEST_F(ExchangeApiTest, RefusesADurableBlockAgainWithOtherRows) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, false));
  TANDEM_ASSERT_OK_AND_ASSIGN(auto second, Ingest(2, {{1, testing::kDay + 1, 1000}}, false));
  // Another value, another day, another revision: each would be lost if it were taken as a repeat.
  EXPECT_THAT(Ingest(2, {{1, testing::kDay + 1, 2000}}, false), HasReason(Reason::kContentDiffers));
  EXPECT_THAT(Ingest(2, {{1, testing::kDay + 2, 1000}}, true), HasReason(Reason::kContentDiffers));
  EXPECT_THAT(Ingest(2, {{1, testing::kDay + 1, 1000}}, false, 2),
              HasReason(Reason::kContentDiffers));
  Open();  // It is known from what is stored.
  EXPECT_THAT(Ingest(2, {{1, testing::kDay + 1, 2000}}, false), HasReason(Reason::kContentDiffers));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto again, Ingest(2, {{1, testing::kDay + 1, 1000}}, true));
  EXPECT_EQ(again.durable_block(), 2);
  EXPECT_EQ(again.row_count(), 2);
  EXPECT_NE(again.closed_batch(), "") << "a refused repeat must not have closed the batch";
  // The same of an earlier block; the stream goes on.
  EXPECT_THAT(Ingest(1, {{1, testing::kDay, 3000}}, false), HasReason(Reason::kContentDiffers));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto old, Ingest(1, {{1, testing::kDay, 1000}}, false));
  EXPECT_EQ(old.durable_block(), 2);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto next, Ingest(3, {{1, testing::kDay + 2, 1000}}, true));
  EXPECT_EQ(next.row_count(), 3);
}

TEST_F(ExchangeApiTest, AnswersPipelinedBlocksInOrder) {
  auto session = api_->OpenIngest(CallOf("shop"));
  std::vector<std::int64_t> answered;
  for (std::int64_t block = 1; block <= 5; ++block) {
    session->Push(BlockOf(block, {{1, testing::kDay + static_cast<int>(block), 1000}}, block == 5),
                  [&answered](absl::StatusOr<v1::IngestResponse> response) {
                    ASSERT_THAT(response, IsOk());
                    answered.push_back(response->durable_block());
                  });
  }
  executor_.Advance(absl::ZeroDuration());
  EXPECT_THAT(answered, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(ExchangeApiTest, KeepsNothingOfARefusedBlock) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, true));
  const auto refused = Ingest(2, {{2, testing::kDay, 500}, {1, testing::kDay, 2000}}, true);
  EXPECT_THAT(refused, HasReason(Reason::kRevisionConflict));
  const auto refusal = base::RefusalOf(refused.status());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->details[0], (std::pair<std::string, std::string>("item", "i1")));
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Sales("shop"));
  EXPECT_THAT(pages[0].items(), ElementsAre("i1"));
}

TEST_F(ExchangeApiTest, AnswersAsOfPositionAndInstant) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, true));
  TANDEM_ASSERT_OK_AND_ASSIGN(auto pages, Sales("shop"));
  const std::string position = pages[0].position();
  const absl::Time before = clock_.Now();
  executor_.Advance(absl::Seconds(10));
  TANDEM_ASSERT_OK_AND_ASSIGN(auto second, Ingest(2, {{1, testing::kDay, 2000}}, true, 2));
  worker_->Start();
  executor_.Advance(absl::Seconds(1));
  EXPECT_GT(worker_->steps(), 0u);
  v1::ReadSeriesRequest request = WholeRange();
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Pull(&ExchangeApi::ReadSeries, "shop", request));
  EXPECT_EQ(pages[0].value_milli(0), 2000);
  request.set_as_of_position(position);
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Pull(&ExchangeApi::ReadSeries, "shop", request));
  EXPECT_EQ(pages[0].value_milli(0), 1000);
  request.clear_as_of_position();
  request.mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(before) + 1);
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Pull(&ExchangeApi::ReadSeries, "shop", request));
  EXPECT_EQ(pages[0].value_milli(0), 1000);
  request.set_as_of_position(position);  // Two pasts in one request: the instant won.
  EXPECT_THAT(Pull(&ExchangeApi::ReadSeries, "shop", request), HasReason(Reason::kFieldOutOfRange));
  request.clear_as_of_position();
  request.mutable_as_of_time()->set_nanos(1'000'000'000);
  EXPECT_THAT(Pull(&ExchangeApi::ReadSeries, "shop", request), HasReason(Reason::kFieldOutOfRange));
  request.clear_as_of_time();
  request.set_as_of_position("forged");
  EXPECT_THAT(Pull(&ExchangeApi::ReadSeries, "shop", request), HasReason(Reason::kBadToken));
}

TEST_F(ExchangeApiTest, ReadsALocationOnceHoweverOftenItIsNamed) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, true));
  v1::ReadSeriesRequest request = WholeRange();
  for (int i = 0; i < 2; ++i) request.add_locations("l1");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Pull(&ExchangeApi::ReadSeries, "shop", request));
  EXPECT_EQ(pages.size(), 1u);
}

TEST_F(ExchangeApiTest, SaysTheRevisionsWhereTheyAreAskedFor) {
  TANDEM_ASSERT_OK_AND_ASSIGN(
      auto first, Ingest(1, {{1, testing::kDay, 1000}, {1, testing::kDay + 1, 3000}}, true, 0));
  v1::ReadSeriesRequest request = WholeRange();
  request.set_with_revisions(true);
  TANDEM_ASSERT_OK_AND_ASSIGN(auto pages, Pull(&ExchangeApi::ReadSeries, "shop", request));
  EXPECT_EQ(pages[0].revision_size(), 0);  // All are 0.
  TANDEM_ASSERT_OK_AND_ASSIGN(auto second, Ingest(2, {{1, testing::kDay, 2000}}, true, 2));
  for (const bool folded : {false, true}) {
    SCOPED_TRACE(folded);
    if (folded) {
      worker_->Start();
      executor_.Advance(absl::Seconds(1));
      EXPECT_GT(worker_->steps(), 0u);
    }
    TANDEM_ASSERT_OK_AND_ASSIGN(pages, Pull(&ExchangeApi::ReadSeries, "shop", request));
    EXPECT_THAT(pages[0].value_milli(), ElementsAre(2000, 3000));
    EXPECT_THAT(pages[0].revision(), ElementsAre(2, 0));
    TANDEM_ASSERT_OK_AND_ASSIGN(pages, Sales("shop"));
    EXPECT_EQ(pages[0].revision_size(), 0);
  }
}

TEST_F(ExchangeApiTest, TakesABatchBack) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, true));
  TANDEM_ASSERT_OK_AND_ASSIGN(auto second, Ingest(2, {{1, testing::kDay, 2000}}, true, 2));
  v1::RetractBatchRequest request;
  request.set_name(second.closed_batch());
  request.set_request_id(NextId());
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Batch batch,
                              Ask(&ExchangeApi::RetractBatch, "shop", request));
  EXPECT_EQ(batch.state(), v1::Batch::STATE_RETRACTED);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Sales("shop"));
  EXPECT_EQ(pages[0].value_milli(0), 1000);
  v1::ListBatchesRequest list;
  list.set_parent("firms/shop/locations/l1");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto batches, Ask(&ExchangeApi::ListBatches, "shop", list));
  ASSERT_EQ(batches.batches_size(), 2);
  EXPECT_EQ(batches.batches(0).name(), second.closed_batch());
  request.set_name("firms/shop/locations/l1/batches/pos-9");
  request.set_request_id(NextId());
  EXPECT_THAT(Ask(&ExchangeApi::RetractBatch, "shop", request), HasReason(Reason::kUnknownBatch));
}

// What an import left open that was refused half-way stands in nobody's way.
TEST_F(ExchangeApiTest, TakesAnOpenBatchBackBeforeAnybodySawIt) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, false));
  EXPECT_THAT(Ingest(2, {{1, testing::kDay, 2000}}, true), HasReason(Reason::kRevisionConflict));
  v1::RetractBatchRequest request;
  request.set_name("firms/shop/locations/l1/batches/pos-1");
  request.set_request_id(NextId());
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Batch batch,
                              Ask(&ExchangeApi::RetractBatch, "shop", request));
  EXPECT_EQ(batch.state(), v1::Batch::STATE_RETRACTED);
  EXPECT_EQ(batch.row_count(), 1);
  TANDEM_ASSERT_OK_AND_ASSIGN(auto pages, Sales("shop"));
  EXPECT_EQ(pages[0].items_size(), 0);
  // The stream goes on with its next block, which begins another batch.
  TANDEM_ASSERT_OK_AND_ASSIGN(auto second, Ingest(2, {{1, testing::kDay, 2000}}, true));
  EXPECT_EQ(second.closed_batch(), "firms/shop/locations/l1/batches/pos-2");
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Sales("maker"));
  EXPECT_EQ(pages[0].value_milli(0), 2000);
  request.set_request_id(NextId());
  EXPECT_THAT(Ask(&ExchangeApi::RetractBatch, "shop", request), IsOk());  // Again: no matter.
}

TEST_F(ExchangeApiTest, AsksForTheRoleAtEachBlock) {
  auto session = api_->OpenIngest(CallOf("shop"));
  std::vector<absl::Status> answers;
  const auto push = [&](std::int64_t block) {
    session->Push(
        BlockOf(block, {{1, testing::kDay + static_cast<std::int32_t>(block), 1000}}, true),
        [&](const absl::StatusOr<v1::IngestResponse>& response) {
          answers.push_back(response.status());
        });
    executor_.Advance(absl::ZeroDuration());
  };
  push(1);
  role_ = base::Refuse(Reason::kFirmSuspended, "meanwhile");
  push(2);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_THAT(answers[0], IsOk());
  EXPECT_THAT(answers[1], HasReason(Reason::kFirmSuspended));
}

TEST_F(ExchangeApiTest, ShowsAPartnerOnlyItsOwnNumberOfAnItem) {
  v1::RegisterItemsRequest items;
  items.set_parent("firms/shop");
  items.set_request_id(NextId());
  v1::Item& item = *items.add_items();
  item.set_name("firms/shop/items/i4");
  item.set_unit_code("C62");
  for (const char* firm : {"maker", "rival"}) {
    v1::PartnerNumber& number = *item.add_partner_numbers();
    number.set_firm("firms/" + std::string(firm));
    number.set_number("of-" + std::string(firm));
  }
  ASSERT_THAT(Ask(&ExchangeApi::RegisterItems, "shop", items), IsOk());
  grants_.table["maker/shop/l1"] = {"i4"};
  v1::ListItemsRequest list;
  list.set_parent("firms/shop");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto seen, Ask(&ExchangeApi::ListItems, "maker", list));
  ASSERT_EQ(seen.items_size(), 1);
  ASSERT_EQ(seen.items(0).partner_numbers_size(), 1);
  EXPECT_EQ(seen.items(0).partner_numbers(0).number(), "of-maker");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto own, Ask(&ExchangeApi::ListItems, "shop", list));
  EXPECT_EQ(own.items(3).partner_numbers_size(), 2);
}

TEST_F(ExchangeApiTest, ReportsStockAndReadsItAgainAfterARestart) {
  v1::ReportStockRequest report;
  report.set_location("firms/shop/locations/l1");
  report.set_item("i2");
  *report.mutable_date() = DateAt(0);
  report.set_on_hand_milli(7000);
  report.set_status(v1::STOCK_STATUS_FREE);
  report.set_request_id(NextId());
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto reported, Ask(&ExchangeApi::ReportStock, "shop", report));
  EXPECT_EQ(reported.accept_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  report.set_on_hand_milli(8000);
  report.set_request_id(NextId());
  EXPECT_THAT(Ask(&ExchangeApi::ReportStock, "shop", report), HasReason(Reason::kRevisionConflict));
  report.set_item("i9");
  EXPECT_THAT(Ask(&ExchangeApi::ReportStock, "shop", report), HasReason(Reason::kUnknownItem));
  Open();
  EXPECT_EQ(registers_->Of("shop")->items.NumberOf("i3"), 3u);
  v1::ReadSeriesRequest request = WholeRange();
  request.set_measure(v1::MEASURE_STOCK);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Pull(&ExchangeApi::ReadSeries, "shop", request));
  EXPECT_THAT(pages[0].items(), ElementsAre("i2"));
  EXPECT_EQ(pages[0].value_milli(0), 7000);
}

TEST_F(ExchangeApiTest, ReadsPricesAsRanges) {
  auto session = api_->OpenIngest(CallOf("shop"));
  v1::IngestRequest block;
  block.set_location("firms/shop/locations/l1");
  block.set_stream("prices");
  block.set_block(1);
  block.set_close_batch(true);
  v1::PriceBlock& prices = *block.mutable_prices();
  for (const char* id : {"i1", "i2"}) prices.add_items(id);
  for (const auto& [item, first, last, value] :
       {std::tuple(0u, 0, 6, 958), {0u, 7, 13, 958}, {1u, 0, 6, 100}}) {
    prices.add_item(item);
    prices.add_first_day(testing::kDay + first);
    prices.add_last_day(testing::kDay + last);
    prices.add_value(value);
  }
  prices.set_scale(2);
  prices.set_currency_code("USD");
  std::optional<absl::StatusOr<v1::IngestResponse>> got;
  session->Push(block, [&](absl::StatusOr<v1::IngestResponse> r) { got = std::move(r); });
  executor_.Advance(absl::ZeroDuration());
  ASSERT_TRUE(got.has_value());
  ASSERT_THAT(*got, IsOk());
  prices.set_value(2, 101);  // The same number again, with another price.
  session = api_->OpenIngest(CallOf("shop"));
  session->Push(block, [&](absl::StatusOr<v1::IngestResponse> r) { got = std::move(r); });
  executor_.Advance(absl::ZeroDuration());
  EXPECT_THAT(*got, HasReason(Reason::kContentDiffers));
  v1::ReadPricesRequest request;
  request.set_location("firms/shop/locations/l1");
  TANDEM_ASSERT_OK_AND_ASSIGN(auto pages, Pull(&ExchangeApi::ReadPrices, "maker", request));
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_THAT(pages[0].prices().items(), ElementsAre("i1"));
  EXPECT_THAT(pages[0].prices().last_day(), ElementsAre(testing::kDay + 13));
  // Of what is not granted not even the currency shows: a page of it came without rows.
  block.set_block(2);
  prices.mutable_item()->Clear();
  prices.mutable_first_day()->Clear();
  prices.mutable_last_day()->Clear();
  prices.mutable_value()->Clear();
  prices.add_item(1);
  prices.add_first_day(testing::kDay + 20);
  prices.add_last_day(testing::kDay + 21);
  prices.add_value(7);
  prices.set_currency_code("EUR");
  prices.set_revision(4);
  session->Push(block, [&](absl::StatusOr<v1::IngestResponse> r) { got = std::move(r); });
  executor_.Advance(absl::ZeroDuration());
  ASSERT_THAT(*got, IsOk());
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Pull(&ExchangeApi::ReadPrices, "maker", request));
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].prices().currency_code(), "USD");
  TANDEM_ASSERT_OK_AND_ASSIGN(pages, Pull(&ExchangeApi::ReadPrices, "shop", request));
  EXPECT_EQ(pages.size(), 2u);
  EXPECT_THAT(Pull(&ExchangeApi::ReadPrices, "other", request), HasReason(Reason::kNotGranted));
}

TEST_F(ExchangeApiTest, PutsAndListsEventsPromotionsAndPlans) {
  v1::PutEventsRequest events;
  events.set_parent("firms/shop");
  v1::Event& event = *events.add_events();
  event.set_event("thanksgiving");
  *event.mutable_start_date() = DateAt(0);
  *event.mutable_end_date() = DateAt(1);
  events.set_request_id(NextId());
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto put, Ask(&ExchangeApi::PutEvents, "shop", events));
  EXPECT_EQ(put.changed_count(), 1);
  v1::PutPromotionsRequest promotions;
  promotions.set_parent("firms/shop/locations/l1");
  v1::Promotion& promotion = *promotions.add_promotions();
  promotion.set_promotion("spring");
  promotion.add_items("i1");
  promotion.add_items("i2");
  *promotion.mutable_start_date() = DateAt(0);
  *promotion.mutable_end_date() = DateAt(7);
  promotions.set_request_id(NextId());
  ASSERT_THAT(Ask(&ExchangeApi::PutPromotions, "shop", promotions), IsOk());
  v1::ListPromotionsRequest list;
  list.set_parent("firms/shop/locations/l1");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto seen, Ask(&ExchangeApi::ListPromotions, "maker", list));
  ASSERT_EQ(seen.promotions_size(), 1);
  EXPECT_THAT(seen.promotions(0).items(), ElementsAre("i1"));
  v1::PutPlanRequest plan;
  plan.mutable_plan()->set_name("firms/shop/plans/p1");
  plan.mutable_plan()->set_location("l1");
  *plan.mutable_plan()->mutable_start_date() = DateAt(0);
  plan.mutable_plan()->set_bucket_days(7);
  plan.mutable_plan()->set_bucket_count(2);
  plan.mutable_plan()->add_items("i1");
  plan.mutable_plan()->add_quantity_milli(1000);
  plan.set_request_id(NextId());
  EXPECT_THAT(Ask(&ExchangeApi::PutPlan, "shop", plan), HasReason(Reason::kBadColumns));
  plan.mutable_plan()->add_quantity_milli(2000);
  ASSERT_THAT(Ask(&ExchangeApi::PutPlan, "shop", plan), IsOk());
  plan.mutable_plan()->set_quantity_milli(0, 5);
  plan.set_request_id(NextId());
  EXPECT_THAT(Ask(&ExchangeApi::PutPlan, "shop", plan), HasReason(Reason::kRevisionConflict));
}

TEST_F(ExchangeApiTest, StopsAtGrantsThatCannotBeTrusted) {
  TANDEM_ASSERT_OK_AND_ASSIGN(auto first, Ingest(1, {{1, testing::kDay, 1000}}, true));
  grants_.stale = true;
  EXPECT_THAT(Sales("maker"), HasReason(Reason::kGrantsStale));
}

}  // namespace
}  // namespace tandem::exchange
