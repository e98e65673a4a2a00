#include "tests/bench/forecasting_effects/fresh_retail.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/packed_file.h"

namespace tandem::bench {
namespace {

constexpr int kHours = 16;

// Rows of numbers below a head line; a cell that is no number, such as a date, is a NaN.
using Rows = std::vector<std::vector<double>>;
Rows ReadRows(const std::string& folder, const std::string& name) {
  const std::string packed = folder + "/" + name + ".csv.zst";
  const std::string path = std::filesystem::exists(packed) ? packed : folder + "/" + name + ".csv";
  const std::string text = ReadPacked(path);
  Rows rows;
  std::size_t at = text.find('\n');
  while (at != std::string::npos && at + 1 < text.size()) {
    const std::size_t end = std::min(text.find('\n', at + 1), text.size());
    std::string_view line(text.data() + at + 1, end - at - 1);
    std::vector<double>& row = rows.emplace_back();
    while (!line.empty()) {
      const std::size_t comma = std::min(line.find(','), line.size());
      double value = 0.0;
      const auto [last, error] = std::from_chars(line.data(), line.data() + comma, value);
      const bool number = error == std::errc{} && last == line.data() + comma;
      row.push_back(number ? value : std::numeric_limits<double>::quiet_NaN());
      line.remove_prefix(std::min(comma + 1, line.size()));
    }
    at = end < text.size() ? end : std::string::npos;
  }
  return rows;
}

// Whether each day is a holiday, by city.
std::map<int, std::vector<double>> ReadHolidays(const std::string& folder) {
  // city,dt,precpt,temp,hum,wind,holiday: the weather is not known in advance.
  std::map<int, std::vector<double>> holidays;
  for (const std::vector<double>& row : ReadRows(folder, "city_day")) {
    if (row.size() != 7 || std::isnan(row[0]) || std::isnan(row[6])) {
      Fail("city_day: a row is not as expected");
    }
    holidays[static_cast<int>(row[0])].push_back(row[6]);
  }
  return holidays;
}

struct Columns {
  Rows sales{};
  Rows empty{};
  Rows discount{};
  Rows activity{};
};

void AddDays(const Columns& columns, std::size_t s, const std::vector<double>& holidays,
             FreshSeries& series) {
  const std::size_t days = columns.sales[s].size();  // With the row's key before the first.
  if (columns.empty[s].size() != days || columns.discount[s].size() != days ||
      columns.activity[s].size() != days || holidays.size() + 1 != days) {
    Fail("freshretail: series " + std::to_string(s) + " has not the same days in all files");
  }
  for (std::size_t t = 1; t < days; ++t) {
    const double empty = columns.empty[s][t];
    if (!(empty >= 0.0 && empty <= kHours)) Fail("freshretail: empty hours are not 0 to 16");
    if (!(columns.discount[s][t] >= 0.0) || std::isnan(columns.activity[s][t])) {
      Fail("freshretail: discount or activity of series " + std::to_string(s) + " is no number");
    }
    series.units.push_back(columns.sales[s][t]);
    series.empty_hours.push_back(static_cast<std::uint8_t>(empty));
    for (std::size_t day = 0; day < 6; ++day) {
      series.drivers.push_back((t - 1) % 7 == day ? 1.0 : 0.0);
    }
    series.drivers.push_back(std::log(std::max(0.1, columns.discount[s][t])));
    series.drivers.push_back(columns.activity[s][t]);
    series.drivers.push_back(holidays[t - 1]);
  }
}

}  // namespace

double WeekdayMean(const std::vector<double>& units, std::size_t day) {
  double sum = 0.0;
  for (std::size_t week = 1; week <= 4; ++week) sum += units[day - 7 * week];
  return sum / 4.0;
}

std::vector<FreshSeries> ReadFreshRetail(const std::string& folder) {
  // series,city,store,management group,first category,second category,third category,product
  const Rows names = ReadRows(folder, "series");
  const Columns columns = {.sales = ReadRows(folder, "sales"),
                           .empty = ReadRows(folder, "stockout_hours_6_22"),
                           .discount = ReadRows(folder, "discount"),
                           .activity = ReadRows(folder, "activity_flag")};
  const std::map<int, std::vector<double>> holidays = ReadHolidays(folder);
  for (const Rows* rows : {&columns.sales, &columns.empty, &columns.discount, &columns.activity}) {
    if (rows->size() != names.size()) Fail(folder + ": the files have not the same series");
  }
  std::vector<FreshSeries> all;
  for (std::size_t s = 0; s < names.size(); ++s) {
    if (names[s].size() != 8) Fail(folder + ": a row of series has not eight cells");
    FreshSeries& series = all.emplace_back();
    series.city = static_cast<int>(names[s][1]);
    series.store = static_cast<int>(names[s][2]);
    series.first_category = static_cast<int>(names[s][4]);
    series.second_category = static_cast<int>(names[s][5]);
    const auto found = holidays.find(series.city);
    if (found == holidays.end()) Fail(folder + ": city_day lacks a city of series");
    AddDays(columns, s, found->second, series);
  }
  if (all.empty()) Fail(folder + ": there is no series");
  return all;
}

}  // namespace tandem::bench
