#include "forecasting/backtest/long_uplift.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "forecasting/effects/uplift.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kLaggedDriversMax = 12;
constexpr std::size_t kPriceValuesMin = 9;
constexpr std::size_t kRunSeriesMax = 500;
constexpr std::size_t kFitBucketsMax = 400;
constexpr double kFactorMin = 0.05;  // Below it a bucket says nothing of the level.
constexpr double kSizeFloor = 0.1;   // Of the mean: what a logarithm is taken of at least.
constexpr double kBeyondSeen = 0.1;  // In logarithms.

// One series' rows as the model wants them.
struct Rows {
  std::vector<double> units{};
  std::vector<double> drivers{};
};

Rows RowsOf(const LongUplifts::Input& input, std::size_t i) {
  const ReadySeries& ready = input.ready[i];
  const std::size_t n = ready.units.size();
  const std::size_t columns = input.form.columns();
  Rows rows;
  double mean = 0.0;
  for (std::size_t t = n - std::min(n, kFitBucketsMax); t < n; ++t) {
    const double factor = input.indices.Past(i, n - t);
    if (ready.knowledge[t] != Knowledge::kKnown || factor < kFactorMin) continue;
    rows.units.push_back(std::max(0.0, ready.units[t] / factor));
    mean += rows.units.back();
    rows.drivers.resize(rows.drivers.size() + columns);
    input.form.Row(input.panel.series[i], ready.cut + t, std::span(rows.drivers).last(columns));
  }
  mean /= std::max<double>(1.0, static_cast<double>(rows.units.size()));
  if (!(mean > 0.0)) return {};
  for (double& units : rows.units) units = std::max(units / mean, kSizeFloor);
  return rows;
}

}  // namespace

DriverForm DriverForm::Of(const LongPanel& panel) {
  DriverForm form;
  form.lagged_ = panel.driver_count <= kLaggedDriversMax;
  for (std::size_t j = 0; j < panel.driver_count; ++j) {
    std::set<float> values;
    bool positive = true;
    for (const LongSeries& series : panel.series) {
      for (std::size_t at = j; at < series.drivers.size(); at += panel.driver_count) {
        positive = positive && series.drivers[at] > 0.0F;
        if (values.size() < kPriceValuesMin) values.insert(series.drivers[at]);
      }
    }
    Scale scale{.log = positive && values.size() >= kPriceValuesMin};
    double sum = 0.0;
    double squares = 0.0;
    double count = 0.0;
    for (const LongSeries& series : panel.series) {
      for (std::size_t at = j; at < series.drivers.size(); at += panel.driver_count) {
        const auto raw = static_cast<double>(series.drivers[at]);
        const double value = scale.log ? std::log(raw) : raw;
        count += 1.0;
        const double apart = value - sum;  // The running mean: no cancellation.
        sum += apart / count;
        squares += apart * (value - sum);
      }
    }
    const double spread = count > 0.0 ? std::sqrt(squares / count) : 0.0;
    scale.shift = sum;
    scale.times = spread > 1e-9 * std::abs(sum) && spread > 0.0 ? 1.0 / spread : 0.0;
    form.scales_.push_back(scale);
  }
  return form;
}

double DriverForm::Value(const LongSeries& series, std::size_t t, std::size_t j) const {
  const auto raw = static_cast<double>(series.drivers[t * scales_.size() + j]);
  return scales_[j].times * ((scales_[j].log ? std::log(raw) : raw) - scales_[j].shift);
}

void DriverForm::Row(const LongSeries& series, std::size_t t, std::span<double> row) const {
  for (std::size_t j = 0; j < scales_.size(); ++j) {
    row[j] = Value(series, t, j);
    if (lagged_) row[scales_.size() + j] = Value(series, t == 0 ? 0 : t - 1, j);
  }
}

