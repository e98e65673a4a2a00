#include "forecasting/accuracy/wrmsse.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/accuracy/accuracy.h"
#include "forecasting/series.h"

namespace tandem::forecasting {

namespace {

// What tells a level's series apart; equal keys are added up.
using Key = std::array<int, 5>;

Key KeyOf(const RetailSeries& s, std::size_t level) {
  switch (level) {
    case 0:
      return {};
    case 1:
      return {s.state};
    case 2:
      return {s.state, s.store};
    case 3:
      return {s.category};
    case 4:
      return {s.category, s.department};
    case 5:
      return {s.state, s.category};
    case 6:
      return {s.state, s.category, s.department};
    case 7:
      return {s.state, s.store, s.category};
    case 8:
      return {s.state, s.store, s.category, s.department};
    case 9:
      return {s.category, s.department, s.item};
    case 10:
      return {s.state, s.category, s.department, s.item};
    default:
      return {s.state, s.store, s.category, s.department, s.item};
  }
}

absl::Status CheckSeries(const RetailSeries& s, const RetailSeries& first, std::size_t index) {
  const auto refuse = [index](std::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("series ", index, ": ", absl::string_view(what.data(), what.size())));
  };
  if (s.history_units.size() != first.history_units.size()) return refuse("history's length");
  if (s.actual_units.size() != first.actual_units.size()) return refuse("actuals' length");
  if (s.forecast_units.size() != first.actual_units.size()) return refuse("forecasts' length");
  if (!AllFinite(s.history_units)) return refuse("a NaN or an infinity in the history");
  if (!AllFinite(s.actual_units)) return refuse("a NaN or an infinity in the actuals");
  if (!AllFinite(s.forecast_units)) return refuse("a NaN or an infinity in the forecasts");
  if (!std::isfinite(s.dollars) || s.dollars < 0.0) return refuse("dollars");
  return absl::OkStatus();
}

// One aggregate series, as buffers that are used again for the next.
struct Sum {
  std::vector<double> history_units;
  std::vector<double> actual_units;
  std::vector<double> forecast_units;
  double dollars = 0.0;

  void Clear() {
    std::ranges::fill(history_units, 0.0);
    std::ranges::fill(actual_units, 0.0);
    std::ranges::fill(forecast_units, 0.0);
    dollars = 0.0;
  }
  void Add(const RetailSeries& s) {
    for (std::size_t t = 0; t < history_units.size(); ++t) {
      history_units[t] += static_cast<double>(s.history_units[t]);
    }
    for (std::size_t k = 0; k < actual_units.size(); ++k) {
      actual_units[k] += s.actual_units[k];
      forecast_units[k] += s.forecast_units[k];
    }
    dollars += s.dollars;
  }
};

// Sum over the level's series of dollars * RMSSE; the caller divides by all dollars.
absl::StatusOr<double> DollarsTimesRmsse(const RetailPanel& panel, std::size_t level, Sum& sum) {
  std::vector<Key> keys(panel.series.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = KeyOf(panel.series[i], level);
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });

  double total = 0.0;
  for (std::size_t begin = 0; begin < order.size();) {
    sum.Clear();
    std::size_t end = begin;
    for (; end < order.size() && keys[order[end]] == keys[order[begin]]; ++end) {
      sum.Add(panel.series[order[end]]);
    }
    begin = end;
    const auto rmsse = Rmsse(sum.history_units, sum.actual_units, sum.forecast_units);
    if (!rmsse.ok()) return absl::OutOfRangeError("a sum of series is too large");
    total += sum.dollars * rmsse->value_or(0.0);
  }
  return total;
}

}  // namespace

absl::StatusOr<WrmsseResult> Wrmsse(const RetailPanel& panel) {
  if (panel.series.empty()) return absl::InvalidArgumentError("the panel has no series");
  const RetailSeries& first = panel.series.front();
  if (first.actual_units.empty()) return absl::InvalidArgumentError("nothing to compare");
  double dollars = 0.0;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    const absl::Status status = CheckSeries(panel.series[i], first, i);
    if (!status.ok()) return status;
    dollars += panel.series[i].dollars;
  }
  if (dollars == 0.0) return absl::InvalidArgumentError("no series has dollars: no weights");

  Sum sum{.history_units = std::vector<double>(first.history_units.size()),
          .actual_units = std::vector<double>(first.actual_units.size()),
          .forecast_units = std::vector<double>(first.actual_units.size())};
  WrmsseResult result;
  for (std::size_t level = 0; level < kWrmsseLevels; ++level) {
    const absl::StatusOr<double> total = DollarsTimesRmsse(panel, level, sum);
    if (!total.ok()) return total.status();
    result.by_level[level] = *total / dollars;
  }
  result.mean = std::accumulate(result.by_level.begin(), result.by_level.end(), 0.0) /
                static_cast<double>(kWrmsseLevels);
  if (!std::isfinite(result.mean)) return absl::OutOfRangeError("the result is not finite");
  return result;
}

}  // namespace tandem::forecasting
