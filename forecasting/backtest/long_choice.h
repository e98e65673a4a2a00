// Weights over methods, by class of series, from what each missed after earlier origins. Private to
// the part. Reference: Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from
// libraries of models", ICML (2004): methods are added to a bag, again and again, while the bag's
// mean gets better; a bag that begins with sound methods resists noise.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/backtest/long_method.h"

namespace tandem::forecasting {

// Forecasts of one bucket by all methods, what came, and what errors of the series are divided by.
struct ChoiceRow {
  std::array<float, kLongMethods> forecast{};
  float actual = 0.0F;
  float scale = 1.0F;
};

using MethodWeights = std::array<double, kLongMethods>;

// The weights of `kind` without any past to judge by, over the `allowed` methods: those of level,
// indexed theta and the median of three (smooth), flat level and TSB (intermittent), theta and the
// median (signed), as far as they are allowed; the level's where none is.
MethodWeights PriorWeights(LongClass kind, std::span<const LongMethod> allowed);

// Up to twelve more votes beside the prior's three, as many as there are series-origins over five;
// each to the method that makes the bag's mean error least: absolute for smooth and signed series,
// squared for intermittent ones, whose median is often zero. A vote is cast while it gains 0.1 %;
// the first method wins a tie. A single method that beats the bag by 1 % or more takes all.
struct ChoiceInput {
  LongClass kind = LongClass::kSmooth;
  std::span<const LongMethod> allowed{};
  std::span<const ChoiceRow> rows{};
  std::size_t series_origins = 0;  // Rows of one are not independent.
};
MethodWeights ChooseWeights(const ChoiceInput& input);

}  // namespace tandem::forecasting
