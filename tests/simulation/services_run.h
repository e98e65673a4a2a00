// One run of all services: a retailer, two makers and a carrier trade while instances crash, pause
// and lose messages.
#pragma once

#include <cstdint>

#include "tests/simulation/report.h"

namespace tandem::simulation {

// Deterministic for a seed. Invariants, checked after all is healed (README.md has them in full):
// each acknowledged command has its effect once and in order, a refused one none, an unanswered one
// once and whole or not at all; both sides hold the same joint records; no feed missed, repeated or
// leaked a record; no grant check passed more than a second after a revocation was durable.
Report RunServices(std::uint64_t seed);

}  // namespace tandem::simulation
