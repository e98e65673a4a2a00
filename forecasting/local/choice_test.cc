// Combination and choice: laws, cases by hand, and every method on odd histories.
#include "forecasting/local/choice.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "forecasting/local/combination.h"
#include "forecasting/local/history.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
using Parts = std::vector<std::span<const double>>;
using testing::DoubleEq;
using testing::ElementsAre;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

constexpr LocalMethod kAll[] = {LocalMethod::kSeasonalNaive, LocalMethod::kEts,
                                LocalMethod::kDampedEts,     LocalMethod::kDynamicOptimizedTheta,
                                LocalMethod::kAutoTheta,     LocalMethod::kCes,
                                LocalMethod::kCroston,       LocalMethod::kOptimizedCroston,
                                LocalMethod::kSba,           LocalMethod::kTsb,
                                LocalMethod::kAdida,         LocalMethod::kImapa,
                                LocalMethod::kMedian,        LocalMethod::kDiscountedDemand};

TEST(CombinationTest, MedianOfOddAndEvenCounts) {
  const Values a = {1, 9, -1};
  const Values b = {5, 2, 0};
  const Values c = {3, 3, 8};
  const Values d = {4, 100, 2};
  Values combined(3);
  ASSERT_TRUE(CombineByMedian(Parts{a, b, c}, combined).ok());
  EXPECT_THAT(combined, ElementsAre(3, 3, 0));
  ASSERT_TRUE(CombineByMedian(Parts{a, b, c, d}, combined).ok());
  EXPECT_THAT(combined, ElementsAre(3.5, 6, 1));
}

// Errors 1 and 4: 1/1 to 1/4, so .8 and .2; half trusted: halfway to .5.
TEST(CombinationTest, WeightsByPastErrorAreShrunkToEqualOnes) {
  const Values squares = {1, 4};
  EXPECT_THAT(*BatesGrangerWeights(squares, 1.0), ElementsAre(DoubleEq(0.8), DoubleEq(0.2)));
  EXPECT_THAT(*BatesGrangerWeights(squares, 0.5), ElementsAre(DoubleEq(0.65), DoubleEq(0.35)));
  EXPECT_THAT(*BatesGrangerWeights(squares, 0.0), ElementsAre(0.5, 0.5));
  EXPECT_THAT(*BatesGrangerWeights(Values{0, 4, 0}, 1.0), ElementsAre(0.5, 0.0, 0.5));
  Values combined(2);
  const Values a = {10, 0};
  const Values b = {20, 5};
  ASSERT_TRUE(CombineByWeights(Parts{a, b}, Values{0.8, 0.2}, combined).ok());
  EXPECT_THAT(combined, ElementsAre(DoubleEq(12), DoubleEq(1)));
}

TEST(CombinationTest, NamesWhatIsWrong) {
  const Values a = {1, 2};
  const Values b = {1};
  const Values nan = {1, std::nan("")};
  Values combined(2);
  EXPECT_EQ(CombineByMedian({}, combined).code(), kInvalid);
  EXPECT_EQ(CombineByMedian(Parts{a, b}, combined).code(), kInvalid);
  EXPECT_EQ(CombineByMedian(Parts{a, nan}, combined).code(), kInvalid);
  EXPECT_EQ(CombineByMedian(Parts(kCombinedMax + 1, a), combined).code(), kInvalid);
  EXPECT_TRUE(CombineByMedian(Parts(kCombinedMax, a), combined).ok());
  EXPECT_EQ(CombineByWeights(Parts{a}, Values{0.5, 0.5}, combined).code(), kInvalid);
  EXPECT_EQ(BatesGrangerWeights({}, 0.5).status().code(), kInvalid);
  EXPECT_EQ(BatesGrangerWeights(Values{1, -1}, 0.5).status().code(), kInvalid);
  EXPECT_EQ(BatesGrangerWeights(Values{1, std::nan("")}, 0.5).status().code(), kInvalid);
  EXPECT_EQ(BatesGrangerWeights(Values{1}, 1.1).status().code(), kInvalid);
}

