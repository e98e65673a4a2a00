// What boosted trees see of a panel in long form at one origin: a row a (series, bucket of the
// horizon), of what was known then alone; of the buckets after it only the drivers, which are known
// in advance, and the phase of the season. Numbers are relative to a base forecast, so that one
// model serves large and small series. Private to the part. Reference: Makridakis, Spiliotis and
// Assimakopoulos, "M5 accuracy competition: results, findings, and conclusions", Int. J. of
// Forecasting 38 (2022), for what the best entries gave their trees.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_series.h"

namespace tandem::forecasting {

class LongFeatures {
 public:
  // The panel `back` buckets before its end; it and the options must outlive this. `is_signed`:
  // numbers are differences over the series' size instead of logarithms of ratios.
  // O(series * buckets).
  struct Input {
    const LongPanel& panel;
    const LongOptions& options;
    bool is_signed = false;
  };
  LongFeatures(const Input& input, std::size_t back, Executor& executor);

  std::size_t back() const { return back_; }
  static std::size_t ColumnsOf(const Input& input);
  // False where nothing is known of the series then, or it has only zeros.
  bool Has(std::size_t series) const { return facts_[series].size > 0.0; }
  // Mean of its absolute values, but no less than a fiftieth of the largest.
  double Size(std::size_t series) const { return facts_[series].size; }
  double Largest(std::size_t series) const { return facts_[series].largest; }
  bool NonNegative(std::size_t series) const { return ready_[series].non_negative; }
  // The simplest base: nine tenths the newest buckets' mean, one tenth the whole history's.
  double SimpleBase(std::size_t series) const;

  // One series' rows: horizon * columns, given the base of each bucket. In order: the base over the
  // size; means of eight windows (one bucket to a year); shares of zeros in three; the run of
  // zeros; variation; the largest lately; age; the newest weeks against those a longest season ago;
  // by level (total, up to six groupings) two trends and the node's number; by driver its late mean
  // against its own; then of the bucket: steps ahead; its base over the mean base; by season (two
  // at most) the phase, the same bucket a season ago over the base, the phase's mean of four
  // seasons, and that bucket over what came before the origin of that season; by driver the value,
  // that against the series' own mean, and against the bucket before. NaN: not known.
  void Fill(std::size_t series, std::span<const double> base_units, std::span<float> rows) const;

 private:
  struct Facts {
    double size = 0.0;
    double largest = 0.0;
    std::vector<double> driver_means{};
  };
  class Row;
  void ReadSeries(std::size_t series);
  void ReadGroups();
  // Of the `count` values that end `age` buckets before the origin; NaN where there are not so
  // many.
  double MeanOf(std::size_t series, std::size_t age, std::size_t count) const;
  double Relative(std::size_t series, double value, double to) const;
  double Driver(std::size_t series, std::size_t t, std::size_t j) const;
  void FillState(std::size_t series, double base, Row& row) const;
  void FillWindows(std::size_t series, double base, Row& row) const;
  void FillBucket(std::size_t series, std::size_t h, double base, Row& row) const;

  Input input_;
  std::size_t back_;
  std::size_t unit_;  // Buckets of the shortest window but one.
  std::vector<ReadySeries> ready_;
  std::vector<Facts> facts_;
  struct Trend {
    double near = 0.0;
    double far = 0.0;
  };
  std::vector<LongLevel> levels_;  // The total and the groupings that are seen.
  std::vector<std::vector<Trend>> trends_;
};

}  // namespace tandem::forecasting
