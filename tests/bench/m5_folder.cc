#include "tests/bench/m5_folder.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "services/base/day.h"

namespace tandem::bench {
namespace {

constexpr int kDays = 1941;
constexpr int kItems = 3049;
constexpr const char* kStores[][2] = {{"CA_1", "CA"}, {"CA_2", "CA"}, {"CA_3", "CA"},
                                      {"CA_4", "CA"}, {"WI_1", "WI"}, {"WI_2", "WI"},
                                      {"WI_3", "WI"}};

// SplitMix64.
std::uint64_t Next(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double Uniform(std::uint64_t& state) { return static_cast<double>(Next(state) >> 11) * 0x1p-53; }

std::string Item(int item) {
  char text[32];
  const int dept = item % 7;
  const char* names[] = {"FOODS_1",   "FOODS_2",     "FOODS_3",    "HOBBIES_1",
                         "HOBBIES_2", "HOUSEHOLD_1", "HOUSEHOLD_2"};
  std::snprintf(text, sizeof text, "%s_%03d", names[dept], item / 7);
  return text;
}

void WriteCalendar(const std::string& folder) {
  std::ofstream out(folder + "/calendar.csv");
  out << "date,wm_yr_wk,weekday,wday,month,year,d,event_name_1,event_type_1,event_name_2,"
         "event_type_2,snap_CA,snap_TX,snap_WI\n";
  const char* weekdays[] = {"Saturday",  "Sunday",   "Monday", "Tuesday",
                            "Wednesday", "Thursday", "Friday"};
  const base::Day first = *base::Day::FromCivil(2011, 1, 29);
  for (int d = 0; d < 1969; ++d) {
    const std::string date = (first + d).ToString();
    const int week = d / 7;
    out << date << ',' << 11101 + week / 52 * 100 + week % 52 << ',' << weekdays[d % 7] << ','
        << d % 7 + 1 << ',' << std::stoi(date.substr(5, 2)) << ',' << date.substr(0, 4) << ",d_"
        << d + 1 << ",,,,,0,0,0\n";
  }
}

void WriteSales(const std::string& folder) {
  std::FILE* out = std::fopen((folder + "/sales_generated.csv").c_str(), "w");
  if (out == nullptr) std::exit(1);
  std::fputs("item_id,dept_id,cat_id,store_id,state_id", out);
  for (int d = 1; d <= kDays; ++d) std::fprintf(out, ",d_%d", d);
  std::fputc('\n', out);
  std::uint64_t state = 20110129;
  std::string line;
  for (const auto& [store, region] : kStores) {
    for (int item = 0; item < kItems; ++item) {
      const std::string id = Item(item);
      const std::string dept = id.substr(0, id.rfind('_'));
      line = absl::StrCat(id, ",", dept, ",", dept.substr(0, dept.rfind('_')), ",", store, ",",
                          region);
      const double level = std::exp(3.0 * Uniform(state) - 2.2);
      for (int d = 0; d < kDays; ++d) {
        const double mean = level * (d % 7 < 2 ? 1.4 : 0.85);
        double left = std::exp(-mean);  // Knuth's Poisson.
        double u = Uniform(state);
        int units = 0;
        for (; u > left && units < 200; ++units) u -= left, left *= mean / (units + 1);
        line += ',';
        line += std::to_string(units);
      }
      line += '\n';
      std::fputs(line.c_str(), out);
    }
  }
  std::fclose(out);
}

void WriteListings(const std::string& folder) {
  std::ofstream prices(folder + "/prices_generated.csv");
  std::ofstream listed(folder + "/first_listed_generated.csv");
  prices << "store_id,item_id,first_wm_yr_wk,last_wm_yr_wk,sell_price\n";
  listed << "store_id,item_id,first_listed_d\n";
  std::uint64_t state = 7;
  for (const auto& [store, region] : kStores) {
    for (int item = 0; item < kItems; ++item) {
      listed << store << ',' << Item(item) << ",1\n";
      const auto cents = 100 + Next(state) % 900;
      char price[16];
      std::snprintf(price, sizeof price, "%d.%02d", static_cast<int>(cents / 100),
                    static_cast<int>(cents % 100));
      prices << store << ',' << Item(item) << ",11101,11613," << price << '\n';
    }
  }
}

}  // namespace

M5Folder OpenM5() {
  M5Folder folder;
  folder.cells = 7.0 * kItems * kDays;
  if (const char* real = std::getenv("TANDEM_M5"); real != nullptr) {
    folder.path = real;
    return folder;
  }
  folder.suffix = "_generated";
  folder.made = std::make_unique<TemporaryFolder>();
  folder.path = folder.made->path();
  WriteCalendar(folder.path);
  WriteSales(folder.path);
  WriteListings(folder.path);
  return folder;
}

}  // namespace tandem::bench
