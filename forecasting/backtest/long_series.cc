#include "forecasting/backtest/long_series.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kNeighborsASide = 3;
constexpr double kIntermittentInterval = 1.32;
constexpr double kSignedShare = 0.05;
constexpr std::size_t kBucketsKept = 8;

// What buckets that are not known are filled with.
class Filler {
 public:
  Filler(const LongSeries& series, std::size_t buckets, std::size_t season_buckets)
      : series_(series), buckets_(buckets), season_(season_buckets), filled_(buckets) {}

  // By bucket; nullopt where it is known, or nothing is. O(buckets) where gaps are few or long, and
  // never more than O(buckets * season).
  std::vector<std::optional<double>> Run() {
    for (std::size_t phase = 0; phase < std::min(season_, buckets_); ++phase) FillPhase(phase);
    FillRest();
    return std::move(filled_);
  }

 private:
  bool IsKnown(std::size_t t) const { return series_.knowledge[t] == Knowledge::kKnown; }

  // The mean of up to three known values to each side.
  void FillPhase(std::size_t phase) {
    known_.clear();
    for (std::size_t t = phase; t < buckets_; t += season_) {
      if (IsKnown(t)) known_.push_back(t);
    }
    if (known_.empty()) return;
    std::size_t after = 0;  // The first of `known_` behind the bucket.
    for (std::size_t t = phase; t < buckets_; t += season_) {
      while (after < known_.size() && known_[after] <= t) ++after;
      if (IsKnown(t)) continue;
      const std::size_t first = after - std::min(after, kNeighborsASide);
      const std::size_t end = std::min(known_.size(), after + kNeighborsASide);
      double sum = 0.0;
      for (std::size_t k = first; k < end; ++k) sum += series_.units[known_[k]];
      filled_[t] = sum / static_cast<double>(end - first);
    }
  }

  // Of a phase of which nothing is known: the mean of the nearest known season to each side.
  void FillRest() {
    std::size_t from = 0;
    while (from < buckets_) {
      if (IsKnown(from)) {
        ++from;
        continue;
      }
      std::size_t to = from;
      while (to < buckets_ && !IsKnown(to)) ++to;
      FillRun(from, to);
      from = to;
    }
  }

  void FillRun(std::size_t from, std::size_t to) {
    std::optional<double> mean;
    for (std::size_t t = from; t < to; ++t) {
      if (filled_[t].has_value()) continue;
      if (!mean.has_value()) mean = MeanAround(from, to);
      filled_[t] = mean;
    }
  }

  std::optional<double> MeanAround(std::size_t from, std::size_t to) const {
    double sum = 0.0;
    double known = 0.0;
    const auto add = [&](std::size_t begin, std::size_t end) {
      for (std::size_t t = begin; t < end; ++t) {
        if (!IsKnown(t)) continue;
        sum += series_.units[t];
        known += 1.0;
      }
    };
    add(from - std::min(from, season_), from);
    add(to, std::min(buckets_, to + season_));
    if (known == 0.0) return std::nullopt;
    return sum / known;
  }

  const LongSeries& series_;
  std::size_t buckets_;
  std::size_t season_;
  std::vector<std::optional<double>> filled_;
  std::vector<std::size_t> known_;  // Of the phase that is filled.
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
  return IsIntermittent(known, demands) ? LongClass::kIntermittent : LongClass::kSmooth;
}

}  // namespace

bool IsIntermittent(std::size_t buckets, std::size_t demands) {
  return static_cast<double>(buckets) >= kIntermittentInterval * static_cast<double>(demands);
}

bool AreCounts(const LongSeries& series) {
  for (std::size_t t = 0; t < series.units.size(); ++t) {
    if (series.knowledge[t] == Knowledge::kGap) continue;
    if (series.units[t] < 0.0 || series.units[t] != std::floor(series.units[t])) return false;
  }
  return true;
}

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

std::size_t ForgottenBuckets(const LongSeries& series, std::size_t buckets,
                             std::size_t season_buckets) {
  std::size_t gap = 0;
  for (std::size_t t = 0; t < buckets; ++t) {
    if (series.knowledge[t] == Knowledge::kGap) {
      ++gap;
      continue;
    }
    if (2 * gap > buckets) {
      const std::span<const Knowledge> after =
          std::span(series.knowledge).first(buckets).subspan(t);
      const auto known =
          std::ranges::count_if(after, [](Knowledge k) { return k != Knowledge::kGap; });
      const bool enough =
          static_cast<std::size_t>(known) >= std::max(2 * season_buckets, kBucketsKept);
      return enough ? t : 0;
    }
    gap = 0;
  }
  return 0;
}

ReadySeries MakeReady(const LongSeries& series, std::size_t buckets, std::size_t season_buckets) {
  ReadySeries ready;
  bool any = false;
  ready.units.assign(series.units.begin(),
                     series.units.begin() + static_cast<std::ptrdiff_t>(buckets));
  const auto filled = Filler(series, buckets, season_buckets).Run();
  for (std::size_t t = 0; t < buckets; ++t) {
    const Knowledge knowledge = series.knowledge[t];
    any = any || knowledge != Knowledge::kGap;
    if (knowledge == Knowledge::kKnown) continue;
    if (knowledge == Knowledge::kLowerBound) {
      ready.units[t] = std::max(ready.units[t], filled[t].value_or(ready.units[t]));
    } else {
      ready.units[t] = filled[t].value_or(0.0);  // Nothing but lower bounds is known.
    }
  }
  if (!any) return {};
  const std::size_t from_sale = FromFirstSale(ready.units).size();
  std::size_t kept = std::min(buckets, std::max({from_sale, 2 * season_buckets, kBucketsKept}));
  if (from_sale == 0) kept = buckets;
  kept = std::min(kept, buckets - ForgottenBuckets(series, buckets, season_buckets));
  ready.cut = buckets - kept;
  const auto cut = static_cast<std::ptrdiff_t>(ready.cut);
  ready.units.erase(ready.units.begin(), ready.units.begin() + cut);
  ready.knowledge.assign(series.knowledge.begin() + cut,
                         series.knowledge.begin() + static_cast<std::ptrdiff_t>(buckets));
  ready.kind = KindOf(ready);
  ready.non_negative = ready.kind != LongClass::kSigned;
  return ready;
}

}  // namespace tandem::forecasting
