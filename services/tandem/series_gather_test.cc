#include "services/tandem/series_gather.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "google/type/date.pb.h"
#include "tests/support/status.h"

namespace tandem::program {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::IsOk;

exchange::v1::ReadSeriesResponse Page(const std::vector<std::string>& items,
                                      const std::vector<std::int64_t>& values,
                                      const std::string& known) {
  exchange::v1::ReadSeriesResponse page;
  page.mutable_items()->Assign(items.begin(), items.end());
  page.mutable_value_milli()->Assign(values.begin(), values.end());
  page.set_first_day(16'000);
  page.set_day_count(3);
  page.set_known(known);
  return page;
}

bool Known(const forecast::SeriesColumnsRead& read, std::size_t bit) {
  return ((static_cast<unsigned char>(read.known[bit / 8]) >> (bit % 8)) & 1U) != 0;
}

TEST(SeriesGatherTest, JoinsPagesWhoseBitsDoNotEndOnBytes) {
  SeriesGather gather;
  auto first = Page({"a"}, {1, 2, 3}, "");
  first.set_position("cut");
  ASSERT_THAT(gather.Add(first), IsOk());
  ASSERT_THAT(gather.Add(Page({"b", "c"}, {4, 0, 6, 7, 8, 0}, std::string(1, 0b011101))), IsOk());
  ASSERT_THAT(gather.Add(Page({"d"}, {9, 10, 11}, "")), IsOk());
  const forecast::SeriesColumnsRead read = gather.Take();
  EXPECT_THAT(read.items, ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(read.value_milli, ElementsAre(1, 2, 3, 4, 0, 6, 7, 8, 0, 9, 10, 11));
  EXPECT_THAT(read.cuts, ElementsAre("cut"));
  EXPECT_EQ(gather.first_cut(), "cut");
  EXPECT_EQ(read.day_count, 3);
  for (std::size_t bit = 0; bit < 12; ++bit) EXPECT_EQ(Known(read, bit), bit != 4 && bit != 8);
}

TEST(SeriesGatherTest, KeepsThePositionOfAllThatWasRead) {
  SeriesGather gather;
  auto sales = Page({"a"}, {1, 2, 3}, "");
  sales.set_position("sales");
  ASSERT_THAT(gather.Add(sales), IsOk());
  auto stock = Page({"a"}, {1, 2, 3}, "");
  stock.set_position("stock");
  ASSERT_THAT(gather.AddStock(stock), IsOk());
  exchange::v1::ReadPricesResponse prices;
  prices.set_position("prices");
  ASSERT_THAT(gather.AddPrices(prices), IsOk());
  gather.NoteCut("");  // A list that was not granted.
  gather.NoteCut("events");
  EXPECT_EQ(AsNewAs(gather, PricesRequestFrom({})).min_position(), "sales");
  EXPECT_THAT(gather.Take().cuts, ElementsAre("sales", "stock", "prices", "events"));
}

TEST(SeriesGatherTest, LeavesKnownEmptyWhereAllIsKnown) {
  SeriesGather gather;
  ASSERT_THAT(gather.Add(Page({"a"}, {1, 2, 3}, "")), IsOk());
  ASSERT_THAT(gather.Add(Page({"b"}, {1, 2, 3}, "")), IsOk());
  EXPECT_EQ(gather.Take().known, "");
}

TEST(SeriesGatherTest, RefusesPagesThatDoNotFit) {
  for (const auto& page : {Page({"b"}, {1, 2}, ""), Page({"b", "c"}, {1, 2, 3}, ""),
                           Page({"b", "c", "d"}, {1, 2, 3, 4, 5, 6, 7, 8, 9}, "x")}) {
    SeriesGather gather;
    ASSERT_THAT(gather.Add(Page({"a"}, {1, 2, 3}, "")), IsOk());
    EXPECT_THAT(gather.Add(page), HasCode(absl::StatusCode::kInternal));
  }
}

TEST(SalesRequestFromTest, NamesFirmLocationAndDays) {
  const auto request = SalesRequestFrom({.owner = "acme",
                                         .location = "CA_1",
                                         .items = {"a", "b"},
                                         .first_day = base::Day::FromNumber(16'000),
                                         .last_day = base::Day::FromNumber(16'001)});
  EXPECT_EQ(request.owner(), "firms/acme");
  EXPECT_EQ(request.start_date().year(), 2013);
  EXPECT_EQ(request.start_date().month(), 10);
  EXPECT_EQ(request.start_date().day(), 22);
  EXPECT_EQ(request.items_size(), 2);
}

void AddEvent(exchange::v1::ListEventsResponse& page, const std::string& name, int day,
              const std::vector<std::string>& locations) {
  exchange::v1::Event& event = *page.add_events();
  event.set_event("id-" + std::to_string(day));
  event.set_display_name(name);
  event.mutable_start_date()->set_year(2026);
  event.mutable_start_date()->set_month(11);
  event.mutable_start_date()->set_day(day);
  *event.mutable_end_date() = event.start_date();
  event.mutable_end_date()->set_day(day + 1);
  event.mutable_locations()->Assign(locations.begin(), locations.end());
}

TEST(SeriesGatherTest, KeepsTheEventsOfTheLocation) {
  exchange::v1::ListEventsResponse page;
  AddEvent(page, "Everywhere", 3, {});
  AddEvent(page, "East alone", 5, {"south", "east"});
  AddEvent(page, "South alone", 7, {"south"});
  AddEvent(page, "", 9, {});
  SeriesGather gather;
  gather.AddEvents(page, "east");
  const auto events = gather.Take().events;
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].name, "Everywhere");
  EXPECT_EQ(events[0].first.ToString(), "2026-11-03");
  EXPECT_EQ(events[0].last.ToString(), "2026-11-04");
  EXPECT_EQ(events[1].name, "East alone");
  EXPECT_EQ(events[2].name, "id-9");
}

// Stock of other days and of another item beside it; "b" was not counted on the second day.
TEST(SeriesGatherTest, MarksTheDaysThatEndedWithAnEmptyShelf) {
  SeriesGather gather;
  ASSERT_THAT(gather.Add(Page({"a", "b"}, {1, 2, 3, 4, 5, 6}, "")), IsOk());
  exchange::v1::ReadSeriesResponse stock =
      Page({"b", "c", "a"}, {0, 0, 7'000, 0, 0, 0, 5'000, -1, 0}, std::string("\xfd\x01", 2));
  stock.set_first_day(16'001);
  ASSERT_THAT(gather.AddStock(stock), IsOk());
  EXPECT_THAT(gather.AddStock(Page({"a"}, {1, 2}, "")), HasCode(absl::StatusCode::kInternal));
  const forecast::SeriesColumnsRead read = gather.Take();
  // a: days 1 (5,000 left), 2 (-1 left); b: day 1 (0 left), day 2 not known.
  ASSERT_EQ(read.shelf_empty.size(), 1u);
  EXPECT_EQ(read.shelf_empty[0], (1 << 2) | (1 << 4));
}

TEST(SeriesGatherTest, KeepsPricesInOneCurrency) {
  exchange::v1::ReadPricesResponse page;
  exchange::v1::PriceBlock& block = *page.mutable_prices();
  for (const char* item : {"a", "b"}) block.add_items(item);
  for (const std::uint32_t item : {0U, 0U, 1U}) block.add_item(item);
  for (const std::int32_t day : {16'000, 16'010, 16'000}) block.add_first_day(day);
  for (const std::int64_t value : {250, 199, 100}) block.add_value(value);
  block.set_scale(2);
  block.set_currency_code("EUR");
  SeriesGather gather;
  ASSERT_THAT(gather.AddPrices(page), IsOk());
  exchange::v1::ReadPricesResponse other = page;
  other.mutable_prices()->set_currency_code("USD");
  other.mutable_prices()->clear_item();
  for (int i = 0; i < 3; ++i) other.mutable_prices()->add_item(1);
  ASSERT_THAT(gather.AddPrices(other), IsOk());
  other.mutable_prices()->set_item(0, 2);
  EXPECT_THAT(gather.AddPrices(other), HasCode(absl::StatusCode::kInternal));
  const forecast::SeriesColumnsRead read = gather.Take();
  ASSERT_EQ(read.drivers.at("a").prices.size(), 2u);
  EXPECT_EQ(read.drivers.at("a").prices[1].first.number(), 16'010);
  EXPECT_DOUBLE_EQ(read.drivers.at("a").prices[1].price, 1.99);
  EXPECT_THAT(read.drivers.at("b").prices, ::testing::IsEmpty());
}

TEST(SeriesGatherTest, KeepsThePromotionsOfTheItemsAskedFor) {
  exchange::v1::ListPromotionsResponse page;
  exchange::v1::Promotion& promotion = *page.add_promotions();
  for (const char* item : {"a", "b"}) promotion.add_items(item);
  promotion.mutable_start_date()->set_year(2026);
  promotion.mutable_start_date()->set_month(11);
  promotion.mutable_start_date()->set_day(23);
  *promotion.mutable_end_date() = promotion.start_date();
  promotion.mutable_end_date()->set_day(29);
  promotion.set_mechanism("display");
  promotion.set_uplift_permille(1'500);
  SeriesGather gather;
  gather.AddPromotions(page, {.owner = "shop", .promoted_items = {"b", "c"}});
  const forecast::SeriesColumnsRead read = gather.Take();
  ASSERT_EQ(read.drivers.size(), 1u);
  const forecast::ItemPromotion& kept = read.drivers.at("b").promotions.at(0);
  EXPECT_EQ(kept.first.ToString(), "2026-11-23");
  EXPECT_EQ(kept.last.ToString(), "2026-11-29");
  EXPECT_EQ(kept.mechanism, "display");
  EXPECT_DOUBLE_EQ(kept.expected_uplift, 1.5);
}

TEST(AddGroupsTest, JoinsTheLevelsOfItemsThatHaveThem) {
  exchange::v1::ListItemsResponse page;
  exchange::v1::Item& bread = *page.add_items();
  bread.set_name("firms/shop/items/bread");
  bread.add_hierarchy("FOODS");
  bread.add_hierarchy("FOODS_1");
  page.add_items()->set_name("firms/shop/items/odd");
  forecast::ItemGroups groups;
  AddGroups(page, groups);
  EXPECT_EQ(groups, (forecast::ItemGroups{{"bread", "FOODS/FOODS_1"}}));
}

}  // namespace
}  // namespace tandem::program
