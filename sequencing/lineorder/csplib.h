// Reads an instance of CSPLib's prob001, car sequencing.
//
//   % comment
//   CARS OPTIONS CLASSES
//   P of each option
//   Q of each option
//   CLASS CARS and 0 or 1 of each option; a line a class
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

struct CsplibProblem {
  LineProblem problem{};        // One objective, kHighRatios; complete windows only.
  std::vector<int> class_of{};  // By vehicle: its class as the file numbers it.
};

// kInvalidArgument names line, field and rule: what is no number, a field missing or too many, a
// class missing or twice, classes whose cars do not add up, P > Q, no car.
absl::StatusOr<CsplibProblem> ParseCsplib(std::string_view text);

}  // namespace tandem::sequencing
