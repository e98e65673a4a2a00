// Seasons as indices that multiply a level: each series' own, drawn to those of the group that
// tells most of them, so that a short or noisy series borrows what its like know. Private to the
// part. References: Dekker, van Donselaar and Ouwehand, "How to use aggregation and combined
// forecasting to improve seasonal demand forecasts", Int. J. of Production Economics 90 (2004);
// Efron and Morris, "Stein's estimation rule and its competitors", JASA 68 (1973), for the drawing.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_series.h"

namespace tandem::forecasting {

// The indices of all series at one origin, a value of mean 1 a phase.
class SeasonIndices {
 public:
  // `series` up to the origin, which lies `back` buckets before the panel's: phases stay the same
  // at all origins. For each season, one after the other on what the ones before left over:
  // own ratios of value to centered moving average, A_p / B_p sums over phase p; group ratios of
  // all others of the node; the level of least weighted squared difference from the others' ratio
  // (all series, a grouping, or no season at all), and within it each series drawn by
  // t^2 / (t^2 + own error), t^2 by moments. A series shorter than 1.25 periods has no ratios of
  // its own; signed ones have index 1. O(series * (buckets + period * levels)).
  static SeasonIndices Make(std::span<const LongSeason> seasons,
                            std::span<const ReadySeries> series,
                            std::span<const LongLevel> groupings, std::size_t back,
                            Executor& executor);

  // What multiplies the level `age` buckets before the bucket that follows this origin: 1 is the
  // origin's own.
  double Past(std::size_t series, std::size_t age) const;
  // And `ahead` buckets after it: 0 is the first of the horizon.
  double Ahead(std::size_t series, std::size_t ahead) const;

 private:
  struct Table {
    std::size_t period = 1;
    std::vector<float> index{};  // Series by series, a period each; empty: no season was seen.
  };
  double AtPhase(std::size_t series, std::size_t after_panel) const;

  std::size_t back_ = 0;
  std::size_t cycle_ = 1;  // A whole number of every period, beyond any history.
  std::vector<Table> tables_;
};

}  // namespace tandem::forecasting
