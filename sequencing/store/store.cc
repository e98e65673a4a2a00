#include "sequencing/store/store.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

absl::Status InsideAlready(std::int64_t rank) {
  return absl::InvalidArgumentError(absl::StrCat("rank ", rank, " is in the store already"));
}

}  // namespace

absl::StatusOr<RandomAccessStore> RandomAccessStore::Make(std::int64_t slots) {
  if (slots < 0) return absl::InvalidArgumentError(absl::StrCat("a store of ", slots, " slots"));
  return RandomAccessStore(slots);
}

absl::StatusOr<std::optional<std::int64_t>> RandomAccessStore::Enter(std::int64_t rank) {
  if (!inside_.insert(rank).second) return InsideAlready(rank);
  if (std::ssize(inside_) <= slots_) return std::optional<std::int64_t>();
  const std::int64_t smallest = *inside_.begin();
  inside_.erase(inside_.begin());
  return std::optional(smallest);
}

std::vector<std::int64_t> RandomAccessStore::Drain() {
  std::vector<std::int64_t> ranks(inside_.begin(), inside_.end());
  inside_.clear();
  return ranks;
}

absl::StatusOr<LaneStore> LaneStore::Make(const LaneStoreOptions& options) {
  if (options.lanes < 1 || options.lanes > kLanesMax || options.lane_places < 1 ||
      options.fill_target.value_or(0) < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.lanes, " lanes of ", options.lane_places, " places, filled to ",
                     options.fill_target.value_or(0), "; 1 to ", kLanesMax,
                     " lanes of at least 1, filled to at least 0"));
  }
  return LaneStore(options);
}

LaneStore::LaneStore(const LaneStoreOptions& options)
    : places_(options.lane_places),
      target_(
          options.fill_target.value_or(6 * std::int64_t{options.lanes} * options.lane_places / 10)),
      lanes_(static_cast<std::size_t>(options.lanes)) {}

// The lane that the rank enters; the number of lanes if none has room.
std::size_t LaneStore::LaneFor(std::int64_t rank) const {
  // Best first: a tail below the rank, the largest; an empty lane; the smallest tail.
  std::size_t best = lanes_.size();
  std::tuple<int, std::int64_t> best_key;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (std::ssize(lanes_[i]) == places_) continue;
    std::tuple<int, std::int64_t> key = {1, 0};
    if (!lanes_[i].empty()) {
      const std::int64_t tail = lanes_[i].back();
      key = tail < rank ? std::tuple(0, -tail) : std::tuple(2, tail);
    }
    if (best != lanes_.size() && key >= best_key) continue;
    best = i;
    best_key = key;
  }
  return best;
}

std::size_t LaneStore::SmallestHead() const {
  std::size_t best = lanes_.size();
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].empty()) continue;
    if (best == lanes_.size() || lanes_[i].front() < lanes_[best].front()) best = i;
  }
  return best;
}

bool LaneStore::NextStandsAtHead() const {
  return std::ranges::any_of(lanes_, [this](const auto& lane) {
    return !lane.empty() && lane.front() == last_released_ + 1;
  });
}

void LaneStore::Release(std::vector<std::int64_t>& released) {
  std::deque<std::int64_t>& lane = lanes_[SmallestHead()];
  last_released_ = lane.front();
  lane.pop_front();
  --inside_;
  released.push_back(last_released_);
}

absl::StatusOr<std::vector<std::int64_t>> LaneStore::Enter(std::int64_t rank) {
  if (rank < 0) return absl::InvalidArgumentError(absl::StrCat("rank ", rank, " is negative"));
  for (const std::deque<std::int64_t>& lane : lanes_) {
    if (std::ranges::find(lane, rank) != lane.end()) return InsideAlready(rank);
  }
  std::vector<std::int64_t> released;
  while (LaneFor(rank) == lanes_.size()) Release(released);
  lanes_[LaneFor(rank)].push_back(rank);
  ++inside_;
  while (inside_ > target_ || NextStandsAtHead()) Release(released);
  return released;
}

std::vector<std::int64_t> LaneStore::Drain() {
  std::vector<std::int64_t> released;
  while (inside_ > 0) Release(released);
  return released;
}

absl::StatusOr<std::vector<std::int64_t>> OrderFrom(RandomAccessStore store,
                                                    std::span<const std::int64_t> ranks) {
  std::vector<std::int64_t> order;
  order.reserve(ranks.size());
  for (const std::int64_t rank : ranks) {
    const auto released = store.Enter(rank);
    if (!released.ok()) return released.status();
    if (released->has_value()) order.push_back(**released);
  }
  const std::vector<std::int64_t> rest = store.Drain();
  order.insert(order.end(), rest.begin(), rest.end());
  return order;
}

absl::StatusOr<std::vector<std::int64_t>> OrderFrom(LaneStore store,
                                                    std::span<const std::int64_t> ranks) {
  std::vector<std::int64_t> order;
  order.reserve(ranks.size());
  for (const std::int64_t rank : ranks) {
    const auto released = store.Enter(rank);
    if (!released.ok()) return released.status();
    order.insert(order.end(), released->begin(), released->end());
  }
  const std::vector<std::int64_t> rest = store.Drain();
  order.insert(order.end(), rest.begin(), rest.end());
  return order;
}

absl::StatusOr<PullOff> PullOffTowardsPlan(std::span<const std::int64_t> ranks,
                                           std::int64_t tables) {
  auto store = RandomAccessStore::Make(tables);
  if (!store.ok()) return store.status();
  auto order = OrderFrom(*std::move(store), ranks);
  if (!order.ok()) return order.status();
  // One is passed if a vehicle that came later left before it: then the latest to have come, of
  // those that left before, came after it.
  absl::btree_map<std::int64_t, std::size_t> came;
  for (std::size_t k = 0; k < ranks.size(); ++k) came.try_emplace(ranks[k], k);
  std::vector<std::size_t> lifted;
  std::size_t latest = 0;
  for (const std::int64_t rank : *order) {
    const std::size_t place = came.at(rank);
    if (place < latest) lifted.push_back(place);
    latest = std::max(latest, place);
  }
  std::ranges::sort(lifted);
  PullOff pull_off{.order = *std::move(order)};
  for (const std::size_t place : lifted) pull_off.lifted.push_back(ranks[place]);
  return pull_off;
}

std::vector<std::int64_t> SwapOrders(std::span<const Body> bodies) {
  absl::btree_map<std::int64_t, std::vector<std::int64_t>> ranks_of;  // By specification.
  for (const Body& body : bodies) ranks_of[body.spec].push_back(body.rank);
  for (auto& [spec, ranks] : ranks_of) std::ranges::sort(ranks, std::ranges::greater{});
  std::vector<std::int64_t> swapped;
  swapped.reserve(bodies.size());
  for (const Body& body : bodies) {
    std::vector<std::int64_t>& ranks = ranks_of[body.spec];
    swapped.push_back(ranks.back());
    ranks.pop_back();
  }
  return swapped;
}

}  // namespace tandem::sequencing
