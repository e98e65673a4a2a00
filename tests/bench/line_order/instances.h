// The instances of the ROADEF challenge and of CSPLib, with the values to meet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sequencing/lineorder/problem.h"

namespace tandem::bench {

struct Instance {
  std::string name{};
  sequencing::LineProblem problem{};
  std::int64_t target = 0;      // CSPLib: violations; ROADEF: the score.
  std::int64_t violations = 0;  // Of the first objective in the target.
};

// The folders below `folder` that hold an instance, by name. Those without a line in the table of
// reference values (`family,set,instance,score,target,...`) are left out, and named on stderr.
std::vector<Instance> RoadefInstances(const std::string& folder, const std::string& references);
// The files of `folder` whose names begin with `prefix`.
std::vector<Instance> CsplibInstances(const std::string& folder, const std::string& prefix,
                                      const std::string& references);

}  // namespace tandem::bench
