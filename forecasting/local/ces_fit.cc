#include "forecasting/local/ces_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "forecasting/local/simplex.h"

namespace tandem::forecasting::ces {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Errors below a millionth of the mean value are none.
constexpr double kSquareMin = 1e-12;
// The authors' starts: weights, and a potential of l / 1.1.
constexpr double kStartReal = 1.3;
constexpr double kStartImaginary = 1.0;
constexpr double kStartPartial = 0.1;
constexpr double kStartPotential = 1.0 / 1.1;

// Where the first run through the history begins. Backcasting leaves little of it.
CesState StartOf(const Series& series, CesForm form) {
  const std::span<const double> y = series.values;
  const std::size_t m = series.season;
  CesState state;
  const std::size_t first = form == CesForm::kNone
                                ? std::min(y.size(), std::max<std::size_t>(10, m))
                                : std::min(y.size(), 2 * m);
  double level = 0.0;
  for (const double value : y.first(first)) level += value / static_cast<double>(first);
  state.level = {level, level * kStartPotential};
  if (form == CesForm::kNone) return state;
  for (std::size_t i = 0; i < m; ++i) {
    const double value = form == CesForm::kSimple ? y[i] : 0.5 * (y[i] + y[i + m]) - level;
    state.season[i] = {value, form == CesForm::kPartial ? 0.0 : value * kStartPotential};
  }
  return state;
}

template <CesForm kForm>
double RunThrough(const Series& series, const CesWeights& weights, CesState& state) {
  const std::size_t m = series.season;
  double squares = 0.0;
  std::size_t place = state.place;
  for (const double y : series.values) {
    const double error = y - MeanAt<kForm>(state, place);
    squares += error * error;
    MoveAt<kForm>(weights, error, state, place);
    place = place + 1 == m ? 0 : place + 1;
  }
  state.place = place;
  return squares;
}

template <CesForm kForm>
void RunBack(const Series& series, const CesWeights& weights, CesState& state) {
  std::size_t place = state.place;
  for (std::size_t t = series.values.size(); t-- > 0;) {
    place = place == 0 ? series.season - 1 : place - 1;
    const double error = series.values[t] - MeanAt<kForm>(state, place);
    MoveAt<kForm>(weights, error, state, place);
  }
  state.place = place;
}

template <CesForm kForm>
double Backcast(const Series& series, const CesWeights& weights, CesState& state) {
  RunThrough<kForm>(series, weights, state);
  RunBack<kForm>(series, weights, state);
  return RunThrough<kForm>(series, weights, state);
}

double SquaresFrom(const Series& series, CesForm form, const CesWeights& weights, CesState& state) {
  double squares = kInfinity;
  switch (form) {
    case CesForm::kNone:
      squares = Backcast<CesForm::kNone>(series, weights, state);
      break;
    case CesForm::kSimple:
      squares = Backcast<CesForm::kSimple>(series, weights, state);
      break;
    case CesForm::kPartial:
      squares = Backcast<CesForm::kPartial>(series, weights, state);
      break;
    case CesForm::kFull:
      squares = Backcast<CesForm::kFull>(series, weights, state);
      break;
  }
  if (!std::isfinite(squares)) return kInfinity;
  return squares;
}

CesWeights WeightsOf(const std::array<double, kSimplexSizeMax>& x) {
  return {
      .level_real = x[0], .level_imaginary = x[1], .season_real = x[2], .season_imaginary = x[3]};
}

bool IsAllowed(CesForm form, const CesWeights& w) {
  if (!IsStable(w.level_real, w.level_imaginary)) return false;
  if (form == CesForm::kPartial) return w.season_real >= 0.0 && w.season_real < 1.0;
  return form != CesForm::kFull || IsStable(w.season_real, w.season_imaginary);
}

}  // namespace

double MeanAt(CesForm form, const CesState& state, std::size_t place) {
  if (form == CesForm::kNone) return state.level.value;
  if (form == CesForm::kSimple) return state.season[place].value;
  return state.level.value + state.season[place].value;
}

void MoveAt(CesForm form, const CesWeights& weights, double error, CesState& state,
            std::size_t place) {
  switch (form) {
    case CesForm::kNone:
      return MoveAt<CesForm::kNone>(weights, error, state, place);
    case CesForm::kSimple:
      return MoveAt<CesForm::kSimple>(weights, error, state, place);
    case CesForm::kPartial:
      return MoveAt<CesForm::kPartial>(weights, error, state, place);
    case CesForm::kFull:
      return MoveAt<CesForm::kFull>(weights, error, state, place);
  }
}

// The eigenvalues of [1 - a0 + a1, a1 - 1; 1 - a0 - a1, 1 - a0], by trace and determinant.
bool IsStable(double real, double imaginary) {
  const double trace = 2.0 - 2.0 * real + imaginary;
  const double determinant =
      (1.0 - real + imaginary) * (1.0 - real) + (1.0 - imaginary) * (1.0 - real - imaginary);
  return std::abs(determinant) < 1.0 && std::abs(trace) < 1.0 + determinant;
}

double Squares(const Series& series, CesForm form, const CesWeights& weights, CesState& state) {
  state = StartOf(series, form);
  return SquaresFrom(series, form, weights, state);
}

std::size_t WeightCount(CesForm form) {
  if (form == CesForm::kFull) return 4;
  return form == CesForm::kPartial ? 3 : 2;
}

Fit Search(const Series& series, CesForm form) {
  const CesState start = StartOf(series, form);
  const auto n = static_cast<double>(series.values.size());
  const auto likelihood = [&](const std::array<double, kSimplexSizeMax>& x) {
    const CesWeights weights = WeightsOf(x);
    if (!IsAllowed(form, weights)) return kInfinity;
    CesState state = start;
    return n * std::log(std::max(SquaresFrom(series, form, weights, state), kSquareMin * n));
  };
  SimplexPoint best;
  best.x = {kStartReal, kStartImaginary};
  if (form == CesForm::kPartial) best.x[2] = kStartPartial;
  if (form == CesForm::kFull) {
    best.x[2] = kStartReal;
    best.x[3] = kStartImaginary;
  }
  Fit fit;
  fit.converged = SearchBySimplex(likelihood, {.size = WeightCount(form)}, best);
  fit.weights = WeightsOf(best.x);
  fit.state = start;
  fit.squares = SquaresFrom(series, form, fit.weights, fit.state);
  return fit;
}

}  // namespace tandem::forecasting::ces
