#include "sequencing/racks/repeg.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kEffortMax = std::int64_t{1} << 40;  // Times kSlotsMax still is an int64.

absl::Status CheckVariants(std::span<const std::int32_t> variants, const char* what) {
  if (variants.size() > static_cast<std::size_t>(kSlotsMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat(variants.size(), " ", what, "s; at most ", kSlotsMax, " go into one repeg"));
  }
  const auto bad = std::ranges::find_if(variants, [](std::int32_t v) { return v < kNoPart; });
  if (bad == variants.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, " ", bad - variants.begin(), ": variant ",
                                                 *bad, " is neither 0 or more nor ", kNoPart,
                                                 " for no part"));
}

absl::Status CheckEffort(std::span<const std::int64_t> effort, std::size_t slots) {
  if (effort.empty()) return absl::OkStatus();
  if (effort.size() != slots) {
    return absl::InvalidArgumentError(
        absl::StrCat(effort.size(), " efforts for ", slots, " slots; one a slot or none"));
  }
  std::int64_t total = 0;
  for (std::size_t i = 0; i < effort.size(); ++i) {
    if (effort[i] < 0 || effort[i] > kEffortMax - total) {
      return absl::InvalidArgumentError(absl::StrCat(
          "slot ", i, ": effort ", effort[i], " is negative or makes the sum exceed ", kEffortMax));
    }
    total += effort[i];
  }
  return absl::OkStatus();
}

// A rack or need without what is passed over.
struct Compact {
  std::vector<std::int32_t> variants{};
  std::vector<std::int32_t> places{};  // Where each stood.
  std::vector<std::int64_t> effort{};  // Empty if none was given.
};

Compact CompactOf(std::span<const std::int32_t> variants, std::span<const std::int64_t> effort) {
  Compact compact;
  compact.variants.reserve(variants.size());
  compact.places.reserve(variants.size());
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (variants[i] == kNoPart) continue;
    compact.variants.push_back(variants[i]);
    compact.places.push_back(static_cast<std::int32_t>(i));
    if (!effort.empty()) compact.effort.push_back(effort[i]);
  }
  return compact;
}

std::vector<KeptPart> KeepSliding(const Compact& rack, const Compact& need) {
  std::vector<KeptPart> kept =
      rack.effort.empty() ? LongestAlignment(rack.variants, need.variants)
                          : HeaviestLongestAlignment(rack.variants, need.variants, rack.effort);
  for (KeptPart& part : kept) {
    part = {rack.places[static_cast<std::size_t>(part.slot)],
            need.places[static_cast<std::size_t>(part.position)]};
  }
  return kept;
}

std::vector<KeptPart> KeepNumbered(std::span<const std::int32_t> rack,
                                   std::span<const std::int32_t> need) {
  std::vector<KeptPart> kept;
  for (std::size_t i = 0; i < rack.size(); ++i) {
    if (rack[i] == kNoPart || rack[i] != need[i]) continue;
    kept.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(i)});
  }
  return kept;
}

// Of each variant the dearest parts stay, at the earliest positions, in the order of their slots.
std::vector<KeptPart> KeepAny(const Compact& rack, const Compact& need) {
  const auto sorted = [](const Compact& from) {
    std::vector<std::size_t> order(from.variants.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&from](std::size_t i) {
      return std::tuple(from.variants[i], from.effort.empty() ? 0 : -from.effort[i], i);
    });
    return order;
  };
  const std::vector<std::size_t> parts = sorted(rack);
  const std::vector<std::size_t> needs = sorted(need);
  std::vector<KeptPart> kept;
  std::vector<std::int32_t> slots;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < parts.size() && j < needs.size()) {
    const std::int32_t variant = std::min(rack.variants[parts[i]], need.variants[needs[j]]);
    const std::size_t first_need = j;
    slots.clear();
    for (; i < parts.size() && rack.variants[parts[i]] == variant; ++i) {
      if (j == needs.size() || need.variants[needs[j]] != variant) continue;
      slots.push_back(rack.places[parts[i]]);
      ++j;
    }
    std::ranges::sort(slots);
    for (std::size_t k = 0; k < slots.size(); ++k) {
      kept.push_back({slots[k], need.places[needs[first_need + k]]});
    }
    while (j < needs.size() && need.variants[needs[j]] == variant) ++j;
  }
  std::ranges::sort(kept, {}, &KeptPart::slot);
  return kept;
}

// The places of `all` that none of `used` takes, ascending.
std::vector<std::int32_t> Rest(const Compact& all, std::span<const KeptPart> used,
                               std::int32_t KeptPart::*place) {
  std::vector<std::int32_t> rest;
  rest.reserve(all.places.size() - used.size());
  std::size_t k = 0;
  for (const std::int32_t at : all.places) {
    if (k < used.size() && used[k].*place == at) {
      ++k;
    } else {
      rest.push_back(at);
    }
  }
  return rest;
}

}  // namespace

absl::StatusOr<RackRepeg> RepegRack(std::span<const std::int32_t> rack,
                                    std::span<const std::int32_t> need,
                                    const RepegOptions& options) {
  if (const absl::Status status = CheckVariants(rack, "slot"); !status.ok()) return status;
  if (const absl::Status status = CheckVariants(need, "position"); !status.ok()) return status;
  if (const absl::Status status = CheckEffort(options.effort, rack.size()); !status.ok()) {
    return status;
  }
  if (options.order == SlotOrder::kNumbered && rack.size() != need.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(need.size(), " positions for ", rack.size(), " numbered slots; one a slot"));
  }
  const Compact parts = CompactOf(rack, options.effort);
  const Compact needs = CompactOf(need, {});
  RackRepeg repeg;
  switch (options.order) {
    case SlotOrder::kSliding:
      repeg.kept = KeepSliding(parts, needs);
      break;
    case SlotOrder::kNumbered:
      repeg.kept = KeepNumbered(rack, need);
      break;
    case SlotOrder::kAny:
      repeg.kept = KeepAny(parts, needs);
      break;
  }
  repeg.pulls = Rest(parts, repeg.kept, &KeptPart::slot);
  if (options.order == SlotOrder::kAny) {
    std::vector<KeptPart> by_position = repeg.kept;
    std::ranges::sort(by_position, {}, &KeptPart::position);
    repeg.inserts = Rest(needs, by_position, &KeptPart::position);
  } else {
    repeg.inserts = Rest(needs, repeg.kept, &KeptPart::position);
  }
  return repeg;
}

}  // namespace tandem::sequencing
