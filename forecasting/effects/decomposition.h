// A forecast taken apart so that a planner can read it: how many units are baseline, season, event,
// price and promotion, what a partner changed, what reconciliation moved. The parts add up to the
// published number to the last thousandth. Multiplicative effects are shared out by the logarithmic
// mean Divisia index (Ang, "Decomposition analysis for policymaking in energy", Energy Policy 32
// (2004)): exact, and the order of the effects does not matter.
//
//   auto parts = Explain({.baseline_units = 100, .log_promotion = 0.4, .published_milli =
//   150'000});
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

namespace tandem::forecasting {

struct Explainable {
  double baseline_units = 0.0;  // The forecast with every effect off; >= 0.
  // Logarithms of the factors by which each effect multiplies it; 0: none.
  double log_season = 0.0;
  double log_event = 0.0;
  double log_price = 0.0;
  double log_promotion = 0.0;
  double partner_units = 0.0;        // What a partner's change added.
  std::int64_t published_milli = 0;  // What stands in the agreement, in thousandths.
};

struct ExplainedParts {
  std::int64_t baseline_milli = 0;
  std::int64_t season_milli = 0;
  std::int64_t event_milli = 0;
  std::int64_t price_milli = 0;
  std::int64_t promotion_milli = 0;
  std::int64_t partner_milli = 0;
  std::int64_t reconciliation_milli = 0;  // What is left: published less all else.

  std::int64_t Sum() const {
    return baseline_milli + season_milli + event_milli + price_milli + promotion_milli +
           partner_milli + reconciliation_milli;
  }
  friend bool operator==(const ExplainedParts&, const ExplainedParts&) = default;
};

// Takes it apart. With F = baseline * exp(sum of logs), effect i is log_i * (F - baseline) / log(F
// / baseline) units; each part is rounded to thousandths so that Sum() == published_milli: what
// rounding leaves over goes to the parts that it wronged most, never to one that is zero. A
// difference of at most half a thousandth between published and the rest is rounding, not
// reconciliation. kInvalidArgument if a value is not finite or the baseline is below 0; kOutOfRange
// if a part does not fit 62 bits of thousandths.
absl::StatusOr<ExplainedParts> Explain(const Explainable& forecast);

}  // namespace tandem::forecasting
