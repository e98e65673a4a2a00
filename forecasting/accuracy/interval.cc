#include "forecasting/accuracy/interval.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/accuracy/point.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

absl::Status CheckPair(std::span<const double> actual, std::span<const double> quantile) {
  if (actual.size() != quantile.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(actual.size(), " actual values, but ", quantile.size(), " of the quantile"));
  }
  if (!AllFinite(actual) || !AllFinite(quantile)) {
    return absl::InvalidArgumentError("a value is a NaN or an infinity");
  }
  return absl::OkStatus();
}

absl::Status CheckInterval(std::span<const double> actual, const Interval& interval) {
  if (auto status = CheckPair(actual, interval.lower_units); !status.ok()) return status;
  return CheckPair(actual, interval.upper_units);
}

bool IsProbability(double u) { return u > 0.0 && u < 1.0; }

}  // namespace

absl::StatusOr<Ratio> Pinball(std::span<const double> actual_units,
                              std::span<const double> quantile_units, double probability) {
  if (const auto status = CheckPair(actual_units, quantile_units); !status.ok()) return status;
  if (!IsProbability(probability)) return absl::InvalidArgumentError("not a probability in (0, 1)");
  Ratio ratio{.numerator = 0.0, .denominator = static_cast<double>(actual_units.size())};
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    const double over = actual_units[k] - quantile_units[k];
    ratio.numerator += std::max(probability * over, (probability - 1.0) * over);
  }
  return ratio;
}

std::optional<double> AbsoluteStepScale(std::span<const double> history_units) {
  return SeasonalStepScale(FromFirstSale(history_units), 1);
}

absl::StatusOr<std::optional<double>> ScaledPinball(std::span<const double> history_units,
                                                    std::span<const double> actual_units,
                                                    std::span<const double> quantile_units) {
  if (!AllFinite(history_units)) {
    return absl::InvalidArgumentError("the history holds a NaN or an infinity");
  }
  const std::size_t horizon = actual_units.size();
  if (quantile_units.size() != kQuantiles * horizon) {
    return absl::InvalidArgumentError("not nine quantiles a bucket");
  }
  Ratio mean;
  for (std::size_t u = 0; u < kQuantiles; ++u) {
    const auto loss =
        Pinball(actual_units, quantile_units.subspan(u * horizon, horizon), kQuantileLevels[u]);
    if (!loss.ok()) return loss.status();
    mean += *loss;
  }
  const std::optional<double> scale = AbsoluteStepScale(history_units);
  if (!scale.has_value() || !mean.value().has_value()) return std::nullopt;
  return Ratio{.numerator = *mean.value(), .denominator = *scale}.value();
}

absl::StatusOr<Ratio> WeightedScaledPinball(std::span<const WeightedSeries> level) {
  Ratio mean;
  for (std::size_t i = 0; i < level.size(); ++i) {
    const WeightedSeries& one = level[i];
    if (!(std::isfinite(one.weight) && one.weight >= 0.0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the weight of series ", i, " is below 0 or not finite"));
    }
    const auto loss = ScaledPinball(one.history_units, one.actual_units, one.quantile_units);
    if (!loss.ok()) return loss.status();
    mean += {.numerator = one.weight * loss->value_or(0.0), .denominator = one.weight};
  }
  return mean;
}

absl::StatusOr<Ratio> WeightedQuantileLoss(std::span<const double> actual_units,
                                           std::span<const double> quantile_units,
                                           double probability) {
  const auto loss = Pinball(actual_units, quantile_units, probability);
  if (!loss.ok()) return loss.status();
  Ratio ratio{.numerator = 2.0 * loss->numerator, .denominator = 0.0};
  for (const double actual : actual_units) ratio.denominator += std::abs(actual);
  return ratio;
}

absl::StatusOr<Ratio> Coverage(std::span<const double> actual_units, const Interval& interval) {
  if (const auto status = CheckInterval(actual_units, interval); !status.ok()) return status;
  Ratio ratio{.numerator = 0.0, .denominator = static_cast<double>(actual_units.size())};
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    const bool inside =
        interval.lower_units[k] <= actual_units[k] && actual_units[k] <= interval.upper_units[k];
    ratio.numerator += inside ? 1.0 : 0.0;
  }
  return ratio;
}

absl::StatusOr<std::optional<double>> Msis(std::span<const double> history_units,
                                           std::span<const double> actual_units,
                                           const Interval& interval, const MsisOptions& options) {
  if (const auto status = CheckInterval(actual_units, interval); !status.ok()) return status;
  if (!AllFinite(history_units)) {
    return absl::InvalidArgumentError("the history holds a NaN or an infinity");
  }
  if (!IsProbability(options.miss_share)) {
    return absl::InvalidArgumentError("not a probability in (0, 1)");
  }
  if (options.season_buckets == 0) {
    return absl::InvalidArgumentError("a season has at least one bucket");
  }
  Ratio mean{.numerator = 0.0, .denominator = static_cast<double>(actual_units.size())};
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    const double lower = interval.lower_units[k];
    const double upper = interval.upper_units[k];
    const double miss =
        std::max(lower - actual_units[k], 0.0) + std::max(actual_units[k] - upper, 0.0);
    mean.numerator += upper - lower + 2.0 / options.miss_share * miss;
  }
  const std::optional<double> scale = SeasonalStepScale(history_units, options.season_buckets);
  if (!scale.has_value() || !mean.value().has_value()) return std::nullopt;
  return Ratio{.numerator = *mean.value(), .denominator = *scale}.value();
}

absl::StatusOr<double> RandomisedPit(const PitStep& step, double v) {
  if (!(0.0 <= step.below && step.below <= step.at && step.at <= 1.0 && v >= 0.0 && v < 1.0)) {
    return absl::InvalidArgumentError("F(y-1), F(y) or v is out of range");
  }
  return step.below + v * (step.at - step.below);
}

}  // namespace tandem::forecasting
