// What an item costs, as far as it is known: a price holds until the next one.
#pragma once

#include <cstddef>

namespace tandem::forecasting {

// A price from its first day on, until the next step's.
struct PriceStep {
  std::size_t first_day = 0;
  double price = 0.0;
};

}  // namespace tandem::forecasting
