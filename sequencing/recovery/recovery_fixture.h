// A small line for the tests of this folder: vehicles 1, 2, .. at a takt of 60 s, one family at the
// end of the line, every vehicle's part in a rack.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sequencing/recovery/plan.h"

namespace tandem::sequencing {

inline constexpr std::int64_t kMinuteMs = 60'000;

// Random cases of a property: what the quick tests take, times TANDEM_RECOVERY_TIMES where it is
// set.
inline int CasesOf(int quick) {
  const char* times = std::getenv("TANDEM_RECOVERY_TIMES");
  return times == nullptr ? quick : quick * std::atoi(times);
}

inline Quantiles Sure(std::int64_t instant_ms) { return {instant_ms, instant_ms, instant_ms}; }

// One letter a vehicle: what it needs, 'A' = 0; '.' nothing. Part 100 + k is vehicle k's, and is
// there at the instant 0. Racks 1, 2, .. of `capacity`.
inline PlanFamily FamilyOf(std::string_view needs, std::int32_t capacity) {
  PlanFamily family{.location = 1, .family = 1, .supplier = 1, .variant_count = 8};
  std::int64_t vehicle = 0;
  for (const char letter : needs) {
    ++vehicle;
    family.variants.push_back(letter == '.' ? kNoPart : letter - 'A');
    if (letter == '.') continue;
    family.parts.push_back({.part = 100 + vehicle,
                            .variant = letter - 'A',
                            .place = PartPlace::kAtSource,
                            .vehicle = vehicle});
    if (family.racks.empty() || std::ssize(family.racks.back().slots) == capacity) {
      family.racks.push_back({.rack = std::ssize(family.racks) + 1, .capacity = capacity});
    }
    family.racks.back().slots.emplace_back(100 + vehicle);
  }
  return family;
}

inline RecoveryPlan PlanOf(std::string_view needs, std::int32_t capacity = 100) {
  RecoveryPlan plan{.versions = {1, 2, 3}, .horizon_ms = 1'000 * kMinuteMs};
  plan.runs = {{.from_ms = 0, .to_ms = 100'000 * kMinuteMs, .takt_ms = kMinuteMs}};
  for (std::size_t v = 1; v <= needs.size(); ++v) {
    plan.vehicles.push_back({.vehicle = static_cast<std::int64_t>(v)});
  }
  plan.families.push_back(FamilyOf(needs, capacity));
  return plan;
}

}  // namespace tandem::sequencing
