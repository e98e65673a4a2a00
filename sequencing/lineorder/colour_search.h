// Colours for the positions of a day of which some are given: runs of one colour are to keep the
// paint batch limit. Internal to the search's start.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tandem::sequencing {

inline constexpr int kOpenColour = -1;

struct ColourDay {
  // By position: its colour, 0 to C - 1, or kOpenColour.
  std::vector<int> given{};
  std::vector<int> left{};  // By colour: the vehicles for open positions; as many as are open.
  int batch_max = 1;        // Of one colour in a row, at least 1.
};

struct ColourFinding {
  std::optional<std::vector<int>> colours{};  // By position; none: none was found.
  bool searched_all = true;                   // Then there is none.
};

// Depth first by position, the colour that has least room left in the rest of the day first; what
// has failed once is not tried again. A branch ends where a colour has more vehicles than can
// stand in the rest of the day: without given positions that finds an order at once, or that there
// is none. Exact until `steps_max` colours have been weighed. The number of orders of counts can be
// exponential, so a large day with many given positions may be cut off.
ColourFinding FindColours(const ColourDay& day, std::int64_t steps_max);

}  // namespace tandem::sequencing
