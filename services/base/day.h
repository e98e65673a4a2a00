// A business date: a day on a site's calendar, without time or zone.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tandem::base {

class Day {
 public:
  // What a partner may send: 1990-01-01 to 2099-12-31. What lies outside is a typing error.
  static constexpr std::int32_t kFirst = 7305;
  static constexpr std::int32_t kLast = 47481;

  constexpr Day() = default;
  static constexpr Day FromNumber(std::int32_t days_since_1970) { return Day(days_since_1970); }
  // From "2016-05-22". Returns kInvalidArgument / BAD_DATE for another form or a day that is not in
  // the calendar (2015-02-29), DAY_OUT_OF_RANGE outside kFirst..kLast.
  static absl::StatusOr<Day> Parse(std::string_view text);
  // From year, month 1-12, day 1-31; the same errors.
  static absl::StatusOr<Day> FromCivil(int year, int month, int day);

  constexpr std::int32_t number() const { return number_; }
  constexpr bool InRange() const { return number_ >= kFirst && number_ <= kLast; }
  // 0 is Monday, 6 is Sunday (ISO 8601 less one).
  int Weekday() const;
  // "2016-05-22".
  std::string ToString() const;
  constexpr Day operator+(std::int32_t days) const { return Day(number_ + days); }
  constexpr Day operator-(std::int32_t days) const { return Day(number_ - days); }
  friend constexpr std::int32_t operator-(Day a, Day b) { return a.number_ - b.number_; }
  friend constexpr auto operator<=>(Day, Day) = default;

 private:
  explicit constexpr Day(std::int32_t number) : number_(number) {}
  std::int32_t number_ = 0;  // Days since 1970-01-01.
};

}  // namespace tandem::base
