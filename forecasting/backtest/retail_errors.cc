#include <array>
#include <numeric>

#include "forecasting/accuracy/accuracy.h"
#include "forecasting/accuracy/interval.h"
#include "forecasting/backtest/draw.h"
#include "forecasting/backtest/retail_backtest.h"
#include "forecasting/quantile_levels.h"

namespace tandem::forecasting {

namespace {

struct LevelErrors {
  double rmsse = 0.0;  // Times dollars, as is the next.
  double spl = 0.0;
  Calibration calibration{};
};

// One level's nodes, each with the sums of its series.
class LevelMeasure {
 public:
  LevelMeasure(const RetailHistory& history, std::span<const float> actual_units,
               const RetailForecast& forecast, std::size_t level)
      : history_(history),
        actual_units_(actual_units),
        forecast_(forecast),
        number_(level),
        level_(forecast.levels[level]),
        quantiles_(forecast.quantile_units[level]),
        series_of_node_(level_.node_count()) {
    for (std::size_t i = 0; i < level_.node_of_series.size(); ++i) {
      series_of_node_[level_.node_of_series[i]].push_back(i);
    }
  }

  absl::StatusOr<LevelErrors> Run() {
    LevelErrors errors;
    for (std::size_t node = 0; node < level_.node_count(); ++node) {
      const absl::Status status = AddNode(node, errors);
      if (!status.ok()) return status;
    }
    return errors;
  }

 private:
  void AddUp(std::size_t node) {
    const std::size_t horizon = forecast_.horizon_days;
    units_.assign(history_.days, 0.0);
    actual_.assign(horizon, 0.0);
    mean_.assign(horizon, 0.0);
    dollars_ = 0.0;
    for (const std::size_t i : series_of_node_[node]) {
      const auto units = history_.Of(i, history_.days);
      for (std::size_t t = 0; t < units.size(); ++t) units_[t] += static_cast<double>(units[t]);
      for (std::size_t h = 0; h < horizon; ++h) {
        actual_[h] += static_cast<double>(actual_units_[i * horizon + h]);
        mean_[h] += forecast_.mean_units[i * horizon + h];
      }
      dollars_ += history_.dollars[i];
    }
    const auto quantiles =
        quantiles_.subspan(node * kQuantileCount * horizon, kQuantileCount * horizon);
    node_quantiles_.assign(quantiles.begin(), quantiles.end());
  }

  absl::Status AddNode(std::size_t node, LevelErrors& errors) {
    AddUp(node);
    const auto rmsse = Rmsse(units_, actual_, mean_);
    if (!rmsse.ok()) return rmsse.status();
    errors.rmsse += dollars_ * rmsse->value_or(0.0);
    const auto spl = ScaledPinball(units_, actual_, node_quantiles_);
    if (!spl.ok()) return spl.status();
    errors.spl += dollars_ * spl->value_or(0.0);
    const std::size_t horizon = forecast_.horizon_days;
    std::array<double, kQuantiles> quantiles{};
    for (std::size_t h = 0; h < horizon; ++h) {
      for (std::size_t u = 0; u < kQuantiles; ++u) quantiles[u] = node_quantiles_[u * horizon + h];
      errors.calibration.Add({.units = actual_[h], .is_count = true}, quantiles,
                             DrawOf(node, number_, h));
    }
    return absl::OkStatus();
  }

  const RetailHistory& history_;
  std::span<const float> actual_units_;
  const RetailForecast& forecast_;
  std::size_t number_;
  const RetailLevel& level_;
  std::span<const float> quantiles_;
  std::vector<std::vector<std::size_t>> series_of_node_;
  std::vector<double> units_;
  std::vector<double> actual_;
  std::vector<double> mean_;
  std::vector<double> node_quantiles_;
  double dollars_ = 0.0;
};

}  // namespace

absl::StatusOr<RetailErrors> MeasureRetail(const RetailHistory& history,
                                           std::span<const float> actual_units,
                                           const RetailForecast& forecast, Executor& executor) {
  const std::size_t count = history.ids.size();
  if (actual_units.size() != count * forecast.horizon_days ||
      forecast.mean_units.size() != actual_units.size() || forecast.horizon_days == 0) {
    return absl::InvalidArgumentError("actuals and forecasts differ in number");
  }
  const double dollars = std::accumulate(history.dollars.begin(), history.dollars.end(), 0.0);
  if (!(dollars > 0.0)) return absl::InvalidArgumentError("no series has dollars: no weights");
  std::array<absl::StatusOr<LevelErrors>, kRetailLevels> levels;
  executor.ForEach(kRetailLevels, [&](std::size_t l) {
    levels[l] = LevelMeasure(history, actual_units, forecast, l).Run();
  });
  RetailErrors errors;
  for (std::size_t l = 0; l < kRetailLevels; ++l) {
    if (!levels[l].ok()) return levels[l].status();
    errors.wrmsse_by_level[l] = levels[l]->rmsse / dollars;
    errors.wspl_by_level[l] = levels[l]->spl / dollars;
    errors.wrmsse += errors.wrmsse_by_level[l] / static_cast<double>(kRetailLevels);
    errors.wspl += errors.wspl_by_level[l] / static_cast<double>(kRetailLevels);
    errors.calibration_by_level[l] = levels[l]->calibration;
  }
  return errors;
}

}  // namespace tandem::forecasting
