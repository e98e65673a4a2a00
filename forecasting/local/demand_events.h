// A history seen as demands and the gaps between them: what every method for intermittent demand
// reads. Made once a series and shared by all of them (croston.h, sba.h, tsb.h, adida.h, imapa.h).
//
//   EventScratch scratch;  // One a thread; grows to the longest series and stays.
//   const absl::StatusOr<DemandEvents> events = ReadEvents(history_units, scratch);
//   const double rate_units = SbaForecast(FitCroston(*events, {}));
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/local/quantiles.h"

namespace tandem::forecasting {

// A demand and what it counts (discounted_demand.h).
struct WeightedSize {
  double size_units = 0.0;
  double weight = 0.0;
};

struct EventScratch {
  std::vector<double> sizes{};
  std::vector<double> intervals{};
  std::vector<double> sums{};
  std::vector<WeightedSize> weighted{};
};

// Views into a scratch: valid until it is used for another series.
struct DemandEvents {
  std::span<const double> size_units{};        // Of each bucket with demand, oldest first.
  std::span<const double> interval_buckets{};  // From the demand before; the first's: its position.
  std::size_t buckets = 0;                     // n.
  std::size_t buckets_since_last = 0;          // Without demand at the end; n if there was none.
  double size_variation = 0.0;  // Squared coefficient of variation of sizes (CV^2), 0 below two.

  // Mean interval (ADI), from the first bucket to the last demand; 0 if there was no demand.
  double MeanInterval() const;
};

// Returns kInvalidArgument if the history is empty or holds a NaN, an infinity or a negative value;
// kOutOfRange if its sum is not finite. All zeros are a history without events: every method then
// forecasts 0. O(n) time; no allocation once the scratch has grown.
absl::StatusOr<DemandEvents> ReadEvents(std::span<const double> history_units,
                                        EventScratch& scratch);

// A method's quantiles, the same for every horizon: demand comes as often as it did (1/ADI), in
// sizes whose mean makes the forecast and that vary as they did.
QuantileBand BandOf(const DemandEvents& events, double forecast_units);

// Obsolete: no demand for `quiet_buckets_min` buckets and for longer than any gap before. The
// planner's rule of VN1's entrants (180 days); such an item's forecast is 0, with this as its flag.
struct ObsolescenceOptions {
  std::size_t quiet_buckets_min = 180;  // 180: days. Take 26 for weeks, 6 for months.
};
bool IsObsolete(const DemandEvents& events, const ObsolescenceOptions& options);

}  // namespace tandem::forecasting
