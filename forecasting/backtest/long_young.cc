#include "forecasting/backtest/long_young.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "forecasting/backtest/analogs.h"
#include "forecasting/backtest/long_series.h"
#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {
namespace {

// Of the median distance from the median: beyond, what an analog did is not believed.
constexpr double kFarMax = 7.0;
constexpr std::size_t kYoungBucketsMin = 8;
constexpr std::size_t kTrialSeriesMax = 1'000;
constexpr std::size_t kTrialSeriesMin = 40;
constexpr std::size_t kTrialEvery = 4;  // One in so many is tried.
constexpr std::size_t kTriedMin = 10;   // Of a class.
constexpr std::size_t kShareSteps = 4;
constexpr double kLossMax = 5.0;  // Sizes: one series that came to life must not choose for all.

// Known buckets from the first that is not zero on, counted from the last one backward: 0 is the
// last. Empty where nothing was sold, or where a value is below zero: it has no logarithm.
std::vector<std::size_t> AgesOf(const LongSeries& series) {
  std::vector<std::size_t> ages;
  for (std::size_t t = 0; t < series.units.size(); ++t) {
    if (series.knowledge[t] == Knowledge::kGap) continue;
    if (series.units[t] < 0.0) return {};
    if (ages.empty() && series.units[t] == 0.0) continue;
    ages.push_back(series.units.size() - 1 - t);
  }
  return ages;
}

// Of how many known buckets fewer make a series young; `known` of all that sold.
std::size_t YoungLimit(std::vector<double> known, BucketLength bucket) {
  const auto half = static_cast<std::size_t>(MedianOf(std::move(known)) / 2.0);
  return std::min(std::max(kYoungBucketsMin, 2 * MainSeasonOf(bucket)), half);
}

// By series its AgesOf, and their YoungLimit.
struct Past {
  std::vector<std::vector<std::size_t>> ages{};
  std::size_t limit = 0;
};

Past PastOf(const LongPanel& panel, BucketLength bucket) {
  Past past;
  std::vector<double> known;
  for (const LongSeries& series : panel.series) {
    past.ages.push_back(AgesOf(series));
    if (!past.ages.back().empty()) {
      known.push_back(static_cast<double>(past.ages.back().size()));
    }
  }
  past.limit = YoungLimit(std::move(known), bucket);
  return past;
}

// The mean of what a series sold in these buckets; nullopt where it knows none of them.
std::optional<double> MeanAt(const LongSeries& series, const std::vector<std::size_t>& ages) {
  double units = 0.0;
  double known = 0.0;
  for (const std::size_t age : ages) {
    if (age >= series.units.size()) continue;
    const std::size_t t = series.units.size() - 1 - age;
    if (series.knowledge[t] == Knowledge::kGap) continue;
    units += series.units[t];
    known += 1.0;
  }
  return known > 0.0 ? std::optional(units / known) : std::nullopt;
}

// By analog, how far the logarithm of what it is forecast lies above that of what it sold in the
// buckets: nearly all of it seasons and chance.
struct Changes {
  std::vector<double> logs{};
  double variance = 0.0;
};

Changes ChangesOf(const AnalogPool& pool, const LongPanel& panel,
                  const std::vector<std::size_t>& analogs, const std::vector<std::size_t>& ages) {
  std::vector<std::optional<double>> told;
  std::vector<double> known;
  for (const std::size_t i : analogs) {
    const std::optional<double> mean = MeanAt(panel.series[i], ages);
    told.push_back(mean.has_value() ? std::optional(pool.LogSize(i) - pool.LogOf(*mean)) : mean);
    if (told.back().has_value()) known.push_back(*told.back());
  }
  Changes changes;
  if (known.empty()) return changes;
  const double middle = MedianOf(known);
  std::vector<double> far(known.size());
  std::ranges::transform(known, far.begin(), [&](double log) { return std::abs(log - middle); });
  const double limit = kFarMax * MedianOf(far);
  double mean = 0.0;
  for (double& log : known) {
    log = std::clamp(log, middle - limit, middle + limit);
    mean += log / static_cast<double>(known.size());
  }
  for (const double log : known) {
    changes.variance += (log - mean) * (log - mean) / static_cast<double>(known.size());
  }
  for (const std::optional<double>& log : told) {
    changes.logs.push_back(std::clamp(log.value_or(mean), middle - limit, middle + limit));
  }
  return changes;
}

// What one of the young is handed.
MixedForecast HandedTo(const YoungSeries& young, const AnalogPool& pool, const LongPanel& panel) {
  SeriesNodes nodes;
  for (const LongLevel& grouping : panel.groupings) {
    nodes.emplace_back(grouping.node_of_series[young.series]);
  }
  const std::vector<std::size_t> nearest = pool.Nearest(nodes);
  const Changes changes = ChangesOf(pool, panel, nearest, young.ages);
  const double own = pool.LogOf(*MeanAt(panel.series[young.series], young.ages));
  const double of_groups = pool.Uncertainty(nodes);
  const double weight = changes.logs.empty() ? 0.0 : of_groups / (of_groups + changes.variance);
  std::vector<ScaledSeries> analogs;
  for (std::size_t k = 0; k < nearest.size(); ++k) {
    const double by_groups = pool.LogScale(nearest[k], nodes);
    const double by_own = weight > 0.0 ? own + changes.logs[k] - pool.LogSize(nearest[k]) : 0.0;
    analogs.push_back({nearest[k], std::exp((1.0 - weight) * by_groups + weight * by_own)});
  }
  return pool.Mix(analogs);
}

// The last `buckets` of a series as it was `back` before its end.
LongSeries PartOf(const LongSeries& series, std::size_t back, std::size_t buckets) {
  const std::size_t end = series.units.size() - back;
  const std::size_t begin = end - std::min(end, buckets);
  const auto at = [](const auto& values, std::size_t t) {
    return values.begin() + static_cast<std::ptrdiff_t>(t);
  };
  LongSeries part;
  part.units.assign(at(series.units, begin), at(series.units, end));
  part.knowledge.assign(at(series.knowledge, begin), at(series.knowledge, end));
  return part;
}

// By share of what was handed over, in quarters.
using Losses = std::array<double, kShareSteps + 1>;

// Of a series of a trial, over what came in its last horizon; nullopt where that is nothing.
std::optional<Losses> LossesOf(const LongSeries& whole, const LongForecast& own, std::size_t at,
                               const MixedForecast& handed) {
  const std::size_t horizon = own.horizon_buckets;
  Losses losses{};
  double size = 0.0;
  for (std::size_t h = 0; h < horizon; ++h) {
    const std::size_t t = whole.units.size() - horizon + h;
    if (whole.knowledge[t] != Knowledge::kKnown) continue;
    size += std::abs(whole.units[t]);
    for (std::size_t q = 0; q < kQuantiles; ++q) {
      const double mine = own.quantile_units.back()[(at * horizon + h) * kQuantiles + q];
      const double other = handed.quantile_units[h * kQuantiles + q];
      for (std::size_t step = 0; step <= kShareSteps; ++step) {
        const double quantile = mine + static_cast<double>(step) / kShareSteps * (other - mine);
        losses[step] += PinballOf(kQuantileLevels[q], whole.units[t], quantile);
      }
    }
  }
  if (size == 0.0) return std::nullopt;
  for (double& loss : losses) {
    loss = std::min(loss / (static_cast<double>(kQuantiles) * size), kLossMax);
  }
  return losses;
}

}  // namespace

