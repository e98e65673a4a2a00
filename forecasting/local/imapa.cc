#include "forecasting/local/imapa.h"

namespace tandem::forecasting {

double ImapaForecast(const DemandEvents& events, EventScratch& scratch) {
  if (events.size_units.empty()) return 0.0;
  const std::size_t longest = MeanIntervalRounded(events);
  double sum = 0.0;
  for (std::size_t length = 1; length <= longest; ++length) {
    sum += AdidaForecast(FitBlocks(events, length, scratch));
  }
  return sum / static_cast<double>(longest);
}

}  // namespace tandem::forecasting
