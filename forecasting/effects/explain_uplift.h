// A fitted uplift's forecast, taken apart for a planner: from what each driver is to the seven
// parts that decomposition.h adds up.
//
//   auto parts = ExplainUplift(fit, {.drivers = planned, .neutral = ordinary, .kinds = kinds,
//                                    .published_milli = 150'000});
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "forecasting/effects/decomposition.h"
#include "forecasting/effects/uplift.h"

namespace tandem::forecasting {

// What a driver's effect is called.
enum class EffectKind : std::uint8_t {
  kBaseline = 0,  // Not told apart: it is part of the baseline with the value it has.
  kSeason = 1,
  kEvent = 2,
  kPrice = 3,
  kPromotion = 4,
};

struct UpliftPlan {
  std::span<const double> drivers{};    // k, of the bucket that is forecast.
  std::span<const double> neutral{};    // k, of a bucket without season, event, cut or promotion.
  std::span<const EffectKind> kinds{};  // k.
  Point point = Point::kMedian;
  double partner_units = 0.0;        // What a partner's change added to the forecast.
  std::int64_t published_milli = 0;  // What stands in the agreement, in thousandths.
};

// The baseline is the forecast with neutral drivers, and each kind's logarithm the sum of its
// coefficients times drivers less neutral; where an offset was added before logarithms they are
// stretched together so that baseline and effects still make the forecast. Parts add up to
// `published_milli` as Explain's do. kInvalidArgument, naming the field, if lengths are not the
// fit's, a value is not finite or a kind is none of these; else Explain's errors.
absl::StatusOr<ExplainedParts> ExplainUplift(const UpliftFit& fit, const UpliftPlan& plan);

}  // namespace tandem::forecasting
