#include "services/base/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/random.h"

namespace tandem::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::Random;

using Listing = std::vector<std::pair<std::string, std::string>>;

// The rows of a range, at most `count` of them.
Listing List(const RowReader& rows, std::string_view first = "", std::string_view limit = "",
             std::size_t count = 1'000'000) {
  Listing listing;
  rows.Scan(first, limit, [&](std::string_view key, std::string_view value) {
    listing.emplace_back(key, value);
    return listing.size() < count;
  });
  return listing;
}

MapRows RowsOf(std::initializer_list<std::pair<const char*, const char*>> rows) {
  MapRows result;
  for (const auto& [key, value] : rows) result.Put(key, value);
  return result;
}

TEST(MapRowsTest, KeepsTheLastValue) {
  MapRows rows;
  EXPECT_EQ(rows.Get("a"), std::nullopt);
  rows.Put("a", "1");
  rows.Put("a", "2");
  EXPECT_EQ(rows.Get("a"), "2");
  rows.Delete("a");
  rows.Delete("a");
  EXPECT_EQ(rows.Get("a"), std::nullopt);
  rows.Put("a", "");
  EXPECT_EQ(rows.Get("a"), "");  // Empty is not absent.
}

TEST(MapRowsTest, ScansFromFirstToBeforeTheLimit) {
  const MapRows rows = RowsOf({{"a", "1"}, {"b", "2"}, {"bb", "3"}, {"c", "4"}, {"\xff", "5"}});
  EXPECT_THAT(List(rows, "b", "c"), ElementsAre(Pair("b", "2"), Pair("bb", "3")));
  EXPECT_THAT(List(rows, "ba", "c"), ElementsAre(Pair("bb", "3")));
  EXPECT_THAT(List(rows, "c"), ElementsAre(Pair("c", "4"), Pair("\xff", "5")));
  EXPECT_THAT(List(rows, "c", "b"), IsEmpty());
  EXPECT_THAT(List(rows, "b", "b"), IsEmpty());
  EXPECT_THAT(List(rows, "", "", 2), ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(MapRowsTest, ScansAPrefix) {
  const MapRows rows = RowsOf({{"a", "1"}, {"b", "2"}, {"bb", "3"}, {"c", "4"}, {"\xff\xff", "5"}});
  const auto list = [&](std::string_view prefix) {
    std::vector<std::string> keys;
    rows.ScanPrefix(prefix, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return true;
    });
    return keys;
  };
  EXPECT_THAT(list("b"), ElementsAre("b", "bb"));
  EXPECT_THAT(list("\xff"), ElementsAre("\xff\xff"));
  EXPECT_THAT(list("d"), IsEmpty());
  EXPECT_EQ(list("").size(), 5u);
}

TEST(OverlayRowsTest, ShowsChangesOverTheBase) {
  const MapRows base = RowsOf({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  OverlayRows rows(base);
  rows.Put("b", "two");
  rows.Put("bb", "new");
  rows.Delete("a");
  rows.Delete("zz");
  EXPECT_EQ(rows.Get("a"), std::nullopt);
  EXPECT_EQ(rows.Get("b"), "two");
  EXPECT_EQ(rows.Get("c"), "3");
  EXPECT_THAT(List(rows), ElementsAre(Pair("b", "two"), Pair("bb", "new"), Pair("c", "3")));
  EXPECT_EQ(base.map().at("b"), "2");
}

TEST(OverlayRowsTest, GivesItsChangesAway) {
  const MapRows base = RowsOf({{"a", "1"}});
  OverlayRows rows(base);
  rows.Put("b", "2");
  rows.Delete("a");
  EXPECT_THAT(rows.changes(), ElementsAre(Pair("a", std::nullopt), Pair("b", "2")));
  const OverlayRows::Changes changes = rows.TakeChanges();
  EXPECT_EQ(changes.size(), 2u);
  EXPECT_THAT(rows.changes(), IsEmpty());
  EXPECT_THAT(List(rows), ElementsAre(Pair("a", "1")));
  rows.Put("c", "3");
  rows.Clear();
  EXPECT_THAT(List(rows), ElementsAre(Pair("a", "1")));
}

TEST(OverlayRowsTest, StopsWhereTheVisitorSaysSo) {
  const MapRows base = RowsOf({{"b", "1"}, {"d", "2"}});
  OverlayRows rows(base);
  for (const char* key : {"a", "c", "e"}) rows.Put(key, "new");
  const std::vector<std::string> keys = {"a", "b", "c", "d", "e"};
  for (std::size_t count = 1; count <= keys.size(); ++count) {
    SCOPED_TRACE(count);
    const Listing listing = List(rows, "", "", count);
    ASSERT_EQ(listing.size(), count);
    EXPECT_EQ(listing.back().first, keys[count - 1]);
  }
}

// An overlay over an overlay over a map, against one plain map: thousands of random changes, reads,
// and scans with random bounds and early stops. The keys are few and short, so that they meet.
TEST(OverlayRowsTest, ReadsAsAPlainMapWould) {
  Random random;
  const auto key = [&random] {
    std::string text;
    for (std::uint64_t i = random.Below(4); i > 0; --i) text.push_back("ab\xff"[random.Below(3)]);
    return text;
  };
  for (int round = 0; round < 60; ++round) {
    MapRows base;
    MapRows plain;
    for (int i = 0; i < 20; ++i) {
      const std::string k = key();
      base.Put(k, std::to_string(i));
      plain.Put(k, std::to_string(i));
    }
    OverlayRows middle(base);
    const RowReader& below = middle;
    OverlayRows top(below);
    for (int step = 0; step < 300; ++step) {
      const std::string k = key();
      // The middle changes first: while it is read through, it must stand still.
      Rows& rows = step < 100 ? middle : top;
      if (random.OneIn(3)) {
        rows.Delete(k);
        plain.Delete(k);
      } else if (random.OneIn(2)) {
        rows.Put(k, std::to_string(step));
        plain.Put(k, std::to_string(step));
      }
      const std::string first = key();
      const std::string limit = key();
      const std::size_t count = random.OneIn(2) ? 1 + random.Below(5) : 1'000;
      ASSERT_EQ(top.Get(first), plain.Get(first));
      ASSERT_EQ(List(top, first, limit, count), List(plain, first, limit, count));
    }
    // Written down, the changes make the same rows.
    for (const auto& changes : {middle.TakeChanges(), top.TakeChanges()}) {
      for (const auto& [k, value] : changes) {
        value.has_value() ? base.Put(k, *value) : base.Delete(k);
      }
    }
    ASSERT_EQ(base.map(), plain.map());
  }
}

}  // namespace
}  // namespace tandem::base
