#include "sequencing/racks/lanes.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::size_t kSearchedMax = 12;
constexpr std::size_t kFlowMax = 512;

using Ranks = std::vector<std::int64_t>;

// A FIFO lane of ranks is a LIFO lane of their negatives. From here on all lanes are LIFO.
Ranks AsLifo(std::span<const std::int64_t> ranks, LaneAccess access) {
  Ranks lifo(ranks.begin(), ranks.end());
  // Bitwise: reverses the order without an overflow at the least number.
  if (access == LaneAccess::kFifo) std::ranges::transform(lifo, lifo.begin(), std::bit_not<>());
  return lifo;
}

// Each rack goes to the lane whose top is the smallest at or above it and that has room.
LanePlan Greedy(const Ranks& ranks, std::int64_t places) {
  LanePlan plan;
  std::multimap<std::int64_t, std::int32_t> tops;  // Lanes with room.
  std::vector<std::int64_t> loaded;
  for (const std::int64_t rank : ranks) {
    const auto top = tops.lower_bound(rank);
    std::int32_t lane = plan.lanes;
    if (top == tops.end()) {
      ++plan.lanes;
      loaded.push_back(0);
    } else {
      lane = top->second;
      tops.erase(top);
    }
    plan.lane_of.push_back(lane);
    if (++loaded[static_cast<std::size_t>(lane)] < places) tops.emplace(rank, lane);
  }
  return plan;
}

// Tries every lane for each rack in turn, within a number of lanes.
class LaneSearch {
 public:
  LaneSearch(const Ranks& ranks, std::int64_t places) : ranks_(ranks), places_(places) {}

  bool Fits(std::int32_t lanes) {
    lanes_.clear();
    lane_of_.clear();
    return Place(lanes);
  }
  const std::vector<std::int32_t>& lane_of() const { return lane_of_; }

 private:
  struct Lane {
    std::int64_t top = 0;
    std::int64_t loaded = 0;

    friend bool operator==(const Lane&, const Lane&) = default;
  };

  bool Place(std::int32_t lanes) {
    if (lane_of_.size() == ranks_.size()) return true;
    const std::int64_t rank = ranks_[lane_of_.size()];
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const Lane before = lanes_[i];
      if (before.top < rank || before.loaded == places_) continue;
      // Lanes that look alike lead to the same.
      if (std::find(lanes_.begin(), lanes_.begin() + static_cast<std::ptrdiff_t>(i), before) !=
          lanes_.begin() + static_cast<std::ptrdiff_t>(i)) {
        continue;
      }
      lanes_[i] = {rank, before.loaded + 1};
      if (Go(i, lanes)) return true;
      lanes_[i] = before;
    }
    if (std::cmp_equal(lanes_.size(), lanes)) return false;
    lanes_.push_back({rank, 1});
    if (Go(lanes_.size() - 1, lanes)) return true;
    lanes_.pop_back();
    return false;
  }
  bool Go(std::size_t lane, std::int32_t lanes) {
    lane_of_.push_back(static_cast<std::int32_t>(lane));
    if (Place(lanes)) return true;
    lane_of_.pop_back();
    return false;
  }

  const Ranks& ranks_;
  std::int64_t places_;
  std::vector<Lane> lanes_;
  std::vector<std::int32_t> lane_of_;
};

// The most racks in `lanes` chains, each rack in one: one unit of flow a chain, -1 for each rack
// that it takes. A rack is a node in and a node out; between them it may be taken once.
class ChainFlow {
 public:
  explicit ChainFlow(const Ranks& ranks) : size_(ranks.size()), edges_(2 * ranks.size() + 2) {
    for (std::size_t i = 0; i < size_; ++i) {
      Connect(Source(), In(i), 0);
      Connect(In(i), Out(i), -1);
      Connect(Out(i), Sink(), 0);
      for (std::size_t j = i + 1; j < size_; ++j) {
        if (ranks[j] <= ranks[i]) Connect(Out(i), In(j), 0);
      }
    }
  }

  // Adds the chain that takes the most more racks; false if there is none.
  bool Augment();

  // The lane of each rack.
  std::vector<std::int32_t> Lanes() const;

 private:
  struct Edge {
    std::size_t to = 0;
    std::size_t back = 0;  // Its reverse, among the edges of `to`.
    int cost = 0;
    bool open = true;
  };

  static std::size_t In(std::size_t i) { return 2 * i; }
  static std::size_t Out(std::size_t i) { return 2 * i + 1; }
  std::size_t Source() const { return 2 * size_; }
  std::size_t Sink() const { return 2 * size_ + 1; }
  void Connect(std::size_t from, std::size_t to, int cost) {
    edges_[from].push_back({to, edges_[to].size(), cost, true});
    edges_[to].push_back({from, edges_[from].size() - 1, -cost, false});
  }