std::vector<YoungSeries> FindYoung(const LongPanel& panel, BucketLength bucket) {
  Past past = PastOf(panel, bucket);
  std::vector<YoungSeries> young;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    std::vector<std::size_t>& ages = past.ages[i];
    if (!ages.empty() && ages.size() < past.limit) young.push_back({i, std::move(ages)});
  }
  return young;
}

std::optional<std::vector<MixedForecast>> HandOver(const LongPanel& panel,
                                                   const LongForecast& forecast,
                                                   std::span<const YoungSeries> young) {
  std::vector<std::size_t> old;
  std::size_t next = 0;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    if (next < young.size() && young[next].series == i) {
      ++next;
    } else {
      old.push_back(i);
    }
  }
  if (old.empty()) return std::nullopt;
  const AnalogPool pool(panel, forecast, std::move(old));
  if (pool.size() < kAnalogsMin || !pool.sized()) return std::nullopt;
  std::vector<MixedForecast> handed;
  handed.reserve(young.size());
  for (const YoungSeries& one : young) handed.push_back(HandedTo(one, pool, panel));
  return handed;
}

std::optional<YoungTrial> MakeTrial(const LongPanel& panel, BucketLength bucket,
                                    std::size_t horizon_buckets,
                                    std::span<const YoungSeries> young) {
  std::vector<std::size_t> counts;
  for (const YoungSeries& one : young) counts.push_back(one.ages.size());
  std::ranges::sort(counts);
  const Past past = PastOf(panel, bucket);
  std::vector<std::size_t> old;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    const auto then = std::ranges::count_if(
        past.ages[i], [&](std::size_t age) { return age >= horizon_buckets; });
    if (then > 0 && static_cast<std::size_t>(then) >= past.limit) old.push_back(i);
  }
  if (old.size() < kTrialSeriesMin || counts.empty()) return std::nullopt;
  const std::size_t size = std::min(old.size(), kTrialSeriesMax);
  YoungTrial trial;
  for (std::size_t k = 0; k < size; ++k) {
    const std::size_t i = old[k * old.size() / size];
    const LongSeries& whole = panel.series[i];
    LongSeries part = PartOf(whole, horizon_buckets, whole.units.size());
    if (k % kTrialEvery == kTrialEvery / 2) {
      const std::size_t known = counts[k * counts.size() / size];
      LongSeries last = PartOf(whole, horizon_buckets, known);
      std::vector<std::size_t> ages = AgesOf(last);
      if (!ages.empty()) {
        trial.young.push_back({k, std::move(ages)});
        part = std::move(last);
      }
    }
    trial.panel.series.push_back(std::move(part));
    trial.source.push_back(i);
  }
  for (const LongLevel& grouping : panel.groupings) {
    LongLevel& level = trial.panel.groupings.emplace_back();
    level.node_count = grouping.node_count;
    for (const std::size_t i : trial.source) {
      level.node_of_series.push_back(grouping.node_of_series[i]);
    }
  }
  return trial;
}

