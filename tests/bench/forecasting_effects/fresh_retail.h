// Fresh food by shop and day, with the hours for which the shelf was empty: FreshRetailNet's
// layout.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tandem::bench {

inline constexpr std::size_t kFreshDrivers =
    9;  // Six weekdays, log price factor, activity, holiday.

struct FreshSeries {
  int city = 0;
  int store = 0;
  int first_category = 0;
  int second_category = 0;
  std::vector<double> units{};              // A day each.
  std::vector<std::uint8_t> empty_hours{};  // Of the sixteen from 6 to 22 o'clock.
  std::vector<double> drivers{};            // kFreshDrivers a day, all known in advance.
};

// Of forecasts, where the shelf was full.
struct FreshErrors {
  double absolute = 0.0;
  double signed_units = 0.0;
  double units = 0.0;

  void Add(double forecast, double actual) {
    absolute += std::abs(forecast - actual);
    signed_units += forecast - actual;
    units += actual;
  }
  double Wape() const { return absolute / units; }
  double Bias() const { return signed_units / units; }
};

// The mean of the same weekday in the four weeks before, sold out or not.
double WeekdayMean(const std::vector<double>& units, std::size_t day);

// Reads series, sales, stockout_hours_6_22, discount, activity_flag and city_day. Ends the program
// with a message where a file is missing or a line is not as expected.
std::vector<FreshSeries> ReadFreshRetail(const std::string& folder);

}  // namespace tandem::bench
