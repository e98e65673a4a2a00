#include "forecasting/local/demand_events.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/history.h"

namespace tandem::forecasting {
namespace {

double VariationOf(std::span<const double> sizes) {
  if (sizes.size() < 2) return 0.0;
  const auto n = static_cast<double>(sizes.size());
  // Relative to the largest, so that no square overflows.
  const double largest = *std::max_element(sizes.begin(), sizes.end());
  double mean = 0.0;
  for (const double size : sizes) mean += size / largest;
  mean /= n;
  double squares = 0.0;
  for (const double size : sizes) {
    const double off = size / largest - mean;
    squares += off * off;
  }
  return squares / (n - 1.0) / (mean * mean);
}

}  // namespace

double DemandEvents::MeanInterval() const {
  if (size_units.empty()) return 0.0;
  return static_cast<double>(buckets - buckets_since_last) / static_cast<double>(size_units.size());
}

absl::StatusOr<DemandEvents> ReadEvents(std::span<const double> history_units,
                                        EventScratch& scratch) {
  const std::size_t n = history_units.size();
  if (scratch.sizes.size() < n) {
    scratch.sizes.resize(n);
    scratch.intervals.resize(n);
    scratch.sums.resize(n);
  }
  // Every bucket is written, and the place moves on only where there was demand: no branch to
  // guess.
  std::size_t count = 0;
  double last = 0.0;  // Position of the last demand, from 1.
  double least = 0.0;
  double sum = 0.0;
  for (std::size_t t = 0; t < n; ++t) {
    const double y = history_units[t];
    const auto position = static_cast<double>(t + 1);
    scratch.sizes[count] = y;
    scratch.intervals[count] = position - last;
    const bool demand = y > 0.0;
    last = demand ? position : last;
    count += demand ? 1 : 0;
    least = std::min(least, y);
    sum += y;  // A NaN stays in the sum.
  }
  if (n == 0 || least < 0.0 || !std::isfinite(sum)) {
    if (absl::Status status = CheckDemand(history_units); !status.ok()) return status;
    return absl::OutOfRangeError("the history's values are too large to add up");
  }
  const std::span<const double> sizes = std::span(scratch.sizes).first(count);
  return DemandEvents{.size_units = sizes,
                      .interval_buckets = std::span(scratch.intervals).first(count),
                      .buckets = n,
                      .buckets_since_last = n - static_cast<std::size_t>(last),
                      .size_variation = VariationOf(sizes)};
}

QuantileBand BandOf(const DemandEvents& events, double forecast_units) {
  if (events.size_units.empty() || forecast_units <= 0.0) return QuantileBand{};
  const double probability = 1.0 / events.MeanInterval();
  return OccasionalBand({.probability = probability,
                         .size_units = forecast_units / probability,
                         .size_variation = events.size_variation});
}

bool IsObsolete(const DemandEvents& events, const ObsolescenceOptions& options) {
  if (events.size_units.empty()) return events.buckets >= options.quiet_buckets_min;
  const double longest =
      *std::max_element(events.interval_buckets.begin(), events.interval_buckets.end());
  return events.buckets_since_last >= options.quiet_buckets_min &&
         static_cast<double>(events.buckets_since_last) > longest;
}

}  // namespace tandem::forecasting
