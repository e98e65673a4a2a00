#include "services/base/day.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_format.h"
#include "services/base/reason.h"

namespace tandem::base {
namespace {

absl::Status BadDate(std::string_view text) {
  return Refuse(
      Reason::kBadDate, "a date is a day of the calendar written YYYY-MM-DD",
      {{"value", absl::string_view(text.data(), std::min<std::size_t>(text.size(), 40))}});
}

// Digits only; -1 for anything else.
int Number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

absl::StatusOr<Day> Day::Parse(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return BadDate(text);
  const int year = Number(text.substr(0, 4));
  const int month = Number(text.substr(5, 2));
  const int day = Number(text.substr(8, 2));
  if (year < 0 || month < 0 || day < 0) return BadDate(text);
  return FromCivil(year, month, day);
}

absl::StatusOr<Day> Day::FromCivil(int year, int month, int day) {
  const auto text = [&] { return absl::StrFormat("%04d-%02d-%02d", year, month, day); };
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) {
    return BadDate(text());
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return BadDate(text());
  const Day result(
      static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count()));
  if (!result.InRange()) {
    return Refuse(Reason::kDayOutOfRange, "a day lies between 1990-01-01 and 2099-12-31",
                  {{"value", text()}});
  }
  return result;
}

int Day::Weekday() const {
  const std::chrono::weekday day{std::chrono::sys_days{std::chrono::days{number_}}};
  return static_cast<int>(day.iso_encoding()) - 1;
}

std::string Day::ToString() const {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{number_}}};
  return absl::StrFormat("%04d-%02d-%02d", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace tandem::base
