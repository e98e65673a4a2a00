// What moves sales beside the season, as an owner shares it: the calendar, prices, promotions.
#pragma once

#include <string>
#include <vector>

#include "services/base/day.h"

namespace tandem::forecast {

// A happening of a location's calendar: holidays, openings, pay days.
struct CalendarEvent {
  std::string name{};  // The same every year, such as "Thanksgiving".
  base::Day first{};
  base::Day last{};  // Included.
};

// A price of one item from a day on, until the item's next.
struct ItemPrice {
  base::Day first{};
  double price = 0.0;  // In one currency.
};

// A promotion of one item, past or planned.
struct ItemPromotion {
  base::Day first{};
  base::Day last{};              // Included.
  std::string mechanism{};       // "price", "display" ...
  double expected_uplift = 0.0;  // Of demand, as a multiple; 0: its owner did not say.
};

// Of one item at one location.
struct ItemDrivers {
  std::vector<ItemPrice> prices{};  // In any order.
  std::vector<ItemPromotion> promotions{};
};

}  // namespace tandem::forecast
