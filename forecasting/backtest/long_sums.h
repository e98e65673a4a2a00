// What sums of series know of the series below them: many that sell together are steadier than each
// of them, so that their sum, forecast as a series of its own, may know better how much all will
// sell. Each series is scaled to it, by as much as that would have helped from earlier origins.
// Private to the part. References: Gross and Sohl, "Disaggregation methods to expedite product line
// forecasting", J. of Forecasting 9 (1990), for proportions of forecasts; the mean of shares by
// their past losses is exponential weighting (Cesa-Bianchi and Lugosi, "Prediction, Learning, and
// Games", 2006, 2.1).
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_local.h"
#include "forecasting/backtest/long_origin.h"

namespace tandem::forecasting {

class LongSums {
 public:
  // `input` and `executor` must outlive this. For structures without drivers, of which sums know
  // nothing.
  LongSums(const OriginInput& input, const LongStructure& structure, Executor& executor);
  ~LongSums();

  // Forecasts the sums of the total and of each grouping from the origins of `local`, after whose
  // Forecast it is called, and learns how far series are scaled to them; scales the past means of
  // its earlier origins and the means of now, a level after the other. A series that makes more
  // than a tenth of its sum has no part in it, since it knows its level itself; a level with few
  // series a node is left out.
  absl::Status Learn(LongLocal& local, std::vector<std::vector<double>>& past_means,
                     std::vector<double>& means);
  // After Learn: scales means from another origin.
  absl::Status Scale(const LongOrigin& origin, std::vector<double>& means) const;

  // After Learn: of the total and of each grouping, how much of the way series are scaled, 0 to 1.
  const std::vector<double>& shares() const { return shares_; }

 private:
  class Level;

  const OriginInput& input_;
  LongStructure structure_;
  Executor& executor_;
  std::vector<std::unique_ptr<Level>> levels_;  // Those that are used.
  std::vector<double> shares_;
};

}  // namespace tandem::forecasting
