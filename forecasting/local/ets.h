// Exponential smoothing in state space form, with automatic choice of the form: error, trend and
// season additive, multiplicative or absent.
// Reference: Hyndman, Koehler, Ord and Snyder, "Forecasting with exponential smoothing: the state
// space approach", Springer (2008); automatic choice after Hyndman, Koehler, Snyder and Grose, "A
// state space framework for automatic forecasting", Int. J. of Forecasting 18 (2002).
//
//   EtsScratch scratch;  // One a thread.
//   const absl::StatusOr<EtsModel> model = FitAutoEts(history_units, {.season_buckets = 12},
//   scratch); ForecastEts(*model, mean_units, band_units); UpdateEts(*model, tomorrows_units);
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/local/quantiles.h"

namespace tandem::forecasting {

enum class EtsError { kAdditive, kMultiplicative };
enum class EtsTrend { kNone, kAdditive, kDamped };
enum class EtsSeason { kNone, kAdditive, kMultiplicative };

// A multiplicative season goes with a multiplicative error only: 15 forms.
struct EtsForm {
  EtsError error = EtsError::kAdditive;
  EtsTrend trend = EtsTrend::kNone;
  EtsSeason season = EtsSeason::kNone;
  friend auto operator<=>(const EtsForm&, const EtsForm&) = default;
};
inline constexpr std::size_t kEtsForms = 15;

// As in R's forecast::ets, which takes no longer season either; mstl.h does.
inline constexpr std::size_t kEtsSeasonBucketsMax = 24;

// In the usual region: 1e-4 <= alpha <= .9999, 1e-4 <= beta <= alpha, 1e-4 <= gamma <= 1 - alpha,
// .8 <= phi <= .98 (1 where the trend is not damped; beta, gamma 0 where absent).
struct EtsParameters {
  double alpha = 0.0;
  double beta = 0.0;
  double gamma = 0.0;
  double phi = 1.0;
};

// Level, slope and season before the first bucket (a start) or after the last (a state).
// season[(place + i) % m] is that of the next bucket but i.
struct EtsState {
  double level = 0.0;
  double slope = 0.0;
  std::array<double, kEtsSeasonBucketsMax> season{};
  std::size_t place = 0;
};

// A fitted model, carried forward from bucket to bucket. Holds no pointers: it may be copied.
struct EtsModel {
  EtsForm form{};
  std::size_t season_buckets = 1;
  EtsParameters parameters{};
  EtsState start{};
  EtsState state{};
  double error_variance = 0.0;  // sum e^2 / (n - k); of the relative error if multiplicative.
  double aicc = 0.0;            // Infinite for a fallback.
  bool fallback = false;        // Too short, or nothing but zeros: see FitAutoEts.
  bool converged = true;        // The search ended before its bound on steps.
  bool non_negative = true;     // The history was, so the forecasts are.
};

struct EtsOptions {
  std::size_t season_buckets = 1;  // m; 1 for none, at most kEtsSeasonBucketsMax.
  // beta is at most 1e-4 + this share of alpha - 1e-4. 1 is the whole usual region; a slope that
  // follows the last steps extrapolates them, and the M competitions' series are forecast better
  // with less (README.md). The best open engine keeps beta below its start of 0.2, with a season
  // 0.2 / m.
  double slope_share_max = 0.2;
  bool damped_only = false;  // Automatic choice among the forms with a damped trend alone.
};

// Grows to the longest history and stays.
struct EtsScratch {
  std::vector<double> scaled{};
};

// The form of least AICc with its parameters and start of least
//   n log(sum e^2) (+ 2 sum log|mu| if the error is multiplicative).
// Without a positive history only the six additive forms are tried; with n < 2 m no season is; a
// form of k parameters needs n > k + 1. The one-step errors are kept nowhere, and starts and
// smoothing parameters are found together by Levenberg and Marquardt's method with derivatives
// carried along the recursion, so a fit takes some ten passes over the history. Fallbacks, flagged:
// fewer than five buckets or all zeros get the last value as level (alpha .9999). Returns
// kInvalidArgument if the history is empty, holds a NaN or an infinity, or an option is out of its
// range; kOutOfRange if a result is not finite.
absl::StatusOr<EtsModel> FitAutoEts(std::span<const double> history_units,
                                    const EtsOptions& options, EtsScratch& scratch);

// The same for one form. Also returns kFailedPrecondition if the history is too short for it, does
// not allow it (zeros with a multiplicative part), or no parameters fit.
absl::StatusOr<EtsModel> FitEts(std::span<const double> history_units, const EtsOptions& options,
                                const EtsForm& form, EtsScratch& scratch);

// One more bucket: the state as if the bucket had been in the history, parameters unchanged. O(1).
// `units` must be finite.
void UpdateEts(EtsModel& model, double units);

// The mean of the next `mean_units.size()` buckets. `band_units` is empty or holds kQuantiles
// values a bucket, bucket after bucket: normal, with the form's variance (Hyndman et al. (2008),
// chapter 6). Never below zero if the history was not. O(h) with an additive error, else O(h^2), h
// the shorter of horizon and kEtsSpreadBucketsMax, beyond which the spread stays, as it does at a
// thousand times the mean. No allocation.
// Returns kInvalidArgument for spans of other sizes or a horizon over the maximum; kOutOfRange if a
// value is not finite.
absl::Status ForecastEts(const EtsModel& model, std::span<double> mean_units,
                         std::span<double> band_units);
inline constexpr std::size_t kEtsSpreadBucketsMax = 256;  // For a multiplicative error.

}  // namespace tandem::forecasting