TEST(ChoiceTest, TakesTheMethodOfLeastErrorOverTheOrigins) {
  LocalScratch scratch;
  std::mt19937 random(3);
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Values history(60);
    for (double& y : history) y = static_cast<double>(random() % 50);
    const ChoiceOptions options = {.origins = 3, .horizon_buckets = 4};
    const auto choice = ChooseMethod(history, kAll, options, scratch);
    ASSERT_TRUE(choice.ok());
    EXPECT_EQ(choice->origins, 3U);
    ASSERT_EQ(choice->mean_squares.size(), std::size(kAll));
    const auto least = std::min_element(choice->mean_squares.begin(), choice->mean_squares.end());
    EXPECT_EQ(choice->best, kAll[least - choice->mean_squares.begin()]);
    // The naive method's error, worked out: the last value before each origin against four after.
    double squares = 0.0;
    for (const std::size_t origin : {48U, 52U, 56U}) {
      for (std::size_t i = 0; i < 4; ++i) {
        squares += std::pow(history[origin + i] - history[origin - 1], 2) / 12.0;
      }
    }
    EXPECT_NEAR(choice->mean_squares[0], squares, 1e-9);
  }
}

// A week that repeats exactly: nothing beats its repetition, and the first wins a tie.
TEST(ChoiceTest, FindsTheWeekAndKeepsTheFirstOfEquals) {
  LocalScratch scratch;
  Values history;
  for (std::size_t t = 0; t < 70; ++t) history.push_back(t % 7 == 2 ? 9.0 : 0.0);
  const LocalMethod methods[] = {LocalMethod::kTsb, LocalMethod::kSeasonalNaive,
                                 LocalMethod::kSeasonalNaive};
  const ChoiceOptions options = {.local = {.season_buckets = 7}, .horizon_buckets = 7};
  const auto choice = ChooseMethod(history, methods, options, scratch);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->best, LocalMethod::kSeasonalNaive);
  EXPECT_EQ(choice->mean_squares[1], 0.0);
}

TEST(ChoiceTest, PassesOverWhatRefusesTheHistoryAndJudgesNothingTooShort) {
  LocalScratch scratch;
  const Values negative = {-1, 2, -3, 4, -5, 6, -7, 8, -9, 10, -11, 12};
  const LocalMethod methods[] = {LocalMethod::kSba, LocalMethod::kSeasonalNaive};
  const auto choice = ChooseMethod(negative, methods, {.horizon_buckets = 2}, scratch);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->best, LocalMethod::kSeasonalNaive);
  EXPECT_EQ(choice->origins, 2U);  // Eight buckets stay before the first.
  const auto brief = ChooseMethod(Values{1, 2, 3}, methods, {}, scratch);
  ASSERT_TRUE(brief.ok());
  EXPECT_EQ(brief->origins, 0U);
  EXPECT_EQ(brief->best, LocalMethod::kSba);
  EXPECT_EQ(ChooseMethod({}, methods, {}, scratch).status().code(), kInvalid);
  EXPECT_EQ(ChooseMethod(negative, {}, {}, scratch).status().code(), kInvalid);
  EXPECT_EQ(ChooseMethod(negative, methods, {.origins = 0}, scratch).status().code(), kInvalid);
  EXPECT_EQ(ChooseMethod(negative, methods, {.horizon_buckets = 0}, scratch).status().code(),
            kInvalid);
}

// One call of a stream does what choice and forecast do one after the other.
TEST(ForecastBestTest, EqualsChoiceAndForecast) {
  LocalScratch scratch;
  std::mt19937 random(8);
  for (unsigned seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Values history(40 + random() % 40);
    for (double& y : history) {
      y = seed % 2 == 0 || random() % 3 == 0 ? static_cast<double>(1 + random() % 9) : 0.0;
    }
    const ChoiceOptions options = {
        .local = {.season_buckets = 4}, .origins = 2, .horizon_buckets = 5};
    const auto methods = MethodsFor(history);
    Values mean(5);
    Values band(5 * kQuantiles);
    const auto method = ForecastBest(history, methods, options, {mean, band}, scratch);
    ASSERT_TRUE(method.ok());
    EXPECT_EQ(*method, ChooseMethod(history, methods, options, scratch)->best);
    Values same_mean(5);
    Values same_band(5 * kQuantiles);
    ASSERT_TRUE(
        ForecastLocal(*method, history, options.local, {same_mean, same_band}, scratch).ok());
    EXPECT_EQ(mean, same_mean);
    EXPECT_EQ(band, same_band);
  }
}

