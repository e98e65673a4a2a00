// A panel as it was known at one origin, taken apart: level, season, uplift. Private to the part.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_season.h"
#include "forecasting/backtest/long_series.h"
#include "forecasting/backtest/long_uplift.h"

namespace tandem::forecasting {

// One level under a series' seasonal indices, followed by smoothing with the weight of a fixed grid
// whose one-step squared error is least; the start is the mean of the first season.
struct FollowedLevel {
  double level_units = 0.0;
  double error_units = 0.0;  // Root mean square of one step, 0 for a single bucket.
};
// `factors` of the same buckets; a bucket whose factor is below .05 moves nothing. O(10 n).
FollowedLevel FollowLevel(std::span<const double> units, std::span<const double> factors,
                          std::size_t season_buckets);

// Of the panel, `back` buckets before its end.
struct LongOrigin {
  std::size_t back = 0;
  BucketLength bucket = BucketLength::kDay;
  std::vector<ReadySeries> ready{};  // Units without the drivers' uplift.
  SeasonIndices indices{};
  std::vector<float> horizon_uplift{};  // Series by series, the horizon each; empty: all 1.
  std::vector<FollowedLevel> levels{};

  bool Has(std::size_t series) const { return !ready[series].units.empty(); }
  double Uplift(std::size_t series, std::size_t h, std::size_t horizon) const {
    return horizon_uplift.empty() ? 1.0 : static_cast<double>(horizon_uplift[series * horizon + h]);
  }
};

// What an origin's history is taken apart into.
struct LongStructure {
  // How drivers are used: not at all, pooled over all series (0), or over groupings[k - 1].
  std::optional<std::size_t> uplift{};
  bool longest_season = true;  // Whether the longest season of the bucket's length has indices.
};

struct OriginInput {
  const LongPanel& panel;
  const LongOptions& options;
  const DriverForm& form;
};
// A series that has no bucket then, or whose buckets are all gaps, has an empty ready series.
absl::StatusOr<LongOrigin> OriginOf(const OriginInput& input, std::size_t back,
                                    const LongStructure& structure, Executor& executor);

// What came after an origin within the panel's history, where it is known: 0 <= h < `back`.
struct LongOutcome {
  bool known = false;
  double units = 0.0;
};
LongOutcome OutcomeAt(const LongSeries& series, std::size_t back, std::size_t h);

}  // namespace tandem::forecasting
