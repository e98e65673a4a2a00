#include "forecasting/backtest/long_origin.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace tandem::forecasting {
namespace {

// From a level that hardly moves to the last value itself.
constexpr std::array<double, 10> kWeights = {0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95};
constexpr double kFactorMin = 0.05;
constexpr std::size_t kStartBucketsMin = 4;

// About two years: longer for short buckets would forget what a promotion did last year.
double HalfLifeOf(BucketLength bucket) {
  switch (bucket) {
    case BucketLength::kHour:
    case BucketLength::kDay:
      return 182.0;
    case BucketLength::kWeek:
      return 52.0;
    case BucketLength::kMonth:
      return 24.0;
    case BucketLength::kQuarter:
    case BucketLength::kYear:
      return 16.0;
  }
  return 52.0;
}

std::vector<double> PastFactors(const SeasonIndices& indices, std::size_t i, std::size_t n) {
  std::vector<double> factors(n);
  for (std::size_t t = 0; t < n; ++t) factors[t] = indices.Past(i, n - t);
  return factors;
}

void FindSeasons(const OriginInput& input, const LongStructure& structure, LongOrigin& origin,
                 Executor& executor) {
  std::span<const LongSeason> seasons = SeasonsOf(input.options.bucket);
  if (!structure.longest_season && !seasons.empty()) seasons = seasons.first(seasons.size() - 1);
  origin.indices =
      SeasonIndices::Make(seasons, origin.ready, input.panel.groupings, origin.back, executor);
}

// Takes the uplift out of the history and keeps that of the horizon; then seasons are found anew.
absl::Status TakeOutUplift(const OriginInput& input, const LongStructure& structure,
                           LongOrigin& origin, Executor& executor) {
  const std::size_t grouping = *structure.uplift;
  const LongPanel& panel = input.panel;
  const std::size_t horizon = input.options.horizon_buckets;
  const LongUplifts::Input fit{.panel = panel,
                               .form = input.form,
                               .grouping = grouping == 0 ? nullptr : &panel.groupings[grouping - 1],
                               .ready = origin.ready,
                               .indices = origin.indices,
                               .half_life_buckets = HalfLifeOf(input.options.bucket),
                               .horizon_buckets = horizon};
  const auto uplifts = LongUplifts::Fit(fit, executor);
  if (!uplifts.ok()) return uplifts.status();
  origin.horizon_uplift.resize(panel.series.size() * horizon, 1.0F);
  executor.ForEach(panel.series.size(), [&](std::size_t i) {
    if (!origin.Has(i)) return;
    std::vector<double> multipliers;
    uplifts->Fill(fit, i, multipliers);
    std::vector<double>& units = origin.ready[i].units;
    for (std::size_t t = 0; t < units.size(); ++t) units[t] /= multipliers[t];
    for (std::size_t h = 0; h < horizon; ++h) {
      origin.horizon_uplift[i * horizon + h] = static_cast<float>(multipliers[units.size() + h]);
    }
  });
  FindSeasons(input, structure, origin, executor);
  return absl::OkStatus();
}

// All weights side by side: each waits for its own last step, and not for the others'.
struct Trials {
  std::array<double, kWeights.size()> levels{};
  std::array<double, kWeights.size()> squares{};
};
Trials Follow(std::span<const double> units, std::span<const double> factors, double start) {
  Trials trials;
  trials.levels.fill(start);
  for (std::size_t t = 0; t < units.size(); ++t) {
    const double value = units[t];
    const double factor = factors[t];
    const bool moves = factor >= kFactorMin;
    for (std::size_t k = 0; k < kWeights.size(); ++k) {
      const double error = value - trials.levels[k] * factor;
      trials.squares[k] += t > 0 ? error * error : 0.0;
      trials.levels[k] += moves ? kWeights[k] * error / factor : 0.0;
    }
  }
  return trials;
}

}  // namespace

FollowedLevel FollowLevel(std::span<const double> units, std::span<const double> factors,
                          std::size_t season_buckets) {
  const std::size_t first = std::min(units.size(), std::max(season_buckets, kStartBucketsMin));
  double sum = 0.0;
  double weight = 0.0;
  for (std::size_t t = 0; t < first; ++t) {
    sum += units[t];
    weight += factors[t];
  }
  const double start = weight > 0.0 ? sum / weight : 0.0;
  FollowedLevel followed;
  double least = std::numeric_limits<double>::infinity();
  const Trials trials = Follow(units, factors, start);
  for (std::size_t k = 0; k < kWeights.size(); ++k) {
    if (!(trials.squares[k] < least)) continue;
    least = trials.squares[k];
    followed.level_units = trials.levels[k];
  }
  if (units.size() > 1) {
    followed.error_units = std::sqrt(least / static_cast<double>(units.size() - 1));
  }
  return followed;
}

absl::StatusOr<LongOrigin> OriginOf(const OriginInput& input, std::size_t back,
                                    const LongStructure& structure, Executor& executor) {
  const LongPanel& panel = input.panel;
  const std::size_t season = MainSeasonOf(input.options.bucket);
  LongOrigin origin{.back = back, .bucket = input.options.bucket};
  origin.ready.resize(panel.series.size());
  executor.ForEach(panel.series.size(), [&](std::size_t i) {
    const std::size_t n = panel.series[i].units.size();
    if (n > back) origin.ready[i] = MakeReady(panel.series[i], n - back, season);
  });
  FindSeasons(input, structure, origin, executor);
  if (structure.uplift.has_value() && panel.driver_count > 0) {
    const absl::Status status = TakeOutUplift(input, structure, origin, executor);
    if (!status.ok()) return status;
  }
  origin.levels.resize(panel.series.size());
  executor.ForEach(panel.series.size(), [&](std::size_t i) {
    if (!origin.Has(i)) return;
    const std::vector<double>& units = origin.ready[i].units;
    origin.levels[i] = FollowLevel(units, PastFactors(origin.indices, i, units.size()), season);
  });
  return origin;
}

LongOutcome OutcomeAt(const LongSeries& series, std::size_t back, std::size_t h) {
  const std::size_t t = series.units.size() - back + h;
  return {.known = series.knowledge[t] == Knowledge::kKnown, .units = series.units[t]};
}

}  // namespace tandem::forecasting
