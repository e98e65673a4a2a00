// Holidays, fixed and moving, by rule instead of by table, and the drivers by which a model sees
// them: demand rises days before a feast and falls after it, so each holiday has a window of days
// about it. The drivers go into FitUplifts or FitShelfDemand, which pool their coefficients over
// series: one series sees a yearly day a few times only. References: Meeus, "Astronomical
// Algorithms", 2nd ed. (1998), chapter 8, for Easter; Hyndman and Athanasopoulos, FPP3, 7.4, for
// windows.
//
//   auto easter = DayOfHoliday({.kind = HolidayKind::kEaster}, 2026);  // Days since 1970-01-01.
//   auto drivers = HolidayDrivers(first_day, 28, holidays);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

enum class HolidayKind : std::uint8_t {
  kFixed = 0,           // `month`, `day`: Christmas is 12, 25.
  kNthWeekday = 1,      // The `nth` `weekday` of `month`; nth = -1: its last.
  kEaster = 2,          // Of the western churches.
  kOrthodoxEaster = 3,  // Of the eastern churches, in the Gregorian calendar.
  kListed = 4,          // The days of `listed`: what follows the moon or a decree.
};

struct HolidayRule {
  HolidayKind kind = HolidayKind::kFixed;
  int month = 1;        // 1..12.
  int day = 1;          // 1..31; a day that a year lacks (29 February) is no holiday in it.
  int weekday = 1;      // 1..7, Monday to Sunday.
  int nth = 1;          // 1..5 or -1.
  int offset_days = 0;  // Added: Good Friday is Easter - 2, the day after Thanksgiving + 1.
  std::span<const std::int64_t> listed{};  // Ascending, days since 1970-01-01.
  // Days about the holiday that have a driver of their own; 0..60 each.
  int lead_days = 0;
  int lag_days = 0;
};

// The holiday of a year 1..9999, in days since 1970-01-01; nullopt if the year has none (of several
// listed ones the first). kInvalidArgument, naming the field, if the rule is outside its ranges.
absl::StatusOr<std::optional<std::int64_t>> DayOfHoliday(const HolidayRule& rule, int year);

// Which driver of the rule's lead_days + 1 + lag_days is on: 0 is the first lead day, lead_days the
// holiday itself. nullopt outside the window. Where windows of two occurrences meet, the nearer
// occurrence counts, the coming one if both are as near.
absl::StatusOr<std::optional<int>> HolidayWindow(const HolidayRule& rule, std::int64_t day);

// Rows of flags for `days` days from `first_day`: for each rule in order its window's drivers.
// kInvalidArgument, naming the rule, as DayOfHoliday, and if days are outside 0..100,000 or outside
// the years 2..9998.
absl::StatusOr<std::vector<double>> HolidayDrivers(std::int64_t first_day, int days,
                                                   std::span<const HolidayRule> rules);

}  // namespace tandem::forecasting
