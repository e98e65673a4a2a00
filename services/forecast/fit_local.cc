#include "services/forecast/fit_local.h"

#include <cmath>
#include <span>
#include <utility>

#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/past_quantiles.h"
#include "forecasting/quantile_levels.h"
#include "services/base/status.h"
#include "services/forecast/decide.h"

namespace tandem::forecast {
namespace {

using forecasting::Knowledge;
using forecasting::kQuantiles;

constexpr double kMilli = 1000.0;

}  // namespace

std::vector<std::int32_t> LocalQuantileLevels() {
  std::vector<std::int32_t> levels;
  levels.reserve(kQuantiles);
  for (const double level : forecasting::kQuantileLevels) {
    levels.push_back(static_cast<std::int32_t>(std::lround(level * kMillionths)));
  }
  return levels;
}

LocalFit::LocalFit(const Span& span, std::vector<CalendarEvent> events)
    : span_(span),
      profile_(span.first, span.days, span.bucket_days * span.bucket_count, std::move(events)) {}

std::vector<LocalFit::Bucket> LocalFit::BucketsOf(const DailySeries& series) const {
  std::vector<Bucket> buckets;
  const auto each = static_cast<std::size_t>(span_.bucket_days);
  const std::size_t days = series.value_milli.size();
  for (std::size_t begin = days % each; begin < days; begin += each) {
    Bucket bucket;
    for (std::size_t t = begin; t < begin + each; ++t) {
      if (!series.IsKnown(t)) continue;
      bucket.units += static_cast<double>(series.value_milli[t]) / kMilli;
      ++bucket.told;
      if (!series.IsShelfEmpty(t)) ++bucket.known;
    }
    if (bucket.told > 0 || !buckets.empty()) buckets.push_back(bucket);
  }
  return buckets;
}

bool LocalFit::Add(const DailySeries& series, std::string_view group, const ItemDrivers& drivers) {
  std::vector<Bucket> buckets = BucketsOf(series);
  if (buckets.empty() || !profile_.Add(series, group, drivers)) return false;
  series_.push_back(std::move(buckets));
  return true;
}

absl::StatusOr<std::vector<double>> LocalFit::MeansFrom(std::size_t back) const {
  const auto each = static_cast<std::size_t>(span_.bucket_days);
  TANDEM_ASSIGN_OR_RETURN(std::vector<double> days, profile_.UnitsFrom(back * each));
  if (each == 1) return days;
  std::vector<double> means(days.size() / each, 0.0);
  for (std::size_t day = 0; day < days.size(); ++day) means[day / each] += days[day];
  return means;
}

absl::StatusOr<std::vector<LocalForecast>> LocalFit::Run() const {
  std::vector<LocalForecast> forecasts;
  if (series_.empty()) return forecasts;
  forecasting::LongPanel panel;
  for (const std::vector<Bucket>& buckets : series_) {
    forecasting::LongSeries& one = panel.series.emplace_back();
    for (const Bucket& bucket : buckets) {
      const Knowledge part = bucket.told == 0 ? Knowledge::kGap : Knowledge::kLowerBound;
      one.units.push_back(bucket.units);
      one.knowledge.push_back(bucket.known == span_.bucket_days ? Knowledge::kKnown : part);
    }
  }
  const auto horizon = static_cast<std::size_t>(span_.bucket_count);
  const auto length =
      span_.bucket_days == 1 ? forecasting::BucketLength::kDay : forecasting::BucketLength::kWeek;
  const forecasting::LongOptions options{.bucket = length, .horizon_buckets = horizon};
  TANDEM_ASSIGN_OR_RETURN(const std::vector<double> means, MeansFrom(0));
  std::vector<forecasting::PastMeans> past;
  for (const std::size_t back : forecasting::PastOrigins(panel, options)) {
    TANDEM_ASSIGN_OR_RETURN(std::vector<double> then, MeansFrom(back));
    past.push_back({back, std::move(then)});
  }
  forecasting::SerialExecutor serial;
  TANDEM_ASSIGN_OR_RETURN(const std::vector<float> quantiles,
                          forecasting::QuantilesFromPast(panel, options, {means, past}, serial));
  const std::size_t each = horizon * kQuantiles;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    LocalForecast& one = forecasts.emplace_back();
    TANDEM_ASSIGN_OR_RETURN(one.mean, InQuantities(std::span(means).subspan(i * horizon, horizon)));
    const auto from = quantiles.begin() + static_cast<std::ptrdiff_t>(i * each);
    const std::vector<double> units(from, from + static_cast<std::ptrdiff_t>(each));
    TANDEM_ASSIGN_OR_RETURN(one.quantiles, InQuantities(units));
  }
  return forecasts;
}

}  // namespace tandem::forecast
