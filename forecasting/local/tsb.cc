#include "forecasting/local/tsb.h"

namespace tandem::forecasting {
namespace {

// So many buckets without demand. A long silence ends at zero, not among the denormals.
double Fade(double probability, double keep, double buckets) {
  for (double i = 0.0; i < buckets && probability > 0.0; i += 1.0) {
    probability *= keep;
    if (probability < 1e-300) probability = 0.0;
  }
  return probability;
}

}  // namespace

TsbState FitTsb(const DemandEvents& events, const TsbOptions& options) {
  TsbState state{.options = options, .started = events.buckets > 0};
  if (events.size_units.empty()) return state;
  const double keep = 1.0 - options.alpha_probability;
  state.size_units = events.size_units.front();
  state.probability = events.interval_buckets.front() == 1.0 ? 1.0 : options.alpha_probability;
  for (std::size_t i = 1; i < events.size_units.size(); ++i) {
    state.size_units += options.alpha_size * (events.size_units[i] - state.size_units);
    state.probability = Fade(state.probability, keep, events.interval_buckets[i] - 1.0);
    state.probability += options.alpha_probability * (1.0 - state.probability);
  }
  state.probability = Fade(state.probability, keep, static_cast<double>(events.buckets_since_last));
  return state;
}

void UpdateTsb(TsbState& state, double demand_units) {
  const bool demand = demand_units > 0.0;
  if (!state.started) {
    state.probability = demand ? 1.0 : 0.0;
    state.started = true;
  } else if (demand) {
    state.probability += state.options.alpha_probability * (1.0 - state.probability);
  } else {
    state.probability = Fade(state.probability, 1.0 - state.options.alpha_probability, 1.0);
  }
  if (!demand) return;
  state.size_units =
      state.size_units == 0.0
          ? demand_units
          : state.size_units + state.options.alpha_size * (demand_units - state.size_units);
}

double TsbForecast(const TsbState& state) { return state.probability * state.size_units; }

}  // namespace tandem::forecasting
