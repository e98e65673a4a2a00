// WRMSSE, M5's measure of a whole assortment: RMSSE of every series at twelve levels of
// aggregation, weighted by what the series sells in money. A level's forecasts are the sums of the
// bottom ones. Reference: M5 Competitors' Guide (2020), "Evaluation"; levels numbered as there.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

inline constexpr std::size_t kWrmsseLevels = 12;

// Names of M5's levels, in the order of `by_level`.
inline constexpr std::array<std::string_view, kWrmsseLevels> kWrmsseLevelNames = {
    "total",
    "state",
    "store",
    "category",
    "department",
    "state-category",
    "state-department",
    "store-category",
    "store-department",
    "item",
    "state-item",
    "store-item"};

// One bottom series: an item in a store. The identifiers are any numbers that are equal exactly
// where the things are; an item belongs to one department, that to one category, a store to one
// state (levels are grouped by the narrower identifier together with the wider one, so numbers may
// be reused between the parents). All spans must outlive the call.
struct RetailSeries {
  int item = 0;
  int department = 0;
  int category = 0;
  int store = 0;
  int state = 0;
  std::span<const float> history_units{};    // A value a day up to the origin, oldest first.
  std::span<const double> actual_units{};    // What came after the origin, a value a day.
  std::span<const double> forecast_units{};  // What was forecast for the same days.
  // Money sold in the last 28 days of the history: units times that day's price, >= 0.
  double dollars = 0.0;
};

struct RetailPanel {
  std::vector<RetailSeries> series{};
};

struct WrmsseResult {
  double mean = 0.0;  // WRMSSE: the mean of the levels.
  std::array<double, kWrmsseLevels> by_level{};
};

// WRMSSE = 1/12 sum over levels of sum_i w_i RMSSE_i, w_i the series' share of all dollars. RMSSE
// as accuracy.h, each aggregate scaled on its own history from its own first sale; a series without
// a scale adds 0. Levels are built from the series given. Deterministic: a level's series are added
// in the order of their identifiers, a series' parts in the panel's order. Time O(12 * series *
// days); memory O(series + days) beside the panel. Returns kInvalidArgument if the panel is empty,
// histories, actuals or forecasts differ in length from the first series', actuals are empty, a
// value is not finite, dollars are negative or not finite, or add up to zero; kOutOfRange if a
// result is not finite.
absl::StatusOr<WrmsseResult> Wrmsse(const RetailPanel& panel);

}  // namespace tandem::forecasting
