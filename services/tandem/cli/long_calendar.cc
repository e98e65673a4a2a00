#include "services/tandem/cli/long_calendar.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::cli {
namespace {

using base::Reason;
using forecasting::BucketLength;

constexpr int kFirstYear = 1700;
constexpr int kLastYear = 2999;
constexpr std::int64_t kDaysAWeek = 7;

// Takes `digits` decimal digits off the front.
bool TakeNumber(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits) return false;
  number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    number = 10 * number + (c - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool Take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

std::string_view FormOf(BucketLength length) {
  switch (length) {
    case BucketLength::kHour:
      return "an hour is written as 2016-05-22T14";
    case BucketLength::kDay:
      return "a day is written as 2016-05-22";
    case BucketLength::kWeek:
      return "a week is written as one of its days, 2016-05-20";
    case BucketLength::kMonth:
      return "a month is written as 2016-05 or 2016-05-01";
    case BucketLength::kQuarter:
      return "a quarter is written as 2016Q2 or 2016-04-01";
    case BucketLength::kYear:
      return "a year is written as 2016 or 2016-01-01";
  }
  return "";
}

std::int64_t DayNumber(int year, int month, int day) {
  return absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1);
}

std::int64_t FloorDivide(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

int LastDayOf(int year, int month) {
  return static_cast<int>((absl::CivilDay(absl::CivilMonth(year, month) + 1) - 1).day());
}

}  // namespace

absl::StatusOr<BucketLength> BucketLengthOf(std::string_view letter) {
  constexpr std::array<std::pair<std::string_view, BucketLength>, 6> kLetters = {
      {{"H", BucketLength::kHour},
       {"D", BucketLength::kDay},
       {"W", BucketLength::kWeek},
       {"M", BucketLength::kMonth},
       {"Q", BucketLength::kQuarter},
       {"Y", BucketLength::kYear}}};
  for (const auto& [name, length] : kLetters) {
    if (name == letter) return length;
  }
  return base::RefuseField(Reason::kUnknownEnum, "--frequency", "is one of D, W, M, Q, Y, H",
                           {{"frequency", std::string(letter)}});
}

absl::StatusOr<LongCalendar::Date> LongCalendar::Parse(std::string_view text) const {
  Date date;
  const auto bad = [&] {
    return base::Refuse(Reason::kBadDate, FormOf(length_), {{"date", std::string(text)}});
  };
  std::string_view rest = text;
  if (!TakeNumber(rest, 4, date.year) || date.year < kFirstYear || date.year > kLastYear) {
    return bad();
  }
  if (rest.empty() && length_ == BucketLength::kYear) return date;
  if (length_ == BucketLength::kQuarter) {
    std::string_view quarter = rest;
    int number = 0;
    date.dash = Take(quarter, "-");
    if (Take(quarter, "Q") && TakeNumber(quarter, 1, number)) {
      if (number < 1 || number > 4 || !quarter.empty()) return bad();
      date.month = 3 * number - 2;
      return date;
    }
  }
  if (!Take(rest, "-") || !TakeNumber(rest, 2, date.month) || date.month < 1 || date.month > 12) {
    return bad();
  }
  if (rest.empty() && length_ == BucketLength::kMonth) return date;
  if (!Take(rest, "-") || !TakeNumber(rest, 2, date.day) || date.day < 1 ||
      date.day > LastDayOf(date.year, date.month)) {
    return bad();
  }
  date.whole = true;
  const bool hours = length_ == BucketLength::kHour;
  if (rest.empty() && !hours) return date;
  if (!hours) date.tail = std::string(rest);
  if (rest.empty() || (rest.front() != 'T' && rest.front() != ' ')) return bad();
  date.separator = rest.front();
  rest.remove_prefix(1);
  if (!TakeNumber(rest, 2, date.hour) || date.hour > (hours ? 23 : 0)) return bad();
  if (hours) date.tail = std::string(rest);
  if (rest.ends_with("Z")) rest.remove_suffix(1);
  if (!rest.empty() && rest != ":00" && rest != ":00:00") return bad();
  return date;
}

std::int64_t LongCalendar::NumberOf(const Date& date) const {
  switch (length_) {
    case BucketLength::kHour:
      return DayNumber(date.year, date.month, date.day) * 24 + date.hour;
    case BucketLength::kDay:
      return DayNumber(date.year, date.month, date.day);
    case BucketLength::kWeek:
      return FloorDivide(DayNumber(date.year, date.month, date.day) - weekday_, kDaysAWeek);
    case BucketLength::kMonth:
      return std::int64_t{12} * date.year + date.month - 1;
    case BucketLength::kQuarter:
      return std::int64_t{4} * date.year + (date.month - 1) / 3;
    case BucketLength::kYear:
      return date.year;
  }
  return 0;
}

absl::StatusOr<std::int64_t> LongCalendar::BucketOf(std::string_view text) {
  TANDEM_ASSIGN_OR_RETURN(const Date date, Parse(text));
  if (!fixed_) {
    fixed_ = true;
    first_ = date;
    const std::int64_t day = DayNumber(date.year, date.month, date.day);
    weekday_ = day - FloorDivide(day, kDaysAWeek) * kDaysAWeek;
  }
  if (length_ == BucketLength::kWeek) {
    const std::int64_t day = DayNumber(date.year, date.month, date.day) - weekday_;
    if (day - FloorDivide(day, kDaysAWeek) * kDaysAWeek != 0) {
      return base::Refuse(Reason::kBadDate,
                          "all weeks are written as the same weekday, that of the first row",
                          {{"date", std::string(text)}});
    }
  }
  if (date.whole) SeeDay(date);
  return NumberOf(date);
}

void LongCalendar::SeeDay(const Date& date) {
  if (date.day == LastDayOf(date.year, date.month)) {
    end_max_ = std::max(end_max_, date.day);
    return;
  }
  inner_min_ = inner_min_ == 0 ? date.day : std::min(inner_min_, date.day);
  inner_max_ = std::max(inner_max_, date.day);
}

int LongCalendar::DayOfMonth() const {
  if (inner_max_ == 0) return 31;
  return inner_min_ == inner_max_ && end_max_ <= inner_max_ ? inner_max_ : first_.day;
}

absl::StatusOr<std::int64_t> LongCalendar::BucketThatHolds(std::string_view text) const {
  TANDEM_ASSIGN_OR_RETURN(const Date date, Parse(text));
  return NumberOf(date);
}

std::string LongCalendar::TextOf(std::int64_t bucket) const {
  const auto bare_day = [](const absl::CivilDay& day) {
    return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
  };
  const auto day_text = [&](const absl::CivilDay& day) { return bare_day(day) + first_.tail; };
  const absl::CivilDay epoch(1970, 1, 1);
  const auto in_month = [&](int year, int month) {
    return day_text(absl::CivilDay(year, month, std::min(DayOfMonth(), LastDayOf(year, month))));
  };
  switch (length_) {
    case BucketLength::kHour: {
      const std::int64_t day = FloorDivide(bucket, 24);
      return absl::StrCat(bare_day(epoch + day), std::string(1, first_.separator),
                          absl::StrFormat("%02d", bucket - day * 24), first_.tail);
    }
    case BucketLength::kDay:
      return day_text(epoch + bucket);
    case BucketLength::kWeek:
      return day_text(epoch + (bucket * kDaysAWeek + weekday_));
    case BucketLength::kMonth: {
      const int year = static_cast<int>(FloorDivide(bucket, 12));
      const int month = static_cast<int>(bucket - std::int64_t{12} * year) + 1;
      return first_.whole ? in_month(year, month) : absl::StrFormat("%04d-%02d", year, month);
    }
    case BucketLength::kQuarter: {
      const int year = static_cast<int>(FloorDivide(bucket, 4));
      const int quarter = static_cast<int>(bucket - std::int64_t{4} * year);
      if (first_.whole) return in_month(year, 3 * quarter + 1 + (first_.month - 1) % 3);
      return absl::StrFormat("%04d%sQ%d", year, first_.dash ? "-" : "", quarter + 1);
    }
    case BucketLength::kYear: {
      const int year = static_cast<int>(bucket);
      return first_.whole ? in_month(year, first_.month) : absl::StrFormat("%04d", year);
    }
  }
  return "";
}

}  // namespace tandem::cli
