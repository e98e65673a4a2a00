// What is known of a bucket's demand.
#pragma once

#include <cstdint>

namespace tandem::forecasting {

enum class Knowledge : std::uint8_t {
  kGap = 0,         // Nothing: it is filled from like buckets, never taken for zero.
  kKnown = 1,       // The value.
  kLowerBound = 2,  // Demand was the value or more: the shelf was empty.
};

}  // namespace tandem::forecasting
