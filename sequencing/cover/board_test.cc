#include "sequencing/cover/board.h"

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

TEST(CoverBoardTest, TheLineStopsWhereTheEarliestPlaceDoes) {
  CoverBoard board;
  EXPECT_FALSE(board.Earliest().has_value());
  board.Set({2, 1}, CoverStop{.vehicle = 7, .need_ms = 300});
  board.Set({1, 5}, CoverStop{.vehicle = 8, .need_ms = 300});
  EXPECT_EQ(board.Earliest()->place, (CoverPlace{1, 5}));
  board.Set({1, 5}, CoverStop{.vehicle = 9, .need_ms = 400});  // Re-pegged.
  EXPECT_EQ(board.Earliest()->stop.vehicle, 7);
  board.Set({2, 1}, std::nullopt);
  EXPECT_EQ(board.Earliest()->stop.vehicle, 9);
}

TEST(CoverBoardTest, IsAValueHoweverItCameAbout) {
  CoverBoard one;
  CoverBoard two;
  one.Set({1, 1}, CoverStop{.vehicle = 1, .need_ms = 10});
  two.Set({1, 1}, CoverStop{.vehicle = 2, .need_ms = 5});
  two.Set({3, 3}, CoverStop{.vehicle = 3, .need_ms = 1});
  EXPECT_NE(one, two);
  two.Set({3, 3}, std::nullopt);
  two.Set({1, 1}, CoverStop{.vehicle = 1, .need_ms = 10});
  EXPECT_EQ(one, two);
  EXPECT_EQ(one.stops().size(), 1u);
}

}  // namespace
}  // namespace tandem::sequencing
