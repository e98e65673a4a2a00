#include "forecasting/accuracy/accuracy.h"

#include <cmath>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using testing::Optional;
using Values = std::vector<double>;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// A = 10, 0, 20, 30; F = 12, 5, 15, 30: |F - A| = 2, 5, 5, 0 and F - A = 2, 5, -5, 0.
TEST(WmapeTest, KeepsNumeratorAndDenominator) {
  const auto wmape = Wmape(Values{10, 0, 20, 30}, Values{12, 5, 15, 30});
  ASSERT_TRUE(wmape.ok());
  EXPECT_EQ(wmape->numerator, 12.0);
  EXPECT_EQ(wmape->denominator, 60.0);
  EXPECT_THAT(wmape->value(), Optional(0.2));
}

TEST(BiasTest, IsPositiveForAForecastTooHigh) {
  const auto bias = Bias(Values{10, 0, 20, 30}, Values{12, 5, 15, 30});
  ASSERT_TRUE(bias.ok());
  EXPECT_EQ(bias->numerator, 2.0);
  EXPECT_EQ(bias->denominator, 60.0);
}

TEST(RatioTest, OfNothingIsUndefinedAndAddsNothing) {
  EXPECT_EQ(Ratio{}.value(), std::nullopt);
  EXPECT_EQ((Ratio{.numerator = 3.0}).value(), std::nullopt);
  Ratio total{.numerator = 1.0, .denominator = 4.0};
  total += Wmape({}, {}).value();
  total += Ratio{.numerator = 1.0, .denominator = 1.0};
  EXPECT_THAT(total.value(), Optional(0.4));  // Not the mean of 1/4 and 1.
}

// More came back than was sold: an error of -300 % would be the best of all.
TEST(RatioTest, OfAWholeBelowZeroIsUndefined) {
  EXPECT_EQ(Wmape(Values{2, -4}, Values{4, 0})->value(), std::nullopt);
  EXPECT_EQ(Bias(Values{2, -4}, Values{4, 0})->value(), std::nullopt);
  EXPECT_THAT(Wmape(Values{5, -4}, Values{4, 0})->value(), Optional(5.0));
}

TEST(WmapeTest, RefusesUnequalLengthsAndNan) {
  EXPECT_EQ(Wmape(Values{1}, Values{}).status().code(), kInvalid);
  EXPECT_EQ(Wmape(Values{1}, Values{std::nan("")}).status().code(), kInvalid);
  EXPECT_EQ(Bias(Values{}, Values{1}).status().code(), kInvalid);
  EXPECT_EQ(Bias(Values{std::nan("")}, Values{1}).status().code(), kInvalid);
}

// From the first sale on 2, 4, 1: steps 2 and -3, scale (4 + 9) / 2 = 6.5. Errors 1 and -3, mean
// square 5.
TEST(RmsseTest, ScalesFromTheFirstSaleOn) {
  const auto rmsse = Rmsse(Values{0, 0, 2, 4, 1}, Values{3, 2}, Values{2, 5});
  ASSERT_TRUE(rmsse.ok());
  ASSERT_TRUE(rmsse->has_value());
  EXPECT_DOUBLE_EQ(**rmsse, std::sqrt(5.0 / 6.5));
}

TEST(RmsseTest, IsUndefinedWithoutAScale) {
  for (const Values& history : {Values{}, Values{0, 0}, Values{0, 5}, Values{3, 3, 3}}) {
    const auto rmsse = Rmsse(history, Values{1}, Values{2});
    ASSERT_TRUE(rmsse.ok());
    EXPECT_EQ(*rmsse, std::nullopt);
  }
}

TEST(RmsseTest, IsUndefinedWithoutActuals) {
  const auto rmsse = Rmsse(Values{1, 2}, Values{}, Values{});
  ASSERT_TRUE(rmsse.ok()) << rmsse.status();
  EXPECT_EQ(*rmsse, std::nullopt);
}

TEST(RmsseTest, RefusesWhatCannotBeCompared) {
  EXPECT_EQ(Rmsse(Values{1, 2}, Values{1}, Values{1, 2}).status().code(), kInvalid);
  EXPECT_EQ(Rmsse(Values{1, std::nan("")}, Values{1}, Values{1}).status().code(), kInvalid);
  EXPECT_EQ(Rmsse(Values{1, 2}, Values{1e308}, Values{-1e308}).status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace tandem::forecasting
