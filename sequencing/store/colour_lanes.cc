#include "sequencing/store/colour_lanes.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sequencing/store/store.h"

namespace tandem::sequencing {
namespace {

// How many bodies from `first` on have its colour.
template <typename Iterator>
std::int64_t RunLength(Iterator first, Iterator end) {
  const auto other = std::find_if(
      first, end, [&first](const PaintedBody& body) { return body.colour != first->colour; });
  return std::distance(first, other);
}

}  // namespace

absl::StatusOr<ColourLaneStore> ColourLaneStore::Make(const ColourLaneOptions& options) {
  if (options.lanes < 1 || options.lanes > kLanesMax || options.lane_places < 1 ||
      options.fill_target.value_or(0) < 0 || options.due_band < 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        options.lanes, " lanes of ", options.lane_places, " places, filled to ",
        options.fill_target.value_or(0), ", within ", options.due_band,
        " places of the plan; 1 to ", kLanesMax, " lanes of at least 1, and not below 0"));
  }
  return ColourLaneStore(options);
}

ColourLaneStore::ColourLaneStore(const ColourLaneOptions& options)
    : places_(options.lane_places),
      target_(
          options.fill_target.value_or(6 * std::int64_t{options.lanes} * options.lane_places / 10)),
      due_band_(options.due_band),
      lanes_(static_cast<std::size_t>(options.lanes)) {}

std::size_t ColourLaneStore::LaneFor(const PaintedBody& body) const {
  std::size_t best = lanes_.size();
  std::tuple<int, std::int64_t> best_key;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (std::ssize(lanes_[i]) == places_) continue;
    std::tuple<int, std::int64_t> key = {1, 0};
    if (!lanes_[i].empty()) {
      const std::int64_t run = RunLength(lanes_[i].rbegin(), lanes_[i].rend());
      key = lanes_[i].back().colour == body.colour ? std::tuple(0, -run) : std::tuple(2, run);
    }
    if (best != lanes_.size() && key >= best_key) continue;
    best = i;
    best_key = key;
  }
  return best;
}

std::size_t ColourLaneStore::LaneToRelease() const {
  std::size_t best = lanes_.size();
  std::tuple<int, std::int64_t, std::int64_t> best_key;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].empty()) continue;
    const PaintedBody& head = lanes_[i].front();
    std::tuple<int, std::int64_t, std::int64_t> key;
    if (released_ - head.rank >= due_band_) {
      key = {0, head.rank, 0};
    } else if (head.rank - released_ > due_band_) {
      key = {3, head.rank, 0};
    } else if (head.colour == colour_) {
      key = {1, head.rank, 0};
    } else {
      key = {2, -RunLength(lanes_[i].begin(), lanes_[i].end()), head.rank};
    }
    if (best != lanes_.size() && key >= best_key) continue;
    best = i;
    best_key = key;
  }
  return best;
}

void ColourLaneStore::Release(std::vector<PaintedBody>& released) {
  std::deque<PaintedBody>& lane = lanes_[LaneToRelease()];
  released.push_back(lane.front());
  colour_ = lane.front().colour;
  lane.pop_front();
  --inside_;
  ++released_;
}

absl::StatusOr<std::vector<PaintedBody>> ColourLaneStore::Enter(const PaintedBody& body) {
  for (const auto& lane : lanes_) {
    if (body.rank >= 0 && std::ranges::count(lane, body.rank, &PaintedBody::rank) == 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("rank ", body.rank, " is negative or in the store already"));
  }
  std::vector<PaintedBody> released;
  while (LaneFor(body) == lanes_.size()) Release(released);
  lanes_[LaneFor(body)].push_back(body);
  ++inside_;
  while (inside_ > target_) Release(released);
  return released;
}

std::vector<PaintedBody> ColourLaneStore::Drain() {
  std::vector<PaintedBody> released;
  while (inside_ > 0) Release(released);
  return released;
}

}  // namespace tandem::sequencing
