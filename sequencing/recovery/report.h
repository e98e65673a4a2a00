// The search's result as a proposal. For the files of this folder.
#pragma once

#include "sequencing/recovery/proposal.h"
#include "sequencing/recovery/search.h"

namespace tandem::sequencing {

// `base`: the world in which nothing is done, whose late needs are the uncovered ones.
Proposal ReportOf(const Facts& facts, const World& base, const SearchResult& result);

}  // namespace tandem::sequencing
