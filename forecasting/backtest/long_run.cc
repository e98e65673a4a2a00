#include "forecasting/backtest/long_run.h"

#include <algorithm>
#include <cmath>

#include "forecasting/local/combination.h"
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

// One series and origin. What the median combines are methods themselves: each is fitted once.
class MethodRun {
 public:
  MethodRun(const LongOrigin& origin, std::size_t series, LongScratch& scratch)
      : origin_(origin),
        series_(series),
        bucket_(origin.bucket),
        scratch_(scratch),
        units_(origin.ready[series].units) {
    for (auto& fits : scratch_.fits) {
      for (LongScratch::Fit& fit : fits) fit.season_buckets = 0;
    }
  }

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
        return Indexed(kTheta, mean);
      case LongMethod::kIndexedMedian:
        return Indexed(kMedian, mean);
      case LongMethod::kTheta:
        return Fitted(kTheta, kAsItIs, AdjustedSeason(), mean);
      case LongMethod::kEts:
        return Fitted(kEts, kAsItIs, StateSeason(), mean);
      case LongMethod::kCes:
        return Fitted(kCes, kAsItIs, AdjustedSeason(), mean);
      case LongMethod::kMedian:
        return Fitted(kMedian, kAsItIs, StateSeason(), mean);
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
  // Of kMedianMethods, and their median.
  enum FittedMethod : std::size_t { kEts, kTheta, kCes, kMedian };
  static_assert(kMedianMethods == std::array{LocalMethod::kEts, LocalMethod::kDynamicOptimizedTheta,
                                             LocalMethod::kCes});
  enum FittedHistory : std::size_t { kAsItIs, kWithoutSeason };

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

  // With the season that the fit was made with, if it was: another season is another fit.
  const LongScratch::Fit& FitOf(FittedMethod method, FittedHistory history, std::size_t season,
                                std::size_t horizon) {
    LongScratch::Fit& fit = scratch_.fits[history][method];
    if (fit.season_buckets == season) return fit;
    fit.season_buckets = season;
    fit.mean_units.resize(horizon);
    fit.ok = Plain(kMedianMethods[method],
                   Recent(history == kAsItIs ? units_ : std::span<const double>(scratch_.rest)),
                   season, fit.mean_units);
    return fit;
  }

  bool Fitted(FittedMethod method, FittedHistory history, std::size_t season,
              std::span<double> mean) {
    if (method != kMedian) {
      const LongScratch::Fit& fit = FitOf(method, history, season, mean.size());
      if (fit.ok) std::ranges::copy(fit.mean_units, mean.begin());
      return fit.ok;
    }
    std::array<std::span<const double>, kMedianMethods.size()> means;
    for (std::size_t k = 0; k < means.size(); ++k) {
      const auto one = static_cast<FittedMethod>(k);
      const LongScratch::Fit& fit = FitOf(one, history, season, mean.size());
      if (!fit.ok) return false;
      means[k] = fit.mean_units;
    }
    return CombineByMedian(means, mean).ok();
  }

  bool Indexed(FittedMethod method, std::span<double> mean) {
    const std::size_t n = units_.size();
    scratch_.rest.resize(n);
    double last = origin_.levels[series_].level_units;
    for (std::size_t t = 0; t < n; ++t) {
      const double factor = origin_.indices.Past(series_, n - t);
      if (factor >= kFactorMin) last = units_[t] / factor;
      scratch_.rest[t] = last;
    }
    if (!Fitted(method, kWithoutSeason, 1, mean)) return false;
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

void RunMethods(std::span<const LongMethod> methods, const LongOrigin& origin, std::size_t series,
                std::size_t horizon_buckets, LongScratch& scratch) {
  MethodRun run(origin, series, scratch);
  const ReadySeries& ready = origin.ready[series];
  const bool quiet = IsQuiet(ready, origin.bucket);
  const double most = FarthestOf(ready);
  const double least = ready.non_negative ? 0.0 : -most;
  for (const LongMethod method : methods) {
    std::vector<double>& mean_units = scratch.means[static_cast<std::size_t>(method)];
    mean_units.assign(horizon_buckets, 0.0);
    if (quiet) continue;
    if (run.IsShort() || !run.Run(method, mean_units) ||
        !AllFinite(std::span<const double>(mean_units))) {
      run.Level(mean_units);
    }
    for (std::size_t h = 0; h < horizon_buckets; ++h) {
      mean_units[h] =
          std::clamp(mean_units[h], least, most) * origin.Uplift(series, h, horizon_buckets);
    }
  }
}

}  // namespace tandem::forecasting
