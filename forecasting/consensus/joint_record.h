// What the parties' words are worth together, learnt from all groups of items at once: the actual
// regressed on what each party expects without its events, on the events that each announced, and
// on what was missed last. A group's coefficients are drawn to those of all groups, as far as
// groups have turned out alike: a record of one group alone (track_record.h) is too short to weigh
// by. References: Granger and Ramanathan, "Improved methods of combining forecasts", J. of
// Forecasting 3 (1984), for weights by regression; Lindley and Smith, "Bayes Estimates for the
// Linear Model", J. of the Royal Statistical Society B 34 (1972), for groups alike; Dempster, Laird
// and Rubin (1977), for how alike; Moulton, "Random group effects and the precision of regression
// estimates", J. of Econometrics 32 (1986), for observations that share a bucket.
//
//   actual = sum_p weight_p unbiased_p + sum_p credit_p announced_p
//            + group_carry missed_group + item_carry missed_item + error
//
//   auto record = JointRecord::Make(2, {.errors = ErrorKind::kLogRatio});  // A horizon bucket's.
//   const Learnt learnt = record->Of({.group = 3, .item = 41});
//   auto consensus = Combine({.record = own, .parties = said, .learnt = &learnt}, {});
//   record->ObserveBucket(observed);  // Once the actuals are known, with what was said then.
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "forecasting/consensus/track_record.h"

namespace tandem::forecasting {

struct JointOptions {
  ErrorKind errors = ErrorKind::kScaled;
  // After so many later buckets of its group an observation counts half: as TrackOptions, half a
  // year of weeks.
  double half_life_buckets = 26.0;
  // An error beyond this, either way, counts as this. In the errors' unit.
  double error_max = std::numeric_limits<double>::infinity();
  // Before any data: weights are these, one a party, not below 0 and of sum 1 (empty: all equal),
  double weight_deviation = 0.25;  // of this deviation; 0.29 is that of anything between 0 and 1.
  std::vector<double> prior_weights{};
  double prior_credit = 1.0;  // A party's word is believed,
  double credit_deviation = 0.25;
  double carry_deviation = 0.5;  // and what was missed last tells nothing; of this deviation.
  // So many groups' worth these deviations are where it is learnt how far groups differ. Above 0.
  double prior_groups = 1.0;
};

// What one party said of an item's bucket.
struct PartyWord {
  // Without its events, freed from its bias: PartyShare's; nullopt: it was silent.
  std::optional<double> unbiased_units{};
  double announced = 0.0;  // Its events in the errors' unit: PartyShare's.
};

// What was missed by without carrying anything on, in the errors' unit, in the newest bucket that
// is known: all of a group's items in the mean, and an item beyond its group. 0: nothing is known.
struct Missed {
  double group = 0.0;
  double item = 0.0;
};

// An actual and what had been said of it.
struct JointObserved {
  std::size_t group = 0;
  std::size_t item = 0;
  std::span<const PartyWord> words{};  // A party each.
  Missed missed{};                     // Of the Learnt that the forecast was made with.
  double actual_units = 0.0;
  double scale_units = 1.0;  // Above 0. For kScaled.
};

// What is known for an item's next forecast.
struct Learnt {
  std::vector<double> weights{};  // A party each, not below 0, of sum 1.
  std::vector<double> credits{};  // What 1 announced is worth; any number.
  Missed missed{};
  double group_carry = 0.0;  // How much of what was missed comes again, -1..1.
  double item_carry = 0.0;
  // Added to the baseline, in the errors' unit.
  double Shift() const { return group_carry * missed.group + item_carry * missed.item; }
};

// A value: copied and compared freely.
class JointRecord {
 public:
  struct Place {
    std::size_t group = 0;
    std::size_t item = 0;
  };

  // Of one group, k = 2 parties + 1 coefficients: contrasts of the weights, credits, carries.
  struct Group {
    std::vector<double> xx{};       // k rows of k: weighted sums of products of what was said,
    std::vector<double> xy{};       // and with the actual less the prior's weights' part of it.
    double count = 0.0;             // Of observations, fading;
    double squares = 0.0;           // sums of squared errors,
    double weighted_squares = 0.0;  // of those over their items' variances,
    double bucket_squares = 0.0;    // and what these would be were a bucket's errors all one.
    double missed = 0.0;
    std::vector<double> coefficients{};
    friend bool operator==(const Group&, const Group&) = default;
  };
  struct Item {
    double count = 0.0;
    double squares = 0.0;  // Of its errors.
    double missed = 0.0;
    friend bool operator==(const Item&, const Item&) = default;
  };
  // All that is to be stored.
  struct State {
    std::map<std::size_t, Group> groups{};
    std::map<std::size_t, Item> items{};
    std::vector<double> mean{};    // k: all groups' coefficients,
    std::vector<double> spread{};  // and the variance of groups about them.
    friend bool operator==(const State&, const State&) = default;
  };

  // A record without observations. kInvalidArgument unless 1 <= parties <= kPartiesMax and every
  // option is within its range.
  static absl::StatusOr<JointRecord> Make(std::size_t parties, const JointOptions& options);
  // The record whose `state()` this is. kInvalidArgument where it is none of so many parties.
  static absl::StatusOr<JointRecord> Restore(std::size_t parties, const JointOptions& options,
                                             State state);

  // Of a group or an item that was never observed: what all groups have in common, nothing missed.
  Learnt Of(const Place& place) const;

  // Adds the observations of one bucket and learns anew: O(items + observations k^2 + groups k^3).
  // A silent party is taken to have said what the others' words weigh up to. Errors count by their
  // items' variance, and as many as a bucket's errors are apart from each other. kInvalidArgument,
  // and the record stays as it was, if there is not a word for each party, all are silent, a value
  // is not finite, a scale is not above 0 or, for kLogRatio, an actual or a party's word is not
  // above 0; kOutOfRange, the record as it was too, if the values are too large.
  absl::Status ObserveBucket(std::span<const JointObserved> bucket);

  std::size_t parties() const { return parties_; }
  const JointOptions& options() const { return options_; }
  const State& state() const { return state_; }

 private:
  JointRecord(std::size_t parties, const JointOptions& options);

  // A row of the regression.
  struct Row {
    std::size_t item = 0;
    std::vector<double> x{};
    double z = 0.0;  // The actual less the prior's weights' part.
  };
  std::vector<double> WeightsOf(std::span<const double> coefficients) const;
  Row RowOf(const JointObserved& observed, std::span<const double> weights) const;
  struct Errors {
    std::vector<double> forecast{};
    std::vector<double> plain{};  // What was missed by, had nothing been carried on.
    double squares = 0.0;         // Sum of the forecast's squared.
  };
  Errors ErrorsOf(std::span<const Row> rows, const Group& group) const;
  // Mean squared error of all observations so far, or of these, by group, where there is none yet.
  double VarianceOfAll(const std::map<std::size_t, std::vector<Row>>& rows) const;
  void Add(std::span<const Row> rows, double variance_of_all, Group& group);
  void Fade(Group& group) const;
  void Pool();

  std::size_t parties_ = 0;
  JointOptions options_{};
  double keep_ = 1.0;             // A bucket's weight is multiplied by this at the next.
  std::vector<double> prior_{};   // k: coefficients before any data,
  std::vector<double> spread_{};  // and their variances.
  State state_{};
};

}  // namespace tandem::forecasting
