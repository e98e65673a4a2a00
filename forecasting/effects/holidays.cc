#include "forecasting/effects/holidays.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {
namespace {

namespace chrono = std::chrono;

constexpr int kWindowMax = 60;
constexpr std::int64_t kOffsetMax = 366;
constexpr int kDaysMax = 100'000;

absl::Status CheckRule(const HolidayRule& rule) {
  const auto refuse = [](const char* what) { return absl::InvalidArgumentError(what); };
  if (rule.kind > HolidayKind::kListed) return refuse("kind is none of a holiday's");
  if (rule.month < 1 || rule.month > 12) return refuse("month is not 1 to 12");
  if (rule.day < 1 || rule.day > 31) return refuse("day is not 1 to 31");
  if (rule.weekday < 1 || rule.weekday > 7) return refuse("weekday is not 1 to 7");
  if (rule.nth != -1 && (rule.nth < 1 || rule.nth > 5)) return refuse("nth is not 1 to 5 or -1");
  if (rule.offset_days < -kOffsetMax || rule.offset_days > kOffsetMax) {
    return refuse("offset_days is more than a year");
  }
  if (rule.lead_days < 0 || rule.lead_days > kWindowMax || rule.lag_days < 0 ||
      rule.lag_days > kWindowMax) {
    return refuse("lead_days or lag_days is not 0 to 60");
  }
  if (!std::ranges::is_sorted(rule.listed)) return refuse("listed days are not ascending");
  return absl::OkStatus();
}

std::int64_t DayOf(chrono::year_month_day date) {
  return chrono::sys_days(date).time_since_epoch().count();
}

chrono::year_month_day DateOf(std::int64_t day) { return chrono::sys_days(chrono::days(day)); }

std::int64_t DayFrom(int year, int month, int day) {
  return DayOf({chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                chrono::day(static_cast<unsigned>(day))});
}

// Meeus, chapter 8, Gregorian: the names are his.
std::int64_t Easter(int year) {
  const int a = year % 19;
  const int b = year / 100;
  const int c = year % 100;
  const int d = b / 4;
  const int e = b % 4;
  const int f = (b + 8) / 25;
  const int g = (b - f + 1) / 3;
  const int h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4;
  const int k = c % 4;
  const int l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int n = h + l - 7 * m + 114;
  return DayFrom(year, n / 31, n % 31 + 1);
}

// Meeus, chapter 8, Julian, and the days by which that calendar is behind.
std::int64_t OrthodoxEaster(int year) {
  const int a = year % 4;
  const int b = year % 7;
  const int c = year % 19;
  const int d = (19 * c + 15) % 30;
  const int e = (2 * a + 4 * b - d + 34) % 7;
  const int n = d + e + 114;
  const int behind = year / 100 - year / 400 - 2;
  return DayFrom(year, n / 31, n % 31 + 1) + behind;
}

std::optional<std::int64_t> NthWeekday(const HolidayRule& rule, int year) {
  const chrono::weekday weekday(static_cast<unsigned>(rule.weekday));  // 7 is Sunday too.
  const auto month = chrono::year(year) / chrono::month(static_cast<unsigned>(rule.month));
  if (rule.nth == -1) {
    return chrono::sys_days(month / weekday[chrono::last]).time_since_epoch().count();
  }
  const auto date = month / weekday[static_cast<unsigned>(rule.nth)];
  if (!date.ok()) return std::nullopt;
  return chrono::sys_days(date).time_since_epoch().count();
}

// Without the offset and unchecked.
std::optional<std::int64_t> Base(const HolidayRule& rule, int year) {
  switch (rule.kind) {
    case HolidayKind::kFixed: {
      const chrono::year_month_day date(chrono::year(year),
                                        chrono::month(static_cast<unsigned>(rule.month)),
                                        chrono::day(static_cast<unsigned>(rule.day)));
      return date.ok() ? std::optional(DayOf(date)) : std::nullopt;
    }
    case HolidayKind::kNthWeekday:
      return NthWeekday(rule, year);
    case HolidayKind::kEaster:
      return Easter(year);
    case HolidayKind::kOrthodoxEaster:
      return OrthodoxEaster(year);
    case HolidayKind::kListed: {
      const auto found = std::ranges::lower_bound(rule.listed, DayFrom(year, 1, 1));
      const bool in_year = found != rule.listed.end() && *found <= DayFrom(year, 12, 31);
      return in_year ? std::optional(*found) : std::nullopt;
    }
  }
  return std::nullopt;
}

// The rule's days that can be near a day of this year, ascending.
std::vector<std::int64_t> Near(const HolidayRule& rule, int year) {
  std::vector<std::int64_t> days;
  if (rule.kind == HolidayKind::kListed) {
    auto found = std::ranges::lower_bound(rule.listed, DayFrom(year, 1, 1) - 2 * kOffsetMax);
    for (; found != rule.listed.end() && *found <= DayFrom(year, 12, 31) + 2 * kOffsetMax;
         ++found) {
      days.push_back(*found + rule.offset_days);
    }
    return days;
  }
  // An offset of up to a year and a window reach over two New Years.
  for (int y = std::max(1, year - 2); y <= year + 2; ++y) {
    if (const auto base = Base(rule, y); base.has_value()) {
      days.push_back(*base + rule.offset_days);
    }
  }
  std::ranges::sort(days);
  return days;
}

std::optional<int> WindowAt(const HolidayRule& rule, const std::vector<std::int64_t>& holidays,
                            std::int64_t day) {
  std::optional<std::int64_t> nearest;  // Days since the holiday; below 0 before it.
  for (const std::int64_t holiday : holidays) {
    const std::int64_t since = day - holiday;
    if (since < -rule.lead_days || since > rule.lag_days) continue;
    const auto distance = [](std::int64_t days) { return days < 0 ? -days : days; };
    if (!nearest.has_value() || distance(since) <= distance(*nearest)) nearest = since;
  }
  if (!nearest.has_value()) return std::nullopt;
  return static_cast<int>(*nearest) + rule.lead_days;
}

absl::Status CheckDay(std::int64_t day) {
  if (day >= DayFrom(2, 1, 1) && day <= DayFrom(9998, 12, 31)) return absl::OkStatus();
  return absl::InvalidArgumentError("the day is not in the years 2 to 9998");
}

int YearOf(std::int64_t day) { return static_cast<int>(DateOf(day).year()); }

}  // namespace

