// The fit of a Theta model to a history without season. Internal to theta.cc and its tests.
#pragma once

#include <span>

#include "forecasting/local/theta.h"

namespace tandem::forecasting::theta {

inline constexpr double kAlphaMin = 0.1;
inline constexpr double kAlphaMax = 0.99;

struct Fit {
  double alpha = 0.5;
  double line_share = 0.5;
  double level_start = 0.0;
  double squares = 0.0;  // sum_{t>3} e^2
};

// Needs five values at least.
Fit Search(std::span<const double> values, ThetaKind kind);

// The state before the first bucket: for the kept line, that of all values.
ThetaState StartOf(std::span<const double> values, ThetaKind kind, double level_start);

// mu of the next bucket.
double Mean(const ThetaState& state, const ThetaModel& model);

// The state once the next bucket's value is known.
void Advance(ThetaState& state, const ThetaModel& model, double value);

inline bool IsDynamic(ThetaKind kind) {
  return kind == ThetaKind::kDynamicStandard || kind == ThetaKind::kDynamicOptimized;
}
inline bool IsOptimized(ThetaKind kind) {
  return kind == ThetaKind::kOptimized || kind == ThetaKind::kDynamicOptimized;
}

}  // namespace tandem::forecasting::theta
