#include "forecasting/local/seasonal_adjustment.h"

#include <algorithm>

#include "forecasting/local/decomposition.h"

namespace tandem::forecasting {
namespace {

constexpr double kFactorMin = 0.01;

}  // namespace

SeasonalAdjustment::Factor SeasonalAdjustment::Next() {
  if (season_buckets < 2) return {};
  const double factor = factors[place];
  place = place + 1 == season_buckets ? 0 : place + 1;
  return multiplicative ? Factor{.times = factor} : Factor{.plus = factor};
}

double SeasonalAdjustment::Remove(double units) {
  const Factor factor = Next();
  return (units - factor.plus) / factor.times;
}

SeasonalAdjustment TakeOutSeason(std::size_t season_buckets, std::span<double> values) {
  SeasonalAdjustment adjustment;
  if (season_buckets < 4 || !IsSeasonal(values, season_buckets)) return adjustment;
  adjustment.season_buckets = season_buckets;
  const std::span<double> factors = std::span(adjustment.factors).first(season_buckets);
  if (*std::min_element(values.begin(), values.end()) > 0.0) {
    SeasonFactors(values, SeasonKind::kMultiplicative, factors);
    adjustment.multiplicative = *std::min_element(factors.begin(), factors.end()) >= kFactorMin;
  }
  if (!adjustment.multiplicative) SeasonFactors(values, SeasonKind::kAdditive, factors);
  for (double& value : values) value = adjustment.Remove(value);
  return adjustment;
}

}  // namespace tandem::forecasting
