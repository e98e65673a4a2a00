#include "forecasting/local/combination.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "forecasting/local/history.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

absl::Status CheckCount(std::size_t count) {
  if (count >= 1 && count <= kCombinedMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(count, " forecasts to combine; it must be 1 to ", kCombinedMax));
}

absl::Status CheckForecasts(std::span<const std::span<const double>> forecasts, std::size_t size) {
  if (absl::Status status = CheckCount(forecasts.size()); !status.ok()) return status;
  for (std::size_t k = 0; k < forecasts.size(); ++k) {
    if (forecasts[k].size() != size) {
      return absl::InvalidArgumentError(absl::StrCat("forecast ", k, " has ", forecasts[k].size(),
                                                     " values; the combined one has ", size));
    }
    if (!AllFinite(forecasts[k])) {
      return absl::InvalidArgumentError(
          absl::StrCat("forecast ", k, " holds a NaN or an infinity"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CombineByMedian(std::span<const std::span<const double>> forecasts,
                             std::span<double> combined) {
  if (absl::Status status = CheckForecasts(forecasts, combined.size()); !status.ok()) return status;
  const std::size_t count = forecasts.size();
  std::array<double, kCombinedMax> values;
  for (std::size_t i = 0; i < combined.size(); ++i) {
    for (std::size_t k = 0; k < count; ++k) values[k] = forecasts[k][i];
    std::sort(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
    combined[i] = 0.5 * values[(count - 1) / 2] + 0.5 * values[count / 2];
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> BatesGrangerWeights(std::span<const double> mean_squares,
                                                        double trust) {
  if (absl::Status status = CheckCount(mean_squares.size()); !status.ok()) return status;
  if (!(trust >= 0.0 && trust <= 1.0)) {
    return absl::InvalidArgumentError(absl::StrCat("trust is ", trust, "; it must be 0 to 1"));
  }
  double least = mean_squares.front();
  for (const double mse : mean_squares) {
    if (!std::isfinite(mse) || mse < 0.0) {
      return absl::InvalidArgumentError(absl::StrCat("a mean squared error of ", mse));
    }
    least = std::min(least, mse);
  }
  std::vector<double> weights(mean_squares.size());
  double sum = 0.0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    // 1/mse over the largest, so that nothing overflows; without any error, 1 for those alone.
    weights[k] = mean_squares[k] == least ? 1.0 : least / mean_squares[k];
    sum += weights[k];
  }
  const double even = (1.0 - trust) / static_cast<double>(weights.size());
  for (double& weight : weights) weight = even + trust * weight / sum;
  return weights;
}

absl::Status CombineByWeights(std::span<const std::span<const double>> forecasts,
                              std::span<const double> weights, std::span<double> combined) {
  if (absl::Status status = CheckForecasts(forecasts, combined.size()); !status.ok()) return status;
  if (weights.size() != forecasts.size() || !AllFinite(weights)) {
    return absl::InvalidArgumentError(
        absl::StrCat(weights.size(), " weights of ", forecasts.size(), " forecasts"));
  }
  for (std::size_t i = 0; i < combined.size(); ++i) {
    combined[i] = 0.0;
    for (std::size_t k = 0; k < forecasts.size(); ++k) combined[i] += weights[k] * forecasts[k][i];
  }
  return CheckForecast(combined);
}

}  // namespace tandem::forecasting
