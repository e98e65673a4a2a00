// Dates of a folder in long form as whole numbers, a bucket each, and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "forecasting/backtest/long_backtest.h"

namespace tandem::cli {

// "D", "W", "M", "Q", "Y" or "H"; kUnknownEnum for others.
absl::StatusOr<forecasting::BucketLength> BucketLengthOf(std::string_view letter);

// Buckets of one length. Forms that are read:
//   H  2016-05-22T14, or a blank for the T; then :00, :00:00 and Z may follow
//   D  2016-05-22
//   W  2016-05-20, the day that stands for the week: always the same weekday
//   M  2016-05, or any day of the month: 2016-05-01
//   Q  2016Q2 or 2016-Q2, or any day of the quarter
//   Y  2016, or any day of the year
// A day may be followed by its midnight: T00, or a blank for the T, then :00, :00:00 and Z.
// Dates are written as the first one that was read; days of a month, quarter or year on the day
// that all rows agree on (the 28th, say, or the month's last), else on the first one's.
class LongCalendar {
 public:
  explicit LongCalendar(forecasting::BucketLength length) : length_(length) {}

  // The bucket of a row's date; the first call fixes the form. BAD_DATE for what is no date (years
  // are 1700 to 2999), or another weekday than the first row's.
  absl::StatusOr<std::int64_t> BucketOf(std::string_view text);
  // The bucket that holds the date, whatever its weekday; of BucketOf's first call at the earliest.
  absl::StatusOr<std::int64_t> BucketThatHolds(std::string_view text) const;
  std::string TextOf(std::int64_t bucket) const;

 private:
  struct Date {
    int year = 0;
    int month = 1;  // 1..12
    int day = 1;
    int hour = 0;
    bool whole = false;  // Day and month were written.
    char separator = 'T';
    std::string tail{};  // What followed the hour, or of midnight the day.
    bool dash = false;   // 2016-Q2
  };
  absl::StatusOr<Date> Parse(std::string_view text) const;
  std::int64_t NumberOf(const Date& date) const;

  forecasting::BucketLength length_;
  // Sees a row's day within its month.
  void SeeDay(const Date& date);
  // The day that rows agree on, 31 for the month's last.
  int DayOfMonth() const;

  bool fixed_ = false;
  Date first_{};
  // Of days that are not the last of their month, the least and the latest; 0: none.
  int inner_min_ = 0;
  int inner_max_ = 0;
  int end_max_ = 0;  // Of those that are.
  std::int64_t weekday_ = 0;
};

}  // namespace tandem::cli
