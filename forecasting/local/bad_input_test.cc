// What a history or a horizon may hold that no model expects, for every local model: an error that
// says why, or a forecast in numbers; never a NaN.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "forecasting/local/choice.h"
#include "forecasting/local/history.h"
#include "forecasting/local/mstl.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
using testing::HasSubstr;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kTooLarge = absl::StatusCode::kOutOfRange;

struct Model {
  const char* name;
  LocalMethod method;
  bool demand_only;  // Refuses values below zero.
};

constexpr Model kModels[] = {
    {"seasonal naive", LocalMethod::kSeasonalNaive, false},
    {"ETS", LocalMethod::kEts, false},
    {"damped ETS", LocalMethod::kDampedEts, false},
    {"DOTM", LocalMethod::kDynamicOptimizedTheta, false},
    {"automatic Theta", LocalMethod::kAutoTheta, false},
    {"CES", LocalMethod::kCes, false},
    {"Croston", LocalMethod::kCroston, true},
    {"optimized Croston", LocalMethod::kOptimizedCroston, true},
    {"SBA", LocalMethod::kSba, true},
    {"TSB", LocalMethod::kTsb, true},
    {"ADIDA", LocalMethod::kAdida, true},
    {"IMAPA", LocalMethod::kImapa, true},
    {"discounted demand", LocalMethod::kDiscountedDemand, true},
    {"median", LocalMethod::kMedian, false},
};

enum class Want { kForecast, kForecastOrTooLarge, kRefusal, kRefusalOfDemandMethods };

struct Case {
  const char* name;
  Values history;
  Want want;
  const char* reason;  // What a refusal's message holds.
};

Values With(std::size_t place, double value, Values history) {
  history[place] = value;
  return history;
}

Values Line(std::size_t size) {
  Values line(size);
  for (std::size_t t = 0; t < size; ++t) line[t] = 3.0 + static_cast<double>(t % 13);
  return line;
}

std::vector<Case> Cases() {
  return {
      {"empty", {}, Want::kRefusal, "empty"},
      {"one NaN", {kNan}, Want::kRefusal, "0"},
      {"a NaN in the middle", With(17, kNan, Line(60)), Want::kRefusal, "17"},
      {"a NaN at the end", With(59, kNan, Line(60)), Want::kRefusal, "59"},
      {"infinity", With(5, kInfinity, Line(60)), Want::kRefusal, "5"},
      {"negative infinity", With(5, -kInfinity, Line(60)), Want::kRefusal, "5"},
      {"a negative value", With(8, -4.0, Line(60)), Want::kRefusalOfDemandMethods, "8"},
      {"all negative", Values(60, -4.0), Want::kRefusalOfDemandMethods, "0"},
      {"one value", {5}, Want::kForecast, ""},
      {"one zero", {0}, Want::kForecast, ""},
      {"two values", {0, 3}, Want::kForecast, ""},
      {"five values", {1, 0, 0, 2, 4}, Want::kForecast, ""},
      {"constant", Values(100, 7.0), Want::kForecast, ""},
      {"constant and not a sum of halves", Values(100, 0.1), Want::kForecast, ""},
      {"all zero", Values(100, 0.0), Want::kForecast, ""},
      {"399 zeros, then one sale", With(399, 4.0, Values(400, 0.0)), Want::kForecast, ""},
      {"one sale, then 399 zeros", With(0, 4.0, Values(400, 0.0)), Want::kForecast, ""},
      {"one sale among 399 zeros", With(200, 4.0, Values(400, 0.0)), Want::kForecast, ""},
      {"one bucket off a constant", With(90, 7.5, Values(100, 7.0)), Want::kForecast, ""},
      {"a spike of a billion", With(30, 1e9, Line(60)), Want::kForecast, ""},
      {"every other bucket", {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, Want::kForecast, ""},
      {"minute", Values{1e-300, 2e-300, 3e-300, 2e-300, 1e-300, 4e-300, 2e-300, 1e-300},
       Want::kForecast, ""},
      {"enormous", Values{1e300, 2e300, 3e300, 2e300, 1e300, 4e300, 2e300, 1e300},
       Want::kForecastOrTooLarge, ""},
      {"as large as there is", Values(20, std::numeric_limits<double>::max()),
       Want::kForecastOrTooLarge, ""},
  };
}

void ExpectNumbers(const Values& mean, const Values& band, bool non_negative) {
  const double least = non_negative ? 0.0 : -std::numeric_limits<double>::max();
  for (std::size_t h = 0; h < mean.size(); ++h) {
    ASSERT_TRUE(std::isfinite(mean[h]) && mean[h] >= least) << h << ": " << mean[h];
    const auto first = band.begin() + static_cast<std::ptrdiff_t>(h * kQuantiles);
    ASSERT_TRUE(std::is_sorted(first, first + kQuantiles)) << h;
    ASSERT_TRUE(std::all_of(first, first + kQuantiles, [&](double value) {
      return std::isfinite(value) && value >= least;
    })) << h;
  }
}

void Judge(const Case& c, bool refuses, const absl::Status& status, const Values& mean,
           const Values& band) {
  if (refuses) {
    EXPECT_EQ(status.code(), kInvalid) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.reason));
  } else if (c.want == Want::kForecastOrTooLarge && !status.ok()) {
    EXPECT_EQ(status.code(), kTooLarge) << status;
  } else {
    ASSERT_TRUE(status.ok()) << status;
    ExpectNumbers(mean, band, c.want != Want::kRefusalOfDemandMethods);
  }
}

