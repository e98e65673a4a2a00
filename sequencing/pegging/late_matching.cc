#include "sequencing/pegging/late_matching.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace tandem::sequencing {

LateMatching::LateMatching(std::span<const std::span<const std::int32_t>> accepted,
                           std::span<const LateEnd> needs, std::span<const LeftPart> parts)
    : accepted_(accepted.begin(), accepted.end()),
      needs_(needs.begin(), needs.end()),
      parts_(parts.begin(), parts.end()),
      order_(parts.size()),
      by_kind_(accepted.size()),
      open_(accepted.size(), 0),
      closed_(accepted.size(), 0),
      offered_(needs.size(), kNone),
      part_of_(needs.size(), kNone),
      need_of_(parts.size(), kNone) {
  for (std::size_t i = 0; i < needs_.size(); ++i) {
    by_kind_[Index(needs_[i].kind)].push_back(
        {.tick = needs_[i].due_tick, .need = static_cast<std::int32_t>(i)});
    total_ += std::int64_t{kHorizonTick} - needs_[i].due_tick;
  }
  for (std::vector<Due>& dues : by_kind_) std::sort(dues.begin(), dues.end());
  std::iota(order_.begin(), order_.end(), 0);
  std::sort(order_.begin(), order_.end(), [&](std::int32_t a, std::int32_t b) {
    return std::pair(parts_[Index(a)].ready_tick, a) < std::pair(parts_[Index(b)].ready_tick, b);
  });
  std::size_t served = 0;
  for (const std::int32_t part : order_) {
    if (served == needs_.size()) break;
    if (!Augment(part)) continue;
    ++served;
    total_ -= std::int64_t{kHorizonTick} - parts_[Index(part)].ready_tick;
  }
}

bool LateMatching::Accepts(std::size_t kind, std::int32_t stock) const {
  return std::find(accepted_[kind].begin(), accepted_[kind].end(), stock) != accepted_[kind].end();
}

// Breadth first from the part over the needs that could get it and the parts that these have. Those
// of a kind that have a part are the first ones due, and so are those that a search has seen.
bool LateMatching::Augment(std::int32_t part) {
  std::vector<std::int32_t> queue = {part};
  std::vector<std::size_t> seen = closed_;
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const LeftPart& offered = parts_[Index(queue[at])];
    for (std::size_t kind = 0; kind < by_kind_.size(); ++kind) {
      const std::vector<Due>& dues = by_kind_[kind];
      const auto late_for_it = [&](std::size_t k) {
        return k < dues.size() && dues[k].tick < offered.ready_tick;
      };
      if (!late_for_it(seen[kind]) || !Accepts(kind, offered.stock)) continue;
      if (late_for_it(open_[kind])) {
        Hand(queue[at], dues[open_[kind]++].need);
        return true;
      }
      for (; late_for_it(seen[kind]); ++seen[kind]) {
        const std::int32_t need = dues[seen[kind]].need;
        offered_[Index(need)] = queue[at];
        queue.push_back(part_of_[Index(need)]);
      }
    }
  }
  closed_ = std::move(seen);  // Whoever comes here later finds nobody without a part either.
  return false;
}

// The part's need takes the one that it was offered instead, and so on.
void LateMatching::Hand(std::int32_t part, std::int32_t need) {
  while (true) {
    const std::int32_t owner = std::exchange(need_of_[Index(part)], need);
    part_of_[Index(need)] = part;
    if (owner == kNone) return;
    need = owner;
    part = offered_[Index(owner)];
  }
}

