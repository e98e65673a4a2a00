// One series' forecast from its daily history: the models of forecasting/ between integers that two
// firms agree on, and with days that nobody knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/quantity.h"

namespace tandem::forecast {

// Daily values, oldest first, and whether each is known; both of one length.
struct DailySeries {
  std::span<const std::int64_t> value_milli{};
  std::span<const char> known{};
  // Of the same length, or empty: whether the shelf was empty at the day's end. What sold then is
  // the least that was wanted. FitSeries does not look at it.
  std::span<const char> shelf_empty{};

  bool IsKnown(std::size_t t) const { return known[t] != 0; }
  bool IsShelfEmpty(std::size_t t) const { return !shelf_empty.empty() && shelf_empty[t] != 0; }
};

// Each rounded once to thousandths, below zero to zero. kOutOfRange for one that does not fit.
absl::StatusOr<std::vector<base::Quantity>> InQuantities(std::span<const double> units);

// The series' next `horizon_days` days, rounded once to thousandths and never below zero.
//   "seasonal-naive"  each day is the last known one of its weekday; a weekday that is never known
//                     is the mean of the known days
//   "ses"             simple exponential smoothing over the known days from the first sale on
// nullopt if no day is known. The method must be one of the two; fit_profile.h and fit_local.h have
// those that fit a location at once. Returns kOutOfRange if a result does not fit a Quantity.
absl::StatusOr<std::optional<std::vector<base::Quantity>>> FitSeries(std::string_view method,
                                                                     const DailySeries& series,
                                                                     std::int32_t horizon_days);

}  // namespace tandem::forecast
