// The search for the best set of choices: over who falls back, over express trucks, and in each
// case over all listed options at once. For the files of this folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "sequencing/recovery/options.h"
#include "sequencing/recovery/proposal.h"
#include "sequencing/recovery/world.h"

namespace tandem::sequencing {

// A world with the options in it, and the best choice among them.
struct Answer {
  std::shared_ptr<World> world{};
  OptionList list{};
  std::vector<std::int32_t> chosen{};  // By the list's needs: the index of the option.
  std::vector<std::int32_t> trucks{};  // By origin: how many go.
  RecoveryCost cost{};
};

struct SearchResult {
  std::shared_ptr<const World> base{};  // Nothing done: without fallbacks.
  Answer best{};
  RecoveryCost do_nothing{};
  std::vector<SetCost> tried{};          // Each once; the first of equal ones is the choice.
  std::vector<OptionCost> fallbacks{};   // Resequencing one vehicle, as it was tried.
  std::vector<DroppedOption> dropped{};  // Of resequencing.
  bool all_tried = true;
};

SearchResult SearchBest(const Facts& facts);

// What the choice comes to, for these options, one a need.
RecoveryCost CostOf(const World& world, const OptionList& list,
                    const std::vector<std::int32_t>& chosen);
// Trucks by origin that the choice fills.
std::vector<std::int32_t> TrucksOf(const World& world, const OptionList& list,
                                   const std::vector<std::int32_t>& chosen);

inline std::int64_t Tenths(const Lates& late) { return 3 * late[0] + 4 * late[1] + 3 * late[2]; }
inline void Raise(Lates& most, const Lates& late) {
  for (std::size_t q = 0; q < kQuantiles; ++q) most[q] = std::max(most[q], late[q]);
}

}  // namespace tandem::sequencing
