#include "forecasting/local/smoothing.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/history.h"

namespace tandem::forecasting {

namespace {

// The recursion itself; the history has been checked.
absl::StatusOr<LevelFit> Fit(std::span<const double> history_units, double alpha) {
  double level = history_units.front();
  double squares = 0.0;
  for (const double y : history_units.subspan(1)) {
    const double error = y - level;
    squares += error * error;
    level += alpha * error;
  }
  LevelFit fit{.level_units = level};
  if (history_units.size() > 1) {
    fit.rmse_units = std::sqrt(squares / static_cast<double>(history_units.size() - 1));
  }
  if (!std::isfinite(fit.level_units) || !std::isfinite(fit.rmse_units)) {
    return absl::OutOfRangeError("the history's values are too large to smooth");
  }
  return fit;
}

}  // namespace

absl::StatusOr<LevelFit> FitLevel(std::span<const double> history_units,
                                  const LevelOptions& options) {
  if (const absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (!(options.alpha > 0.0 && options.alpha <= 1.0)) {  // Negated, so that NaN is refused too.
    return absl::InvalidArgumentError(
        absl::StrCat("alpha is ", options.alpha, "; it must be above 0 and at most 1"));
  }
  return Fit(history_units, options.alpha);
}

absl::StatusOr<BestLevel> FitBestLevel(std::span<const double> history_units) {
  if (const absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  BestLevel best{.fit = {.rmse_units = std::numeric_limits<double>::infinity()}};
  for (const double alpha : kAlphaGrid) {
    const absl::StatusOr<LevelFit> fit = Fit(history_units, alpha);
    if (!fit.ok()) return fit.status();
    if (fit->rmse_units < best.fit.rmse_units) best = {.alpha = alpha, .fit = *fit};
  }
  return best;
}

}  // namespace tandem::forecasting
