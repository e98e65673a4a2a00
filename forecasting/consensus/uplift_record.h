// What a party's announced events turned out to be worth. An event that only one partner knows is
// added to the consensus as an event, at what that partner's earlier announcements came to.
//
// Reference: Theil, "Applied Economic Forecasting" (1966), for the regression of what came on what
// was announced; its line goes through the origin, since no event adds nothing.
//
//   UpliftRecord retailer;
//   retailer.Observe({.announced = 100.0, .realised = 60.0});
//   double add = retailer.Credit({}) * 80.0;  // Of 80 units announced now.
#pragma once

#include "absl/status/status.h"

namespace tandem::forecasting {

// Both in the unit of the track record's errors, so that large and small items can be pooled: units
// over the item's scale, or for ErrorKind::kLogRatio logarithms of what the event multiplies by.
struct Uplift {
  double announced = 0.0;  // What the party said the event would add; not 0.
  double realised = 0.0;   // Actual less the forecast without the event.
};

struct CreditOptions {
  double prior_credit = 1.0;         // What a party without a record is believed: its word.
  double prior_announcements = 4.0;  // How many announcements of typical size that is worth.
  double credit_max = 2.0;
};

// Running sums over announcements. A value; all zeros is empty.
struct UpliftRecord {
  double count = 0.0;
  double announced_squares = 0.0;  // Sum of announced squared,
  double products = 0.0;           // of announced times realised,
  double realised_squares = 0.0;   // and of realised squared.

  // kInvalidArgument, and nothing is counted, if a value is not finite, nothing was announced, or a
  // square is not finite.
  absl::Status Observe(const Uplift& uplift);
  // What 1 announced is worth: the slope of realised on announced by least squares, shrunk to the
  // prior, within 0..credit_max. The error of what is realised is that of the forecast without the
  // event, whatever the event's size, so the slope is the best linear estimate (Gauss and Markov);
  // the mean of the ratios would let the smallest events, all noise, decide.
  double Credit(const CreditOptions& options) const;
  // Standard deviation of realised about the slope's line, over the root of the mean squared
  // announcement; 0 before two announcements.
  double Deviation() const;

  friend bool operator==(const UpliftRecord&, const UpliftRecord&) = default;
};

}  // namespace tandem::forecasting
