// What the parts of the long engine ask of a panel: that it makes sense, which earlier origins it
// reaches, and sums of series over a level's nodes. Private to the part.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_origin.h"
#include "forecasting/backtest/long_quantiles.h"

namespace tandem::forecasting {

// As ForecastLong says.
absl::Status CheckPanel(const LongPanel& panel, const LongOptions& options);

// The total, the groupings, the series.
std::vector<LongLevel> LevelsOf(const LongPanel& panel);

// Earlier origins as buckets before the panel's: a horizon apart, or an eighth of the longest
// history where that is less, as long as half of it, a main season and two buckets lie before; and
// that of the same season a year ago, which knows what this time of the year is like, where two
// years lie before it.
std::vector<std::size_t> EarlierOrigins(const LongPanel& panel, const LongOptions& options);

// At most `count` of its series, evenly spread, in the panel's groupings; the whole if it has no
// more.
LongPanel SampleOf(const LongPanel& panel, std::size_t count);

// Forecasts of a level's nodes out of those of the series.
class LevelBuilder {
 public:
  LevelBuilder(const LongPanel& panel, std::size_t horizon_buckets)
      : panel_(panel), horizon_(horizon_buckets) {}

  // Sums of means, and of an earlier origin of outcomes, over the series that have both; the
  // spread of a single series is its level's error, of a sum its mean (errors are relative then),
  // neither less than what is known of it by `now` lets expect; of an intermittent sum the root of
  // its series' squared errors, as if they knew nothing of one another.
  std::vector<NodeForecasts> Nodes(const LongLevel& level, const LongOrigin& origin,
                                   const LongOrigin& now, std::span<const double> mean_units) const;
  // Kinds, signs and bounds of nodes: a sum is signed where a series of it is, else intermittent by
  // the rule of the series, in the buckets where any of its series is known.
  void Describe(const LongLevel& level, const LongOrigin& now, LevelForecasts& forecasts) const;

 private:
  bool IsBottom(const LongLevel& level) const { return level.node_count == panel_.series.size(); }
  void FillSpreads(const LongLevel& level, const LongOrigin& origin, const LongOrigin& now,
                   std::vector<NodeForecasts>& nodes) const;
  std::vector<LongClass> KindsOf(const LongLevel& level, const LongOrigin& now) const;
  void FillSumSpreads(const LongLevel& level, const LongOrigin& origin,
                      std::span<const LongClass> kinds, std::vector<NodeForecasts>& nodes) const;
  const LongPanel& panel_;
  std::size_t horizon_;
};

}  // namespace tandem::forecasting
