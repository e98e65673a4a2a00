#include "services/tandem/series.h"

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
  EXPECT_EQ(read.cut, "cut");
  EXPECT_EQ(read.day_count, 3);
  for (std::size_t bit = 0; bit < 12; ++bit) EXPECT_EQ(Known(read, bit), bit != 4 && bit != 8);
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

TEST(RequestFromTest, NamesFirmLocationAndDays) {
  const auto request = RequestFrom({.owner = "acme",
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
