#include "sequencing/adherence/increasing.h"

#include <cstddef>
#include <functional>

namespace tandem::sequencing {
namespace {

// The first of `sorted` for which precedes(value, x) no longer holds. Without a branch that depends
// on the values: for a random order each one would be mispredicted half of the time.
template <typename Precedes>
std::size_t FirstNot(std::span<const std::int32_t> sorted, std::int32_t x, Precedes precedes) {
  const std::int32_t* first = sorted.data();
  std::size_t size = sorted.size();
  while (size > 1) {
    const std::size_t half = size / 2;
    first += precedes(first[half - 1], x) ? half : 0;
    size -= half;
  }
  const auto before = static_cast<std::size_t>(first - sorted.data());
  return before + (size == 1 && precedes(*first, x) ? 1 : 0);
}

// Patience sorting: ends_[k] is the end of the best subsequence of length k + 1 so far.
template <typename Precedes>
class Ends {
 public:
  explicit Ends(std::size_t size) { ends_.reserve(size); }

  std::int32_t length() const { return static_cast<std::int32_t>(ends_.size()); }

  // Takes the next rank; the length of the longest subsequence that ends with it.
  std::int32_t Add(std::int32_t rank) {
    constexpr std::size_t kNear = 64;  // Most late vehicles are late by little.
    if (ends_.empty() || precedes_(ends_.back(), rank)) {
      ends_.push_back(rank);
      return length();
    }
    const std::span<const std::int32_t> all(ends_);
    std::size_t at = all.size() > kNear && precedes_(all[all.size() - kNear], rank)
                         ? all.size() - kNear + FirstNot(all.last(kNear), rank, precedes_)
                         : FirstNot(all, rank, precedes_);
    ends_[at] = rank;
    return static_cast<std::int32_t>(at + 1);
  }

 private:
  Precedes precedes_;
  std::vector<std::int32_t> ends_;
};

}  // namespace

std::int32_t IncreasingLength(std::span<const std::int32_t> ranks) {
  Ends<std::less<>> ends(ranks.size());
  for (const std::int32_t rank : ranks) ends.Add(rank);
  return ends.length();
}

std::vector<std::int32_t> IncreasingPlaces(std::span<const std::int32_t> ranks) {
  // From the last to the first: the longest subsequence that begins at each place.
  std::vector<std::int32_t> length(ranks.size());
  Ends<std::greater<>> ends(ranks.size());
  for (std::size_t k = ranks.size(); k-- > 0;) length[k] = ends.Add(ranks[k]);
  std::vector<std::int32_t> places;
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    if (length[k] != ends.length() - static_cast<std::int32_t>(places.size())) continue;
    if (!places.empty() && ranks[static_cast<std::size_t>(places.back())] >= ranks[k]) continue;
    places.push_back(static_cast<std::int32_t>(k));
  }
  return places;
}

}  // namespace tandem::sequencing
