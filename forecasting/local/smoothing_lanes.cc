#include "forecasting/local/smoothing_lanes.h"

#include "forecasting/local/lane_sums.h"
#include "forecasting/local/wide_lanes.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kWhole = kLaneWeights / kLaneSize;

// A series' levels by weight, and the sums of squared errors.
struct Smoothed {
  LaneRow<kWhole> levels;
  LaneRow<kWhole> squares;
};

// kSeries series of `size` values each.
template <std::size_t kSeries>
inline void Smooth(const std::array<const double*, kSeries>& values, std::size_t size,
                   std::array<Smoothed, kSeries>& out) {
  LaneRow<kWhole> alpha;
  LaneRow<kWhole> keep;
  for (std::size_t l = 0; l < kWhole; ++l) {
    Load(&kLaneAlphas[l * kLaneSize], alpha.lane[l]);
    keep.lane[l] = 1.0 - alpha.lane[l];
  }
  std::array<Smoothed, kSeries> now;
  for (std::size_t s = 0; s < kSeries; ++s) {
    for (std::size_t l = 0; l < kWhole; ++l) {
      now[s].levels.lane[l] = Lane4{} + values[s][0];
      now[s].squares.lane[l] = Lane4{};
    }
  }
  for (std::size_t t = 1; t < size; ++t) {
    for (std::size_t s = 0; s < kSeries; ++s) {
      const double y = values[s][t];
      for (std::size_t l = 0; l < kWhole; ++l) {
        const Lane4 error = y - now[s].levels.lane[l];
        now[s].squares.lane[l] += error * error;
        // Not level + alpha error, which would wait for the error.
        now[s].levels.lane[l] = keep.lane[l] * now[s].levels.lane[l] + alpha.lane[l] * y;
      }
    }
  }
  out = now;
}

LaneLevel BestOf(const Smoothed& smoothed) {
  const auto at = [](const LaneRow<kWhole>& row, std::size_t i) {
    return row.lane[i / kLaneSize][i % kLaneSize];
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < kLaneWeights; ++i) {
    if (at(smoothed.squares, i) < at(smoothed.squares, best)) best = i;
  }
  return {.alpha = kLaneAlphas[best], .level_units = at(smoothed.levels, best)};
}

}  // namespace

LaneLevel BestLaneLevel(std::span<const double> values) {
  static const auto smooth = WidestOf<Smooth<1>>();
  std::array<Smoothed, 1> smoothed;
  smooth({values.data()}, values.size(), smoothed);
  return BestOf(smoothed[0]);
}

std::array<LaneLevel, 2> BestLaneLevels(std::span<const double> first,
                                        std::span<const double> second) {
  static const auto smooth = WidestOf<Smooth<2>>();
  std::array<Smoothed, 2> smoothed;
  smooth({first.data(), second.data()}, first.size(), smoothed);
  return {BestOf(smoothed[0]), BestOf(smoothed[1])};
}

}  // namespace tandem::forecasting
