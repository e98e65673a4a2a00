// The longest alignment by the textbook's table, for the tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sequencing/racks/common_subsequence.h"

namespace tandem::sequencing {

// What LongestAlignment answers: the lexicographically least list of slots, then of positions.
inline std::vector<KeptPart> AlignedByTable(const std::vector<std::int32_t>& rack,
                                            const std::vector<std::int32_t>& need) {
  const std::size_t n = rack.size();
  const std::size_t m = need.size();
  std::vector<std::vector<std::int32_t>> length(n + 1, std::vector<std::int32_t>(m + 1, 0));
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      length[i][j] = rack[i] == need[j] ? length[i + 1][j + 1] + 1
                                        : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  std::vector<KeptPart> kept;
  std::size_t j = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t first = j;
    while (first < m && need[first] != rack[i]) ++first;
    if (first == m || length[i + 1][first + 1] + 1 != length[i][j]) continue;
    kept.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(first)});
    j = first + 1;
  }
  return kept;
}

}  // namespace tandem::sequencing
