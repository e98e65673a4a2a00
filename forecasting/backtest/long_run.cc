#include "forecasting/backtest/long_run.h"

#include <algorithm>
#include <cmath>

#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kRecentBuckets = 500;  // Parameters and states are found in as many.
constexpr std::size_t kMstlPeriods = 8;      // Of the longest season, where that is more.
constexpr std::size_t kShortBuckets = 14;    // Two weeks of days.
constexpr double kBeyondSeen = 5.0;
constexpr double kFactorMin = 0.05;

// Half a year, as demand_events.h says; a year of quarters, three years.
std::size_t QuietBucketsOf(BucketLength bucket) {
  switch (bucket) {
    case BucketLength::kHour:
      return std::size_t{24} * 180;
    case BucketLength::kDay:
      return 180;
    case BucketLength::kWeek:
      return 26;
    case BucketLength::kMonth:
      return 6;
    case BucketLength::kQuarter:
      return 4;
    case BucketLength::kYear:
      return 3;
  }
  return 180;
}

// One method, series and origin.
class MethodRun {
 public:
  MethodRun(const LongOrigin& origin, std::size_t series, LongScratch& scratch)
      : origin_(origin),
        series_(series),
        bucket_(origin.bucket),
        scratch_(scratch),
        units_(origin.ready[series].units) {}

  // False where the method refuses.
  bool Run(LongMethod method, std::span<double> mean) {
    switch (method) {
      case LongMethod::kSeasonalNaive:
        return Plain(LocalMethod::kSeasonalNaive, units_, NaiveSeason(), mean);
      case LongMethod::kFlatLevel:
        return FlatLevel(mean);
      case LongMethod::kLevel:
        return Level(mean);
      case LongMethod::kIndexedTheta:
        return Indexed(LocalMethod::kDynamicOptimizedTheta, mean);
      case LongMethod::kIndexedMedian:
        return Indexed(LocalMethod::kMedian, mean);
      case LongMethod::kTheta:
        return Plain(LocalMethod::kDynamicOptimizedTheta, Recent(units_), AdjustedSeason(), mean);
      case LongMethod::kEts:
        return Plain(LocalMethod::kEts, Recent(units_), StateSeason(), mean);
      case LongMethod::kCes:
        return Plain(LocalMethod::kCes, Recent(units_), AdjustedSeason(), mean);
      case LongMethod::kMedian:
        return Plain(LocalMethod::kMedian, Recent(units_), StateSeason(), mean);
      case LongMethod::kMstl:
        return Mstl(mean);
      case LongMethod::kSba:
        return Plain(LocalMethod::kSba, units_, 1, mean);
      case LongMethod::kTsb:
        return Plain(LocalMethod::kTsb, units_, 1, mean);
      case LongMethod::kImapa:
        return Plain(LocalMethod::kImapa, units_, 1, mean);
    }
    return false;
  }

  // Too short to know a season of its own: its group's indices tell more than any method could.
  bool IsShort() const {
    return units_.size() < std::min(2 * MainSeasonOf(bucket_), kShortBuckets);
  }

  bool Level(std::span<double> mean) const {
    for (std::size_t h = 0; h < mean.size(); ++h) {
      mean[h] = origin_.levels[series_].level_units * origin_.indices.Ahead(series_, h);
    }
    return true;
  }

 private:
  static std::span<const double> Recent(std::span<const double> values) {
    return values.last(std::min(values.size(), kRecentBuckets));
  }
  // The longest season that the history holds.
  std::size_t NaiveSeason() const {
    const std::size_t season = MainSeasonOf(bucket_);
    return units_.size() >= season ? season : 1;
  }
  std::size_t StateSeason() const {
    const std::size_t season = MainSeasonOf(bucket_);
    return season <= kEtsSeasonBucketsMax ? season : 1;
  }
  std::size_t AdjustedSeason() const {
    const std::size_t season = MainSeasonOf(bucket_);
    return season <= kAdjustedSeasonBucketsMax && units_.size() >= 2 * season ? season : 1;
  }

  bool FlatLevel(std::span<double> mean) {
    scratch_.factors.assign(units_.size(), 1.0);
    const FollowedLevel level = FollowLevel(units_, scratch_.factors, MainSeasonOf(bucket_));
    std::ranges::fill(mean, level.level_units);
    return true;
  }

  bool Plain(LocalMethod method, std::span<const double> history, std::size_t season,
             std::span<double> mean) {
    return ForecastLocal(method, history, {.season_buckets = season}, {.mean_units = mean},
                         scratch_.local)
        .ok();
  }

