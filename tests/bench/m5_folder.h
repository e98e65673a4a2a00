// A folder in the layout of M5: the real one that TANDEM_M5 names, or one made from a seed with the
// same shape (7 stores of 3,049 items, 1,941 days, two thirds of the days without a sale).
#pragma once

#include <memory>
#include <string>

#include "tests/bench/process.h"

namespace tandem::bench {

struct M5Folder {
  std::string path{};
  std::string suffix{};  // "" for the real one, "_generated" for names of results.
  double cells = 0.0;    // Series times days.
  std::unique_ptr<TemporaryFolder> made{};
};

M5Folder OpenM5();

}  // namespace tandem::bench
