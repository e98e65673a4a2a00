#include "forecasting/profile/calendar.h"

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {

namespace {

absl::Status CheckDay(const CalendarDay& day, int event_count, std::size_t index) {
  const auto refuse = [index](const char* what, int value) {
    return absl::InvalidArgumentError(
        absl::StrCat("calendar day ", index, ": ", what, " ", value, " is out of range"));
  };
  if (day.weekday < 0 || day.weekday > 6) return refuse("weekday", day.weekday);
  if (day.day_of_month < 1 || day.day_of_month > 31) return refuse("month's day", day.day_of_month);
  if (day.day_of_year < 1 || day.day_of_year > 366) return refuse("year's day", day.day_of_year);
  for (const int event : day.events) {
    if (event < 0 || event >= event_count) return refuse("event", event);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckCalendar(const RetailCalendar& calendar) {
  for (std::size_t t = 0; t < calendar.days.size(); ++t) {
    absl::Status status = CheckDay(calendar.days[t], calendar.event_count, t);
    if (!status.ok()) return status;
  }
  for (std::size_t r = 0; r < calendar.regional.size(); ++r) {
    if (calendar.regional[r].size() != calendar.days.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "region ", r, " has ", calendar.regional[r].size(), " days, not ", calendar.days.size()));
    }
    for (std::size_t t = 0; t < calendar.days.size(); ++t) {
      const float value = calendar.regional[r][t];
      if (!(value >= 0.0F && value <= 1.0F)) {
        return absl::InvalidArgumentError(
            absl::StrCat("region ", r, ", day ", t, ": a value outside of [0, 1]"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace tandem::forecasting