absl::StatusOr<std::optional<std::int64_t>> DayOfHoliday(const HolidayRule& rule, int year) {
  if (absl::Status status = CheckRule(rule); !status.ok()) return status;
  if (year < 1 || year > 9999) return absl::InvalidArgumentError("the year is not 1 to 9999");
  const std::optional<std::int64_t> base = Base(rule, year);
  return base.has_value() ? std::optional(*base + rule.offset_days) : std::nullopt;
}

absl::StatusOr<std::optional<int>> HolidayWindow(const HolidayRule& rule, std::int64_t day) {
  if (absl::Status status = CheckRule(rule); !status.ok()) return status;
  if (absl::Status status = CheckDay(day); !status.ok()) return status;
  return WindowAt(rule, Near(rule, YearOf(day)), day);
}

absl::StatusOr<std::vector<double>> HolidayDrivers(std::int64_t first_day, int days,
                                                   std::span<const HolidayRule> rules) {
  if (days < 0 || days > kDaysMax) return absl::InvalidArgumentError("days are not 0 to 100,000");
  if (absl::Status status = CheckDay(first_day); !status.ok()) return status;
  if (absl::Status status = CheckDay(first_day + days); !status.ok()) return status;
  std::size_t columns = 0;
  for (std::size_t r = 0; r < rules.size(); ++r) {
    if (absl::Status status = CheckRule(rules[r]); !status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("holiday ", r, ": ", std::string(status.message())));
    }
    columns += static_cast<std::size_t>(rules[r].lead_days + 1 + rules[r].lag_days);
  }
  std::vector<double> drivers(columns * static_cast<std::size_t>(days));
  std::size_t first_column = 0;
  for (const HolidayRule& rule : rules) {
    std::vector<std::int64_t> near;
    int year = 0;
    for (int d = 0; d < days; ++d) {
      const std::int64_t day = first_day + d;
      if (YearOf(day) != year) {
        year = YearOf(day);
        near = Near(rule, year);
      }
      const std::optional<int> on = WindowAt(rule, near, day);
      if (!on.has_value()) continue;
      drivers[static_cast<std::size_t>(d) * columns + first_column +
              static_cast<std::size_t>(*on)] = 1.0;
    }
    first_column += static_cast<std::size_t>(rule.lead_days + 1 + rule.lag_days);
  }
  return drivers;
}

}  // namespace tandem::forecasting
