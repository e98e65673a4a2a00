#include "sequencing/lineorder/problem.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

// Sums of one part's n * x_p - p * N are 64 bits, those of their squares 128.
constexpr double kUsageMax = 0x1p62;

absl::Status CheckRatios(const LineProblem& problem) {
  if (problem.ratios.size() > kRatiosMax) {
    return absl::InvalidArgumentError(absl::StrCat("ratios: ", problem.ratios.size(),
                                                   " are more than the ", kRatiosMax, " allowed"));
  }
  for (const Ratio& ratio : problem.ratios) {
    const std::string text = absl::StrCat("ratio ", ratio.ident, ": ", ratio.p, "/", ratio.q);
    if (ratio.p < 1 || ratio.q < 1) {
      return absl::InvalidArgumentError(absl::StrCat(text, ": P and Q are at least 1"));
    }
    if (ratio.p > ratio.q) return absl::InvalidArgumentError(absl::StrCat(text, ": P exceeds Q"));
    if (ratio.q > kWindowMax) {
      return absl::InvalidArgumentError(absl::StrCat(text, ": Q is at most ", kWindowMax));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckVehicle(const LineProblem& problem, const LineVehicle& vehicle) {
  const std::size_t ratios = problem.ratios.size();
  if (vehicle.colour < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("vehicle ", vehicle.ident, ": colour ", vehicle.colour, " is negative"));
  }
  if (ratios < kRatiosMax && (vehicle.options >> ratios) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("vehicle ", vehicle.ident, ": has an option that no ratio names"));
  }
  return absl::OkStatus();
}

absl::Status CheckVehicles(const LineProblem& problem) {
  if (problem.day.empty()) return absl::InvalidArgumentError("day: holds no vehicle");
  if (problem.day.size() > kDayMax || problem.previous.size() > kDayMax) {
    return absl::InvalidArgumentError(absl::StrCat("day: more than ", kDayMax, " vehicles"));
  }
  std::vector<std::string_view> idents;
  for (const LineVehicle& vehicle : problem.previous) {
    if (absl::Status status = CheckVehicle(problem, vehicle); !status.ok()) return status;
  }
  for (const LineVehicle& vehicle : problem.day) {
    if (absl::Status status = CheckVehicle(problem, vehicle); !status.ok()) return status;
    idents.push_back(vehicle.ident);
  }
  std::ranges::sort(idents);
  const auto twice = std::ranges::adjacent_find(idents);
  if (twice == idents.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("vehicle ", std::string(*twice), ": is in the day twice"));
}

absl::Status CheckObjectives(const LineProblem& problem) {
  if (problem.objectives.empty()) return absl::InvalidArgumentError("objectives: none is named");
  std::vector<Objective> seen = problem.objectives;
  std::ranges::sort(seen);
  if (std::ranges::adjacent_find(seen) != seen.end()) {
    return absl::InvalidArgumentError("objectives: one is named twice");
  }
  if (problem.paint_batch_max < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("paint batch limit: ", problem.paint_batch_max, " is negative"));
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const LineProblem& problem) {
  const auto size = static_cast<double>(problem.day.size());
  for (std::size_t part = 0; part < problem.part_uses.size(); ++part) {
    const std::vector<int>& uses = problem.part_uses[part];
    if (uses.size() != problem.day.size()) {
      return absl::InvalidArgumentError(absl::StrCat("part_uses: part ", part, " has ", uses.size(),
                                                     " vehicles, the day ", problem.day.size()));
    }
    double all = 0.0;
    for (std::size_t vehicle = 0; vehicle < uses.size(); ++vehicle) {
      all += uses[vehicle];
      if (uses[vehicle] >= 0) continue;
      return absl::InvalidArgumentError(absl::StrCat("part_uses: part ", part, ", vehicle ",
                                                     problem.day[vehicle].ident, ": ",
                                                     uses[vehicle], " is negative"));
    }
    if (size * size * all > kUsageMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("part_uses: part ", part, " is used too often to be summed exactly"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPlan(const LineProblem& problem) {
  const int size = static_cast<int>(problem.day.size());
  const std::vector<int>& planned = problem.planned_position;
  if (!planned.empty() && planned.size() != problem.day.size()) {
    return absl::InvalidArgumentError(absl::StrCat("planned_position: has ", planned.size(),
                                                   " vehicles, the day ", problem.day.size()));
  }
  std::vector<bool> taken(problem.day.size());
  for (std::size_t vehicle = 0; vehicle < planned.size(); ++vehicle) {
    const int position = planned[vehicle];
    if (position == kNoPlan) continue;
    const std::string text = absl::StrCat("planned_position: vehicle ", problem.day[vehicle].ident,
                                          ": position ", position);
    if (position < 0 || position >= size) {
      return absl::InvalidArgumentError(absl::StrCat(text, " is not in the day"));
    }
    if (taken[static_cast<std::size_t>(position)]) {
      return absl::InvalidArgumentError(absl::StrCat(text, " is another's too"));
    }
    taken[static_cast<std::size_t>(position)] = true;
  }
  for (const int vehicle : problem.frozen_vehicles) {
    if (vehicle < 0 || vehicle >= size) {
      return absl::InvalidArgumentError(
          absl::StrCat("frozen_vehicles: ", vehicle, " is no vehicle of the day"));
    }
    if (planned.empty() || planned[static_cast<std::size_t>(vehicle)] == kNoPlan) {
      return absl::InvalidArgumentError(absl::StrCat(
          "frozen_vehicles: vehicle ", problem.day[static_cast<std::size_t>(vehicle)].ident,
          " has no planned position to keep"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckProblem(const LineProblem& problem) {
  for (const auto check : {CheckRatios, CheckVehicles, CheckObjectives, CheckParts, CheckPlan}) {
    if (absl::Status status = check(problem); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace tandem::sequencing
