#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "absl/strings/str_cat.h"
#include "forecasting/accuracy/accuracy.h"
#include "forecasting/accuracy/interval.h"
#include "forecasting/accuracy/point.h"
#include "forecasting/backtest/draw.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_series.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kWeightBuckets = 28;
// A mean over nodes.
struct Mean {
  double sum = 0.0;
  double count = 0.0;
  void Add(std::optional<double> value) {
    if (!value.has_value()) return;
    sum += *value;
    count += 1.0;
  }
  std::optional<double> value() const {
    return Ratio{.numerator = sum, .denominator = count}.value();
  }
};

// One node: its history, and what came beside what was forecast, bucket by bucket where known.
struct Node {
  std::vector<double> history{};
  std::vector<double> actual{};
  std::vector<double> mean{};
  std::vector<double> quantiles{};  // Of the first probability, then of the second, …
  std::size_t number = 0;           // Of the level.
  bool counts = true;
};

bool AreCounts(const LongSeries& series) {
  for (std::size_t t = 0; t < series.units.size(); ++t) {
    if (series.knowledge[t] == Knowledge::kGap) continue;
    if (series.units[t] < 0.0 || series.units[t] != std::floor(series.units[t])) return false;
  }
  return true;
}

// The nodes of one level, one after the other.
class LongLevelMeasure {
 public:
  LongLevelMeasure(const LongPanel& panel, const LongActuals& actuals, const LongForecast& forecast,
                   std::span<const ReadySeries> ready)
      : panel_(panel), actuals_(actuals), forecast_(forecast), ready_(ready) {}

  absl::StatusOr<LongErrors> Run(std::size_t l, std::size_t season) {
    const LongLevel& level = forecast_.levels[l];
    std::vector<std::vector<std::size_t>> members(level.node_count);
    for (std::size_t i = 0; i < panel_.series.size(); ++i) {
      members[level.node_of_series[i]].push_back(i);
    }
    for (std::size_t n = 0; n < level.node_count; ++n) {
      const Node node = NodeOf(l, n, members[n]);
      if (node.actual.empty()) continue;
      if (absl::Status status = Add(node, l, season); !status.ok()) return status;
    }
    errors_.wmape = wmape_.value();
    errors_.bias = bias_.value();
    errors_.smape = smape_.value();
    errors_.mase = mase_.value();
    errors_.rmsse = rmsse_.value();
    errors_.wspl = wspl_.value();
    errors_.pinball = pinball_.value();
    return errors_;
  }

 private:
  // Of a quantile of a sum of which a part is unknown: as much less as the mean.
  Node NodeOf(std::size_t l, std::size_t n, std::span<const std::size_t> members) const {
    const std::size_t horizon = forecast_.horizon_buckets;
    Node node{.number = n};
    std::vector<double> actual(horizon, 0.0);
    std::vector<double> mean(horizon, 0.0);
    std::vector<double> whole(horizon, 0.0);
    std::vector<bool> known(horizon, false);
    for (const std::size_t i : members) {
      node.counts = node.counts && AreCounts(panel_.series[i]);
      const std::vector<double>& units = ready_[i].units;
      if (units.size() > node.history.size()) {
        node.history.insert(node.history.begin(), units.size() - node.history.size(), 0.0);
      }
      const std::size_t shift = node.history.size() - units.size();
      for (std::size_t t = 0; t < units.size(); ++t) node.history[shift + t] += units[t];
      for (std::size_t h = 0; h < horizon; ++h) {
        whole[h] += forecast_.mean_units[i * horizon + h];
        if (actuals_.knowledge[i * horizon + h] != Knowledge::kKnown) continue;
        known[h] = true;
        actual[h] += actuals_.units[i * horizon + h];
        mean[h] += forecast_.mean_units[i * horizon + h];
      }
    }
    const float* quantiles = &forecast_.quantile_units[l][n * horizon * kQuantiles];
    for (std::size_t u = 0; u < kQuantiles; ++u) {
      for (std::size_t h = 0; h < horizon; ++h) {
        if (!known[h]) continue;
        const double part = whole[h] != 0.0 ? mean[h] / whole[h] : 1.0;
        node.quantiles.push_back(static_cast<double>(quantiles[h * kQuantiles + u]) * part);
      }
    }
    for (std::size_t h = 0; h < horizon; ++h) {
      if (!known[h]) continue;
      node.actual.push_back(actual[h]);
      node.mean.push_back(mean[h]);
    }
    return node;
  }

