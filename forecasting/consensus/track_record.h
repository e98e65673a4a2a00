// What the parties' forecasts were worth so far: running bias, variance and covariance of their
// errors. One record serves one group of items and one horizon bucket (the caller keys them); the
// machine's forecast is a party like any other. References: Bates and Granger, "The Combination of
// Forecasts", Operational Research Quarterly 20 (1969); Newbold and Granger, J. of the Royal
// Statistical Society A 137 (1974), who weight recent errors more; Huber, "Robust Estimation of
// a Location Parameter", Annals of Mathematical Statistics 35 (1964).
//
//   auto record = TrackRecord::Make(3, {});            // Retailer, manufacturer, machine.
//   record->Observe({.forecasts_units = forecasts, .actual_units = 120.0, .scale_units = 40.0});
//   record->BiasOf(0);                                 // In scales: +0.1 is 4 units too high.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tandem::forecasting {

// How an error is measured, so that errors of large and small items can be pooled.
enum class ErrorKind : std::uint8_t {
  kScaled = 1,    // (forecast - actual) / scale. For demand that can be zero.
  kLogRatio = 2,  // log(forecast / actual). Both must be above zero.
};

inline constexpr std::size_t kPartiesMax = 16;

struct TrackOptions {
  ErrorKind errors = ErrorKind::kScaled;
  // After so many later observations an error counts half. 26: half a year of weeks, so that last
  // year's season still counts a quarter.
  double half_life_observations = 26.0;
  // An error beyond this, either way, counts as this (Huber 1964): one failed delivery, or the
  // ratio of two tiny numbers, must not decide what a party is worth. In the errors' unit.
  double error_max = std::numeric_limits<double>::infinity();
};

// One actual and what was forecast for it. The forecasts must all have been made at the origin of
// the record's horizon bucket, before the actual was known.
struct Observed {
  std::span<const std::optional<double>> forecasts_units{};  // A party each; nullopt: it gave none.
  double actual_units = 0.0;
  double scale_units = 1.0;  // Above 0. For kScaled: a typical demand or error of the item.
};

// Statistics of all parties. A value: copied, compared and taken apart freely.
class TrackRecord {
 public:
  // Weighted sums over the observations in which both parties of a pair took part.
  struct Pair {
    double weight = 0.0;          // Sum of the weights: about a number of observations.
    double weight_squares = 0.0;  // Sum of their squares.
    double first = 0.0;           // Sum of the first party's errors,
    double second = 0.0;          // of the second's,
    double product = 0.0;         // and of their products.
    friend bool operator==(const Pair&, const Pair&) = default;
  };

  // What a party's errors of one bucket have in common. With n observations and errors of sum s in
  // a bucket, and w the bucket's weight, sums over the buckets. All zeros is empty.
  struct Buckets {
    double count_squares = 0.0;     // Of w n^2,
    double squared_counts = 0.0;    // w^2 n^2,
    double squared_products = 0.0;  // w^2 n s
    double squared_sums = 0.0;      // and w^2 s^2.
    friend bool operator==(const Buckets&, const Buckets&) = default;
  };

  // A record without observations. kInvalidArgument unless 1 <= parties <= kPartiesMax, the half
  // life is finite and above 0 and error_max is above 0.
  static absl::StatusOr<TrackRecord> Make(std::size_t parties, const TrackOptions& options);
  // The record whose `pairs()` and `buckets()` these are. kInvalidArgument where they are none of
  // any record.
  static absl::StatusOr<TrackRecord> Restore(std::size_t parties, const TrackOptions& options,
                                             std::vector<Pair> pairs, std::vector<Buckets> buckets);

  // Adds an observation; older ones lose weight, also those of parties that gave no forecast now.
  // kInvalidArgument, and the record stays as it was, if there is not a forecast (or nullopt) for
  // each party, a value is not finite, the scale is not above 0 or, for kLogRatio, a forecast or
  // the actual is not above 0. O(parties squared).
  absl::Status Observe(const Observed& observed);
  // Adds the observations of one bucket, such as a week's of all shops, at the same weight. What
  // nobody foresaw in that bucket is in all of them, so they tell less of a bias than as many of
  // different buckets do. Without an observation the record stays as it was. Errors as Observe's.
  absl::Status ObserveBucket(std::span<const Observed> bucket);

  std::size_t parties() const { return parties_; }
  const TrackOptions& options() const { return options_; }
  // Of parties (0,0), (0,1) .. (0,n-1), (1,1) and so on: all that is to be stored.
  std::span<const Pair> pairs() const { return pairs_; }
  std::span<const Buckets> buckets() const { return buckets_; }  // A party each; stored too.

  // Weighted number of observations of a party, or of two together.
  double CountOf(std::size_t party) const { return At(party, party).weight; }
  double CountOf(std::size_t a, std::size_t b) const { return At(a, b).weight; }
  // Mean error, positive where the party forecasts too much; 0 before the first observation.
  double BiasOf(std::size_t party) const;
  // How many buckets of the observations' mean size a party's observations are worth; their number
  // where each had its own.
  double BucketCountOf(std::size_t party) const;
  // Standard error of BiasOf, by how much the buckets' means differ; nullopt before two buckets.
  std::optional<double> BiasErrorOf(std::size_t party) const;
  // Covariance of two parties' errors about their means (the variance for a == b), corrected for
  // the estimated means; nullopt before two observations.
  std::optional<double> CovarianceOf(std::size_t a, std::size_t b) const;

  friend bool operator==(const TrackRecord& a, const TrackRecord& b) {
    return a.parties_ == b.parties_ && a.pairs_ == b.pairs_ && a.buckets_ == b.buckets_ &&
           a.options_.errors == b.options_.errors &&
           a.options_.half_life_observations == b.options_.half_life_observations &&
           a.options_.error_max == b.options_.error_max;
  }

 private:
  TrackRecord(std::size_t parties, const TrackOptions& options);
  const Pair& At(std::size_t a, std::size_t b) const;
  void Fade(double times);
  void Add(std::span<const std::optional<double>> errors);

  std::size_t parties_ = 0;
  TrackOptions options_{};
  double keep_ = 1.0;  // What an observation's weight is multiplied by at the next.
  std::vector<Pair> pairs_;
  std::vector<Buckets> buckets_;
};

}  // namespace tandem::forecasting
