#include "sequencing/racks/moves.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::size_t kRanksMax = std::size_t{1} << 20;
constexpr std::int64_t kEffortMax = std::int64_t{1} << 40;

// First what counts most; the sum over a subsequence.
struct Worth {
  std::int64_t first = 0;
  std::int64_t second = 0;

  friend auto operator<=>(const Worth&, const Worth&) = default;
  Worth operator+(const Worth& other) const { return {first + other.first, second + other.second}; }
};

// Prefix maxima: Raise(i, w) at a place, Best(i) over the places 0..i-1.
class PrefixMaxima {
 public:
  explicit PrefixMaxima(std::size_t size) : tree_(size + 1) {}
  void Raise(std::size_t i, const Worth& worth) {
    for (++i; i < tree_.size(); i += i & (~i + 1)) tree_[i] = std::max(tree_[i], worth);
  }
  Worth Best(std::size_t i) const {
    Worth best;
    for (; i > 0; i -= i & (~i + 1)) best = std::max(best, tree_[i]);
    return best;
  }

 private:
  std::vector<Worth> tree_;
};

absl::Status CheckEffort(std::span<const std::int64_t> effort, std::size_t places) {
  if (places > kRanksMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(places, " ranks; at most ", kRanksMax, " go into one call"));
  }
  if (!effort.empty() && effort.size() != places) {
    return absl::InvalidArgumentError(
        absl::StrCat(effort.size(), " efforts for ", places, " ranks; one a rank or none"));
  }
  std::int64_t total = 0;
  for (std::size_t k = 0; k < effort.size(); ++k) {
    if (effort[k] < 0 || effort[k] > kEffortMax - total) {
      return absl::InvalidArgumentError(absl::StrCat("place ", k, ": effort ", effort[k],
                                                     " is negative or makes the sum exceed ",
                                                     kEffortMax));
    }
    total += effort[k];
  }
  return absl::OkStatus();
}

// The ranks renumbered 0..n-1 from the largest, so that "larger and later" is a prefix.
absl::StatusOr<std::vector<std::size_t>> FromLargest(std::span<const std::int64_t> ranks) {
  std::vector<std::size_t> order(ranks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t k) { return ranks[k]; });
  std::vector<std::size_t> number(ranks.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && ranks[order[i]] == ranks[order[i - 1]]) {
      return absl::InvalidArgumentError(absl::StrCat("place ", order[i], ": rank ", ranks[order[i]],
                                                     " also stands at place ", order[i - 1]));
    }
    number[order[i]] = i;
  }
  return number;
}

}  // namespace

absl::StatusOr<Moves> FewestMoves(std::span<const std::int64_t> new_ranks,
                                  std::span<const std::int64_t> effort, KeepFirst keep) {
  if (const absl::Status status = CheckEffort(effort, new_ranks.size()); !status.ok()) {
    return status;
  }
  const auto from_largest = FromLargest(new_ranks);
  if (!from_largest.ok()) return from_largest.status();
  // best[k]: of the increasing subsequences that begin with k; made from the last k to the first.
  std::vector<Worth> best(new_ranks.size());
  std::vector<Worth> own(new_ranks.size());
  PrefixMaxima maxima(new_ranks.size());
  for (std::size_t k = new_ranks.size(); k-- > 0;) {
    const std::int64_t cost = effort.empty() ? 1 : effort[k];
    own[k] = keep == KeepFirst::kMost ? Worth{1, cost} : Worth{cost, 1};
    best[k] = own[k] + maxima.Best((*from_largest)[k]);
    maxima.Raise((*from_largest)[k], best[k]);
  }
  Moves moves;
  Worth left = maxima.Best(new_ranks.size());
  std::size_t smaller = new_ranks.size();  // The last kept one's number from the largest.
  for (std::size_t k = 0; k < new_ranks.size(); ++k) {
    if (best[k] == left && (*from_largest)[k] < smaller && left > Worth{}) {
      moves.kept.push_back(static_cast<std::int32_t>(k));
      smaller = (*from_largest)[k];
      left = {left.first - own[k].first, left.second - own[k].second};
    } else {
      moves.lifted.push_back(static_cast<std::int32_t>(k));
    }
  }
  return moves;
}

}  // namespace tandem::sequencing
