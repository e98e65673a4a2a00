#include "services/forecast/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;
using ::testing::ElementsAre;
using enum base::Reason;

// Bread at east and west, milk at west; two buckets each.
v1::SeriesColumns Three() {
  v1::SeriesColumns series;
  series.set_owner("firms/shop");
  for (const char* item : {"bread", "milk"}) series.add_items(item);
  for (const char* location : {"east", "west"}) series.add_locations(location);
  for (const std::uint32_t item : {0u, 0u, 1u}) series.add_item_index(item);
  for (const std::uint32_t location : {0u, 1u, 1u}) series.add_location_index(location);
  for (const std::int64_t value : {1, 2, 3, 4, 5, 6}) series.add_mean_milli(value);
  return series;
}

TEST(SeriesTest, ChecksEveryColumn) {
  using S = v1::SeriesColumns;
  struct Case {
    const char* name;
    void (*change)(S&);
    base::Reason want;
  };
  const Case cases[] = {
      {"whole", [](S&) {}, kNone},
      {"no owner", [](S& s) { s.clear_owner(); }, kBadName},
      {"no series", [](S& s) { s.clear_item_index(); }, kBadColumns},
      {"short locations", [](S& s) { s.mutable_location_index()->RemoveLast(); }, kBadColumns},
      {"uneven values", [](S& s) { s.add_mean_milli(7); }, kBadColumns},
      {"no values", [](S& s) { s.clear_mean_milli(); }, kBadColumns},
      {"item beyond", [](S& s) { s.set_item_index(0, 2); }, kBadColumns},
      {"location beyond", [](S& s) { s.set_location_index(0, 2); }, kBadColumns},
      {"a series twice", [](S& s) { s.set_location_index(0, 1); }, kDuplicateRow},
      {"an id twice", [](S& s) { s.set_items(1, "bread"); }, kDuplicateRow},
      {"a bad id", [](S& s) { s.set_items(1, "no spaces"); }, kBadName},
      {"the most", [](S& s) { s.set_mean_milli(0, base::Quantity::kMilliMax); }, kNone},
      {"more", [](S& s) { s.set_mean_milli(0, base::Quantity::kMilliMax + 1); },
       kQuantityOutOfRange},
      {"less", [](S& s) { s.set_mean_milli(5, -base::Quantity::kMilliMax - 1); },
       kQuantityOutOfRange},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    S series = Three();
    c.change(series);
    EXPECT_EQ(base::ReasonOf(CheckSeries(series)), c.want);
  }
}

TEST(SeriesTest, BoundsSeriesAndBytes) {
  v1::SeriesColumns many;
  many.set_owner("firms/shop");
  many.add_locations("east");
  for (int i = 0; i < kSeriesMax; ++i) {
    many.add_items("i" + std::to_string(i));
    many.add_item_index(static_cast<std::uint32_t>(i));
    many.add_location_index(0);
    many.add_mean_milli(1);
  }
  EXPECT_THAT(CheckSeries(many), IsOk());
  v1::SeriesColumns more = many;
  more.add_items("one-more");
  more.add_item_index(kSeriesMax);
  more.add_location_index(0);
  more.add_mean_milli(1);
  EXPECT_THAT(CheckSeries(more), HasReason(kBadColumns));
  for (int i = 0; i < kSeriesMax * 99; ++i) many.add_mean_milli(1'000);
  EXPECT_THAT(CheckSeries(many), HasReason(kBlockTooLarge));
}

TEST(SeriesTest, EverySeriesMustBeInOneScope) {
  base::AgreementTerms terms;
  terms.scopes.push_back({"shop", {"bread"}, {"east", "west"}});
  EXPECT_THAT(CheckScope(Three(), terms), HasReason(kNotGranted));
  terms.scopes.push_back({"maker", {"milk"}, {"west"}});  // Another owner's milk.
  EXPECT_THAT(CheckScope(Three(), terms), HasReason(kNotGranted));
  terms.scopes.push_back({"shop", {"milk"}, {"east"}});  // Milk and west, but not together.
  EXPECT_THAT(CheckScope(Three(), terms), HasReason(kNotGranted));
  terms.scopes.push_back({"shop", {"bread", "milk"}, {"west"}});
  EXPECT_THAT(CheckScope(Three(), terms), IsOk());
}

TEST(SeriesTest, GivesWhatIsChosen) {
  const v1::SeriesColumns milk = Chosen(Three(), {.items = {"milk"}});
  EXPECT_THAT(milk.items(), ElementsAre("milk"));
  EXPECT_THAT(milk.locations(), ElementsAre("west"));
  EXPECT_THAT(milk.mean_milli(), ElementsAre(5, 6));
  const v1::SeriesColumns west = Chosen(Three(), {.locations = {"west"}});
  EXPECT_THAT(west.item_index(), ElementsAre(0, 1));
  EXPECT_THAT(west.mean_milli(), ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(Chosen(Three(), {.items = {"milk"}, .locations = {"east"}}).item_index_size(), 0);
  EXPECT_EQ(Chosen(Three(), {}).SerializeAsString(), Three().SerializeAsString());
}

}  // namespace
}  // namespace tandem::forecast
