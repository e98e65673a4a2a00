// Bounds of the search, so that a proposal has its time whatever happened. A proposal that met one
// says so (Proposal::exhaustive, RackProof::fewest). They depend on the input alone, not on speed.
#pragma once

#include <cstdint>

namespace tandem::sequencing {

// Positions for which options are weighed, the earliest first; the others wait.
inline constexpr std::int32_t kUncoveredMax = 1'024;
// Later needs that may hand their part on: of one variant, and about how many in all.
inline constexpr std::int32_t kVictimsMax = 48;
inline constexpr std::int32_t kVictimsInAll = 2'048;
// Needs times parts of one variant up to which every part is listed for every need; beyond,
// kPartsListed each.
inline constexpr std::int64_t kFullListMax = 400;
inline constexpr std::int32_t kPartsListed = 5;
// Slots re-pegged already, over all families, beyond which nobody is let fall back: each set that
// is tried re-pegs them again.
inline constexpr std::int64_t kSlotsBeforeFallback = 40'000;
// Needs up to which the stop is also sought at P90, not only at P50: the better of the two is
// taken.
inline constexpr std::int64_t kNeedsForP90 = 256;
// Vehicles of which every subset is tried for resequencing; of more, sets that grow by the latest.
// Where little is to be looked at for each set, of up to kSubsetVehiclesSmallLine: as long as sets
// times (positions times families, and kSubsetWorkANeed for each need) are no more than
// kSubsetWorkMax.
inline constexpr std::int32_t kSubsetVehiclesMax = 4;
inline constexpr std::int32_t kSubsetVehiclesSmallLine = 8;
inline constexpr std::int64_t kSubsetWorkANeed = 32;
inline constexpr std::int64_t kSubsetWorkMax = 131'072;
inline constexpr std::int32_t kGrownSetsMax = 4;
// Vehicles that one grown set may add; a stop that more share is not theirs to end.
inline constexpr std::int32_t kGrownVehiclesMax = 4;
// Origins that express trucks are tried from: those of the latest needs.
inline constexpr std::int32_t kOriginsMax = 3;
inline constexpr std::int32_t kTrucksMax = 2;  // Reference: 0, 1, 2.
// Words of the cut between racks (RepegRacks) in one family; beyond, racks keep their sizes.
inline constexpr std::int64_t kCutWordsMax = 400'000;

}  // namespace tandem::sequencing