std::size_t YoungClassOf(std::size_t known_buckets) {
  return std::min<std::size_t>(std::bit_width(known_buckets | 1U) - 1, kYoungClasses - 1);
}

YoungShares LearnShares(const LongPanel& real, const YoungTrial& trial, const LongForecast& own,
                        std::span<const MixedForecast> handed) {
  std::array<Losses, kYoungClasses> losses{};
  std::array<std::size_t, kYoungClasses> tried{};
  Losses all{};
  for (std::size_t y = 0; y < trial.young.size(); ++y) {
    const std::size_t at = trial.young[y].series;
    const auto of_series = LossesOf(real.series[trial.source[at]], own, at, handed[y]);
    if (!of_series.has_value()) continue;
    const std::size_t kind = YoungClassOf(trial.young[y].ages.size());
    ++tried[kind];
    for (std::size_t step = 0; step <= kShareSteps; ++step) {
      losses[kind][step] += (*of_series)[step];
      all[step] += (*of_series)[step];
    }
  }
  const auto best = [](const Losses& of) {
    const auto least = std::ranges::min_element(of) - of.begin();
    return static_cast<double>(least) / kShareSteps;
  };
  YoungShares shares{};
  for (std::size_t kind = 0; kind < kYoungClasses; ++kind) {
    shares[kind] = best(tried[kind] < kTriedMin ? all : losses[kind]);
  }
  return shares;
}

void DrawToHanded(std::span<const YoungSeries> young, std::span<const MixedForecast> handed,
                  const YoungShares& shares, LongForecast& forecast) {
  const std::size_t horizon = forecast.horizon_buckets;
  for (std::size_t y = 0; y < young.size(); ++y) {
    const double share = shares[YoungClassOf(young[y].ages.size())];
    for (std::size_t h = 0; h < horizon; ++h) {
      const std::size_t at = young[y].series * horizon + h;
      double& mean = forecast.mean_units[at];
      mean += share * (handed[y].mean_units[h] - mean);
      for (std::size_t q = 0; q < kQuantiles; ++q) {
        float& mine = forecast.quantile_units.back()[at * kQuantiles + q];
        mine += static_cast<float>(share) * (handed[y].quantile_units[h * kQuantiles + q] - mine);
      }
      if (forecast.none_probability.empty() || handed[y].none_probability.empty()) continue;
      // As far as the quantiles allow it: who reads them draws it there.
      float& none = forecast.none_probability.back()[at];
      none += static_cast<float>(share) * (handed[y].none_probability[h] - none);
    }
  }
}

}  // namespace tandem::forecasting
