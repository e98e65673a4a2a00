// Which late needs get which of the parts that nobody has on time, for the least total lateness,
// and what one need or one part more or less would change of it.
//
// A late need can get any part that it accepts and that is ready after its due tick; one that gets
// none counts as served at kHorizonTick. So the total is the sum of the ready ticks of the parts
// that are used, and of the horizon for those without, less the sum of the due ticks: only *which*
// parts can be used together counts, and these sets are a matroid's. The earliest part that can be
// added to those before is always right.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sequencing/pegging/types.h"

namespace tandem::sequencing {

struct LateEnd {
  std::int32_t due_tick = 0;
  std::int32_t kind = 0;  // Index into LateMatching's `accepted`.
};

struct LeftPart {
  std::int32_t ready_tick = 0;
  std::int32_t stock = 0;
};

class LateMatching {
 public:
  // Needs of kind k accept the stocks accepted[k]. O((n + m) log(n + m)) for n needs and m parts
  // that are used as they come; O(n + m kinds) more for each part that others must make room for.
  LateMatching(std::span<const std::span<const std::int32_t>> accepted,
               std::span<const LateEnd> needs, std::span<const LeftPart> parts);

  std::int64_t total() const { return total_; }
  // By need (by part): what the total changes by if that one alone is gone. O(n stocks + m).
  std::vector<std::int64_t> WithoutNeed() const;
  std::vector<std::int64_t> WithoutPart() const;
  // By need of `more`: what the total changes by if that one alone is late too. O(n + m kinds).
  std::vector<std::int64_t> WithNeed(std::span<const LateEnd> more) const;

 private:
  static constexpr std::int32_t kNone = -1;
  struct Due {
    std::int32_t tick = 0;
    std::int32_t need = 0;
    auto operator<=>(const Due&) const = default;
  };

  static std::size_t Index(std::int32_t k) { return static_cast<std::size_t>(k); }
  bool Accepts(std::size_t kind, std::int32_t stock) const;
  // Uses one more part, if the needs can make room for it.
  bool Augment(std::int32_t part);
  void Hand(std::int32_t part, std::int32_t need);
  // By need, then by need of `more`: the earliest part that is not used and that it could get,
  // others making room; kNone if there is none.
  std::vector<std::int32_t> EarliestMore(std::span<const LateEnd> more) const;

  std::vector<std::span<const std::int32_t>> accepted_;
  std::vector<LateEnd> needs_;
  std::vector<LeftPart> parts_;
  std::vector<std::int32_t> order_{};        // Parts by ready tick.
  std::vector<std::vector<Due>> by_kind_{};  // Needs by due tick.
  std::vector<std::size_t> open_{};          // By kind: how many of these have a part.
  std::vector<std::size_t> closed_{};        // By kind: how many of these need no more asking.
  std::vector<std::int32_t> offered_{};      // By need: a part that it could have instead.
  std::vector<std::int32_t> part_of_{};      // By need.
  std::vector<std::int32_t> need_of_{};      // By part.
  std::int64_t total_ = 0;
};

}  // namespace tandem::sequencing
