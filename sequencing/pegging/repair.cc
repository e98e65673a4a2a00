#include "sequencing/pegging/repair.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <limits>
#include <utility>

namespace tandem::sequencing {
namespace {

struct Cost {
  std::int64_t weight = 0;  // Minus the weight served on time.
  std::int64_t repegs = 0;
  std::int64_t lateness = 0;

  auto operator<=>(const Cost&) const = default;
  Cost operator+(const Cost& o) const {
    return {weight + o.weight, repegs + o.repegs, lateness + o.lateness};
  }
  Cost operator-(const Cost& o) const {
    return {weight - o.weight, repegs - o.repegs, lateness - o.lateness};
  }
};

constexpr std::int32_t kUnlimited = std::numeric_limits<std::int32_t>::max() / 2;

// A network of minimum-cost flow with potentials that keep every reduced cost at or above zero.
class Network {
 public:
  std::int32_t AddNode(const Cost& potential = {}) {
    potentials_.push_back(potential);
    first_.push_back(-1);
    return static_cast<std::int32_t>(potentials_.size()) - 1;
  }

  // Returns the arc; the one after it is its reverse.
  std::int32_t AddArc(std::int32_t from, std::int32_t to, std::int32_t room, const Cost& cost) {
    const auto arc = static_cast<std::int32_t>(arcs_.size());
    arcs_.push_back({.to = to, .next = first_[Index(from)], .room = room, .cost = cost});
    first_[Index(from)] = arc;
    arcs_.push_back({.to = from, .next = first_[Index(to)], .room = 0, .cost = Cost{} - cost});
    first_[Index(to)] = arc + 1;
    return arc;
  }

  void Push(std::int32_t arc) {
    --arcs_[Index(arc)].room;
    ++arcs_[Index(arc ^ 1)].room;
  }

  // Sends one unit along the cheapest path, which must exist.
  void SendUnit(std::int32_t source, std::int32_t target);

  // Whether a unit flows through the arc.
  bool Carries(std::int32_t arc) const { return arcs_[Index(arc ^ 1)].room > 0; }

  // Takes one unit of flow off, from `node` forward to a node for which `is_end`; returns that.
  template <typename IsEnd>
  std::int32_t TakeUnit(std::int32_t node, const IsEnd& is_end) {
    while (!is_end(node)) {
      std::int32_t arc = first_[Index(node)];
      while (arc % 2 != 0 || !Carries(arc)) arc = arcs_[Index(arc)].next;
      ++arcs_[Index(arc)].room;
      --arcs_[Index(arc ^ 1)].room;
      node = arcs_[Index(arc)].to;
    }
    return node;
  }

 private:
  struct Arc {
    std::int32_t to = 0;
    std::int32_t next = -1;
    std::int32_t room = 0;
    Cost cost{};
  };
  // What the search numbered `search` knows of a node; of another search it knows nothing.
  struct Seen {
    Cost distance{};
    std::int32_t arc = -1;
    std::uint32_t search = 0;
    bool settled = false;
  };
  static std::size_t Index(std::int32_t k) { return static_cast<std::size_t>(k); }

  // Room of the searches, which mostly see few of the nodes.
  std::uint32_t search_ = 0;
  std::vector<Seen> seen_{};
  std::vector<std::int32_t> settled_{};
  std::vector<std::pair<Cost, std::int32_t>> open_{};  // A heap, the least first.

  std::vector<Cost> potentials_{};
  std::vector<std::int32_t> first_{};
  std::vector<Arc> arcs_{};
};

// Dijkstra's algorithm on reduced costs, up to the target.
void Network::SendUnit(std::int32_t source, std::int32_t target) {
  ++search_;
  seen_.resize(first_.size());
  settled_.clear();
  open_.clear();
  seen_[Index(source)] = {.search = search_};
  open_.emplace_back(Cost{}, source);
  while (!open_.empty()) {
    std::pop_heap(open_.begin(), open_.end(), std::greater<>());
    const auto [distance, node] = open_.back();
    open_.pop_back();
    if (std::exchange(seen_[Index(node)].settled, true)) continue;
    settled_.push_back(node);
    if (node == target) break;
    for (std::int32_t a = first_[Index(node)]; a != -1; a = arcs_[Index(a)].next) {
      const Arc& arc = arcs_[Index(a)];
      if (arc.room == 0) continue;
      Seen& next = seen_[Index(arc.to)];
      const bool reached = next.search == search_;
      if (reached && next.settled) continue;
      const Cost through =
          distance + arc.cost + potentials_[Index(node)] - potentials_[Index(arc.to)];
      if (reached && next.distance <= through) continue;
      next = {.distance = through, .arc = a, .search = search_};
      open_.emplace_back(through, arc.to);
      std::push_heap(open_.begin(), open_.end(), std::greater<>());
    }
  }
  const Cost length = seen_[Index(target)].distance;
  for (const std::int32_t node : settled_) {
    potentials_[Index(node)] = potentials_[Index(node)] + seen_[Index(node)].distance - length;
  }
  for (std::int32_t node = target; node != source;) {
    const std::int32_t arc = seen_[Index(node)].arc;
    Push(arc);
    node = arcs_[Index(arc ^ 1)].to;
  }
}

// The network of the reference, 5a, "Oracle for everything": supplies enter the time line at their
// ready ticks and run forward to the needs they serve on time, or back to those they serve late.
// An expiring supply enters a tree over the needs by due tick instead, at the nodes of its window.
class PegNetwork {
 public:
  explicit PegNetwork(const RepairProblem& problem);
  Repaired Solve();