  std::size_t size_;
  std::vector<std::vector<Edge>> edges_;
};

bool ChainFlow::Augment() {
  constexpr int kFar = std::numeric_limits<int>::max();
  std::vector<int> distance(edges_.size(), kFar);
  std::vector<std::pair<std::size_t, std::size_t>> by(edges_.size());  // Node and edge before.
  std::vector<bool> waits(edges_.size(), false);
  std::deque<std::size_t> queue = {Source()};
  distance[Source()] = 0;
  while (!queue.empty()) {
    const std::size_t from = queue.front();
    queue.pop_front();
    waits[from] = false;
    for (std::size_t e = 0; e < edges_[from].size(); ++e) {
      const Edge& edge = edges_[from][e];
      if (!edge.open || distance[from] + edge.cost >= distance[edge.to]) continue;
      distance[edge.to] = distance[from] + edge.cost;
      by[edge.to] = {from, e};
      if (!waits[edge.to]) queue.push_back(edge.to);
      waits[edge.to] = true;
    }
  }
  if (distance[Sink()] >= 0) return false;
  for (std::size_t node = Sink(); node != Source(); node = by[node].first) {
    Edge& edge = edges_[by[node].first][by[node].second];
    edge.open = false;
    edges_[edge.to][edge.back].open = true;
  }
  return true;
}

std::vector<std::int32_t> ChainFlow::Lanes() const {
  std::vector<std::int32_t> lane_of(size_, kSetAside);
  std::int32_t lanes = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    for (const Edge& edge : edges_[In(i)]) {
      // The edge from the source is used: its reverse is open. A chain begins.
      if (edge.to == Source() && edge.open) lane_of[i] = lanes++;
    }
    if (lane_of[i] == kSetAside) continue;
    for (const Edge& edge : edges_[Out(i)]) {
      const bool onward = edge.to < Source() && edge.to % 2 == 0 && edge.to != In(i);
      if (onward && !edge.open) lane_of[edge.to / 2] = lane_of[i];
    }
  }
  return lane_of;
}

}  // namespace

absl::StatusOr<LanePlan> FewestLanes(std::span<const std::int64_t> ranks, LaneAccess access,
                                     std::optional<std::int32_t> lane_places) {
  if (lane_places.has_value() && *lane_places < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("lanes of ", *lane_places, " places; at least 1"));
  }
  const Ranks lifo = AsLifo(ranks, access);
  const auto size = std::ssize(lifo);
  const LanePlan without = Greedy(lifo, std::numeric_limits<std::int64_t>::max());
  if (!lane_places.has_value()) return without;
  LanePlan plan = Greedy(lifo, *lane_places);
  const auto least = static_cast<std::int32_t>(
      std::max<std::int64_t>(without.lanes, (size + *lane_places - 1) / *lane_places));
  plan.exact = plan.lanes == least;  // No plan has fewer than this bound.
  if (plan.exact || lifo.size() > kSearchedMax) return plan;
  LaneSearch search(lifo, *lane_places);
  for (std::int32_t lanes = least; lanes < plan.lanes; ++lanes) {
    if (!search.Fits(lanes)) continue;
    plan.lane_of = search.lane_of();
    plan.lanes = lanes;
  }
  plan.exact = true;
  return plan;
}

absl::StatusOr<LanePlan> FewestSetAside(std::span<const std::int64_t> ranks, LaneAccess access,
                                        std::int32_t lanes) {
  if (lanes < 0 || ranks.size() > kFlowMax) {
    return absl::InvalidArgumentError(absl::StrCat(ranks.size(), " racks into ", lanes,
                                                   " lanes; at most ", kFlowMax,
                                                   " racks, and lanes are not negative"));
  }
  ChainFlow flow(AsLifo(ranks, access));
  LanePlan plan;
  while (plan.lanes < lanes && flow.Augment()) ++plan.lanes;
  plan.lane_of = flow.Lanes();
  return plan;
}

std::vector<std::int64_t> TourRanks(std::span<const TourRack> racks) {
  std::vector<std::pair<std::int32_t, std::int64_t>> sorted;
  for (const TourRack& rack : racks) sorted.emplace_back(rack.stop, rack.rank);
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  std::vector<std::int64_t> ranks;
  for (const TourRack& rack : racks) {
    ranks.push_back(std::ranges::lower_bound(sorted, std::pair(rack.stop, rack.rank)) -
                    sorted.begin());
  }
  return ranks;
}

}  // namespace tandem::sequencing