TEST(BadInputTest, EveryModelAnswersInNumbersOrSaysWhyNot) {
  LocalScratch scratch;
  for (const Case& c : Cases()) {
    for (const Model& model : kModels) {
      for (const std::size_t season : {1U, 7U, 12U, 52U}) {
        SCOPED_TRACE(testing::Message() << c.name << ", " << model.name << ", season " << season);
        for (const std::size_t horizon : {0U, 1U, 60U}) {
          Values mean(horizon, kNan);
          Values band(horizon * kQuantiles, kNan);
          const absl::Status status = ForecastLocal(
              model.method, c.history, {.season_buckets = season}, {mean, band}, scratch);
          const bool refuses = c.want == Want::kRefusal ||
                               (c.want == Want::kRefusalOfDemandMethods && model.demand_only);
          Judge(c, refuses, status, mean, band);
        }
      }
    }
  }
}

TEST(BadInputTest, EveryModelForecastsTenThousandBucketsAndNotOneMore) {
  LocalScratch scratch;
  Values mean(kHorizonBucketsMax + 1);
  Values band(kHorizonBucketsMax * kQuantiles);
  for (const Case& c : Cases()) {
    if (c.want != Want::kForecast) continue;
    for (const Model& model : kModels) {
      SCOPED_TRACE(testing::Message() << c.name << ", " << model.name);
      const LocalOptions options = {.season_buckets = 7};
      Values whole(kHorizonBucketsMax, kNan);
      const absl::Status status =
          ForecastLocal(model.method, c.history, options, {whole, band}, scratch);
      ASSERT_TRUE(status.ok()) << status;
      ExpectNumbers(whole, band, true);
      EXPECT_EQ(ForecastLocal(model.method, c.history, options, {mean, {}}, scratch).code(),
                kInvalid);
    }
  }
}

TEST(BadInputTest, EveryModelNamesASeasonOrRoomThatIsWrong) {
  LocalScratch scratch;
  const Values history = Line(200);
  Values mean(4);
  Values band(4 * kQuantiles - 1);
  for (const Model& model : kModels) {
    SCOPED_TRACE(model.name);
    EXPECT_EQ(
        ForecastLocal(model.method, history, {.season_buckets = 0}, {mean, {}}, scratch).code(),
        kInvalid);
    EXPECT_EQ(ForecastLocal(model.method, history, {}, {mean, band}, scratch).code(), kInvalid);
    const absl::Status status =
        ForecastLocal(model.method, history, {.season_buckets = 61}, {mean, {}}, scratch);
    EXPECT_TRUE(status.ok() || status.code() == kInvalid) << status;
  }
}

TEST(BadInputTest, MstlAndTheChosenMethodDoToo) {
  LocalScratch scratch;
  MstlScratch mstl_scratch;
  constexpr std::size_t kSeasons[] = {7, 30};
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    Values mean(40, kNan);
    Values band(40 * kQuantiles, kNan);
    const auto chosen = ForecastBest(c.history, MethodsFor(c.history),
                                     {.local = {.season_buckets = 7}}, {mean, band}, scratch);
    // Negative demand is refused where all candidates want demand.
    const bool smooth = std::ranges::equal(MethodsFor(c.history), kSmoothMethods);
    Judge(c, c.want == Want::kRefusal || (c.want == Want::kRefusalOfDemandMethods && !smooth),
          chosen.status(), mean, band);
    const auto model = FitMstl(c.history, kSeasons, mstl_scratch);
    absl::Status status = model.status();
    if (model.ok()) status = ForecastMstl(*model, mean, band);
    Judge(c, c.want == Want::kRefusal, status, mean, band);
  }
}

}  // namespace
}  // namespace tandem::forecasting
