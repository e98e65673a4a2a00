#include "forecasting/backtest/long_series.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kSeasonsAway = 8;
constexpr std::size_t kNeighborsASide = 3;
constexpr double kIntermittentInterval = 1.32;
constexpr double kSignedShare = 0.05;
constexpr std::size_t kBucketsKept = 8;

// Values known around a bucket, looked for in steps of `step`.
class Neighbors {
 public:
  Neighbors(const LongSeries& series, std::size_t buckets) : series_(series), buckets_(buckets) {}

  // The mean of up to `count` known values to each side, at most `steps_max` steps away.
  std::optional<double> Mean(std::size_t at, std::size_t step, std::size_t count,
                             std::size_t steps_max) const {
    double sum = 0.0;
    double found = 0.0;
    const auto add = [&](std::size_t t, std::size_t& seen) {
      if (series_.knowledge[t] != Knowledge::kKnown) return;
      sum += series_.units[t];
      found += 1.0;
      ++seen;
    };
    std::size_t before = 0;
    for (std::size_t k = 1; k <= steps_max && before < count && k * step <= at; ++k) {
      add(at - k * step, before);
    }
    std::size_t after = 0;
    for (std::size_t k = 1; k <= steps_max && after < count && at + k * step < buckets_; ++k) {
      add(at + k * step, after);
    }
    if (found == 0.0) return std::nullopt;
    return sum / found;
  }

 private:
  const LongSeries& series_;
  std::size_t buckets_;
};

LongClass KindOf(const ReadySeries& ready) {
  double size = 0.0;
  double negative = 0.0;
  std::size_t demands = 0;
  std::size_t known = 0;
  for (std::size_t t = 0; t < ready.units.size(); ++t) {
    size += std::abs(ready.units[t]);
    if (ready.units[t] < 0.0) negative -= ready.units[t];
    if (ready.knowledge[t] == Knowledge::kGap) continue;
    ++known;
    if (ready.units[t] != 0.0) ++demands;
  }
  if (negative > 0.0 && negative >= kSignedShare * size) return LongClass::kSigned;
  const bool intermittent =
      static_cast<double>(known) >= kIntermittentInterval * static_cast<double>(demands);
  return intermittent ? LongClass::kIntermittent : LongClass::kSmooth;
}

}  // namespace

std::span<const LongSeason> SeasonsOf(BucketLength bucket) {
  // Short seasons may change within the year; those of the year are few, so all count.
  static constexpr std::array<LongSeason, 2> kHours = {
      {{.period_buckets = 24, .half_life_periods = 56.0},
       {.period_buckets = 168, .half_life_periods = 13.0}}};
  static constexpr std::array<LongSeason, 2> kDays = {
      {{.period_buckets = 7, .half_life_periods = 26.0},
       {.period_buckets = 365, .smooth_buckets = 7, .half_life_periods = 4.0}}};
  static constexpr std::array<LongSeason, 1> kWeeks = {{{.period_buckets = 52}}};
  static constexpr std::array<LongSeason, 1> kMonths = {{{.period_buckets = 12}}};
  static constexpr std::array<LongSeason, 1> kQuarters = {{{.period_buckets = 4}}};
  switch (bucket) {
    case BucketLength::kHour:
      return kHours;
    case BucketLength::kDay:
      return kDays;
    case BucketLength::kWeek:
      return kWeeks;
    case BucketLength::kMonth:
      return kMonths;
    case BucketLength::kQuarter:
      return kQuarters;
    case BucketLength::kYear:
      return {};
  }
  return {};
}

std::size_t MainSeasonOf(BucketLength bucket) {
  const std::span<const LongSeason> seasons = SeasonsOf(bucket);
  return seasons.empty() ? 1 : seasons.front().period_buckets;
}

ReadySeries MakeReady(const LongSeries& series, std::size_t buckets, std::size_t season_buckets) {
  ReadySeries ready;
  const Neighbors neighbors(series, buckets);
  bool any = false;
  ready.units.assign(series.units.begin(),
                     series.units.begin() + static_cast<std::ptrdiff_t>(buckets));
  for (std::size_t t = 0; t < buckets; ++t) {
    const Knowledge knowledge = series.knowledge[t];
    any = any || knowledge != Knowledge::kGap;
    if (knowledge == Knowledge::kKnown) continue;
    std::optional<double> filled = neighbors.Mean(t, season_buckets, kNeighborsASide, kSeasonsAway);
    if (!filled.has_value()) filled = neighbors.Mean(t, 1, 1, buckets);
    if (knowledge == Knowledge::kLowerBound) {
      ready.units[t] = std::max(ready.units[t], filled.value_or(ready.units[t]));
    } else {
      ready.units[t] = filled.value_or(0.0);  // Nothing but lower bounds is known.
    }
  }
  if (!any) return {};
  const std::size_t from_sale = FromFirstSale(ready.units).size();
  const std::size_t kept =
      std::min(buckets, std::max({from_sale, 2 * season_buckets, kBucketsKept}));
  ready.cut = from_sale == 0 ? 0 : buckets - kept;
  const auto cut = static_cast<std::ptrdiff_t>(ready.cut);
  ready.units.erase(ready.units.begin(), ready.units.begin() + cut);
  ready.knowledge.assign(series.knowledge.begin() + cut,
                         series.knowledge.begin() + static_cast<std::ptrdiff_t>(buckets));
  ready.kind = KindOf(ready);
  ready.non_negative = std::ranges::all_of(ready.units, [](double v) { return v >= 0.0; });
  return ready;
}

}  // namespace tandem::forecasting
