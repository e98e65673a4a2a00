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

Knowledge KnownOf(const ItemHistory& history, std::size_t t) {
  return history.knowledge.empty() ? Knowledge::kKnown : history.knowledge[t];
}

// Mean units a day of index 1 from `first` on: of the known days, or of the bounds where no day is
// known. 0 without either.
double MeanFrom(const ItemHistory& history, std::size_t first) {
  for (const Knowledge kind : {Knowledge::kKnown, Knowledge::kLowerBound}) {
    double units = 0.0;
    double exposure = 0.0;
    for (std::size_t t = first; t < history.units.size(); ++t) {
      if (KnownOf(history, t) != kind) continue;
      units += static_cast<double>(history.units[t]);
      exposure += history.index[t];
    }
    if (exposure > 0.0) return units / exposure;
  }
  return 0.0;
}

}  // namespace

absl::StatusOr<ItemLevel> FitItemLevel(const ItemHistory& history,
                                       const ItemLevelOptions& options) {
  const std::size_t days = history.units.size();
  if (history.index.size() != days ||
      (!history.knowledge.empty() && history.knowledge.size() != days)) {
    return absl::InvalidArgumentError("history and index differ in length");
  }
  if (AnyBad(history.units, history.index)) {
    return absl::InvalidArgumentError("a value is negative, a NaN or an infinity");
  }
  std::size_t first = std::min(history.first_day, days);
  while (first < days && history.units[first] == 0.0F) ++first;
  const double mean = MeanFrom(history, first);
  if (mean == 0.0) return ItemLevel{};

  Lanes lanes;
  lanes.sold.fill(options.prior_days * mean);
  lanes.exposure.fill(options.prior_days);
  const std::size_t judged = std::max(first, days - std::min(days, options.score_days));
  double judged_units = 0.0;
  std::size_t judged_days = 0;
  for (std::size_t t = first; t < days; ++t) {
    const Knowledge known = KnownOf(history, t);
    const auto y = static_cast<double>(history.units[t]);
    const bool judges = t >= judged && known == Knowledge::kKnown;
    if (judges) {
      judged_units += y;
      ++judged_days;
    }
    for (std::size_t k = 0; k < kForgetting.size(); ++k) {
      const double expected = history.index[t] * lanes.sold[k] / lanes.exposure[k];
      if (judges) lanes.squares[k] += (y - expected) * (y - expected);
      lanes.sold[k] *= 1.0 - kForgetting[k];
      lanes.exposure[k] *= 1.0 - kForgetting[k];
      if (known == Knowledge::kGap || (known == Knowledge::kLowerBound && y <= expected)) continue;
      lanes.sold[k] += y;
      lanes.exposure[k] += history.index[t];
    }
  }
  const auto count = static_cast<double>(std::max<std::size_t>(judged_days, 1));
  const ItemLevel result{.level_units = Average(lanes, options.sharpness),
                         .squared_error = *std::ranges::min_element(lanes.squares) / count,
                         .rate = judged_units / count};
  if (!std::isfinite(result.level_units) || !std::isfinite(result.squared_error)) {
    return absl::OutOfRangeError("a level is not finite");
  }
  return result;
}

}  // namespace tandem::forecasting
