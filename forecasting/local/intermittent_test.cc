// The six methods for intermittent demand, against recursions written out bucket by bucket.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include "forecasting/local/adida.h"
#include "forecasting/local/croston.h"
#include "forecasting/local/demand_events.h"
#include "forecasting/local/imapa.h"
#include "forecasting/local/sba.h"
#include "forecasting/local/smoothing_lanes.h"
#include "forecasting/local/tsb.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
using testing::Each;

Values RandomDemand(unsigned seed) {
  std::mt19937 random(seed);
  Values history(20 + random() % 400);
  const auto one_in = 1 + random() % 12;
  for (double& y : history) {
    y = random() % one_in == 0 ? static_cast<double>(1 + random() % 9) / (1 + seed % 3) : 0.0;
  }
  history[random() % history.size()] = 1.0;
  return history;
}

double PlainCroston(const Values& history, double a, double b) {
  double z = 0.0;
  double p = 0.0;
  double q = 0.0;
  for (const double y : history) {
    q += 1.0;
    if (y == 0.0) continue;
    p = z == 0.0 ? q : b * q + (1.0 - b) * p;
    z = z == 0.0 ? y : a * y + (1.0 - a) * z;
    q = 0.0;
  }
  return z / p;
}

double PlainTsb(const Values& history, double a, double b) {
  double pi = history[0] > 0.0 ? 1.0 : 0.0;
  double z = history[0];
  for (std::size_t t = 1; t < history.size(); ++t) {
    const double y = history[t];
    pi = b * (y > 0.0 ? 1.0 : 0.0) + (1.0 - b) * pi;
    if (y > 0.0) z = z == 0.0 ? y : a * y + (1.0 - a) * z;
  }
  return pi * z;
}

struct Smoothed {
  double level = 0.0;
  double squares = 0.0;
};

Smoothed PlainSmoothing(const Values& values, double alpha) {
  Smoothed smoothed{.level = values[0]};
  for (std::size_t t = 1; t < values.size(); ++t) {
    smoothed.squares += std::pow(values[t] - smoothed.level, 2);
    smoothed.level = alpha * values[t] + (1.0 - alpha) * smoothed.level;
  }
  return smoothed;
}

Values BlockSums(const Values& history, std::size_t length) {
  Values sums;
  for (std::size_t end = history.size(); end >= length; end -= length) {
    double sum = 0.0;
    for (std::size_t t = end - length; t < end; ++t) sum += history[t];
    sums.insert(sums.begin(), sum);
  }
  return sums;
}

double PlainBlocks(const Values& history, std::size_t length) {
  const Values sums = BlockSums(history, length);
  Smoothed best{.squares = std::numeric_limits<double>::infinity()};
  for (const double alpha : kLaneAlphas) {
    const Smoothed s = PlainSmoothing(sums, alpha);
    if (s.squares < best.squares) best = s;
  }
  return best.level / static_cast<double>(length);
}

std::size_t PlainInterval(const Values& history) {
  std::size_t last = 0;
  std::size_t count = 0;
  for (std::size_t t = 0; t < history.size(); ++t) {
    if (history[t] > 0.0) {
      last = t + 1;
      ++count;
    }
  }
  const double mean = static_cast<double>(last) / static_cast<double>(count);
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::nearbyint(mean)));
}

TEST(IntermittentTest, EqualsThePlainRecursions) {
  EventScratch scratch;
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    const Values history = RandomDemand(seed);
    const auto events = ReadEvents(history, scratch);
    ASSERT_TRUE(events.ok());
    const double croston = PlainCroston(history, 0.1, 0.2);
    const CrostonState state = FitCroston(*events, {.alpha_size = 0.1, .alpha_interval = 0.2});
    EXPECT_NEAR(CrostonForecast(state), croston, 1e-12 * croston);
    EXPECT_NEAR(SbaForecast(state), 0.9 * croston, 1e-12 * croston);
    const double tsb = PlainTsb(history, 0.3, 0.05);
    EXPECT_NEAR(TsbForecast(FitTsb(*events, {.alpha_size = 0.3, .alpha_probability = 0.05})), tsb,
                1e-11 * tsb);
    const std::size_t longest = PlainInterval(history);
    const double adida = PlainBlocks(history, longest);
    EXPECT_NEAR(AdidaForecast(FitAdida(*events, scratch)), adida, 1e-11 * adida);
    double imapa = 0.0;
    for (std::size_t length = 1; length <= longest; ++length) {
      imapa += PlainBlocks(history, length) / static_cast<double>(longest);
    }
    EXPECT_NEAR(ImapaForecast(*events, scratch), imapa, 1e-10 * imapa);
  }
}

// A history cut anywhere and carried forward ends where the whole one does.
TEST(IntermittentTest, CarriedForwardEqualsFittedAgain) {
  EventScratch scratch;
  for (unsigned seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    const Values history = RandomDemand(seed);
    const std::size_t cut = 1 + seed % (history.size() - 1);
    const auto before = ReadEvents(std::span(history).first(cut), scratch);
    ASSERT_TRUE(before.ok());
    CrostonState croston = FitCroston(*before, {});
    TsbState tsb = FitTsb(*before, {});
    for (const double y : std::span(history).subspan(cut)) {
      UpdateCroston(croston, y);
      UpdateTsb(tsb, y);
    }
    const auto all = ReadEvents(history, scratch);
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(CrostonForecast(croston), CrostonForecast(FitCroston(*all, {})));
    EXPECT_EQ(TsbForecast(tsb), TsbForecast(FitTsb(*all, {})));
  }
}

