// A day of vehicles to bring into building order: the car-sequencing problem of the ROADEF/EURO
// challenge 2005 and, as a special case, CSPLib's prob001.
//
// Places. A *position* is a place in the day's building order, 0 to n-1. A *vehicle* is named by
// its index in `day`. An *order* is a permutation: order[position] = vehicle. The tail of the
// previous day stands before position 0 and never moves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"

namespace tandem::sequencing {

// At most `p` vehicles with the option in any `q` that follow each other.
struct Ratio {
  std::string ident{};  // The option's name.
  int p = 1;
  int q = 1;
  bool high = true;  // High priority: counts in Objective::kHighRatios, else in kLowRatios.
};

struct LineVehicle {
  std::string ident{};
  int colour = 0;             // Any code but negative ones.
  std::uint64_t options = 0;  // Bit r: the vehicle has the option of ratios[r].
};

enum class Objective { kHighRatios, kLowRatios, kColourChanges };

// Which windows of q positions are held against a ratio.
enum class WindowRule {
  kTouchingDay,   // ROADEF: all with a position of the day in them, cut off at its end; those that
                  // begin in the previous day too.
  kCompleteOnly,  // CSPLib: those that lie in the day as a whole.
};

// Levels below the objectives, lexicographic, in the order asked; never mixed into the score.
enum class ExtraTerm {
  kLevelUsage,    // Goal chasing: sum over positions p and parts j of (n * x_jp - p * N_j)^2.
  kPlanDistance,  // Sum of |position - planned position| over vehicles that have one.
};

// What an extra term comes to: level usage grows with the fifth power of the day.
using TermValue = absl::int128;

inline constexpr int kNoPlan = -1;
inline constexpr int kRatiosMax = 64;
inline constexpr int kDayMax = 1 << 15;   // Vehicles of a day.
inline constexpr int kWindowMax = 10000;  // The largest q.

struct LineProblem {
  std::vector<Ratio> ratios{};
  std::vector<LineVehicle> previous{};  // In building order, the newest last.
  std::vector<LineVehicle> day{};       // In the order given, which a search may begin from.
  int paint_batch_max = 0;              // Vehicles of one colour in a row within the day; 0: any.
  std::vector<Objective> objectives{};  // By weight 1,000,000, 1,000 and 1; each at most once.
  WindowRule windows = WindowRule::kTouchingDay;

  std::vector<ExtraTerm> extra_terms{};
  // kLevelUsage: part_uses[part][vehicle], not negative; n * n * all uses of a part up to 2^62.
  std::vector<std::vector<int>> part_uses{};
  // The published plan: planned_position[vehicle], or kNoPlan. Empty: no plan.
  std::vector<int> planned_position{};
  // Vehicles that keep their planned position whatever it costs; they must have one.
  std::vector<int> frozen_vehicles{};
};

// Whether the problem makes sense. kInvalidArgument names record, field and rule: an empty day, a
// vehicle twice in it (the previous day may repeat one), P or Q below 1, P > Q, an option that no
// ratio has, an objective twice, a plan that does not fit the day.
absl::Status CheckProblem(const LineProblem& problem);

}  // namespace tandem::sequencing
