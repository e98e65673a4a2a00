#include "forecasting/backtest/last_year.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace tandem::forecasting {

namespace {

constexpr std::size_t kYearDays = 364;  // Whole weeks: the same weekdays.
constexpr double kClosedShare = 0.25;

// Units over index, of the days that were open.
std::vector<std::optional<double>> Levels(std::span<const double> units,
                                          std::span<const double> index) {
  std::vector<double> sorted(index.begin(), index.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::ranges::nth_element(sorted, middle);
  const double least = kClosedShare * *middle;
  std::vector<std::optional<double>> levels(units.size());
  for (std::size_t t = 0; t < units.size(); ++t) {
    if (index[t] > least) levels[t] = units[t] / index[t];
  }
  return levels;
}

// Nothing where no day was open.
std::optional<double> MeanOf(std::span<const std::optional<double>> levels) {
  double sum = 0.0;
  double count = 0.0;
  for (const std::optional<double>& level : levels) {
    if (!level.has_value()) continue;
    sum += *level;
    count += 1.0;
  }
  return count > 0.0 ? std::optional<double>(sum / count) : std::nullopt;
}

}  // namespace

std::vector<double> LastYearFactors(const LastYearTask& task, const LastYearOptions& options) {
  std::vector<double> factors(task.horizon_days, 1.0);
  const std::size_t days = task.history_units.size();
  if (options.level_days == 0 || task.horizon_days == 0 || days < kYearDays + options.level_days ||
      task.season_index.size() < days) {
    return factors;
  }
  // What of the horizon a year ago is behind the origin.
  const std::size_t known = std::min(task.horizon_days, kYearDays);
  const std::size_t first = days - kYearDays - options.level_days;
  const std::size_t count = options.level_days + known;
  const std::vector<std::optional<double>> levels =
      Levels(task.history_units.subspan(first, count), task.season_index.subspan(first, count));
  const auto then = std::span(levels).subspan(options.level_days);
  const std::optional<double> before = MeanOf(std::span(levels).first(options.level_days));
  if (!before.has_value() || !(*before > 0.0)) return factors;
  for (std::size_t h = 0; h < known; ++h) {
    const std::size_t begin = h - std::min(h, options.smooth_days);
    const std::size_t end = std::min(known, h + options.smooth_days + 1);
    const std::optional<double> around = MeanOf(then.subspan(begin, end - begin));
    if (!around.has_value()) continue;
    const double ratio =
        std::clamp(*around / *before, 1.0 - options.factor_room, 1.0 + options.factor_room);
    factors[h] = std::pow(ratio, options.weight);
  }
  return factors;
}

}  // namespace tandem::forecasting