// Blocks of 2 over 1 0 | 3 0 (mean interval 3/2, half to even): level 1 + .3 x 2 after the fit's
// best weight .3; a third block 0 5 moves it when full.
TEST(IntermittentTest, AdidaMovesWhenABlockIsFull) {
  EventScratch scratch;
  const auto events = ReadEvents(Values{1, 0, 3, 0}, scratch);
  ASSERT_TRUE(events.ok());
  AdidaState state = FitAdida(*events, scratch);
  EXPECT_EQ(state.block_buckets, 2U);
  const double before = AdidaForecast(state);
  UpdateAdida(state, 0.0);
  EXPECT_EQ(AdidaForecast(state), before);
  UpdateAdida(state, 5.0);
  EXPECT_DOUBLE_EQ(AdidaForecast(state), before + state.alpha * (5.0 - 2.0 * before) / 2.0);
}

TEST(IntermittentTest, EightWeightsComeWithinOnePercentOfTheBestSquaredError) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    const Values history = RandomDemand(seed);
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= 200; ++i) {
      best = std::min(best, PlainSmoothing(history, 0.1 + 0.001 * i).squares);
    }
    EXPECT_LE(PlainSmoothing(history, BestLaneLevel(history).alpha).squares, 1.01 * best);
  }
}

TEST(IntermittentTest, ScalesWithItsHistory) {
  EventScratch scratch;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Values history = RandomDemand(seed);
    const auto events = ReadEvents(history, scratch);
    const double one = ImapaForecast(*events, scratch);
    const QuantileBand band = BandOf(*events, one);
    for (double& y : history) y *= 8.0;
    const auto scaled = ReadEvents(history, scratch);
    EXPECT_EQ(ImapaForecast(*scaled, scratch), 8.0 * one);
    const QuantileBand wide = BandOf(*scaled, 8.0 * one);
    for (std::size_t q = 0; q < kQuantiles; ++q) EXPECT_NEAR(wide[q], 8.0 * band[q], 1e-9);
    EXPECT_TRUE(std::is_sorted(band.begin(), band.end()));
  }
}

TEST(IntermittentTest, NamesWhatIsNoDemand) {
  EventScratch scratch;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(ReadEvents({}, scratch).status().code(), kInvalid);
  const auto nan = ReadEvents(Values{1, 0, std::nan("")}, scratch).status();
  EXPECT_EQ(nan.code(), kInvalid);
  EXPECT_THAT(std::string(nan.message()), testing::HasSubstr("bucket 2"));
  EXPECT_EQ(ReadEvents(Values{std::numeric_limits<double>::infinity()}, scratch).status().code(),
            kInvalid);
  const auto negative = ReadEvents(Values{1, -2, 3}, scratch).status();
  EXPECT_EQ(negative.code(), kInvalid);
  EXPECT_THAT(std::string(negative.message()), testing::HasSubstr("bucket 1 is -2"));
  EXPECT_EQ(ReadEvents(Values{1e308, 1e308}, scratch).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(IntermittentTest, AnswersForOddHistories) {
  EventScratch scratch;
  Values one_sale(400, 0.0);
  one_sale[200] = 4.0;
  for (const Values& history : {Values{0}, Values{5}, Values(300, 0.0), Values(300, 2.0), one_sale,
                                Values{1e300, 0, 0, 1e-300}}) {
    const auto events = ReadEvents(history, scratch);
    ASSERT_TRUE(events.ok());
    const CrostonState croston = FitCroston(*events, {});
    for (const double units :
         {CrostonForecast(croston), SbaForecast(croston), TsbForecast(FitTsb(*events, {})),
          CrostonForecast(FitOptimizedCroston(*events)), AdidaForecast(FitAdida(*events, scratch)),
          ImapaForecast(*events, scratch)}) {
      EXPECT_TRUE(std::isfinite(units) && units >= 0.0);
      EXPECT_EQ(units == 0.0, events->size_units.empty());
      EXPECT_THAT(
          BandOf(*events, units),
          Each(testing::Truly([](double value) { return std::isfinite(value) && value >= 0.0; })));
    }
  }
}

TEST(ObsolescenceTest, NeedsSilenceLongerThanEverBefore) {
  EventScratch scratch;
  Values history = {1, 0, 0, 0, 1};
  history.resize(5 + 3, 0.0);  // Gaps 1, 4; then 3 quiet.
  const auto obsolete = [&](std::size_t quiet_min) {
    return IsObsolete(*ReadEvents(history, scratch), {.quiet_buckets_min = quiet_min});
  };
  EXPECT_FALSE(obsolete(3));  // A gap of 4 has been before.
  history.resize(5 + 5, 0.0);
  EXPECT_TRUE(obsolete(5));
  EXPECT_FALSE(obsolete(6));
  history.assign(10, 0.0);
  EXPECT_TRUE(obsolete(10));
  EXPECT_FALSE(obsolete(11));
}

}  // namespace
}  // namespace tandem::forecasting
