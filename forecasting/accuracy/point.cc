#include "forecasting/accuracy/point.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

constexpr double kDecay = 0.95;              // frePPLe's forecast.SmapeAlfa,
constexpr double kRoundingError = 0.000001;  // and its ROUNDING_ERROR.

absl::Status CheckPair(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(a.size(), " values, but ", b.size(), " to compare with"));
  }
  if (!AllFinite(a) || !AllFinite(b)) {
    return absl::InvalidArgumentError("a value is a NaN or an infinity");
  }
  return absl::OkStatus();
}

double AbsoluteError(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += std::abs(a[k] - b[k]);
  return sum;
}

double SignedError(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] - b[k];
  return sum;
}

double SumOf(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum;
}

}  // namespace

absl::StatusOr<std::optional<double>> TrackingSignal(std::span<const double> actual_units,
                                                     std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  const Ratio ratio{.numerator = SignedError(actual_units, forecast_units) *
                                 static_cast<double>(actual_units.size()),
                    .denominator = AbsoluteError(actual_units, forecast_units)};
  return ratio.value();
}

std::optional<double> SeasonalStepScale(std::span<const double> history_units,
                                        std::size_t season_buckets) {
  if (season_buckets == 0 || history_units.size() <= season_buckets) return std::nullopt;
  const std::size_t steps = history_units.size() - season_buckets;
  const double sum =
      AbsoluteError(history_units.subspan(season_buckets), history_units.first(steps));
  if (sum == 0.0) return std::nullopt;
  return sum / static_cast<double>(steps);
}

absl::StatusOr<std::optional<double>> Mase(std::span<const double> history_units,
                                           std::size_t season_buckets,
                                           std::span<const double> actual_units,
                                           std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  if (!AllFinite(history_units)) {
    return absl::InvalidArgumentError("the history holds a NaN or an infinity");
  }
  if (season_buckets == 0) return absl::InvalidArgumentError("a season has at least one bucket");
  const Ratio mean{.numerator = AbsoluteError(actual_units, forecast_units),
                   .denominator = static_cast<double>(actual_units.size())};
  const std::optional<double> scale = SeasonalStepScale(history_units, season_buckets);
  if (!scale.has_value() || !mean.value().has_value()) return std::nullopt;
  return Ratio{.numerator = *mean.value(), .denominator = *scale}.value();
}

absl::StatusOr<std::optional<double>> Smape(std::span<const double> actual_units,
                                            std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  Ratio mean{.numerator = 0.0, .denominator = static_cast<double>(actual_units.size())};
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    const double size = std::abs(actual_units[k]) + std::abs(forecast_units[k]);
    if (size > 0.0) mean.numerator += 200.0 * std::abs(actual_units[k] - forecast_units[k]) / size;
  }
  return mean.value();
}

absl::StatusOr<Ratio> Mape(std::span<const double> actual_units,
                           std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  Ratio mean;
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    if (actual_units[k] <= 0.0) continue;
    mean.numerator += std::abs(actual_units[k] - forecast_units[k]) / actual_units[k];
    mean.denominator += 1.0;
  }
  return mean;
}

absl::StatusOr<Ratio> DecayedSmape(std::span<const double> actual_units,
                                   std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  Ratio ratio;
  double weight = 1.0;
  for (std::size_t k = actual_units.size(); k-- > 0; weight *= kDecay) {
    const double sum = std::abs(actual_units[k] + forecast_units[k]);
    if (sum <= kRoundingError) continue;
    ratio.numerator += weight * std::abs(actual_units[k] - forecast_units[k]) / sum;
    ratio.denominator += weight;
  }
  return ratio;
}

std::optional<double> Owa(const MeanErrors& method, const MeanErrors& naive2) {
  const auto smape = Ratio{.numerator = method.smape, .denominator = naive2.smape}.value();
  const auto mase = Ratio{.numerator = method.mase, .denominator = naive2.mase}.value();
  if (!smape.has_value() || !mase.has_value()) return std::nullopt;
  return (*smape + *mase) / 2.0;
}

absl::StatusOr<Ratio> ErrorAndBias(std::span<const double> actual_units,
                                   std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  return Ratio{.numerator = AbsoluteError(actual_units, forecast_units) +
                            std::abs(SignedError(actual_units, forecast_units)),
               .denominator = SumOf(actual_units)};
}

absl::StatusOr<Ratio> WeightedMae(std::span<const double> actual_units,
                                  std::span<const double> forecast_units,
                                  std::span<const double> weights) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  if (const auto status = CheckPair(actual_units, weights); !status.ok()) return status;
  if (std::ranges::any_of(weights, [](double w) { return w < 0.0; })) {
    return absl::InvalidArgumentError("a weight is negative");
  }
  Ratio ratio;
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    ratio.numerator += weights[k] * std::abs(actual_units[k] - forecast_units[k]);
    ratio.denominator += weights[k];
  }
  return ratio;
}

absl::StatusOr<Ratio> Stability(std::span<const double> old_units,
                                std::span<const double> new_units) {
  if (const auto status = CheckPair(old_units, new_units); !status.ok()) return status;
  return Ratio{.numerator = AbsoluteError(new_units, old_units), .denominator = SumOf(old_units)};
}

absl::StatusOr<StepGain> ForecastValueAdded(std::span<const double> actual_units,
                                            std::span<const double> before_units,
                                            std::span<const double> after_units) {
  const auto before = Wmape(actual_units, before_units);
  if (!before.ok()) return before.status();
  const auto after = Wmape(actual_units, after_units);
  if (!after.ok()) return after.status();
  StepGain added;
  if (before->value().has_value() && after->value().has_value()) {
    added.wmape = *before->value() - *after->value();
  }
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    const double error = std::abs(actual_units[k] - after_units[k]);
    added.improved.numerator += error < std::abs(actual_units[k] - before_units[k]) ? 1.0 : 0.0;
    added.improved.denominator += 1.0;
  }
  return added;
}

}  // namespace tandem::forecasting
