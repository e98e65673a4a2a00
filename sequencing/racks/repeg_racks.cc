#include "sequencing/racks/repeg_racks.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

using Word = std::uint64_t;

// The lengths of the longest common subsequences of one rack with need[first, b), for every b.
class BlockLengths {
 public:
  explicit BlockLengths(std::span<const std::int32_t> rack)
      : variants_(rack.begin(), rack.end()), column_((rack.size() + 63) / 64) {
    std::ranges::sort(variants_);
    variants_.erase(std::unique(variants_.begin(), variants_.end()), variants_.end());
    // One row of bits a variant, and an empty one for what the rack does not hold.
    matches_.assign((variants_.size() + 1) * column_.size(), 0);
    for (std::size_t i = 0; i < rack.size(); ++i) {
      matches_[NumberOf(rack[i]) * column_.size() + i / 64] |= Word{1} << (i % 64);
    }
  }

  std::size_t NumberOf(std::int32_t variant) const {
    const auto found = std::ranges::lower_bound(variants_, variant);
    if (found == variants_.end() || *found != variant) return variants_.size();
    return static_cast<std::size_t>(found - variants_.begin());
  }

  void Start() { std::ranges::fill(column_, ~Word{0}); }

  // Takes one more variant of the need, by its number, and returns the length with it.
  std::int32_t Add(std::size_t number) {
    const Word* const match = matches_.data() + number * column_.size();
    Word carry = 0;
    std::int32_t length = 0;
    for (std::size_t w = 0; w < column_.size(); ++w) {
      const Word v = column_[w];
      const Word u = v & match[w];
      const Word sum = v + u;
      const Word total = sum + carry;
      carry = static_cast<Word>(sum < v) | static_cast<Word>(total < sum);
      column_[w] = total | (v & ~u);
      length += std::popcount(~column_[w]);
    }
    return length;
  }

 private:
  std::vector<std::int32_t> variants_;  // Ascending, each once.
  std::vector<Word> column_;
  std::vector<Word> matches_;
};

// From the last rack to the first: of racks k.. with the positions from a on, the most parts kept,
// and where rack k's block then ends.
class Cuts {
 public:
  Cuts(std::span<const LoadedRack> racks, std::vector<std::int32_t> variants)
      : variants_(std::move(variants)) {
    std::int64_t places_before = 0;
    for (const LoadedRack& rack : racks) places_before += rack.capacity;
    std::int64_t places_from = 0;
    Stage after{.first = count(), .kept = {0}};  // All positions are in racks.
    stages_.resize(racks.size());
    for (std::size_t k = racks.size(); k-- > 0;) {
      places_from += racks[k].capacity;
      places_before -= racks[k].capacity;
      Stage& stage = stages_[k];
      stage.first = std::max<std::int64_t>(0, count() - places_from);
      const std::int64_t last = std::min(count(), places_before);
      const auto size = static_cast<std::size_t>(std::max<std::int64_t>(0, last - stage.first + 1));
      stage.kept.assign(size, 0);
      stage.end.assign(size, 0);
      Fill(racks[k], after, stage);
      after = {.first = stage.first, .kept = stage.kept};
    }
  }

  std::int64_t EndOf(std::size_t rack, std::int64_t first) const {
    return stages_[rack].end[static_cast<std::size_t>(first - stages_[rack].first)];
  }

 private:
  struct Stage {
    std::int64_t first = 0;  // The least position at which the rack's block may begin.
    std::vector<std::int32_t> kept{};
    std::vector<std::int64_t> end{};
  };

  std::int64_t count() const { return std::ssize(variants_); }

