// The pooled profile (forecasting/profile) over series of one location, between integers that two
// firms agree on, and with days that nobody knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/knowledge.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/forecast/drivers.h"
#include "services/forecast/fit.h"

namespace tandem::forecast {

inline constexpr double kRegularDays = 24.0;
inline constexpr std::size_t kNamedMax = 64;

// The items of a group (a department of the location) share its season (weekday, events, day of the
// month, time of the year), learnt on their sum and drawn to that of all groups; each has its own
// level. Events of one name are one thing, which comes again;
// those that fill more than kRegularDays days a year (pay days, school holidays) are taken together
// as one regular happening, and of the others the kNamedMax that come most often count. A day that
// is not known tells nothing of an item, and one whose shelf was empty only what more than expected
// was sold; in the group's sum they count as the last known days of their weekday, so that neither
// falls with them. Returns (negative sales) count as none.
//
// Prices and promotions count by forecasting/profile/demand_response.h, all items pooled.
// Promotions of one mechanism are of one kind, apart with an expected uplift and without; beyond
// the seven kinds that are most frequent they are of one. Days ahead on which no price is known
// have the last one.
class ProfileFit {
 public:
  // Of histories of `days` days from `first`, forecast `horizon_days` beyond.
  ProfileFit(base::Day first, std::int32_t days, std::int32_t horizon_days,
             std::vector<CalendarEvent> events);

  // A series' history, `days` long, the group that it is of, and what is known of its prices and
  // promotions; what is no price above 0 is left out. False, and nothing is kept, where no day is
  // known.
  bool Add(const DailySeries& series, std::string_view group, const ItemDrivers& drivers = {});

  // The forecasts of what was added, in its order: `horizon_days` each, rounded once to thousandths
  // and never below zero. Returns kOutOfRange if a result does not fit a Quantity.
  absl::StatusOr<std::vector<std::vector<base::Quantity>>> Run() const;

  // The same in units, not rounded, series by series, `horizon_days` each, from `back` days before
  // the last (0 <= back < days), as they would have been made then: prices and promotions as far
  // ahead as any is known now. Zeros where a series had no day that was known.
  absl::StatusOr<std::vector<double>> UnitsFrom(std::size_t back) const;

 private:
  // Days from first_ on, also below 0 and beyond the last.
  struct Price {
    std::int32_t first = 0;
    double price = 0.0;
  };
  struct Promotion {
    std::int32_t first = 0;
    std::int32_t end = 0;  // The day after its last.
    std::size_t kind = 0;  // Of kinds_.
    double log_expected = 0.0;
  };
  struct Series {
    std::size_t first_known = 0;
    std::size_t group = 0;
    std::vector<Price> prices{};  // Ascending.
    std::vector<Promotion> promotions{};
  };
  struct View;  // Of what was known at an origin.

  std::vector<Price> PricesOf(const ItemDrivers& drivers) const;
  std::vector<Promotion> PromotionsOf(const ItemDrivers& drivers);
  void AddDays(const DailySeries& series);
  // By kind of kinds_: its number among the profile's.
  std::vector<std::size_t> KindNumbers() const;
  View ViewFrom(std::size_t known_days) const;

  base::Day first_;
  std::size_t days_;
  std::size_t horizon_days_;
  std::vector<CalendarEvent> events_;
  std::vector<float> units_;  // Series by series.
  std::vector<forecasting::Knowledge> knowledge_;
  std::vector<Series> series_;
  std::map<std::string, std::size_t, std::less<>> groups_;
  std::map<std::pair<std::string, bool>, std::size_t> kinds_;  // By mechanism, whether expected.
  std::vector<std::size_t> kind_counts_;                       // Promotions, by kind.
  std::int32_t price_days_ = 0;      // From first_ to the last day from which a price is known.
  std::int32_t promotion_days_ = 0;  // To the last that is promoted.
};

}  // namespace tandem::forecast
