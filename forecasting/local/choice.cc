#include "forecasting/local/choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "forecasting/local/adida.h"
#include "forecasting/local/combination.h"
#include "forecasting/local/croston.h"
#include "forecasting/local/discounted_demand.h"
#include "forecasting/local/history.h"
#include "forecasting/local/imapa.h"
#include "forecasting/local/sba.h"
#include "forecasting/local/seasonal_naive.h"
#include "forecasting/local/tsb.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

using History = std::span<const double>;

absl::Status NaiveRoom(History history_units, const LocalOptions& options, const ForecastRoom& room,
                       LocalScratch& scratch) {
  const std::size_t m = options.season_buckets;
  if (absl::Status status = SeasonalNaiveInto(history_units, m, room.mean_units); !status.ok()) {
    return status;
  }
  if (room.band_units.empty()) return absl::OkStatus();
  scratch.errors.clear();
  for (std::size_t t = m; t < history_units.size(); ++t) {
    scratch.errors.push_back(history_units[t] - history_units[t - m]);
  }
  if (scratch.errors.empty()) scratch.errors.push_back(0.0);
  std::sort(scratch.errors.begin(), scratch.errors.end());
  for (std::size_t h = 0; h < room.mean_units.size(); ++h) {
    const std::size_t seasons = 1 + h / m;
    const double spread = std::sqrt(static_cast<double>(seasons));
    ErrorBand(room.mean_units[h], spread, scratch.errors,
              room.band_units.subspan(h * kQuantiles, kQuantiles));
  }
  if (*std::min_element(history_units.begin(), history_units.end()) >= 0.0) {
    ClipAtZero(room.band_units);
  }
  return CheckForecast(room.band_units);
}

double FlatMean(LocalMethod method, const DemandEvents& events, EventScratch& scratch) {
  switch (method) {
    case LocalMethod::kCroston:
      return CrostonForecast(FitCroston(events, {}));
    case LocalMethod::kOptimizedCroston:
      return CrostonForecast(FitOptimizedCroston(events));
    case LocalMethod::kSba:
      return SbaForecast(FitCroston(events, {}));
    case LocalMethod::kTsb:
      return TsbForecast(FitTsb(events, {}));
    case LocalMethod::kAdida:
      return AdidaForecast(FitAdida(events, scratch));
    default:
      return ImapaForecast(events, scratch);
  }
}

absl::Status FlatRoom(LocalMethod method, History history_units, const ForecastRoom& room,
                      LocalScratch& scratch) {
  if (absl::Status status = CheckHorizon(room.mean_units.size()); !status.ok()) return status;
  const auto events = ReadEvents(history_units, scratch.events);
  if (!events.ok()) return events.status();
  double mean = 0.0;
  QuantileBand band;
  if (method == LocalMethod::kDiscountedDemand) {
    const DiscountedDemand demand = FitDiscountedDemand(*events, scratch.events);
    mean = demand.mean_units;
    band = demand.band;
  } else {
    mean = FlatMean(method, *events, scratch.events);
    band = BandOf(*events, mean);
  }
  std::fill(room.mean_units.begin(), room.mean_units.end(), mean);
  for (std::size_t i = 0; i < room.band_units.size(); ++i) {
    room.band_units[i] = band[i % kQuantiles];
  }
  if (absl::Status status = CheckForecast(room.mean_units); !status.ok()) return status;
  return CheckForecast(room.band_units);
}

// A season too long for ETS: taken out before, put back into what is forecast.
absl::Status AdjustedEtsRoom(bool damped_only, History history_units, const LocalOptions& options,
                             const ForecastRoom& room, LocalScratch& scratch) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  scratch.adjusted.assign(history_units.begin(), history_units.end());
  SeasonalAdjustment season = TakeOutSeason(options.season_buckets, scratch.adjusted);
  const auto model = FitAutoEts(scratch.adjusted, {.damped_only = damped_only}, scratch.ets);
  if (!model.ok()) return model.status();
  if (absl::Status status = ForecastEts(*model, room.mean_units, room.band_units); !status.ok()) {
    return status;
  }
  for (std::size_t h = 0; h < room.mean_units.size(); ++h) {
    const auto [times, plus] = season.Next();
    room.mean_units[h] = room.mean_units[h] * times + plus;
    if (room.band_units.empty()) continue;
    for (double& value : room.band_units.subspan(h * kQuantiles, kQuantiles)) {
      value = value * times + plus;
    }
  }
  if (*std::min_element(history_units.begin(), history_units.end()) >= 0.0) {
    ClipAtZero(room.mean_units);
    ClipAtZero(room.band_units);
  }
  if (absl::Status status = CheckForecast(room.mean_units); !status.ok()) return status;
  return CheckForecast(room.band_units);
}

