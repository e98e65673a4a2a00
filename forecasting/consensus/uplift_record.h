// What a party's announced events turned out to be worth. An event that only one partner knows is
// added to the consensus as an event, at what that partner's earlier announcements came to.
//
//   UpliftRecord retailer;
//   retailer.Observe({.announced_units = 100.0, .realised_units = 60.0});
//   double add = retailer.Credit({}) * 80.0;  // Of 80 units announced now.
#pragma once

#include "absl/status/status.h"

namespace tandem::forecasting {

struct Uplift {
  double announced_units = 0.0;  // What the party said the event would add; not 0.
  double realised_units = 0.0;   // Actual less the forecast without the event.
};

struct CreditOptions {
  double prior_credit = 1.0;         // What a party without a record is believed: its word.
  double prior_announcements = 4.0;  // How many announcements that belief is worth.
  double credit_max = 2.0;
};

// Running sums over announcements, each in its own announced units, so that a large event counts as
// much as a small one. A value; all zeros is empty.
struct UpliftRecord {
  double count = 0.0;
  double ratio = 0.0;          // Sum of realised / announced,
  double ratio_squares = 0.0;  // and of its squares.

  // kInvalidArgument, and nothing is counted, if a value is not finite or nothing was announced.
  absl::Status Observe(const Uplift& uplift);
  // What one announced unit is worth: the mean ratio, shrunk to the prior, within 0..credit_max.
  double Credit(const CreditOptions& options) const;
  // Standard deviation of realised / announced about its mean; 0 before two announcements.
  double Deviation() const;

  friend bool operator==(const UpliftRecord&, const UpliftRecord&) = default;
};

}  // namespace tandem::forecasting