  void Fill(const LoadedRack& rack, const Stage& after, Stage& stage) const {
    std::vector<std::int32_t> parts;
    std::ranges::copy_if(rack.slots, std::back_inserter(parts),
                         [](std::int32_t v) { return v != kNoPart; });
    BlockLengths lengths(parts);
    const std::int64_t end_max = after.first + std::ssize(after.kept) - 1;
    std::vector<std::size_t> numbers;  // Of the positions from stage.first on.
    for (std::int64_t j = stage.first; j < end_max; ++j) {
      numbers.push_back(lengths.NumberOf(variants_[static_cast<std::size_t>(j)]));
    }
    for (std::size_t i = 0; i < stage.kept.size(); ++i) {
      const std::int64_t a = stage.first + static_cast<std::int64_t>(i);
      std::int32_t length = 0;
      std::int32_t best = -1;
      lengths.Start();
      for (std::int64_t b = a; b <= std::min(a + rack.capacity, end_max); ++b) {
        if (b > a) length = lengths.Add(numbers[static_cast<std::size_t>(b - 1 - stage.first)]);
        if (b < after.first) continue;
        const std::int32_t kept = length + after.kept[static_cast<std::size_t>(b - after.first)];
        if (kept < best) continue;  // The later end on a tie.
        best = kept;
        stage.kept[i] = kept;
        stage.end[i] = b;
      }
    }
  }

  std::vector<std::int32_t> variants_;
  std::vector<Stage> stages_;
};

absl::Status Check(std::span<const LoadedRack> racks, std::span<const std::int32_t> need) {
  std::int64_t places = 0;
  for (std::size_t k = 0; k < racks.size(); ++k) {
    const auto parts = std::ranges::count_if(racks[k].slots, [](auto v) { return v != kNoPart; });
    if (racks[k].capacity < 0 || racks[k].capacity > kSlotsMax || parts > racks[k].capacity) {
      return absl::InvalidArgumentError(
          absl::StrCat("rack ", k, " holds ", parts, " parts in ", racks[k].capacity,
                       " places; places are at least the parts and at most ", kSlotsMax));
    }
    if (const auto checked = RepegRack(racks[k].slots, {}, {}); !checked.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("rack ", k, ", ", checked.status().message()));
    }
    places += racks[k].capacity;
  }
  if (const auto checked = RepegRack({}, need, {}); !checked.ok()) return checked.status();
  const auto wanted = std::ranges::count_if(need, [](auto v) { return v != kNoPart; });
  if (wanted > places) {
    return absl::FailedPreconditionError(absl::StrCat(wanted, " positions need a part, and the ",
                                                      racks.size(), " racks have ", places,
                                                      " places"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RacksRepeg> RepegRacks(std::span<const LoadedRack> racks,
                                      std::span<const std::int32_t> need,
                                      std::optional<std::int64_t> rebuild_moves) {
  if (const absl::Status status = Check(racks, need); !status.ok()) return status;
  std::vector<std::int32_t> variants;
  std::vector<std::int32_t> places;  // Of each variant in the need; one more at the end.
  for (std::size_t j = 0; j < need.size(); ++j) {
    if (need[j] == kNoPart) continue;
    variants.push_back(need[j]);
    places.push_back(static_cast<std::int32_t>(j));
  }
  const Cuts cuts(racks, variants);
  RacksRepeg result;
  std::int64_t a = 0;
  std::int32_t first = 0;
  for (std::size_t k = 0; k < racks.size(); ++k) {
    const std::int64_t b = cuts.EndOf(k, a);
    // Positions without a need go with the part before them.
    const bool all = b == std::ssize(places);
    const std::int32_t end = all ? static_cast<std::int32_t>(need.size())
                                 : (b == a ? first : places[static_cast<std::size_t>(b - 1)] + 1);
    RackCut& cut = result.racks.emplace_back(RackCut{.first = first, .end = end});
    auto repeg = RepegRack(
        racks[k].slots,
        need.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(end - first)), {});
    if (!repeg.ok()) return repeg.status();
    cut.repeg = *std::move(repeg);
    for (KeptPart& part : cut.repeg.kept) part.position += first;
    for (std::int32_t& position : cut.repeg.inserts) position += first;
    const auto moves = std::ssize(cut.repeg.pulls) + std::ssize(cut.repeg.inserts);
    cut.rebuild = rebuild_moves.has_value() && moves > *rebuild_moves;
    result.pulls += std::ssize(cut.repeg.pulls);
    result.inserts += std::ssize(cut.repeg.inserts);
    a = b;
    first = end;
  }
  return result;
}

}  // namespace tandem::sequencing
