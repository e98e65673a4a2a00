// Series with a short past: what is known of their groups gives way to what they sold themselves.
// A series' size is as uncertain after its groups (crossed_effects.h) as series differ from those,
// and after its own few buckets as such buckets of other series were from what these are forecast
// now; the logarithms of both are weighed by the inverse of their variances, as of a normal prior
// and a normal likelihood. The forecast handed over is the mixture of its analogs' forecasts, each
// scaled to that size: seasons are theirs, and the width is as they lie about either. How much of
// it stands beside the series' own forecast is learnt: of some older series all but the last
// buckets are hidden at an earlier origin, and the share that would have missed least is taken.
// References: Lindley and Smith, "Bayes Estimates for the Linear Model", J. of the Royal
// Statistical Society B 34 (1972); Wolpert, "Stacked generalization", Neural Networks 5 (1992);
// long_newcomers.h for analogs. Private to the part.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "forecasting/backtest/analogs.h"
#include "forecasting/backtest/long_backtest.h"

namespace tandem::forecasting {

struct YoungSeries {
  std::size_t series = 0;
  // Its known buckets from the first sale on, counted backward: 0 is the last. At least one.
  std::vector<std::size_t> ages{};
};

// Those that know fewer buckets from their first sale on than two of the bucket's main season, or
// eight, and than half of what the middle one of all series knows; none of them below zero. In the
// panel's order.
std::vector<YoungSeries> FindYoung(const LongPanel& panel, BucketLength bucket);

// By young series what its groups, and its own buckets as far as they tell, say of it. nullopt
// where fewer than twenty other series sell, or one in twenty of these has a mean not above zero.
// O(young (series groupings + horizon 200)).
std::optional<std::vector<MixedForecast>> HandOver(const LongPanel& panel,
                                                   const LongForecast& forecast,
                                                   std::span<const YoungSeries> young);

// A panel as it was a horizon ago, of at most a thousand of the series that were old enough then;
// of every fourth of these all is hidden but as many buckets as the young ones have.
struct YoungTrial {
  LongPanel panel{};
  std::vector<YoungSeries> young{};
  std::vector<std::size_t> source{};  // By trial series: which of the real panel it is.
};
// nullopt where there are fewer than forty such series.
std::optional<YoungTrial> MakeTrial(const LongPanel& panel, BucketLength bucket,
                                    std::size_t horizon_buckets,
                                    std::span<const YoungSeries> young);

// How much of what was handed over counts, by how many buckets are known: 1, 2, 4, 8 … and more.
inline constexpr std::size_t kYoungClasses = 8;
using YoungShares = std::array<double, kYoungClasses>;
std::size_t YoungClassOf(std::size_t known_buckets);
// The shares, of quarters, by which a trial's young series would have had the least pinball loss,
// each in units of its own size; of a class of which fewer than ten were tried, those of all.
YoungShares LearnShares(const LongPanel& real, const YoungTrial& trial, const LongForecast& own,
                        std::span<const MixedForecast> handed);

// Draws means and quantiles of the young series to what was handed over, value by value: quantiles
// of one probability are averaged (Vincent's), which keeps their width.
void DrawToHanded(std::span<const YoungSeries> young, std::span<const MixedForecast> handed,
                  const YoungShares& shares, LongForecast& forecast);

}  // namespace tandem::forecasting
