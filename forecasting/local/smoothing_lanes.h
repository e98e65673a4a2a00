// Simple exponential smoothing at eight weights side by side, in one pass over the values.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace tandem::forecasting {

// The weights tried: [0.1, 0.3], the range of M5's benchmarks (M5 Competitors' Guide), evenly.
inline constexpr std::size_t kLaneWeights = 8;
inline constexpr std::array<double, kLaneWeights> kLaneAlphas = {
    0.1, 0.9 / 7.0, 1.1 / 7.0, 1.3 / 7.0, 1.5 / 7.0, 1.7 / 7.0, 1.9 / 7.0, 0.3};

struct LaneLevel {
  double alpha = 0.1;
  double level_units = 0.0;  // After the last value.
};

// The level from the first value on, with the weight of least squared one-step error; the smallest
// on a tie. `values` must not be empty. Eight weights are .03 apart: the squared error is within
// 1 % of the best of the whole range (the test holds it).
LaneLevel BestLaneLevel(std::span<const double> values);

// The same of two equally long series in less time than of one after the other: each level waits
// for the one before.
std::array<LaneLevel, 2> BestLaneLevels(std::span<const double> first,
                                        std::span<const double> second);

}  // namespace tandem::forecasting
