#include "forecasting/series.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

TEST(SeriesTest, FindsNanAndInfinityAnywhere) {
  EXPECT_TRUE(AllFinite(std::vector<double>{}));
  EXPECT_TRUE(AllFinite(std::vector<double>{0.0, -1.0, 1e308}));
  EXPECT_FALSE(AllFinite(std::vector<double>{0.0, std::nan("")}));
  EXPECT_FALSE(AllFinite(std::vector<float>{std::numeric_limits<float>::infinity(), 0.0F}));
}

TEST(SeriesTest, CutsDaysBeforeTheFirstSaleAndNoOthers) {
  const std::vector<double> late = {0.0, 0.0, 2.0, 0.0};
  EXPECT_THAT(FromFirstSale(late), testing::ElementsAre(2.0, 0.0));
  EXPECT_TRUE(FromFirstSale(std::vector<double>{0.0, 0.0}).empty());
  EXPECT_TRUE(FromFirstSale({}).empty());
}

}  // namespace
}  // namespace tandem::forecasting
