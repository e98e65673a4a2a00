// What is known of days, past and to come: weekday, place in month and year, named events, and days
// on which something regional happens (M5: food stamps are paid). The only thing that a forecast
// may know of the days after its origin.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"

namespace tandem::forecasting {

struct CalendarDay {
  int weekday = 0;            // 0..6; which day is 0 does not matter.
  int day_of_month = 1;       // 1..31.
  int day_of_year = 1;        // 1..366.
  std::vector<int> events{};  // Numbers of the events of the day, each in 0..event_count-1.
};

struct RetailCalendar {
  int event_count = 0;
  std::vector<CalendarDay> days{};
  // By region, then by day: 1 on the days of the regional happening, else 0.
  std::vector<std::vector<float>> regional{};
};

// kInvalidArgument, naming the day, where a number is out of the ranges above, a region has another
// number of days, or a regional value is not in [0, 1].
absl::Status CheckCalendar(const RetailCalendar& calendar);

}  // namespace tandem::forecasting
