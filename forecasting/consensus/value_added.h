// Forecast value added: what a step of the process, or a party's change, did to the error. Positive
// helped. Reference: Gilliland, The Business Forecasting Deal (2010), chapter 4.
//
//   ValueAdded planner;
//   planner.Observe({.before_units = 90, .after_units = 110, .actual_units = 105});
//   if (planner.Judge(0.95) == Worth::kHurts) ...
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace tandem::forecasting {

struct ForecastChange {
  double before_units = 0.0;
  double after_units = 0.0;
  double actual_units = 0.0;
};

enum class Worth : std::uint8_t { kUnclear = 0, kHelps = 1, kHurts = 2 };

// Running statistics of d = |before - actual| - |after - actual|. A value; all zeros is empty.
struct ValueAdded {
  double count = 0.0;
  double mean_units = 0.0;     // Mean d: the fall of the mean absolute error.
  double squares_units = 0.0;  // Sum of squares of d about its mean (Welford).
  double before_units = 0.0;   // Sum |before - actual|,
  double after_units = 0.0;    // sum |after - actual|,
  double actual_units = 0.0;   // and sum of actuals: add them up over any scope.

  // kInvalidArgument, and nothing is counted, if a value is not finite.
  absl::Status Observe(const ForecastChange& change);
  // As if all of `other` had been observed too (Chan, Golub and LeVeque 1983).
  void Add(const ValueAdded& other);
  // (sum |before| - sum |after|) / sum actual: points of WMAPE won. Undefined if no more was
  // sold than came back.
  std::optional<double> WmapePoints() const;
  // The chance that the true mean is above zero, by Student's t, but no nearer to 0 or 1 than
  // 2^-count, what the signs alone can say (Fisher, The Design of Experiments (1935), 21): two or
  // three that are alike are no certainty, and a confidence of 0.95 takes five observations.
  // nullopt before two, 0.5 where the mean is zero. Takes observations as independent.
  std::optional<double> ChanceOfHelp() const;
  // kHelps or kHurts where that chance is at least `confidence` on the one side (one-sided), with
  // `confidence` in (0.5, 1).
  Worth Judge(double confidence) const;

  friend bool operator==(const ValueAdded&, const ValueAdded&) = default;
};

}  // namespace tandem::forecasting
