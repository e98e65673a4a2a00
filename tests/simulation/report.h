// What a simulated run found out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tandem::simulation {

struct Report {
  std::vector<std::string> broken{};              // Invariants that did not hold, in words.
  std::map<std::string, std::uint64_t> counts{};  // What happened, for people to see that it did.
  std::uint64_t digest = 0;                       // Of the run's steps: two runs of one seed agree.

  void Expect(bool holds, const std::string& invariant) {
    if (!holds && broken.size() < 20) broken.push_back(invariant);
  }
};

}  // namespace tandem::simulation
