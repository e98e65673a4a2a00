#include "forecasting/accuracy/calibration.h"

#include <algorithm>
#include <cmath>

#include "forecasting/uncertainty/quantile_curve.h"

namespace tandem::forecasting {
namespace {

// The lower end among the nine quantiles, the upper one mirrors it; none for 80 %.
constexpr std::array<std::size_t, kIntervals> kBounds = {3, 2, kQuantiles, 1, 0};

CountStep StepOfCurve(const QuantileCurve& curve, const Outcome& outcome) {
  if (outcome.is_count) return StepOfCount(curve, outcome.units);
  return {.below = curve.Below(outcome.units), .at = curve.AtMost(outcome.units)};
}

// From nothing up to the next quantile, the curve's probabilities are drawn to begin at that of
// nothing.
CountStep StepOf(const QuantileCurve& curve, std::span<const double, kQuantiles> quantile_units,
                 const Outcome& outcome) {
  const CountStep step = StepOfCurve(curve, outcome);
  if (!outcome.none_probability.has_value()) return step;
  const double none_units = NoneUnits(outcome.is_count);
  const double none = NoneWithin(*outcome.none_probability, quantile_units, none_units);
  if (outcome.units <= none_units) return {.below = 0.0, .at = none};
  const std::size_t nones = NoneCount(quantile_units, none_units);
  if (nones == kQuantiles) {
    return {.below = std::max(step.below, none), .at = std::max(step.at, none)};
  }
  const double first = curve.AtMost(none_units);
  const double next = kQuantileLevels[nones];
  const auto drawn = [&](double probability) {
    if (probability >= next) return probability;
    const double way = first < next ? (probability - first) / (next - first) : 1.0;
    return none + std::clamp(way, 0.0, 1.0) * (next - none);
  };
  return {.below = drawn(step.below), .at = drawn(step.at)};
}

}  // namespace

void Calibration::Add(const Outcome& outcome, std::span<const double, kQuantiles> quantile_units,
                      double draw) {
  const QuantileCurve curve(quantile_units);
  const CountStep step = StepOf(curve, quantile_units, outcome);
  const double pit = step.below + draw * (step.at - step.below);
  outcomes_ += 1.0;
  for (std::size_t k = 0; k < kIntervals; ++k) {
    const double miss = 0.5 * (1.0 - kIntervalShares[k]);
    const std::size_t bound = kBounds[k];
    const double lower = bound < kQuantiles ? quantile_units[bound] : curve.Quantile(miss);
    const double upper =
        bound < kQuantiles ? quantile_units[kQuantiles - 1 - bound] : curve.Quantile(1.0 - miss);
    if (lower <= outcome.units && outcome.units <= upper) covered_[k] += 1.0;
    if (miss <= pit && pit < 1.0 - miss) pit_covered_[k] += 1.0;
  }
  const auto bin = static_cast<std::size_t>(pit * static_cast<double>(kPitBins));
  pit_bins_[std::min(bin, kPitBins - 1)] += 1.0;
}

Calibration& Calibration::operator+=(const Calibration& other) {
  outcomes_ += other.outcomes_;
  for (std::size_t k = 0; k < kIntervals; ++k) {
    covered_[k] += other.covered_[k];
    pit_covered_[k] += other.pit_covered_[k];
  }
  for (std::size_t bin = 0; bin < kPitBins; ++bin) pit_bins_[bin] += other.pit_bins_[bin];
  return *this;
}

std::optional<double> Calibration::PitDeviation() const {
  if (!(outcomes_ > 0.0)) return std::nullopt;
  double sum = 0.0;
  for (const double count : pit_bins_) {
    sum += std::abs(count / outcomes_ - 1.0 / static_cast<double>(kPitBins));
  }
  return 0.5 * sum;
}

}  // namespace tandem::forecasting
