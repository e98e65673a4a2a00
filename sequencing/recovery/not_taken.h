// What the options that were not chosen would have come to. For the files of this folder.
#pragma once

#include <vector>

#include "sequencing/recovery/proposal.h"
#include "sequencing/recovery/search.h"

namespace tandem::sequencing {

// For each late position the best option of every kind that is not the chosen one, put in its place
// while all others stay; and each vehicle whose resequencing alone was tried.
std::vector<OptionCost> OptionsNotTaken(const RecoveryPlan& plan, const SearchResult& result);

}  // namespace tandem::sequencing
