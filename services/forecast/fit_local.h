// The engine's forecast of one location with quantiles: means of the pooled profile (fit_profile.h)
// and what such means missed from earlier origins (forecasting/backtest/past_quantiles.h), between
// integers that two firms agree on, and with days that nobody knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/forecast/drivers.h"
#include "services/forecast/fit.h"
#include "services/forecast/fit_profile.h"

namespace tandem::forecast {

// The levels of its quantiles, in millionths: the nine of forecasting/quantile_levels.h.
std::vector<std::int32_t> LocalQuantileLevels();

// A series' forecast, bucket after bucket.
struct LocalForecast {
  std::vector<base::Quantity> mean{};
  std::vector<base::Quantity> quantiles{};  // Of each bucket, level after level.
};

// Items that are forecast together, as ProfileFit does, from now and from up to five earlier
// origins; quantiles are of the outcomes around these. Where buckets are weeks, days are summed to
// weeks that end on the origin, forecasts and outcomes alike. A day that is not known tells nothing
// of what was missed; on one whose shelf was empty, and in a week of which some days are known, at
// least what sold was wanted.
class LocalFit {
 public:
  // Of histories of `days` days from `first`, forecast `bucket_count` buckets of `bucket_days` (1
  // or 7) days beyond.
  struct Span {
    base::Day first{};
    std::int32_t days = 0;
    std::int32_t bucket_days = 1;
    std::int32_t bucket_count = 1;
  };
  LocalFit(const Span& span, std::vector<CalendarEvent> events);

  // A series' history, `days` long, the group that it is of, its prices and promotions. False, and
  // nothing is kept, where no day of a whole bucket is known.
  bool Add(const DailySeries& series, std::string_view group, const ItemDrivers& drivers = {});

  // The forecasts of what was added, in its order, rounded once to thousandths and never below
  // zero. Returns kOutOfRange if a result does not fit a Quantity. On the caller's thread; of four
  // years of days about a millisecond a series.
  absl::StatusOr<std::vector<LocalForecast>> Run() const;

 private:
  struct Bucket {
    double units = 0.0;
    std::int32_t told = 0;   // Days of which something is known.
    std::int32_t known = 0;  // Days of which all is.
  };
  // Of a series: its buckets from the first known one on.
  std::vector<Bucket> BucketsOf(const DailySeries& series) const;
  // Sums over buckets, from `back` buckets before the last.
  absl::StatusOr<std::vector<double>> MeansFrom(std::size_t back) const;

  Span span_;
  ProfileFit profile_;
  std::vector<std::vector<Bucket>> series_;
};

}  // namespace tandem::forecast
