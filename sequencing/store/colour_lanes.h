// Colour batching before paint: the lanes of a mix bank, used to make long runs of one colour
// within a band about the plan.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

struct PaintedBody {
  std::int64_t rank = 0;  // In the plan, from 0.
  std::int32_t colour = 0;

  friend bool operator==(const PaintedBody&, const PaintedBody&) = default;
};

struct ColourLaneOptions {
  std::int32_t lanes = 1;
  std::int32_t lane_places = 1;
  std::optional<std::int64_t> fill_target{};  // As in LaneStoreOptions.
  // A body whose place in the output exceeds its rank by so much goes first; one whose place would
  // be more than this before its rank waits while another can go.
  std::int64_t due_band = 0;
};

// A body enters, of the lanes with room, the one whose tail has its colour (of several the longest
// run there); else an empty one; else the one with the shortest run at its tail. Ties: the lowest
// lane. While more are inside than the target: the head that is overdue most; else, of those not
// too early, one of the colour painted last, else the one with the longest run at its head; ties by
// the smaller rank. If all are too early, the smallest rank.
class ColourLaneStore {
 public:
  // Returns kInvalidArgument as LaneStore, and for a negative band.
  static absl::StatusOr<ColourLaneStore> Make(const ColourLaneOptions& options);

  // The bodies that leave, in order. O(K c) each. Returns kInvalidArgument for a negative rank or
  // one that is inside already.
  absl::StatusOr<std::vector<PaintedBody>> Enter(const PaintedBody& body);
  std::vector<PaintedBody> Drain();

  const std::vector<std::deque<PaintedBody>>& lanes() const { return lanes_; }
  friend bool operator==(const ColourLaneStore&, const ColourLaneStore&) = default;

 private:
  explicit ColourLaneStore(const ColourLaneOptions& options);

  std::size_t LaneFor(const PaintedBody& body) const;
  std::size_t LaneToRelease() const;
  void Release(std::vector<PaintedBody>& released);

  std::int64_t places_ = 0;
  std::int64_t target_ = 0;
  std::int64_t due_band_ = 0;
  std::int64_t inside_ = 0;
  std::int64_t released_ = 0;             // The next body's place in the output.
  std::optional<std::int32_t> colour_{};  // Of the last released.
  std::vector<std::deque<PaintedBody>> lanes_;
};

}  // namespace tandem::sequencing
