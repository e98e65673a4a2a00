// The pooled profile (forecasting/profile) over the series of one location, between integers that
// two firms agree on, and with days that nobody knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/forecast/fit.h"

namespace tandem::forecast {

inline constexpr std::int32_t kProfileDays = 1'461;  // Four years: a season is seen three times.

// The items of a location share its season (weekday, day of the month, time of the year), learnt on
// their sum; each has its own level. A day that is not known, out of stock for instance, counts as
// the mean of the last four known days of its weekday, so that neither sum nor level falls with it;
// one with none before it counts as before the listing. Returns (negative sales) count as none.
class ProfileFit {
 public:
  // Of histories of `days` days from `first`, forecast `horizon_days` beyond.
  ProfileFit(base::Day first, std::int32_t days, std::int32_t horizon_days);

  // A series' history, `days` long. False, and nothing is kept, where no day is known.
  bool Add(const DailySeries& series);

  // The forecasts of what was added, in its order: `horizon_days` each, rounded once to thousandths
  // and never below zero. Returns kOutOfRange if a result does not fit a Quantity.
  absl::StatusOr<std::vector<std::vector<base::Quantity>>> Run() const;

 private:
  base::Day first_;
  std::size_t days_;
  std::size_t horizon_days_;
  std::vector<float> units_;              // Series by series.
  std::vector<std::size_t> first_known_;  // By series.
};

}  // namespace tandem::forecast