absl::StatusOr<LongUplifts> LongUplifts::Fit(const Input& input, Executor& executor) {
  std::vector<std::vector<std::size_t>> nodes(
      input.grouping == nullptr ? 1 : input.grouping->node_count);
  for (std::size_t i = 0; i < input.ready.size(); ++i) {
    if (input.ready[i].units.empty() || input.ready[i].kind == LongClass::kSigned) continue;
    nodes[input.grouping == nullptr ? 0 : input.grouping->node_of_series[i]].push_back(i);
  }
  std::vector<std::vector<std::size_t>> runs;
  for (const std::vector<std::size_t>& node : nodes) {
    const std::size_t parts = (node.size() + kRunSeriesMax - 1) / kRunSeriesMax;
    for (std::size_t part = 0; part < parts; ++part) {
      runs.emplace_back(
          node.begin() + static_cast<std::ptrdiff_t>(part * node.size() / parts),
          node.begin() + static_cast<std::ptrdiff_t>((part + 1) * node.size() / parts));
    }
  }
  LongUplifts uplifts;
  uplifts.coefficients_.resize(input.ready.size());
  std::vector<absl::Status> statuses(runs.size());
  executor.ForEach(runs.size(), [&](std::size_t r) {
    // A demand that comes now and then has hardly a logarithm: what its zeros tell is how often it
    // comes. Where most of the others can tell, it has what they have in common.
    const auto is_smooth = [&](std::size_t i) { return input.ready[i].kind == LongClass::kSmooth; };
    const auto smooth = std::ranges::count_if(runs[r], is_smooth);
    const bool smooth_alone = 2 * static_cast<std::size_t>(smooth) >= runs[r].size();
    std::vector<Rows> rows;
    std::vector<PromotedSeries> promoted;
    std::vector<std::size_t> members;
    rows.reserve(runs[r].size());  // Views point into it.
    for (const std::size_t i : runs[r]) {
      if (smooth_alone && !is_smooth(i)) continue;
      rows.push_back(RowsOf(input, i));
      if (rows.back().units.empty()) continue;
      promoted.push_back({.units = rows.back().units, .drivers = rows.back().drivers});
      members.push_back(i);
    }
    if (promoted.empty()) return;
    const auto model = FitUplifts(
        promoted, {.drivers = input.form.columns(), .half_life_buckets = input.half_life_buckets});
    statuses[r] = model.status();
    if (!model.ok()) return;
    for (std::size_t m = 0; m < members.size(); ++m) {
      uplifts.coefficients_[members[m]] = model->series[m].coefficients;
    }
    for (const std::size_t i : runs[r]) {
      if (!smooth_alone || is_smooth(i)) continue;
      uplifts.coefficients_[i] = model->groups.front().coefficients;
    }
  });
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return uplifts;
}

void LongUplifts::Fill(const Input& input, std::size_t series,
                       std::vector<double>& multipliers) const {
  const ReadySeries& ready = input.ready[series];
  const std::size_t n = ready.units.size();
  multipliers.assign(n + input.horizon_buckets, 1.0);
  const std::vector<double>& coefficients = coefficients_[series];
  if (coefficients.empty()) return;
  std::vector<double> row(input.form.columns());
  double mean = 0.0;
  for (std::size_t t = 0; t < multipliers.size(); ++t) {
    input.form.Row(input.panel.series[series], ready.cut + t, row);
    multipliers[t] = 0.0;
    for (std::size_t j = 0; j < row.size(); ++j) multipliers[t] += coefficients[j] * row[j];
    if (t < n) mean += multipliers[t] / static_cast<double>(n);
  }
  const auto history = std::span(multipliers).first(n);
  const double least = *std::ranges::min_element(history) - kBeyondSeen;
  const double most = *std::ranges::max_element(history) + kBeyondSeen;
  for (double& multiplier : multipliers) {
    multiplier = std::exp(std::clamp(multiplier, least, most) - mean);
  }
}

}  // namespace tandem::forecasting
