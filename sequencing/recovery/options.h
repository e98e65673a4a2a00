// The options of every position that is late, and of the later ones whose part would help: one
// problem for choose.h. For the files of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sequencing/recovery/choose.h"
#include "sequencing/recovery/proposal.h"
#include "sequencing/recovery/world.h"

namespace tandem::sequencing {

// What stands behind a ChoiceOption.
struct ListedOption {
  OptionKind kind = OptionKind::kWait;
  std::int32_t part = kNone;
  std::int32_t origin = kNone;
  std::optional<Quantiles> arrival{};  // None: built short.
};

struct ListedNeed {
  std::int32_t family = 0;
  std::int32_t position = 0;
  std::int32_t vehicle = 0;
  std::int64_t need_ms = 0;
  bool late = false;  // Else it is on time, and may hand its part on.
  bool frozen = false;
};

struct OptionList {
  std::vector<ListedNeed> needs{};      // By need, family, position.
  std::vector<ListedOption> options{};  // As in `problem`; a need's first is to wait.
  ChoiceProblem problem{};              // Resources: the plan's origins, then parts.
  std::vector<DroppedOption> dropped{};
  Lates beyond{};          // The longest lateness of what is not listed: it waits.
  bool all_listed = true;  // False: a bound of limits.h left something out.
};

// Trucks have no places yet: the caller gives them in the problem's capacity, by origin.
OptionList ListOptions(const World& world);

}  // namespace tandem::sequencing
