// One run of real slots on the model of the Kafka log: instances that crash, pause, and take a slot
// from each other while clients send commands and try again.
#pragma once

#include <cstdint>

#include "tests/simulation/report.h"

namespace tandem::simulation {

// Deterministic for a seed. Invariants: an acknowledged command is in the valid log once and in its
// client's order; a refused one is not; an unanswered one is there once or not at all; rows rebuilt
// from the log equal every instance's; all readers agree on what is valid.
Report RunKafka(std::uint64_t seed);

}  // namespace tandem::simulation
