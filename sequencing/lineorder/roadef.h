// Reads an instance of the ROADEF/EURO challenge 2005 from the text of its four files.
//
// Each is lines of fields parted by ';' (one at the end of a line is allowed), a header first:
//   vehicles.txt  Date;SeqRank;Ident;Paint Color;OPTION;... columns by name, options 0 or 1; the
//                 rows of the first date are the tail of the previous day, all later ones are
//                 sequenced together (the challenge has days of several dates)
//   ratios.txt    Ratio;Prio;Ident: P/Q, 1 high or 0 low, the option's column
//   paint_batch_limit.txt        limitation: one number
//   optimization_objectives.txt  rank;objective name, by rank
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

struct RoadefText {
  std::string_view vehicles{};
  std::string_view ratios{};
  std::string_view paint_batch_limit{};
  std::string_view optimization_objectives{};
};

// kInvalidArgument names file, line, field and rule for a missing column or field, what is no
// number, an option that is neither 0 nor 1, a ratio whose column is not there, an option column
// without a ratio, a date that comes back, an unknown objective, a quote, what stands
// behind the last column, and all that CheckProblem refuses.
absl::StatusOr<LineProblem> ParseRoadef(const RoadefText& text);

}  // namespace tandem::sequencing
