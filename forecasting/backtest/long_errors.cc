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

// One node: its history's steps, and what came beside what was forecast, bucket by bucket where
// known.
struct Node {
  std::optional<double> season_step{};  // MASE's denominator, RMSSE's and SPL's.
  std::optional<double> square_step{};
  std::optional<double> step{};
  double weight = 0.0;  // Units of the last 28 buckets, gaps as filled.
  std::vector<double> actual{};
  std::vector<double> mean{};
  std::vector<double> quantiles{};  // Of the first probability, then of the second, …
  std::vector<std::optional<double>> none{};
  std::size_t number = 0;  // Of the level.
  bool counts = true;
};

// Steps of a node's history over one lag: from bucket to bucket the sum of what is known of its
// series at both ends, so that nothing that was filled, or a lower bound, makes an error look
// small.
class Steps {
 public:
  // `buckets` of the longest history; the newest bucket is the last.
  Steps(std::size_t lag, std::size_t buckets) : lag_(lag), units_(buckets), known_(buckets) {}
  void Add(const LongSeries& series) {
    const std::size_t n = series.units.size();
    const std::size_t shift = units_.size() - n;
    for (std::size_t t = lag_; t < n; ++t) {
      if (series.knowledge[t] != Knowledge::kKnown) continue;
      if (series.knowledge[t - lag_] != Knowledge::kKnown) continue;
      units_[shift + t] += series.units[t] - series.units[t - lag_];
      known_[shift + t] = true;
    }
  }
  // Of steps that begin in bucket `first` or later, the mean size and the mean square; nullopt
  // where there is none or all are zero.
  std::optional<double> Size(std::size_t first) const {
    return MeanFrom(first, [](double step) { return std::abs(step); });
  }
  std::optional<double> Square(std::size_t first) const {
    return MeanFrom(first, [](double step) { return step * step; });
  }

 private:
  template <typename Of>
  std::optional<double> MeanFrom(std::size_t first, Of of) const {
    Ratio mean;
    for (std::size_t t = first + lag_; t < units_.size(); ++t) {
      if (known_[t]) mean += {.numerator = of(units_[t]), .denominator = 1.0};
    }
    const std::optional<double> value = mean.value();
    return value.has_value() && *value > 0.0 ? value : std::nullopt;
  }

  std::size_t lag_;
  std::vector<double> units_;
  std::vector<bool> known_;
};

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
      Node node = NodeOf(l, n, members[n]);
      if (node.actual.empty()) continue;
      Describe(members[n], season, node);
      if (absl::Status status = Add(node, l); !status.ok()) return status;
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
      // Of a sum's part it is not known.
      const bool told = mean[h] == whole[h] && !forecast_.none_probability.empty() &&
                        quantiles[h * kQuantiles] >= 0.0F;
      node.none.push_back(told ? std::optional(forecast_.none_probability[l][n * horizon + h])
                               : std::nullopt);
    }
    return node;
  }

  // The steps of what is known of the history, from the first sale on: MASE's no earlier than the
  // forecast's history; and what it weighs, gaps as they were filled.
  void Describe(std::span<const std::size_t> members, std::size_t season, Node& node) const {
    std::size_t longest = 0;
    for (const std::size_t i : members) longest = std::max(longest, panel_.series[i].units.size());
    Steps steps(1, longest);
    Steps season_steps(season, longest);
    std::vector<double> newest(std::min(longest, kWeightBuckets), 0.0);
    std::size_t first = longest;
    std::size_t first_sale = longest;
    for (const std::size_t i : members) {
      const LongSeries& series = panel_.series[i];
      const std::size_t n = series.units.size();
      steps.Add(series);
      season_steps.Add(series);
      first = std::min(first, longest - n + ready_[i].cut);
      for (std::size_t t = 0; t < n; ++t) {
        if (series.knowledge[t] == Knowledge::kGap) continue;
        if (series.units[t] != 0.0) first_sale = std::min(first_sale, longest - n + t);
      }
      const std::vector<double>& ready = ready_[i].units;
      for (std::size_t k = 1; k <= std::min(ready.size(), newest.size()); ++k) {
        newest[newest.size() - k] += ready[ready.size() - k];
      }
    }
    node.season_step = season_steps.Size(std::max(first, first_sale));
    node.square_step = steps.Square(first_sale);
    node.step = steps.Size(first_sale);
    for (const double units : newest) node.weight += std::abs(units);
  }

  absl::Status Add(const Node& node, std::size_t level) {
    const auto wmape = Wmape(node.actual, node.mean);
    const auto bias = Bias(node.actual, node.mean);
    const auto smape = Smape(node.actual, node.mean);
    for (const absl::Status& status : {wmape.status(), bias.status(), smape.status()}) {
      if (!status.ok()) return status;
    }
    wmape_ += *wmape;
    bias_ += *bias;
    smape_.Add(*smape);
    AddScaled(node);
    ++errors_.nodes;
    errors_.buckets += node.actual.size();
    return AddQuantiles(node, level);
  }

  void AddScaled(const Node& node) {
    const auto count = static_cast<double>(node.actual.size());
    double size = 0.0;
    double squares = 0.0;
    for (std::size_t k = 0; k < node.actual.size(); ++k) {
      const double error = node.actual[k] - node.mean[k];
      size += std::abs(error) / count;
      squares += error * error / count;
    }
    const auto over = [](double error, const std::optional<double>& step) -> std::optional<double> {
      if (!step.has_value()) return std::nullopt;
      return Ratio{.numerator = error, .denominator = *step}.value();
    };
    mase_.Add(over(size, node.season_step));
    const std::optional<double> square = over(squares, node.square_step);
    if (square.has_value()) rmsse_.Add(std::sqrt(*square));
  }

  absl::Status AddQuantiles(const Node& node, std::size_t level) {
    const std::size_t count = node.actual.size();
    const auto of = [&](std::size_t u) {
      return std::span(node.quantiles).subspan(u * count, count);
    };
    Ratio pinball;
    for (std::size_t u = 0; u < kQuantiles; ++u) {
      const auto loss = Pinball(node.actual, of(u), kQuantileLevels[u]);
      if (!loss.ok()) return loss.status();
      pinball += *loss;
    }
    pinball_ += pinball;
    if (node.step.has_value() && pinball.value().has_value()) {
      const double spl = *pinball.value() / *node.step;
      wspl_ += {.numerator = node.weight * spl, .denominator = node.weight};
    }
    std::array<double, kQuantiles> quantiles{};
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t u = 0; u < kQuantiles; ++u) quantiles[u] = of(u)[k];
      // Rounded as the quantiles are, or none would hold an outcome that was forecast exactly.
      const auto actual = static_cast<double>(static_cast<float>(node.actual[k]));
      errors_.calibration.Add(
          {.units = actual, .is_count = node.counts, .none_probability = node.none[k]}, quantiles,
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