 private:
  struct Mark {  // A supply or a need on the line of a stock.
    std::int32_t stock = 0;
    std::int32_t tick = 0;
    bool is_need = false;  // At one tick, supplies come first.
    std::int32_t index = 0;
    auto operator<=>(const Mark&) const = default;
  };

  void AddEnds();
  void AddLine(std::span<const Mark> marks);
  void AddWindows(std::span<const Mark> marks);
  Cost OnTime(std::int32_t need) const;
  Cost Late(std::int32_t need) const { return {.repegs = Pegged(need) ? 1 : 0}; }
  bool Pegged(std::int32_t need) const { return Need(need).peg != kNoSupply; }
  const RepairNeed& Need(std::int32_t k) const {
    return problem_.needs[static_cast<std::size_t>(k)];
  }
  const RepairSupply& Supply(std::int32_t k) const {
    return problem_.supplies[static_cast<std::size_t>(k)];
  }
  std::int32_t NodeOfSupply(std::int32_t k) const { return 1 + k; }
  std::int32_t NodeOfNeed(std::int32_t k) const { return 1 + supplies_ + k; }

  const RepairProblem& problem_;
  std::int32_t supplies_;
  std::int32_t needs_;
  Network network_{};
  std::vector<std::int32_t> entries_{};  // The arcs from the source to the supplies.
};

Cost PegNetwork::OnTime(std::int32_t need) const {
  return {.weight = -Need(need).weight, .repegs = Pegged(need) ? 1 : 0};
}

PegNetwork::PegNetwork(const RepairProblem& problem)
    : problem_(problem),
      supplies_(static_cast<std::int32_t>(problem.supplies.size())),
      needs_(static_cast<std::int32_t>(problem.needs.size())) {
  AddEnds();
  std::vector<Mark> marks;
  marks.reserve(problem.supplies.size() + problem.needs.size());
  for (std::int32_t j = 0; j < supplies_; ++j) {
    marks.push_back({.stock = Supply(j).stock, .tick = Supply(j).ready_tick, .index = j});
  }
  for (std::int32_t i = 0; i < needs_; ++i) {
    for (const std::int32_t stock : Need(i).stocks) {
      marks.push_back({.stock = stock, .tick = Need(i).due_tick, .is_need = true, .index = i});
    }
  }
  std::sort(marks.begin(), marks.end());
  for (std::size_t from = 0; from < marks.size();) {
    std::size_t to = from;
    while (to < marks.size() && marks[to].stock == marks[from].stock) ++to;
    const std::span<const Mark> line = std::span(marks).subspan(from, to - from);
    AddLine(line);
    AddWindows(line);
    from = to;
  }
}

// Source, supplies, needs; what is pegged flows along its own arc, at the least cost a need can
// have. So this flow is optimal for the needs that are pegged, and zero potentials at all nodes,
// minus its weight at a need, prove it.
void PegNetwork::AddEnds() {
  const std::int32_t source = network_.AddNode();
  for (std::int32_t j = 0; j < supplies_; ++j) {
    entries_.push_back(network_.AddArc(source, network_.AddNode(), 1, {}));
  }
  for (std::int32_t i = 0; i < needs_; ++i) {
    const std::int32_t node = network_.AddNode({.weight = -Need(i).weight});
    if (!Pegged(i)) continue;
    network_.Push(entries_[static_cast<std::size_t>(Need(i).peg)]);
    network_.Push(network_.AddArc(NodeOfSupply(Need(i).peg), node, 1, {.weight = -Need(i).weight}));
  }
}

void PegNetwork::AddLine(std::span<const Mark> marks) {
  std::int32_t on_time_before = -1;
  std::int32_t late_before = -1;
  std::int32_t tick_before = 0;
  for (const Mark& mark : marks) {
    const std::int32_t on_time = network_.AddNode();
    const std::int32_t late = network_.AddNode();
    if (on_time_before != -1) {
      const std::int64_t apart = std::int64_t{mark.tick} - tick_before;
      network_.AddArc(on_time_before, on_time, kUnlimited, {});
      network_.AddArc(late, late_before, kUnlimited, {.lateness = apart});
    }
    if (mark.is_need) {
      network_.AddArc(on_time, NodeOfNeed(mark.index), 1, OnTime(mark.index));
      network_.AddArc(late, NodeOfNeed(mark.index), 1, Late(mark.index));
    } else {
      if (Supply(mark.index).expiry_tick == kNeverExpires) {
        network_.AddArc(NodeOfSupply(mark.index), on_time, 1, {});
      }
      network_.AddArc(NodeOfSupply(mark.index), late, 1, {});
    }
    on_time_before = on_time;
    late_before = late;
    tick_before = mark.tick;
  }
  network_.AddArc(0, late_before, kUnlimited,
                  {.lateness = std::int64_t{kHorizonTick} - tick_before});
}

void PegNetwork::AddWindows(std::span<const Mark> marks) {
  std::vector<Mark> needs;
  bool any = false;
  for (const Mark& mark : marks) {
    if (mark.is_need) needs.push_back(mark);
    any = any || (!mark.is_need && Supply(mark.index).expiry_tick != kNeverExpires);
  }
  if (!any || needs.empty()) return;
  const std::size_t leaves = needs.size();
  std::vector<std::int32_t> tree(2 * leaves);
  for (std::size_t x = 1; x < tree.size(); ++x) tree[x] = network_.AddNode();
  for (std::size_t x = 1; x < leaves; ++x) {
    network_.AddArc(tree[x], tree[2 * x], kUnlimited, {});
    network_.AddArc(tree[x], tree[2 * x + 1], kUnlimited, {});
  }
  for (std::size_t k = 0; k < leaves; ++k) {
    const std::int32_t need = needs[k].index;
    network_.AddArc(tree[leaves + k], NodeOfNeed(need), 1, OnTime(need));
  }
  const auto due_before = [](const Mark& mark, std::int32_t tick) { return mark.tick < tick; };
  const auto before_due = [](std::int32_t tick, const Mark& mark) { return tick < mark.tick; };
  for (const Mark& mark : marks) {
    if (mark.is_need || Supply(mark.index).expiry_tick == kNeverExpires) continue;
    const auto first = std::lower_bound(needs.begin(), needs.end(), mark.tick, due_before);
    const auto last =
        std::upper_bound(first, needs.end(), Supply(mark.index).expiry_tick, before_due);
    auto low = static_cast<std::size_t>(first - needs.begin()) + leaves;
    auto high = static_cast<std::size_t>(last - needs.begin()) + leaves;
    for (; low < high; low /= 2, high /= 2) {
      if (low % 2 == 1) network_.AddArc(NodeOfSupply(mark.index), tree[low++], 1, {});
      if (high % 2 == 1) network_.AddArc(NodeOfSupply(mark.index), tree[--high], 1, {});
    }
  }
}

Repaired PegNetwork::Solve() {
  for (std::int32_t i = 0; i < needs_; ++i) {
    if (!Pegged(i)) network_.SendUnit(0, NodeOfNeed(i));
  }
  Repaired repaired{
      .on_time = std::vector<std::int32_t>(problem_.needs.size(), kNoSupply),
      .late = std::vector<std::int32_t>(problem_.needs.size(), kNoSupply),
  };
  const auto is_need = [&](std::int32_t node) {
    return node > supplies_ && node <= supplies_ + needs_;
  };
  for (std::int32_t j = 0; j < supplies_; ++j) {
    if (!network_.Carries(entries_[static_cast<std::size_t>(j)])) continue;
    const std::int32_t need = network_.TakeUnit(NodeOfSupply(j), is_need) - 1 - supplies_;
    const auto at = static_cast<std::size_t>(need);
    // A part that is good for the need is never given to it as a late one.
    const bool on_time = Supply(j).ready_tick <= Need(need).due_tick;
    (on_time ? repaired.on_time : repaired.late)[at] = j;
  }
  return repaired;
}

}  // namespace

Repaired RepairExactly(const RepairProblem& problem) { return PegNetwork(problem).Solve(); }

}  // namespace tandem::sequencing
