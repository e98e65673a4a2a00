#include "tests/bench/forecasting_effects/orange_juice.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "tests/bench/packed_file.h"

namespace tandem::bench {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

using Key = std::pair<int, int>;

void AddLines(const std::filesystem::path& path, std::map<Key, JuiceSeries>& series) {
  const std::string text = ReadPacked(path.string());
  bool head = true;
  std::size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    ++number;
    if (std::exchange(head, false)) continue;
    // store,brand,week,logmove,constant,price1..price11,deal,feat,profit
    std::array<double, 5 + kBrands + 3> cells{};
    std::size_t column = 0;
    for (const absl::string_view cell : absl::StrSplit(line, ',')) {
      if (column >= cells.size() || !absl::SimpleAtod(cell, &cells[column])) {
        Fail(path.string() + ", line " + std::to_string(number) + ": not a row of numbers");
      }
      ++column;
    }
    if (column != cells.size()) Fail(path.string() + ": columns are missing");
    JuiceWeek week{.week = static_cast<int>(cells[2]), .units = std::round(std::exp(cells[3]))};
    for (std::size_t b = 0; b < kBrands; ++b) week.log_prices[b] = std::log(cells[5 + b]);
    week.deal = cells[5 + kBrands];
    week.feature = cells[6 + kBrands];
    const Key key(static_cast<int>(cells[0]), static_cast<int>(cells[1]));
    JuiceSeries& one = series[key];
    one.store = key.first;
    one.brand = key.second;
    one.weeks.push_back(week);
  }
}

}  // namespace

std::vector<JuiceSeries> ReadJuice(const std::string& folder) {
  std::map<Key, JuiceSeries> series;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool csv = name.ends_with(".csv") || name.ends_with(".csv.zst");
    if (csv && name.starts_with("oj")) AddLines(entry.path(), series);
  }
  if (series.empty()) Fail("no oj*.csv or oj*.csv.zst in " + folder);
  std::vector<JuiceSeries> all;
  for (auto& [key, one] : series) {
    std::sort(one.weeks.begin(), one.weeks.end(),
              [](const JuiceWeek& a, const JuiceWeek& b) { return a.week < b.week; });
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace tandem::bench