absl::Status EtsRoom(bool damped_only, History history_units, const LocalOptions& options,
                     const ForecastRoom& room, LocalScratch& scratch) {
  if (options.season_buckets > kEtsSeasonBucketsMax &&
      options.season_buckets <= kAdjustedSeasonBucketsMax) {
    return AdjustedEtsRoom(damped_only, history_units, options, room, scratch);
  }
  const auto model = FitAutoEts(
      history_units, {.season_buckets = options.season_buckets, .damped_only = damped_only},
      scratch.ets);
  if (!model.ok()) return model.status();
  return ForecastEts(*model, room.mean_units, room.band_units);
}

absl::Status ThetaRoom(bool automatic, History history_units, const LocalOptions& options,
                       const ForecastRoom& room, LocalScratch& scratch) {
  const ThetaOptions theta = {.season_buckets = options.season_buckets};
  const auto model =
      automatic ? FitAutoTheta(history_units, theta, scratch.theta)
                : FitTheta(history_units, theta, ThetaKind::kDynamicOptimized, scratch.theta);
  if (!model.ok()) return model.status();
  return ForecastTheta(*model, room.mean_units, room.band_units);
}

absl::Status MedianRoom(History history_units, const LocalOptions& options,
                        const ForecastRoom& room, LocalScratch& scratch) {
  std::array<std::span<const double>, kMedianMethods.size()> means;
  std::array<std::span<const double>, kMedianMethods.size()> bands;
  for (std::size_t k = 0; k < kMedianMethods.size(); ++k) {
    scratch.means[k].resize(room.mean_units.size());
    scratch.bands[k].resize(room.band_units.size());
    const ForecastRoom own = {scratch.means[k], scratch.bands[k]};
    absl::Status status = ForecastLocal(kMedianMethods[k], history_units, options, own, scratch);
    if (!status.ok()) return status;
    means[k] = scratch.means[k];
    bands[k] = scratch.bands[k];
  }
  const absl::Status status = CombineByMedian(means, room.mean_units);
  return status.ok() ? CombineByMedian(bands, room.band_units) : status;
}

absl::Status CheckChoice(History history_units, std::size_t methods, const ChoiceOptions& options) {
  if (absl::Status status = CheckHistory(history_units); !status.ok()) return status;
  if (absl::Status status = CheckHorizon(options.horizon_buckets); !status.ok()) return status;
  if (methods == 0) return absl::InvalidArgumentError("no method to choose from");
  if (options.origins == 0) return absl::InvalidArgumentError("no origin to judge from");
  if (options.horizon_buckets == 0) return absl::InvalidArgumentError("no bucket to judge by");
  return absl::OkStatus();
}

// Mean squared error over the origins; infinite if the method refuses one.
double MeanSquare(LocalMethod method, History history_units, const ChoiceOptions& options,
                  std::size_t origins, LocalScratch& scratch) {
  const std::size_t h = options.horizon_buckets;
  double squares = 0.0;
  for (std::size_t k = origins; k > 0; --k) {
    const std::size_t origin = history_units.size() - k * h;
    scratch.judged.resize(h);
    const absl::Status status = ForecastLocal(method, history_units.first(origin), options.local,
                                              {scratch.judged, {}}, scratch);
    if (!status.ok()) return std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < h; ++i) {
      const double error = history_units[origin + i] - scratch.judged[i];
      squares += error * error / static_cast<double>(origins * h);
    }
  }
  return squares;
}

// Room for any method's work on so many buckets, whichever is chosen.
void Grow(std::size_t buckets, std::size_t horizon, LocalScratch& scratch) {
  const auto grow = [](auto& values, std::size_t size) {
    if (values.size() < size) values.resize(size);
  };
  for (std::vector<double>* values :
       {&scratch.ets.scaled, &scratch.theta.adjusted, &scratch.ces.scaled, &scratch.events.sizes,
        &scratch.events.intervals, &scratch.events.sums}) {
    grow(*values, buckets);
  }
  grow(scratch.events.weighted, buckets);
  for (std::vector<double>* values : {&scratch.errors, &scratch.adjusted}) values->reserve(buckets);
  scratch.judged.reserve(horizon);
  for (std::vector<double>& mean : scratch.means) mean.reserve(horizon);
  for (std::vector<double>& band : scratch.bands) band.reserve(horizon * kQuantiles);
}

