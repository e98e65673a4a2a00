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
// Dates are written as the first one that was read.
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
    std::string tail{};  // What followed the hour.
    bool dash = false;   // 2016-Q2
  };
  absl::StatusOr<Date> Parse(std::string_view text) const;
  std::int64_t NumberOf(const Date& date) const;

  forecasting::BucketLength length_;
  bool fixed_ = false;
  Date first_{};
  bool month_end_ = false;  // Days are the last of their months.
  std::int64_t weekday_ = 0;
};

}  // namespace tandem::cli
