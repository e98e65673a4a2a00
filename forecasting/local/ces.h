// Complex exponential smoothing: a level and an unseen second part, moved by one complex weight
// that lies anywhere between a level's and a trend's; without season, or with one of three kinds.
// Reference: I. Svetunkov, N. Kourentzes and J. K. Ord, "Complex exponential smoothing", Naval
// Research Logistics 69 (2022).
//
//   CesScratch scratch;  // One a thread.
//   const auto model = FitCes(history_units, {.season_buckets = 12}, scratch);
//   ForecastCes(*model, mean_units, band_units);
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/local/quantiles.h"

namespace tandem::forecasting {

enum class CesForm {
  kNone,     // A level.
  kSimple,   // A level for each place in the season.
  kPartial,  // A level, and a factor that is added for each place.
  kFull,     // A level, and a second complex one for each place.
};
inline constexpr std::array<CesForm, 4> kCesForms = {CesForm::kNone, CesForm::kSimple,
                                                     CesForm::kPartial, CesForm::kFull};
inline constexpr std::size_t kCesSeasonBucketsMax = 60;

struct CesOptions {
  std::size_t season_buckets = 1;  // m; 1 for none, at most kCesSeasonBucketsMax.
};

struct CesWeights {
  double level_real = 0.0;        // a0
  double level_imaginary = 0.0;   // a1
  double season_real = 0.0;       // b0, of kPartial and kFull
  double season_imaginary = 0.0;  // b1, of kFull
};

// What is seen, and what is not.
struct CesPair {
  double value = 0.0;      // l
  double potential = 0.0;  // c
};

struct CesState {
  CesPair level{};
  std::array<CesPair, kCesSeasonBucketsMax> season{};
  std::size_t place = 0;  // Of the next bucket in the season.
};

// A fitted model, carried forward from bucket to bucket. Holds no pointers: it may be copied.
struct CesModel {
  CesForm form = CesForm::kNone;
  std::size_t season_buckets = 1;
  CesWeights weights{};
  CesState state{};
  double bound_units = 0.0;     // No forecast is larger: ten times the largest value so far,
                                // UpdateCes's too.
  double error_variance = 0.0;  // Of one step.
  double aicc = 0.0;            // Infinite for a fallback.
  bool non_negative = true;
  bool fallback = false;
  bool converged = true;
};

struct CesScratch {
  std::vector<double> scaled{};
};

// With e = y - mu, a pair (l, c) and its complex weight a0 + i a1 move by
//   l' = l - (1 - a1) c + (a0 - a1) e,   c' = l + (1 - a0) c + (a0 + a1) e;
// mu is the level's l, the place's l (kSimple), or the sum of both; kPartial's place moves by b0 e.
// The form of least AICc (its k: the weights and the variance) and in it the weights of least
// sum e^2, each pair's among those that forget their start (the discount matrix's eigenvalues lie
// inside the circle), by a simplex from the authors' start. Starts are backcast, as by the authors'
// program smooth::ces: the history is run through, back, and through again. Seasonal forms need
// n >= 2 m + 4. O(n) time a step, no allocation. Fallback, flagged: fewer than six buckets or all
// equal get the last value. Returns kInvalidArgument if the history is empty, holds a NaN or an
// infinity, or m is 0 or over the maximum; kOutOfRange if a result is not finite.
absl::StatusOr<CesModel> FitCes(std::span<const double> history_units, const CesOptions& options,
                                CesScratch& scratch);

// The same for one form. Also returns kFailedPrecondition if the history is too short for it or
// has nothing to fit.
absl::StatusOr<CesModel> FitCesForm(std::span<const double> history_units,
                                    const CesOptions& options, CesForm form, CesScratch& scratch);

// One more bucket, weights unchanged. O(1). `units` must be finite.
void UpdateCes(CesModel& model, double units);

// Mean and, unless `band_units` is empty, kQuantiles values a bucket: normal with the variance that
// the recursion gives; both at most `bound_units`. Never below zero if the history was not. O(h),
// no allocation. Returns kInvalidArgument for spans of other sizes or a horizon over the maximum;
// kOutOfRange if a value is not finite.
absl::Status ForecastCes(const CesModel& model, std::span<double> mean_units,
                         std::span<double> band_units);

}  // namespace tandem::forecasting
