// The recursion of complex smoothing, and the fit of one form to a scaled history. Internal to
// ces.cc and its tests.
#pragma once

#include <cstddef>
#include <span>

#include "forecasting/local/ces.h"

namespace tandem::forecasting::ces {

struct Series {
  std::span<const double> values{};  // Of mean absolute value 1.
  std::size_t season = 1;
};

struct Fit {
  CesWeights weights{};
  CesState state{};      // After the last value.
  double squares = 0.0;  // sum e^2
  bool converged = false;
};

inline void Move(CesPair& pair, double real, double imaginary, double error) {
  const double value = pair.value - (1.0 - imaginary) * pair.potential + (real - imaginary) * error;
  pair.potential = pair.value + (1.0 - real) * pair.potential + (real + imaginary) * error;
  pair.value = value;
}

// mu at a place of the season.
template <CesForm kForm>
double MeanAt(const CesState& state, std::size_t place) {
  if constexpr (kForm == CesForm::kNone) return state.level.value;
  if constexpr (kForm == CesForm::kSimple) return state.season[place].value;
  return state.level.value + state.season[place].value;
}

template <CesForm kForm>
void MoveAt(const CesWeights& w, double error, CesState& state, std::size_t place) {
  if constexpr (kForm == CesForm::kSimple) {
    Move(state.season[place], w.level_real, w.level_imaginary, error);
    return;
  }
  Move(state.level, w.level_real, w.level_imaginary, error);
  if constexpr (kForm == CesForm::kPartial) state.season[place].value += w.season_real * error;
  if constexpr (kForm == CesForm::kFull) {
    Move(state.season[place], w.season_real, w.season_imaginary, error);
  }
}

double MeanAt(CesForm form, const CesState& state, std::size_t place);
void MoveAt(CesForm form, const CesWeights& weights, double error, CesState& state,
            std::size_t place);

// Whether a pair forgets its start.
bool IsStable(double real, double imaginary);

// sum e^2 with the starts backcast, and the state after the last value.
double Squares(const Series& series, CesForm form, const CesWeights& weights, CesState& state);

std::size_t WeightCount(CesForm form);

// Needs n >= 2 m for a seasonal form.
Fit Search(const Series& series, CesForm form);

}  // namespace tandem::forecasting::ces
