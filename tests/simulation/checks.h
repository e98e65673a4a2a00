// What must hold at the end of a simulated run of the services.
#pragma once

#include <memory>
#include <vector>

#include "tests/simulation/follower.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/report.h"
#include "tests/simulation/trade.h"

namespace tandem::simulation {

struct Ended {
  World* world = nullptr;
  Wire wire{};
  Instance* governing = nullptr;
  Instance* exchanging = nullptr;
  Instance* forecasting = nullptr;
  const Trade* trade = nullptr;
  const Journal* journal = nullptr;
  const std::vector<std::unique_ptr<Follower>>* followers = nullptr;
};

// All is healed and quiet. Runs the world on to ask what only an answer tells.
void CheckRun(const Ended& ended, Report& report);

}  // namespace tandem::simulation
