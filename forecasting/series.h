// What every model and measure asks of a series before it computes.
#pragma once

#include <span>

namespace tandem::forecasting {

// Whether every value is a number: no NaN, no infinity. True for an empty series.
bool AllFinite(std::span<const double> values);
bool AllFinite(std::span<const float> values);

// The series from its first value other than zero on: days before an item was first sold say
// nothing about its demand (M5 cuts them too). Empty if all are zero. A view: the values must
// outlive it.
std::span<const double> FromFirstSale(std::span<const double> history_units);

}  // namespace tandem::forecasting