  absl::Status Add(const Node& node, std::size_t level, std::size_t season) {
    const auto wmape = Wmape(node.actual, node.mean);
    const auto bias = Bias(node.actual, node.mean);
    const auto smape = Smape(node.actual, node.mean);
    const auto mase = Mase(node.history, season, node.actual, node.mean);
    const auto rmsse = Rmsse(node.history, node.actual, node.mean);
    const auto spl = ScaledPinball(node.history, node.actual, node.quantiles);
    for (const absl::Status& status : {wmape.status(), bias.status(), smape.status(), mase.status(),
                                       rmsse.status(), spl.status()}) {
      if (!status.ok()) return status;
    }
    wmape_ += *wmape;
    bias_ += *bias;
    smape_.Add(*smape);
    mase_.Add(*mase);
    rmsse_.Add(*rmsse);
    const std::span<const double> history = node.history;
    double weight = 0.0;
    for (const double units : history.last(std::min(history.size(), kWeightBuckets))) {
      weight += std::abs(units);
    }
    if (spl->has_value()) wspl_ += {.numerator = weight * **spl, .denominator = weight};
    ++errors_.nodes;
    errors_.buckets += node.actual.size();
    return AddQuantiles(node, level);
  }

  absl::Status AddQuantiles(const Node& node, std::size_t level) {
    const std::size_t count = node.actual.size();
    const auto of = [&](std::size_t u) {
      return std::span(node.quantiles).subspan(u * count, count);
    };
    for (std::size_t u = 0; u < kQuantiles; ++u) {
      const auto loss = Pinball(node.actual, of(u), kQuantileLevels[u]);
      if (!loss.ok()) return loss.status();
      pinball_ += *loss;
    }
    std::array<double, kQuantiles> quantiles{};
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t u = 0; u < kQuantiles; ++u) quantiles[u] = of(u)[k];
      errors_.calibration.Add({.units = node.actual[k], .is_count = node.counts}, quantiles,
                              DrawOf(node.number, level, k));
    }
    return absl::OkStatus();
  }

  const LongPanel& panel_;
  const LongActuals& actuals_;
  const LongForecast& forecast_;
  std::span<const ReadySeries> ready_;
  LongErrors errors_;
  Ratio wmape_, bias_, wspl_, pinball_;
  Mean smape_, mase_, rmsse_;
};

}  // namespace

absl::StatusOr<std::vector<LongErrors>> MeasureLong(const LongPanel& panel,
                                                    const LongActuals& actuals,
                                                    const LongForecast& forecast,
                                                    BucketLength bucket) {
  const std::size_t cells = panel.series.size() * forecast.horizon_buckets;
  if (actuals.units.size() != cells || actuals.knowledge.size() != cells ||
      forecast.mean_units.size() != cells ||
      forecast.quantile_units.size() != forecast.levels.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(actuals.units.size(), " actual values for ", cells, " forecasts"));
  }
  if (!AllFinite(std::span<const double>(actuals.units))) {
    return absl::InvalidArgumentError("an actual value is a NaN or an infinity");
  }
  const std::size_t season = MainSeasonOf(bucket);
  std::vector<ReadySeries> ready;
  for (const LongSeries& series : panel.series) {
    ready.push_back(MakeReady(series, series.units.size(), season));
  }
  std::vector<LongErrors> errors;
  for (std::size_t l = 0; l < forecast.levels.size(); ++l) {
    auto level = LongLevelMeasure(panel, actuals, forecast, ready).Run(l, season);
    if (!level.ok()) return level.status();
    errors.push_back(*level);
  }
  return errors;
}

}  // namespace tandem::forecasting