std::vector<std::int32_t> LateMatching::EarliestMore(std::span<const LateEnd> more) const {
  std::vector<std::int32_t> earliest(needs_.size() + more.size(), kNone);
  std::vector<std::vector<Due>> by_kind = by_kind_;
  for (std::size_t i = 0; i < more.size(); ++i) {
    by_kind[Index(more[i].kind)].push_back(
        {.tick = more[i].due_tick, .need = static_cast<std::int32_t>(needs_.size() + i)});
  }
  for (std::vector<Due>& dues : by_kind) std::sort(dues.begin(), dues.end());
  std::vector<std::size_t> seen(by_kind.size(), 0);
  std::vector<std::int32_t> queue;
  for (const std::int32_t unused : order_) {
    if (need_of_[Index(unused)] != kNone) continue;
    queue.assign(1, unused);
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const LeftPart& offered = parts_[Index(queue[at])];
      for (std::size_t kind = 0; kind < by_kind.size(); ++kind) {
        if (!Accepts(kind, offered.stock)) continue;
        const std::vector<Due>& dues = by_kind[kind];
        for (std::size_t& k = seen[kind]; k < dues.size() && dues[k].tick < offered.ready_tick;
             ++k) {
          const std::size_t need = Index(dues[k].need);
          earliest[need] = unused;
          if (need < needs_.size() && part_of_[need] != kNone) queue.push_back(part_of_[need]);
        }
      }
    }
  }
  return earliest;
}

std::vector<std::int64_t> LateMatching::WithNeed(std::span<const LateEnd> more) const {
  const std::vector<std::int32_t> earliest = EarliestMore(more);
  std::vector<std::int64_t> changes;
  for (std::size_t i = 0; i < more.size(); ++i) {
    const std::int32_t part = earliest[needs_.size() + i];
    const std::int64_t served = part == kNone ? kHorizonTick : parts_[Index(part)].ready_tick;
    changes.push_back(served - more[i].due_tick);
  }
  return changes;
}

std::vector<std::int64_t> LateMatching::WithoutPart() const {
  const std::vector<std::int32_t> earliest = EarliestMore({});
  std::vector<std::int64_t> changes(parts_.size(), 0);
  for (std::size_t j = 0; j < parts_.size(); ++j) {
    if (need_of_[j] == kNone) continue;
    const std::int32_t other = earliest[Index(need_of_[j])];
    const std::int64_t served = other == kNone ? kHorizonTick : parts_[Index(other)].ready_tick;
    changes[j] = served - parts_[j].ready_tick;
  }
  return changes;
}

// A part that its need leaves goes to one that has none, if others can make room so that it is of
// use there; else the latest of those that can be spared in its stead is not used any more.
std::vector<std::int64_t> LateMatching::WithoutNeed() const {
  std::vector<std::int64_t> spared(parts_.size(), -1);  // What is served no more, by part.
  std::vector<bool> labelled(parts_.size(), false);
  absl::flat_hash_map<std::int32_t, std::vector<std::int32_t>> by_stock;  // By ready tick.
  for (const std::int32_t part : order_) by_stock[parts_[Index(part)].stock].push_back(part);
  std::vector<std::int32_t> queue;
  const auto spread = [&](std::int64_t tick) {
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const LateEnd& need = needs_[Index(queue[at])];
      for (const std::int32_t stock : accepted_[Index(need.kind)]) {
        const auto found = by_stock.find(stock);
        if (found == by_stock.end()) continue;
        std::vector<std::int32_t>& latest = found->second;
        for (; !latest.empty() && parts_[Index(latest.back())].ready_tick > need.due_tick;
             latest.pop_back()) {
          const std::size_t part = Index(latest.back());
          if (need_of_[part] == kNone || labelled[part]) continue;
          labelled[part] = true;
          spared[part] = tick;
          queue.push_back(need_of_[part]);
        }
      }
    }
    queue.clear();
  };
  for (std::size_t i = 0; i < needs_.size(); ++i) {
    if (part_of_[i] == kNone) queue.push_back(static_cast<std::int32_t>(i));
  }
  spread(kHorizonTick);
  for (std::size_t k = order_.size(); k-- > 0;) {
    const std::size_t part = Index(order_[k]);
    if (need_of_[part] == kNone || labelled[part]) continue;
    labelled[part] = true;
    spared[part] = parts_[part].ready_tick;
    queue.push_back(need_of_[part]);
    spread(spared[part]);
  }
  std::vector<std::int64_t> changes;
  for (std::size_t i = 0; i < needs_.size(); ++i) {
    const std::int64_t served =
        part_of_[i] == kNone ? std::int64_t{kHorizonTick} : spared[Index(part_of_[i])];
    changes.push_back(needs_[i].due_tick - served);
  }
  return changes;
}

}  // namespace tandem::sequencing
