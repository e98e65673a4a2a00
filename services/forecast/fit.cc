#include "services/forecast/fit.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "forecasting/local/seasonal_naive.h"
#include "forecasting/local/smoothing.h"
#include "forecasting/series.h"
#include "services/base/bug.h"
#include "services/base/status.h"
#include "services/forecast/run_method.h"

namespace tandem::forecast {
namespace {

constexpr std::size_t kWeek = 7;
constexpr double kMilli = 1000.0;

std::vector<double> KnownUnits(const DailySeries& series) {
  std::vector<double> units;
  units.reserve(series.value_milli.size());
  for (std::size_t day = 0; day < series.value_milli.size(); ++day) {
    if (series.known[day]) units.push_back(static_cast<double>(series.value_milli[day]) / kMilli);
  }
  return units;
}

// The last week, each day the last known one of its weekday.
std::vector<double> LastWeek(const DailySeries& series, const std::vector<double>& known) {
  const double mean =
      std::accumulate(known.begin(), known.end(), 0.0) / static_cast<double>(known.size());
  const std::size_t days = series.value_milli.size();
  std::vector<double> week(kWeek, mean);
  for (std::size_t back = 1; back <= kWeek; ++back) {
    for (std::size_t age = back; age <= days; age += kWeek) {
      if (!series.known[days - age]) continue;
      week[kWeek - back] = static_cast<double>(series.value_milli[days - age]) / kMilli;
      break;
    }
  }
  return week;
}

absl::StatusOr<std::vector<double>> Units(std::string_view method, const DailySeries& series,
                                          const std::vector<double>& known, std::size_t horizon) {
  if (method == kSeasonalNaive) {
    return forecasting::SeasonalNaive(LastWeek(series, known),
                                      {.season_buckets = kWeek, .horizon_buckets = horizon});
  }
  base::Require(method == kSes, "a run was accepted with a method that there is not");
  const std::span<const double> sold = forecasting::FromFirstSale(known);
  if (sold.empty()) return std::vector<double>(horizon, 0.0);
  TANDEM_ASSIGN_OR_RETURN(const forecasting::BestLevel best, forecasting::FitBestLevel(sold));
  return std::vector<double>(horizon, best.fit.level_units);
}

}  // namespace

absl::StatusOr<std::vector<base::Quantity>> InQuantities(std::span<const double> units) {
  std::vector<base::Quantity> quantities;
  quantities.reserve(units.size());
  for (const double value : units) {
    TANDEM_ASSIGN_OR_RETURN(const base::Quantity quantity,
                            base::Quantity::Round(std::max(value, 0.0)));
    quantities.push_back(quantity);
  }
  return quantities;
}

absl::StatusOr<std::optional<std::vector<base::Quantity>>> FitSeries(std::string_view method,
                                                                     const DailySeries& series,
                                                                     std::int32_t horizon_days) {
  const std::vector<double> known = KnownUnits(series);
  if (known.empty()) return std::nullopt;
  TANDEM_ASSIGN_OR_RETURN(const std::vector<double> units,
                          Units(method, series, known, static_cast<std::size_t>(horizon_days)));
  TANDEM_ASSIGN_OR_RETURN(std::vector<base::Quantity> forecast, InQuantities(units));
  return forecast;
}

}  // namespace tandem::forecast