std::size_t OriginsOf(History history_units, const ChoiceOptions& options) {
  const std::size_t before = std::max<std::size_t>(8, 2 * options.local.season_buckets);
  if (history_units.size() <= before) return 0;
  return std::min(options.origins, (history_units.size() - before) / options.horizon_buckets);
}

}  // namespace

absl::Status ForecastLocal(LocalMethod method, std::span<const double> history_units,
                           const LocalOptions& options, const ForecastRoom& room,
                           LocalScratch& scratch) {
  absl::Status status = CheckBandRoom(room.mean_units.size(), room.band_units.size());
  if (!status.ok()) return status;
  if (options.season_buckets == 0) return absl::InvalidArgumentError("a season of no bucket");
  switch (method) {
    case LocalMethod::kSeasonalNaive:
      return NaiveRoom(history_units, options, room, scratch);
    case LocalMethod::kEts:
      return EtsRoom(false, history_units, options, room, scratch);
    case LocalMethod::kDampedEts:
      return EtsRoom(true, history_units, options, room, scratch);
    case LocalMethod::kDynamicOptimizedTheta:
      return ThetaRoom(false, history_units, options, room, scratch);
    case LocalMethod::kAutoTheta:
      return ThetaRoom(true, history_units, options, room, scratch);
    case LocalMethod::kCes: {
      const auto model =
          FitCes(history_units, {.season_buckets = options.season_buckets}, scratch.ces);
      if (!model.ok()) return model.status();
      return ForecastCes(*model, room.mean_units, room.band_units);
    }
    case LocalMethod::kMedian:
      return MedianRoom(history_units, options, room, scratch);
    case LocalMethod::kCroston:
    case LocalMethod::kOptimizedCroston:
    case LocalMethod::kSba:
    case LocalMethod::kTsb:
    case LocalMethod::kAdida:
    case LocalMethod::kImapa:
    case LocalMethod::kDiscountedDemand:
      return FlatRoom(method, history_units, room, scratch);
  }
  return absl::InvalidArgumentError("no such method");
}

absl::StatusOr<Choice> ChooseMethod(std::span<const double> history_units,
                                    std::span<const LocalMethod> methods,
                                    const ChoiceOptions& options, LocalScratch& scratch) {
  absl::Status status = CheckChoice(history_units, methods.size(), options);
  if (!status.ok()) return status;
  Choice choice{.best = methods.front(), .origins = OriginsOf(history_units, options)};
  if (choice.origins == 0) return choice;
  double least = std::numeric_limits<double>::infinity();
  for (const LocalMethod method : methods) {
    const double squares = MeanSquare(method, history_units, options, choice.origins, scratch);
    choice.mean_squares.push_back(squares);
    if (squares < least) {
      least = squares;
      choice.best = method;
    }
  }
  return choice;
}

std::span<const LocalMethod> MethodsFor(std::span<const double> history_units) {
  constexpr double kOccasional = 1.32;
  double demands = 0.0;
  double until_last = 0.0;
  for (std::size_t t = 0; t < history_units.size(); ++t) {
    if (!(history_units[t] > 0.0)) continue;
    demands += 1.0;
    until_last = static_cast<double>(t + 1);
  }
  if (demands > 0.0 && until_last < kOccasional * demands) return kSmoothMethods;
  return kOccasionalMethods;
}

absl::StatusOr<LocalMethod> ForecastBest(std::span<const double> history_units,
                                         std::span<const LocalMethod> methods,
                                         const ChoiceOptions& options, const ForecastRoom& room,
                                         LocalScratch& scratch) {
  ChoiceOptions judged = options;
  judged.horizon_buckets = std::max<std::size_t>(1, room.mean_units.size());
  absl::Status status = CheckChoice(history_units, methods.size(), judged);
  if (!status.ok()) return status;
  Grow(history_units.size(), judged.horizon_buckets, scratch);
  const std::size_t origins = OriginsOf(history_units, judged);
  LocalMethod best = methods.front();
  double least = std::numeric_limits<double>::infinity();
  for (const LocalMethod method : methods) {
    if (origins == 0) break;
    const double squares = MeanSquare(method, history_units, judged, origins, scratch);
    if (!(squares < least)) continue;
    least = squares;
    best = method;
  }
  status = ForecastLocal(best, history_units, options.local, room, scratch);
  if (status.ok()) return best;
  for (const LocalMethod method : methods) {
    status = ForecastLocal(method, history_units, options.local, room, scratch);
    if (status.ok()) return method;
  }
  return status;
}

}  // namespace tandem::forecasting
