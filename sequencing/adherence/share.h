// Shares and distributions, as all measures here are kept: a share as its two counts, so that it
// adds up over any scope; a percentile by rank, so that it is one of the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

// The share of a whole is the sum of the parts' numerators over the sum of their denominators.
struct Share {
  std::int64_t numerator = 0;
  std::int64_t denominator = 0;

  // Undefined (nullopt) if the denominator is 0.
  std::optional<double> value() const;
  Share& operator+=(const Share& other);
  friend bool operator==(const Share&, const Share&) = default;
};

// A share of a whole, never more than all of it. Returns kInvalidArgument for a negative count or a
// numerator above the denominator.
absl::StatusOr<Share> ShareOf(std::int64_t numerator, std::int64_t denominator);

// The values' count, sum, least, greatest and percentiles: percentile p of m values is the
// ceil(p m)-th smallest. All 0 where there are none.
struct Distribution {
  std::int64_t count = 0;
  std::int64_t sum = 0;
  std::int64_t minimum = 0;
  std::int64_t p05 = 0;
  std::int64_t p50 = 0;
  std::int64_t p95 = 0;
  std::int64_t p99 = 0;
  std::int64_t maximum = 0;

  friend bool operator==(const Distribution&, const Distribution&) = default;
};

// O(m log m). Returns kOutOfRange if the sum is not an int64.
absl::StatusOr<Distribution> Describe(std::span<const std::int64_t> values);

// The index, from 0, of a percentile among `count` sorted values: ceil(permille count / 1000) - 1.
// `permille` is 1..1000 and `count` above 0: else a bug.
std::size_t PercentileIndex(std::size_t count, std::size_t permille);

}  // namespace tandem::sequencing
