#include "sequencing/adherence/order.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sequencing/adherence/increasing.h"

namespace tandem::sequencing {
namespace {

constexpr std::size_t kVehiclesMax = std::size_t{1} << 30;
constexpr std::int32_t kNotSeen = -1;

// Which ranks have been seen, with the count of those below any one: bits, and a Fenwick tree over
// blocks of bits that stays in the first-level cache.
class SeenSet {
 public:
  explicit SeenSet(std::size_t size)
      : bits_((size / kBlockBits + 1) * kBlockWords, 0), tree_(size / kBlockBits + 2, 0) {}

  void Add(std::size_t rank) {
    bits_[rank / 64] |= std::uint64_t{1} << (rank % 64);
    for (std::size_t i = rank / kBlockBits + 1; i < tree_.size(); i += i & (~i + 1)) ++tree_[i];
  }

  std::int32_t CountBelow(std::size_t rank) const {
    std::int32_t count = 0;
    const std::size_t block = rank / kBlockBits;
    for (std::size_t i = block; i > 0; i -= i & (~i + 1)) count += tree_[i];
    for (std::size_t w = block * kBlockWords; w < rank / 64; ++w) count += std::popcount(bits_[w]);
    return count + std::popcount(bits_[rank / 64] & ((std::uint64_t{1} << (rank % 64)) - 1));
  }

 private:
  static constexpr std::size_t kBlockWords = 8;
  static constexpr std::size_t kBlockBits = kBlockWords * 64;

  std::vector<std::uint64_t> bits_;
  std::vector<std::int32_t> tree_;  // By block, from 1.
};

absl::Status CheckRanks(std::span<const std::int32_t> ranks) {
  if (ranks.size() > kVehiclesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(ranks.size(), " vehicles; at most ", kVehiclesMax, " are measured"));
  }
  std::vector<bool> seen(ranks.size());
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    const auto rank = static_cast<std::size_t>(ranks[k]);  // A negative one is too large.
    if (rank >= ranks.size() || seen[rank]) {
      return absl::InvalidArgumentError(
          absl::StrCat("place ", k, ": rank ", ranks[k],
                       rank >= ranks.size() ? " is outside of 0.." : " stands twice in 0..",
                       static_cast<std::int64_t>(ranks.size()) - 1));
    }
    seen[rank] = true;
  }
  return absl::OkStatus();
}

// Calls overtaken(k, b[k]) for each place whose b is not 0.
template <typename Overtaken>
void ForEachOvertaken(std::span<const std::int32_t> ranks, Overtaken overtaken) {
  SeenSet seen(ranks.size());
  std::int32_t highest = -1;
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    const auto rank = static_cast<std::size_t>(ranks[k]);
    if (ranks[k] > highest) {
      highest = ranks[k];
    } else {
      overtaken(k, static_cast<std::int32_t>(k) - seen.CountBelow(rank));
    }
    seen.Add(rank);
  }
}

// What follows from the displacements alone, by counting each of -(n-1)..n-1.
void MeasureDisplacements(std::span<const std::int32_t> ranks, OrderMeasures& measures) {
  const std::int64_t n = std::ssize(ranks);
  std::vector<std::int32_t> counts(static_cast<std::size_t>(2 * n + 1), 0);
  std::int32_t* const count = counts.data() + n;  // Of a displacement.
  for (std::int64_t k = 0; k < n; ++k) {
    const std::int64_t d = k - ranks[static_cast<std::size_t>(k)];
    ++count[d];
    measures.footrule += std::abs(d);
    measures.late_max = std::max(measures.late_max, d);
    measures.early_max = std::max(measures.early_max, -d);
  }
  measures.exact_positions = count[0];
  measures.aligned_positions = count[0];
  const auto p95 = static_cast<std::int64_t>(PercentileIndex(static_cast<std::size_t>(n), 950));
  std::int64_t below = count[0];  // How many have a smaller |d| than the next.
  const std::int64_t farthest = std::max(measures.late_max, measures.early_max);
  for (std::int64_t d = 1; d <= farthest; ++d) {
    if (below <= p95) measures.displacement_p95 = d;
    below += count[d] + count[-d];
    for (const std::int64_t offset : {d, -d}) {
      if (count[offset] <= measures.aligned_positions) continue;
      measures.aligned_positions = count[offset];
      measures.aligned_offset = offset;
    }
  }
}

