// How level an order uses its parts: goal chasing. Reference: Monden, Toyota Production System.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"

namespace tandem::sequencing {

struct PartUse {
  std::int32_t part = 0;  // 0 or more.
  std::int32_t uses = 0;  // Pieces in one vehicle, 0 or more.
};

struct LevelDeviation {
  // Sum over p = 1..n and parts j of (n x - p N)^2: x the uses of j in the first p of n vehicles, N
  // in all. Exact; divided by n^2 it is the deviation of the goal-chasing method.
  absl::uint128 scaled{};
  std::int64_t vehicles = 0;

  double value() const;  // 0 for no vehicle.
};

// `models[k]` is the model of the k-th vehicle, `uses[m]` what model m uses, each part once.
// O(total uses): the squares are kept by their three sums. Returns kInvalidArgument, naming the
// vehicle or the model, for an unknown model, a negative number, or a part twice in a model;
// kOutOfRange, from about 10^5 vehicles with all parts in each on, if the sum could exceed 128
// bits.
absl::StatusOr<LevelDeviation> MeasureLevel(std::span<const std::int32_t> models,
                                            std::span<const std::vector<PartUse>> uses);

}  // namespace tandem::sequencing
