// The level of one item in one store, given the season of its group: a Poisson rate whose past is
// discounted, so that a day weighs by how much it could have sold. Several discounts are run side
// by side and averaged by how well each did. Reference: West, Harrison and Migon, "Dynamic
// generalized linear models and Bayesian forecasting", J. American Statistical Association 80
// (1985), for the discounted gamma-Poisson.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "absl/status/statusor.h"
#include "forecasting/knowledge.h"

namespace tandem::forecasting {

// Share of the past that a day forgets. From the memory of half a year to that of a week.
inline constexpr std::array<double, 6> kForgetting = {0.005, 0.01, 0.02, 0.05, 0.1, 0.2};

struct ItemLevelOptions {
  std::size_t score_days = 364;  // Discounts are judged by the newest so many days.
  double sharpness = 5.0;        // Weight of a discount: (least error / its error)^sharpness.
  double prior_days = 1.0;       // What the item's own mean weighs at its first day.
};

struct ItemLevel {
  double level_units = 0.0;    // Sales of a day of index 1.
  double squared_error = 0.0;  // Mean of the judged days' one-step squared errors, units^2; of
                               // known days.
  double rate = 0.0;           // Mean units a day of the judged days.
};

// A value a day, up to the origin.
struct ItemHistory {
  std::span<const float> units{};
  std::span<const double> index{};         // The season's.
  std::span<const Knowledge> knowledge{};  // Empty: all is known.
  std::size_t first_day = 0;               // The listing.
};

// Runs over the history from `first_day` on or the first sale, whichever is later. With forgetting
// a:
//   A = (1 - a) A + y,  B = (1 - a) B + index,  level = A / B
// A day that is a gap teaches nothing, nor does one whose lower bound is below what is expected of
// it; above, the bound counts as the sale. A history without a sale has level 0. Days of index 0
// teach nothing. O(6 n) time, no allocation. Returns kInvalidArgument if the lengths differ or a
// value is negative, a NaN or an infinity; kOutOfRange if a result is not finite.
absl::StatusOr<ItemLevel> FitItemLevel(const ItemHistory& history, const ItemLevelOptions& options);

}  // namespace tandem::forecasting