absl::Status Twice(std::int64_t vehicle, const char* order) {
  return absl::InvalidArgumentError(
      absl::StrCat("vehicle ", vehicle, " stands twice in the ", order, " order"));
}

}  // namespace

Share OrderMeasures::Scrambling() const { return {inversions, vehicles * (vehicles - 1) / 2}; }

absl::StatusOr<SeenRanks> RanksOf(std::span<const std::int64_t> planned,
                                  std::span<const std::int64_t> actual) {
  if (std::max(planned.size(), actual.size()) > kVehiclesMax) {
    return absl::InvalidArgumentError(absl::StrCat("at most ", kVehiclesMax, " vehicles"));
  }
  absl::flat_hash_map<std::int64_t, std::int32_t> places;  // Of the planned vehicles.
  places.reserve(planned.size());
  for (std::size_t p = 0; p < planned.size(); ++p) {
    if (!places.try_emplace(planned[p], static_cast<std::int32_t>(p)).second) {
      return Twice(planned[p], "planned");
    }
  }
  SeenRanks seen;
  seen.ranks.reserve(actual.size());
  std::vector<std::int32_t> rank(planned.size(), kNotSeen);  // By planned place.
  absl::flat_hash_set<std::int64_t> added;
  for (const std::int64_t vehicle : actual) {
    const auto place = places.find(vehicle);
    if (place == places.end()) {
      if (!added.insert(vehicle).second) return Twice(vehicle, "actual");
      seen.added.push_back(vehicle);
      continue;
    }
    std::int32_t& its_rank = rank[static_cast<std::size_t>(place->second)];
    if (its_rank != kNotSeen) return Twice(vehicle, "actual");
    its_rank = place->second;
    seen.ranks.push_back(place->second);
  }
  std::int32_t next = 0;
  for (std::size_t p = 0; p < planned.size(); ++p) {
    if (rank[p] == kNotSeen) {
      seen.removed.push_back(planned[p]);
    } else {
      rank[p] = next++;
    }
  }
  if (!seen.removed.empty()) {
    for (std::int32_t& place : seen.ranks) place = rank[static_cast<std::size_t>(place)];
  }
  return seen;
}

absl::StatusOr<OrderMeasures> MeasureOrder(std::span<const std::int32_t> ranks) {
  if (const absl::Status status = CheckRanks(ranks); !status.ok()) return status;
  OrderMeasures measures = {.vehicles = std::ssize(ranks)};
  if (ranks.empty()) return measures;
  measures.increasing = IncreasingLength(ranks);
  measures.records = measures.vehicles;
  for (std::size_t k = 0; k + 1 < ranks.size(); ++k) {
    if (ranks[k + 1] == ranks[k] + 1) ++measures.adjacent_pairs;
  }
  MeasureDisplacements(ranks, measures);
  ForEachOvertaken(ranks, [&measures](std::size_t, std::int32_t overtaken) {
    --measures.records;
    measures.inversions += overtaken;
    measures.restore_buffer = std::max<std::int64_t>(measures.restore_buffer, overtaken);
  });
  return measures;
}

absl::StatusOr<std::vector<std::int32_t>> OvertakenCounts(std::span<const std::int32_t> ranks) {
  if (const absl::Status status = CheckRanks(ranks); !status.ok()) return status;
  std::vector<std::int32_t> counts(ranks.size(), 0);
  ForEachOvertaken(ranks, [&counts](std::size_t k, std::int32_t b) { counts[k] = b; });
  return counts;
}

}  // namespace tandem::sequencing
