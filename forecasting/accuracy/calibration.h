// Whether a forecast's quantiles keep what they promise: the share of outcomes in five central
// intervals, and how evenly the randomised PITs of all outcomes lie in [0, 1). Of counts the
// intervals alone say little, since one value may hold half the probability; the PIT spreads it.
// References: those of accuracy/interval.h, and uncertainty/quantile_curve.h for probabilities
// between the nine.
//
//   Calibration calibration;
//   calibration.Add(outcome, quantile_units, draw);  // Of every node and bucket.
//   calibration.Covered(2);  // Of the 80 % interval.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {

// The central intervals' shares. That of 80 % is read off the curve, the others are of the nine.
inline constexpr std::array<double, 5> kIntervalShares = {0.50, 0.67, 0.80, 0.95, 0.99};
inline constexpr std::size_t kIntervals = kIntervalShares.size();
inline constexpr std::size_t kPitBins = 10;

struct Outcome {
  double units = 0.0;
  bool is_count = false;  // A whole number of 0 or more, forecast as one.
  // What the forecast gives to nothing at all, of what cannot be less, where it says that beside
  // its quantiles: between the last of these that is nothing and the next they tell it only
  // roughly.
  std::optional<double> none_probability{};
};

class Calibration {
 public:
  // One outcome beside its nine quantiles, finite and ascending; `draw` is uniform in [0, 1) and
  // independent of both.
  void Add(const Outcome& outcome, std::span<const double, kQuantiles> quantile_units, double draw);
  Calibration& operator+=(const Calibration& other);

  // Share of the outcomes within kIntervalShares[k], ends included; nullopt without outcomes.
  std::optional<double> Covered(std::size_t k) const { return Share(covered_[k]); }
  // Share of the PITs in the central kIntervalShares[k] of [0, 1): the coverage of counts.
  std::optional<double> PitCovered(std::size_t k) const { return Share(pit_covered_[k]); }
  // Share of the PITs in [bin / 10, (bin + 1) / 10): a tenth where the forecast is right.
  std::optional<double> PitBin(std::size_t bin) const { return Share(pit_bins_[bin]); }
  // Share of the PITs that would have to lie in another tenth for all to hold as many: 0 to 0.9.
  std::optional<double> PitDeviation() const;

 private:
  std::optional<double> Share(double count) const {
    return outcomes_ > 0.0 ? std::optional(count / outcomes_) : std::nullopt;
  }

  double outcomes_ = 0.0;
  std::array<double, kIntervals> covered_{};
  std::array<double, kIntervals> pit_covered_{};
  std::array<double, kPitBins> pit_bins_{};
};

}  // namespace tandem::forecasting
