// What follows a fit: the mean and variance of later buckets, and the state a bucket later.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "forecasting/local/ets.h"
#include "forecasting/local/history.h"

namespace tandem::forecasting {
namespace {

// Deviations of a relative error grow with every bucket that it compounds over; a normal quantile
// of more than a thousand times the mean says nothing, and they stay there.
constexpr double kSpreadMax = 1e3;
// A season's factor and a mean that divide stay above this share of the level's size.
constexpr double kShareMin = 1e-9;

// mu of the next buckets, one after the other.
class Ahead {
 public:
  explicit Ahead(const EtsModel& model) : model_(model), place_(model.state.place) {
    level_ = model.state.level;
    slope_ = model.state.slope;
  }

  // Level and slope of the next bucket, without its season.
  double NextTrend() {
    slope_ *= model_.parameters.phi;
    level_ += slope_;
    return level_;
  }

  // The next bucket's season: to add, or to multiply by; 0 or 1 without.
  double NextSeason() {
    if (model_.form.season == EtsSeason::kNone) return 0.0;
    const double season = model_.state.season[place_];
    place_ = place_ + 1 == model_.season_buckets ? 0 : place_ + 1;
    return season;
  }

 private:
  const EtsModel& model_;
  double level_ = 0.0;
  double slope_ = 0.0;
  std::size_t place_ = 0;
};

// c_1, c_2, ...: what an error now adds to the mean j buckets later (Hyndman et al., table 6.2).
class Response {
 public:
  explicit Response(const EtsModel& model) : model_(model) {}

  double Next() {
    ++buckets_;
    power_ *= model_.parameters.phi;
    damped_ += power_;
    double c = model_.parameters.alpha + model_.parameters.beta * damped_;
    const bool cycle =
        model_.form.season != EtsSeason::kNone && buckets_ % model_.season_buckets == 0;
    if (cycle) c += model_.parameters.gamma;
    return c;
  }

 private:
  const EtsModel& model_;
  std::size_t buckets_ = 0;
  double power_ = 1.0;
  double damped_ = 0.0;
};

// Standard deviations of the next buckets, an additive error.
void AdditiveBands(const EtsModel& model, std::span<const double> mean_units,
                   std::span<double> band_units) {
  Response response(model);
  double sum = 1.0;
  for (std::size_t h = 0; h < mean_units.size(); ++h) {
    NormalBand(mean_units[h], std::sqrt(model.error_variance * sum),
               band_units.subspan(h * kQuantiles, kQuantiles));
    const double c = response.Next();
    sum += c * c;
  }
}

// A relative error:
//   theta_1 = mu_1^2,  theta_h = mu_h^2 + s2 sum_j c_j^2 theta_{h-j},  v_h = (1 + s2) theta_h -
//   mu_h^2
// (Hyndman et al. (2008), 6.4, class 2). With a multiplicative season mu is the trend's, and the
// season's own answer to an error is added to c once a cycle: exact to first order in s2.
void RelativeBands(const EtsModel& model, std::span<const double> mean_units,
                   std::span<double> band_units) {
  const bool scaled = model.form.season == EtsSeason::kMultiplicative;
  const double s2 = model.error_variance;
  std::array<double, kEtsSpreadBucketsMax> theta;
  std::array<double, kEtsSpreadBucketsMax> c2;
  Ahead ahead(model);
  Response response(model);
  double spread = 0.0;  // Relative to the mean.
  for (std::size_t h = 0; h < mean_units.size(); ++h) {
    const double trend = ahead.NextTrend();
    const double center = scaled ? trend : trend + ahead.NextSeason();
    if (h < kEtsSpreadBucketsMax && spread < kSpreadMax) {
      double sum = 0.0;
      for (std::size_t j = 1; j <= h; ++j) sum += c2[j - 1] * theta[h - j];
      theta[h] = center * center + s2 * sum;
      const double c = response.Next();
      c2[h] = c * c;
      const double variance = theta[h] * (1.0 + s2) - center * center;
      spread = std::min(kSpreadMax,
                        std::sqrt(std::max(0.0, variance)) / std::max(std::abs(center), 1e-300));
    }
    NormalBand(mean_units[h], spread * std::abs(mean_units[h]),
               band_units.subspan(h * kQuantiles, kQuantiles));
  }
}

}  // namespace

absl::Status ForecastEts(const EtsModel& model, std::span<double> mean_units,
                         std::span<double> band_units) {
  if (absl::Status status = CheckHorizon(mean_units.size()); !status.ok()) return status;
  if (absl::Status status = CheckBandRoom(mean_units.size(), band_units.size()); !status.ok()) {
    return status;
  }
  Ahead ahead(model);
  for (double& mean : mean_units) {
    const double trend = ahead.NextTrend();
    const double season = ahead.NextSeason();
    mean = model.form.season == EtsSeason::kMultiplicative ? trend * season : trend + season;
  }
  if (!band_units.empty()) {
    if (model.form.error == EtsError::kAdditive) {
      AdditiveBands(model, mean_units, band_units);
    } else {
      RelativeBands(model, mean_units, band_units);
    }
  }
  if (model.non_negative) {
    ClipAtZero(mean_units);
    ClipAtZero(band_units);
  }
  if (absl::Status status = CheckForecast(mean_units); !status.ok()) return status;
  return CheckForecast(band_units);
}

void UpdateEts(EtsModel& model, double units) {
  const auto [alpha, beta, gamma, phi] = model.parameters;
  EtsState& state = model.state;
  const double q = state.level + phi * state.slope;
  double error = units - q;
  if (model.form.season != EtsSeason::kNone) {
    double& season = state.season[state.place];
    state.place = state.place + 1 == model.season_buckets ? 0 : state.place + 1;
    if (model.form.season == EtsSeason::kAdditive) {
      error -= season;
      season += gamma * error;
    } else {
      const double factor = std::max(season, kShareMin);
      const double trend = std::max(q, kShareMin * std::abs(state.level) + 1e-300);
      error = units / factor - q;
      season += gamma * (units / trend - season);
    }
  }
  state.level = q + alpha * error;
  state.slope = phi * state.slope + beta * error;
}

}  // namespace tandem::forecasting
