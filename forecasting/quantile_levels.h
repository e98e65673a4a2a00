// The quantiles that every forecast of this library carries.
#pragma once

#include <array>
#include <cstddef>

namespace tandem::forecasting {

// M5's nine (M5 Competitors' Guide): the median and the bounds of the 50, 67, 95 and 99 %
// intervals.
inline constexpr std::array<double, 9> kQuantileLevels = {0.005, 0.025, 0.165, 0.25, 0.5,
                                                          0.75,  0.835, 0.975, 0.995};
inline constexpr std::size_t kQuantiles = kQuantileLevels.size();

}  // namespace tandem::forecasting
