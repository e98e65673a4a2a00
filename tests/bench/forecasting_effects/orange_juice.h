// Dominick's refrigerated orange juice: sales of eleven brands by store and week, with the prices
// of all and the promotions of each.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace tandem::bench {

inline constexpr std::size_t kBrands = 11;

struct JuiceWeek {
  int week = 0;
  double units = 0.0;                        // round(exp(logmove)).
  std::array<double, kBrands> log_prices{};  // Per ounce, of all brands in the store.
  double deal = 0.0;
  double feature = 0.0;
};

struct JuiceSeries {
  int store = 0;
  int brand = 0;                   // 1..11.
  std::vector<JuiceWeek> weeks{};  // Ascending; weeks without sales are not there.
};

// The folder's `oj*.csv` or `oj*.csv.zst`, all of them, by store and brand. Ends the program with a
// message where there is none, or a line is not as expected.
std::vector<JuiceSeries> ReadJuice(const std::string& folder);

}  // namespace tandem::bench
