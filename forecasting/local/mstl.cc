#include "forecasting/local/mstl.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/history.h"
#include "forecasting/local/loess.h"

namespace tandem::forecasting {
namespace {

constexpr int kInnerRounds = 2;  // As R's stl, which is not robust by default.

std::size_t NextOdd(double value) {
  const auto whole = static_cast<std::size_t>(std::ceil(value));
  return whole % 2 == 0 ? whole + 1 : whole;
}

// Means of `length` neighbors; one value less than `length` shorter. In place is allowed.
std::size_t MovingMeans(std::span<const double> values, std::size_t length, double* means) {
  const std::size_t count = values.size() - length + 1;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0.0;
    for (std::size_t j = 0; j < length; ++j) sum += values[i + j];
    means[i] = sum / static_cast<double>(length);
  }
  return count;
}

// The cycles' smooths, each bucket of the season by itself, one cycle longer at both ends.
void SmoothCycles(std::span<const double> values, std::size_t m, std::size_t window,
                  MstlScratch& scratch) {
  const std::size_t n = values.size();
  for (std::size_t place = 0; place < m; ++place) {
    scratch.cycle.clear();
    for (std::size_t t = place; t < n; t += m) scratch.cycle.push_back(values[t]);
    const std::size_t count = scratch.cycle.size() + 2;
    scratch.smoothed.resize(std::max(scratch.smoothed.size(), count));
    const std::span<double> smooth = std::span(scratch.smoothed).first(count);
    Loess(scratch.cycle, {.window = window, .linear = false}, -1, smooth, scratch.weights);
    for (std::size_t i = 0; i < count; ++i) scratch.extended[place + i * m] = smooth[i];
  }
}

// STL's inner loop: `seasonal` gets the season of `values`, m buckets long.
void TakeSeason(std::span<const double> values, std::size_t m, std::size_t window,
                std::span<double> seasonal, MstlScratch& scratch) {
  const std::size_t n = values.size();
  const double factor = 1.5 / (1.0 - 1.5 / static_cast<double>(window));
  const std::size_t trend_window = NextOdd(factor * static_cast<double>(m));
  scratch.trend.assign(n, 0.0);
  // A place that ends the history with a whole cycle may be written up to 3 m beyond it.
  scratch.extended.assign(n + 3 * m, 0.0);
  scratch.filtered.resize(n + 2 * m);
  std::vector<double>& without = scratch.filtered;
  for (int round = 0; round < kInnerRounds; ++round) {
    without.resize(n + 2 * m);
    for (std::size_t t = 0; t < n; ++t) without[t] = values[t] - scratch.trend[t];
    SmoothCycles(std::span(without).first(n), m, window, scratch);
    const std::span<const double> extended = std::span(scratch.extended).first(n + 2 * m);
    // What is left of the trend in the cycles: two moving means of m, one of 3, and a smooth.
    std::size_t count = MovingMeans(extended, m, without.data());
    count = MovingMeans(std::span(without).first(count), m, without.data());
    count = MovingMeans(std::span(without).first(count), 3, without.data());
    Loess(std::span(without).first(count),
          {.window = std::max<std::size_t>(3, NextOdd(static_cast<double>(m)))}, 0, seasonal,
          scratch.weights);
    for (std::size_t t = 0; t < n; ++t) seasonal[t] = extended[m + t] - seasonal[t];
    for (std::size_t t = 0; t < n; ++t) without[t] = values[t] - seasonal[t];
    Loess(std::span(without).first(n), {.window = trend_window}, 0, scratch.trend, scratch.weights);
  }
}

absl::Status CheckSeasons(std::span<const std::size_t> seasons) {
  if (seasons.size() > kMstlSeasonsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(seasons.size(), " seasons; the maximum is ", kMstlSeasonsMax));
  }
  for (const std::size_t m : seasons) {
    if (m >= 2 && m <= kMstlSeasonBucketsMax) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("a season of ", m, " buckets; it must be 2 to ", kMstlSeasonBucketsMax));
  }
  return absl::OkStatus();
}

