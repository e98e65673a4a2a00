#include "forecasting/consensus/value_added.h"

#include <algorithm>
#include <cmath>

#include "forecasting/consensus/confidence.h"

namespace tandem::forecasting {

absl::Status ValueAdded::Observe(const ForecastChange& change) {
  if (!std::isfinite(change.before_units) || !std::isfinite(change.after_units) ||
      !std::isfinite(change.actual_units)) {
    return absl::InvalidArgumentError("a forecast or the actual is not finite");
  }
  const double error_before = std::abs(change.before_units - change.actual_units);
  const double error_after = std::abs(change.after_units - change.actual_units);
  Add({.count = 1.0,
       .mean_units = error_before - error_after,
       .before_units = error_before,
       .after_units = error_after,
       .actual_units = change.actual_units});
  return absl::OkStatus();
}

void ValueAdded::Add(const ValueAdded& other) {
  if (other.count == 0.0) return;
  const double all = count + other.count;
  const double apart = other.mean_units - mean_units;
  squares_units += other.squares_units + apart * apart * count * other.count / all;
  mean_units += apart * other.count / all;
  count = all;
  before_units += other.before_units;
  after_units += other.after_units;
  actual_units += other.actual_units;
}

std::optional<double> ValueAdded::WmapePoints() const {
  if (!(actual_units > 0.0)) return std::nullopt;
  return (before_units - after_units) / actual_units;
}

std::optional<double> ValueAdded::ChanceOfHelp() const {
  if (count < 2.0) return std::nullopt;
  if (mean_units == 0.0) return 0.5;
  const double error = std::sqrt(squares_units / (count - 1.0) / count);
  // Infinite where every d is the same.
  const double chance = StudentProbability(mean_units / error, count - 1.0);
  // Few that happen to be alike say nothing of their spread: were d symmetric about zero, so many
  // of one sign would still come about once in 2^count.
  const double least = std::exp2(-count);
  return std::clamp(chance, least, 1.0 - least);
}

Worth ValueAdded::Judge(double confidence) const {
  const std::optional<double> chance = ChanceOfHelp();
  if (!chance.has_value()) return Worth::kUnclear;
  if (*chance >= confidence) return Worth::kHelps;
  return 1.0 - *chance >= confidence ? Worth::kHurts : Worth::kUnclear;
}

}  // namespace tandem::forecasting
