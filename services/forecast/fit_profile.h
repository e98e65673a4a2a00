// The pooled profile (forecasting/profile) over series of one location, between integers that two
// firms agree on, and with days that nobody knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/forecast/fit.h"
#include "services/forecast/worker.h"

namespace tandem::forecast {

inline constexpr std::int32_t kProfileDays = 1'461;  // Four years: a season is seen three times.
inline constexpr double kRegularDays = 24.0;
inline constexpr std::size_t kNamedMax = 64;

// The items of a group (a department of the location) share its season (weekday, events, day of the
// month, time of the year), learnt on their sum and drawn to that of all groups; each has its own
// level. Events of one name are one thing, which comes again;
// those that fill more than kRegularDays days a year (pay days, school holidays) are taken together
// as one regular happening, and of the others the kNamedMax that come most often count. A day that
// is not known, out of stock for instance, counts as the mean of the last four known days of its
// weekday, so that neither sum nor level falls with it; one with none before it counts as before
// the listing. Returns (negative sales) count as none.
class ProfileFit {
 public:
  // Of histories of `days` days from `first`, forecast `horizon_days` beyond.
  ProfileFit(base::Day first, std::int32_t days, std::int32_t horizon_days,
             std::vector<CalendarEvent> events);

  // A series' history, `days` long, and the group that it is of. False, and nothing is kept, where
  // no day is known.
  bool Add(const DailySeries& series, std::string_view group);

  // The forecasts of what was added, in its order: `horizon_days` each, rounded once to thousandths
  // and never below zero. Returns kOutOfRange if a result does not fit a Quantity.
  absl::StatusOr<std::vector<std::vector<base::Quantity>>> Run() const;

  // The same in units, not rounded, series by series, `horizon_days` each, from `back` days before
  // the last (0 <= back < days), as they would have been made then. Zeros where a series had no day
  // that was known.
  absl::StatusOr<std::vector<double>> UnitsFrom(std::size_t back) const;

 private:
  base::Day first_;
  std::size_t days_;
  std::size_t horizon_days_;
  std::vector<CalendarEvent> events_;
  std::vector<float> units_;              // Series by series.
  std::vector<std::size_t> first_known_;  // By series.
  std::vector<std::size_t> group_of_;     // By series.
  std::map<std::string, std::size_t, std::less<>> groups_;
};

}  // namespace tandem::forecast
