// What drivers that are known in advance (prices, promotions, holidays) do to each series of a
// panel, as multipliers of its buckets. Private to the part.
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

namespace tandem::forecasting {

// How the panel's drivers enter: as logarithms where they behave like prices (always positive, more
// than eight values), else as they are; both over their spread. Where there are at most twelve,
// the bucket before enters too: what was bought ahead is not bought now.
class DriverForm {
 public:
  // The spread is over all series and buckets: known in advance, so none of it is hindsight.
  static DriverForm Of(const LongPanel& panel);
  std::size_t columns() const { return (lagged_ ? 2 : 1) * scales_.size(); }
  // The row of bucket `t` of the series' whole history and horizon.
  void Row(const LongSeries& series, std::size_t t, std::span<double> row) const;

 private:
  double Value(const LongSeries& series, std::size_t t, std::size_t j) const;
  struct Scale {
    bool log = false;
    double shift = 0.0;
    double times = 0.0;
  };
  std::vector<Scale> scales_;
  bool lagged_ = false;
};

// The uplifts of all series at one origin.
class LongUplifts {
 public:
  // Fits effects/uplift.h's model to each node of `grouping` (nullptr: all series), in runs of at
  // most 500 series, on seasonally adjusted values of the last 400 buckets. Signed series have no
  // uplift; intermittent ones have what the smooth of their run have in common, where these are
  // half of it or more. Errors as FitUplifts.
  struct Input {
    const LongPanel& panel;
    const DriverForm& form;
    const LongLevel* grouping = nullptr;
    std::span<const ReadySeries> ready{};
    const SeasonIndices& indices;
    double half_life_buckets = 52.0;
    std::size_t horizon_buckets = 1;
  };
  static absl::StatusOr<LongUplifts> Fit(const Input& input, Executor& executor);

  // Multipliers of the ready series' buckets and of the horizon after them, about 1 on average and
  // within a tenth of what the history has seen.
  void Fill(const Input& input, std::size_t series, std::vector<double>& multipliers) const;

 private:
  std::vector<std::vector<double>> coefficients_;  // Of a series; empty: none.
};

}  // namespace tandem::forecasting
