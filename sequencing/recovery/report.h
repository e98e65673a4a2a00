// The search's result as a proposal. For the files of this folder.
#pragma once

#include "sequencing/recovery/proposal.h"
#include "sequencing/recovery/search.h"

namespace tandem::sequencing {

// What the racks' work is moves out of the result.
Proposal ReportOf(const Facts& facts, SearchResult result);

}  // namespace tandem::sequencing