// 25 demands over 33 buckets are an interval of 1.32: now and then. One bucket less is smooth.
TEST(ForecastBestTest, TakesTheMethodsOfTheKindOfDemand) {
  Values history(40, 0.0);
  for (std::size_t t = 0; t < 24; ++t) history[t] = 3.0;
  history[32] = 3.0;
  EXPECT_TRUE(std::ranges::equal(MethodsFor(history), kOccasionalMethods));
  std::swap(history[31], history[32]);
  EXPECT_TRUE(std::ranges::equal(MethodsFor(history), kSmoothMethods));
  EXPECT_TRUE(std::ranges::equal(MethodsFor(Values(9, 0.0)), kOccasionalMethods));
  EXPECT_TRUE(std::ranges::equal(MethodsFor({}), kOccasionalMethods));
}

TEST(ForecastBestTest, GivesWayWhereTheFirstRefuses) {
  LocalScratch scratch;
  const Values negative = {-1, 2, -3};
  const LocalMethod methods[] = {LocalMethod::kSba, LocalMethod::kSeasonalNaive};
  Values mean(2);
  const auto method = ForecastBest(negative, methods, {}, {mean, {}}, scratch);
  ASSERT_TRUE(method.ok());
  EXPECT_EQ(*method, LocalMethod::kSeasonalNaive);
  EXPECT_THAT(mean, ElementsAre(-3, -3));
  EXPECT_EQ(
      ForecastBest(negative, std::span(methods).first(1), {}, {mean, {}}, scratch).status().code(),
      kInvalid);
  EXPECT_EQ(ForecastBest({}, methods, {}, {mean, {}}, scratch).status().code(), kInvalid);
}

// A year of weeks is longer than ETS's own seasons: 100, but 180 before Christmas, three times, and
// noise of 2.
TEST(ForecastLocalTest, EtsRepeatsALongSeason) {
  LocalScratch scratch;
  std::mt19937 random(2);
  std::normal_distribution<double> normal;
  const auto season = [](std::size_t t) { return t % 52 >= 47 ? 180.0 : 100.0; };
  Values history;
  for (std::size_t t = 0; t < 156; ++t) history.push_back(season(t) + 2.0 * normal(random));
  Values mean(52);
  Values band(52 * kQuantiles);
  for (const LocalMethod method : {LocalMethod::kEts, LocalMethod::kMedian}) {
    ASSERT_TRUE(ForecastLocal(method, history, {.season_buckets = 52}, {mean, band}, scratch).ok());
    for (std::size_t h = 0; h < 52; ++h) {
      EXPECT_NEAR(mean[h], season(156 + h), 8.0) << h;
      EXPECT_GT(band[h * kQuantiles + 8] - band[h * kQuantiles], 4.0);
    }
  }
}

TEST(ForecastLocalTest, EveryMethodAnswersOddHistories) {
  LocalScratch scratch;
  Values one_sale(400, 0.0);
  one_sale[123] = 7.0;
  for (const LocalMethod method : kAll) {
    for (const Values& history :
         {Values{0}, Values{5}, Values(50, 0.0), Values(50, 3.0), one_sale, Values{1, 0, 2}}) {
      for (const std::size_t horizon : {0U, 3U, 10'000U}) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(method) << ' ' << history.size());
        Values mean(horizon);
        Values band(horizon * kQuantiles);
        const absl::Status status =
            ForecastLocal(method, history, {.season_buckets = 7}, {mean, band}, scratch);
        ASSERT_TRUE(status.ok()) << status;
        for (std::size_t h = 0; h < horizon; ++h) {
          ASSERT_TRUE(std::isfinite(mean[h]) && mean[h] >= 0.0);
          const auto first = band.begin() + static_cast<std::ptrdiff_t>(h * kQuantiles);
          ASSERT_TRUE(std::is_sorted(first, first + kQuantiles) && *first >= 0.0);
        }
      }
    }
    Values mean(kHorizonBucketsMax + 1);
    EXPECT_EQ(ForecastLocal(method, Values{1, 2, 3}, {}, {mean, {}}, scratch).code(), kInvalid);
    const std::span<double> room = std::span(mean).first(2);
    EXPECT_EQ(ForecastLocal(method, Values{1, std::nan(""), 3}, {}, {room, {}}, scratch).code(),
              kInvalid);
    EXPECT_EQ(ForecastLocal(method, {}, {}, {room, {}}, scratch).code(), kInvalid);
    EXPECT_EQ(ForecastLocal(method, Values{1, 2}, {}, {room, room}, scratch).code(), kInvalid);
  }
}

}  // namespace
}  // namespace tandem::forecasting
