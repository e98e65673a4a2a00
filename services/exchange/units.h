// Units of measure by their code in UN/ECE Recommendation 20.
#pragma once

#include <string_view>

namespace tandem::exchange {

// Whether a code is one of those that items may be counted in: pieces, masses, volumes, lengths,
// areas, and the packages of Recommendation 21 that trade counts by ("XCT", carton).
bool IsUnitCode(std::string_view code);

}  // namespace tandem::exchange