double NextSeasons(std::vector<std::size_t>& places, const std::vector<MstlCycle>& cycles) {
  double sum = 0.0;
  for (std::size_t k = 0; k < cycles.size(); ++k) {
    sum += cycles[k].units[places[k]];
    places[k] = places[k] + 1 == cycles[k].units.size() ? 0 : places[k] + 1;
  }
  return sum;
}

}  // namespace

absl::StatusOr<std::vector<std::size_t>> DecomposeMstl(std::span<const double> history_units,
                                                       std::span<const std::size_t> seasons,
                                                       MstlScratch& scratch) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (absl::Status status = CheckSeasons(seasons); !status.ok()) return status;
  const std::size_t n = history_units.size();
  std::vector<std::size_t> used(seasons.begin(), seasons.end());
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  std::erase_if(used, [n](std::size_t m) { return 2 * m > n; });
  for (std::size_t k = 0; k < used.size(); ++k) scratch.seasonal[k].assign(n, 0.0);
  scratch.rest.assign(history_units.begin(), history_units.end());
  const int rounds = used.size() > 1 ? 2 : 1;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t k = 0; k < used.size(); ++k) {
      std::vector<double>& seasonal = scratch.seasonal[k];
      for (std::size_t t = 0; t < n; ++t) scratch.rest[t] += seasonal[t];
      TakeSeason(scratch.rest, used[k], 7 + 4 * (k + 1), seasonal, scratch);
      for (std::size_t t = 0; t < n; ++t) scratch.rest[t] -= seasonal[t];
    }
  }
  return used;
}

absl::StatusOr<MstlModel> FitMstl(std::span<const double> history_units,
                                  std::span<const std::size_t> seasons, MstlScratch& scratch) {
  const auto used = DecomposeMstl(history_units, seasons, scratch);
  if (!used.ok()) return used.status();
  if (absl::Status status = CheckForecast(scratch.rest); !status.ok()) return status;
  MstlModel model;
  const auto rest = FitAutoEts(scratch.rest, {}, scratch.ets);
  if (!rest.ok()) return rest.status();
  model.rest = *rest;
  // The rest may fall below zero where its season is high.
  model.rest.non_negative = false;
  model.non_negative = *std::min_element(history_units.begin(), history_units.end()) >= 0.0;
  for (std::size_t k = 0; k < used->size(); ++k) {
    const std::vector<double>& seasonal = scratch.seasonal[k];
    const auto m = static_cast<std::ptrdiff_t>((*used)[k]);
    model.cycles.push_back({.units = {seasonal.end() - m, seasonal.end()}});
  }
  return model;
}

void UpdateMstl(MstlModel& model, double units) {
  for (MstlCycle& cycle : model.cycles) {
    units -= cycle.units[cycle.place];
    cycle.place = cycle.place + 1 == cycle.units.size() ? 0 : cycle.place + 1;
  }
  UpdateEts(model.rest, units);
}

absl::Status ForecastMstl(const MstlModel& model, std::span<double> mean_units,
                          std::span<double> band_units) {
  absl::Status status = ForecastEts(model.rest, mean_units, band_units);
  if (!status.ok()) return status;
  std::vector<std::size_t> places;
  for (const MstlCycle& cycle : model.cycles) places.push_back(cycle.place);
  for (std::size_t h = 0; h < mean_units.size(); ++h) {
    const double season = NextSeasons(places, model.cycles);
    mean_units[h] += season;
    if (band_units.empty()) continue;
    for (double& value : band_units.subspan(h * kQuantiles, kQuantiles)) value += season;
  }
  if (model.non_negative) {
    ClipAtZero(mean_units);
    ClipAtZero(band_units);
  }
  if (status = CheckForecast(mean_units); !status.ok()) return status;
  return CheckForecast(band_units);
}

}  // namespace tandem::forecasting