  bool Indexed(LocalMethod method, std::span<double> mean) {
    const std::size_t n = units_.size();
    scratch_.rest.resize(n);
    double last = origin_.levels[series_].level_units;
    for (std::size_t t = 0; t < n; ++t) {
      const double factor = origin_.indices.Past(series_, n - t);
      if (factor >= kFactorMin) last = units_[t] / factor;
      scratch_.rest[t] = last;
    }
    if (!Plain(method, Recent(scratch_.rest), 1, mean)) return false;
    for (std::size_t h = 0; h < mean.size(); ++h) mean[h] *= origin_.indices.Ahead(series_, h);
    return true;
  }

  bool Mstl(std::span<double> mean) {
    std::array<std::size_t, kMstlSeasonsMax> periods{};
    std::size_t count = 0;
    for (const LongSeason& season : SeasonsOf(bucket_)) {
      if (season.period_buckets >= 2 && units_.size() >= 2 * season.period_buckets) {
        periods[count++] = season.period_buckets;
      }
    }
    if (count == 0) return false;
    const std::size_t read = std::max(kRecentBuckets, kMstlPeriods * periods[count - 1]);
    const std::span<const double> recent = units_.last(std::min(units_.size(), read));
    const auto model = FitMstl(recent, std::span(periods).first(count), scratch_.mstl);
    return model.ok() && ForecastMstl(*model, mean, {}).ok();
  }

  const LongOrigin& origin_;
  std::size_t series_;
  BucketLength bucket_;
  LongScratch& scratch_;
  std::span<const double> units_;
};

}  // namespace

double FarthestOf(const ReadySeries& ready) {
  double size = 0.0;
  for (const double units : ready.units) size = std::max(size, std::abs(units));
  return kBeyondSeen * size;
}

bool IsQuiet(const ReadySeries& ready, BucketLength bucket) {
  if (ready.kind != LongClass::kIntermittent || ready.units.empty()) return false;
  std::size_t quiet = 0;
  std::size_t longest = 0;
  bool sold = false;
  for (std::size_t t = 0; t < ready.units.size(); ++t) {
    if (ready.knowledge[t] == Knowledge::kGap) continue;  // Filled: nobody has seen a zero there.
    if (ready.units[t] != 0.0) {
      if (sold) longest = std::max(longest, quiet);
      sold = true;
      quiet = 0;
    } else if (ready.knowledge[t] == Knowledge::kKnown) {
      ++quiet;  // Of an empty shelf nothing could be sold.
    }
  }
  return quiet >= QuietBucketsOf(bucket) && quiet > longest;
}

bool IsCostly(LongMethod method) {
  return method == LongMethod::kIndexedMedian || method == LongMethod::kEts ||
         method == LongMethod::kCes || method == LongMethod::kMedian || method == LongMethod::kMstl;
}

bool Suits(LongMethod method, LongClass kind) {
  const bool occasional =
      method == LongMethod::kSba || method == LongMethod::kTsb || method == LongMethod::kImapa;
  switch (kind) {
    case LongClass::kSmooth:
      return !occasional;
    case LongClass::kIntermittent:  // Trends of occasional demand are mostly noise.
      return occasional || method == LongMethod::kSeasonalNaive ||
             method == LongMethod::kFlatLevel || method == LongMethod::kLevel ||
             method == LongMethod::kEts;
    case LongClass::kSigned:  // Indices are all 1: the indexed ones would be the plain ones again.
      return !occasional && method != LongMethod::kIndexedTheta &&
             method != LongMethod::kIndexedMedian;
  }
  return false;
}

void RunMethod(LongMethod method, const LongOrigin& origin, std::size_t series,
               std::span<double> mean_units, LongScratch& scratch) {
  MethodRun run(origin, series, scratch);
  if (run.IsShort() || !run.Run(method, mean_units) ||
      !AllFinite(std::span<const double>(mean_units))) {
    run.Level(mean_units);
  }
  const ReadySeries& ready = origin.ready[series];
  if (IsQuiet(ready, origin.bucket)) std::ranges::fill(mean_units, 0.0);
  const double most = FarthestOf(ready);
  const double least = ready.non_negative ? 0.0 : -most;
  for (std::size_t h = 0; h < mean_units.size(); ++h) {
    mean_units[h] =
        std::clamp(mean_units[h], least, most) * origin.Uplift(series, h, mean_units.size());
  }
}

}  // namespace tandem::forecasting
