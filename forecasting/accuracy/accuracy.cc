#include "forecasting/accuracy/accuracy.h"

#include <cmath>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

absl::Status CheckPair(std::span<const double> actual_units,
                       std::span<const double> forecast_units) {
  if (actual_units.size() != forecast_units.size()) {
    return absl::InvalidArgumentError(absl::StrCat(actual_units.size(), " actual values, but ",
                                                   forecast_units.size(), " forecast values"));
  }
  if (!AllFinite(actual_units) || !AllFinite(forecast_units)) {
    return absl::InvalidArgumentError("a value is a NaN or an infinity");
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<double> Ratio::value() const {
  if (!(denominator > 0.0)) return std::nullopt;
  const double quotient = numerator / denominator;
  if (!std::isfinite(quotient)) return std::nullopt;
  return quotient;
}

Ratio& Ratio::operator+=(const Ratio& other) {
  numerator += other.numerator;
  denominator += other.denominator;
  return *this;
}

absl::StatusOr<Ratio> Wmape(std::span<const double> actual_units,
                            std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  Ratio ratio;
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    ratio.numerator += std::abs(forecast_units[k] - actual_units[k]);
    ratio.denominator += actual_units[k];
  }
  return ratio;
}

absl::StatusOr<Ratio> Bias(std::span<const double> actual_units,
                           std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  Ratio ratio;
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    ratio.numerator += forecast_units[k] - actual_units[k];
    ratio.denominator += actual_units[k];
  }
  return ratio;
}

std::optional<double> SquaredStepScale(std::span<const double> history_units) {
  const std::span<const double> sold = FromFirstSale(history_units);
  double squares = 0.0;
  for (std::size_t t = 1; t < sold.size(); ++t) {
    const double step = sold[t] - sold[t - 1];
    squares += step * step;
  }
  if (squares == 0.0) return std::nullopt;
  return squares / static_cast<double>(sold.size() - 1);
}

absl::StatusOr<std::optional<double>> Rmsse(std::span<const double> history_units,
                                            std::span<const double> actual_units,
                                            std::span<const double> forecast_units) {
  if (const auto status = CheckPair(actual_units, forecast_units); !status.ok()) return status;
  if (!AllFinite(history_units)) {
    return absl::InvalidArgumentError("the history holds a NaN or an infinity");
  }
  const std::optional<double> scale = SquaredStepScale(history_units);
  if (!scale.has_value() || actual_units.empty()) return std::nullopt;
  double squares = 0.0;
  for (std::size_t k = 0; k < actual_units.size(); ++k) {
    const double error = actual_units[k] - forecast_units[k];
    squares += error * error;
  }
  const double rmsse = std::sqrt(squares / static_cast<double>(actual_units.size()) / *scale);
  if (!std::isfinite(rmsse)) return absl::OutOfRangeError("the error is too large to scale");
  return rmsse;
}

}  // namespace tandem::forecasting
