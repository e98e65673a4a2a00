#include "forecasting/series.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace tandem::forecasting {

bool AllFinite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool AllFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

std::span<const double> FromFirstSale(std::span<const double> history_units) {
  const auto first =
      std::find_if(history_units.begin(), history_units.end(), [](double v) { return v != 0.0; });
  return history_units.subspan(static_cast<std::size_t>(first - history_units.begin()));
}

}  // namespace tandem::forecasting
