// What must hold at the end of a simulated run of the services.
#pragma once

#include <map>
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
  Trade* trade = nullptr;
  const Journal* journal = nullptr;
  const std::vector<std::unique_ptr<Follower>>* followers = nullptr;
  bool clocks_set = false;  // Some wall clock was: then no time of day says anything.
};
using Facts = std::map<base::SlotId, std::vector<base::FactRecord>>;

// All is healed and quiet. Runs the world on to ask what only an answer tells.
void CheckRun(const Ended& ended, Report& report);
// Its parts in files of their own: what the operator read (checks_glass.cc), and what runs
// published (checks_runs.cc). The second runs the world on until every break-glass is over.
void CheckRuns(const Ended& ended, const Facts& facts, Report& report);
void CheckGlasses(const Ended& ended, Report& report);

}  // namespace tandem::simulation
