#include "forecasting/profile/item_level.h"

#include <algorithm>
#include <cmath>

namespace tandem::forecasting {

namespace {

bool AnyBad(std::span<const float> units, std::span<const double> index) {
  bool bad = false;
  for (std::size_t t = 0; t < units.size(); ++t) {
    bad = bad || !(units[t] >= 0.0F) || !std::isfinite(units[t]) || !(index[t] >= 0.0) ||
          !std::isfinite(index[t]);
  }
  return bad;
}

struct Lanes {
  std::array<double, kForgetting.size()> sold{};
  std::array<double, kForgetting.size()> exposure{};
  std::array<double, kForgetting.size()> squares{};
};

// The average of the lanes' levels, each weighed by its error against the least.
double Average(const Lanes& lanes, double sharpness) {
  const double least = *std::ranges::min_element(lanes.squares);
  double level = 0.0;
  double weights = 0.0;
  for (std::size_t k = 0; k < kForgetting.size(); ++k) {
    const double weight =
        lanes.squares[k] > 0.0 ? std::pow(least / lanes.squares[k], sharpness) : 1.0;
    level += weight * lanes.sold[k] / lanes.exposure[k];
    weights += weight;
  }
  return level / weights;
}

}  // namespace

absl::StatusOr<ItemLevel> FitItemLevel(std::span<const float> history_units,
                                       std::span<const double> index, std::size_t first_day,
                                       const ItemLevelOptions& options) {
  const std::size_t days = history_units.size();
  if (index.size() != days) return absl::InvalidArgumentError("history and index differ in length");
  if (AnyBad(history_units, index)) {
    return absl::InvalidArgumentError("a value is negative, a NaN or an infinity");
  }
  std::size_t first = std::min(first_day, days);
  while (first < days && history_units[first] == 0.0F) ++first;
  double units = 0.0;
  double exposure = 0.0;
  for (std::size_t t = first; t < days; ++t) {
    units += static_cast<double>(history_units[t]);
    exposure += index[t];
  }
  if (exposure == 0.0) return ItemLevel{};

  Lanes lanes;
  lanes.sold.fill(options.prior_days * units / exposure);
  lanes.exposure.fill(options.prior_days);
  const std::size_t judged = std::max(first, days - std::min(days, options.score_days));
  double judged_units = 0.0;
  for (std::size_t t = first; t < days; ++t) {
    const auto y = static_cast<double>(history_units[t]);
    if (t >= judged) judged_units += y;
    for (std::size_t k = 0; k < kForgetting.size(); ++k) {
      const double error = y - index[t] * lanes.sold[k] / lanes.exposure[k];
      if (t >= judged) lanes.squares[k] += error * error;
      lanes.sold[k] = (1.0 - kForgetting[k]) * lanes.sold[k] + y;
      lanes.exposure[k] = (1.0 - kForgetting[k]) * lanes.exposure[k] + index[t];
    }
  }
  const auto count = static_cast<double>(days - judged);
  const ItemLevel result{.level_units = Average(lanes, options.sharpness),
                         .squared_error = *std::ranges::min_element(lanes.squares) / count,
                         .rate = judged_units / count};
  if (!std::isfinite(result.level_units) || !std::isfinite(result.squared_error)) {
    return absl::OutOfRangeError("a level is not finite");
  }
  return result;
}

}  // namespace tandem::forecasting
