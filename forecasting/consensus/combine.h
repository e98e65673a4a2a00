// One forecast out of several partners' and the machine's. Each is freed from its known bias, all
// are weighted by their track records, and what nobody can average (two partners who differ by more
// than their errors explain) is an exception for people. References: Bates and Granger (1969);
// Newbold and Granger (1974); for shrinking, Diebold and Pauly, "The use of prior information in
// forecast combination", Int. J. of Forecasting 6 (1990); for exceptions, VICS CPFR (2004), step 5.
//
//   auto consensus = Combine({.record = record, .parties = parties, .scale_units = 40.0}, {});
//   if (consensus->disagreements.empty()) Publish(*consensus->units);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/consensus/joint_record.h"
#include "forecasting/consensus/track_record.h"
#include "forecasting/consensus/uplift_record.h"
#include "forecasting/consensus/value_added.h"

namespace tandem::forecasting {

// What a party says of one bucket.
struct PartyForecast {
  std::optional<double> units{};  // All it expects, its own events included; nullopt: it is silent.
  // The part of it due to events that the others do not know. For log ratios the event is a factor,
  // units / (units - event_units), and adds to the logarithm.
  double event_units = 0.0;
  UpliftRecord uplifts{};    // What its announced events came to so far.
  ValueAdded value_added{};  // Of what it changes, against the forecast without it.
  bool machine = false;      // A model's: it takes no part in disagreements. At most one.
};

struct ConsensusInput {
  const TrackRecord& record;
  std::span<const PartyForecast> parties{};  // In the record's order.
  double scale_units = 1.0;                  // As Observed's. Ignored for log ratios.
  // Weights and credits learnt from all groups together, in place of those by the record and the
  // parties' uplifts alone; null: by those. Its errors are the record's kind.
  const Learnt* learnt = nullptr;
};

enum class Prior : std::uint8_t { kEqual = 0, kMachine = 1 };

struct ConsensusOptions {
  // The count at which a party's own bias, variance or weight counts as much as the prior: none,
  // the parties' mean variance, the prior's weights. Of buckets: observations of one bucket share
  // what happened in it.
  double prior_count = 8.0;
  // A party's bias is taken off as far as it is beyond so many of its standard errors: b less
  // error^2 sigmas^2 / b (the positive part of James and Stein's estimate at 1; 2, since a bias
  // that is none spoils every later forecast, and one that is real soon shows). 0: it is known
  // exactly.
  double bias_sigmas = 2.0;
  // The share that stays of what the errors' covariances differ from their mean: 0 is Bates and
  // Granger on what is each party's own, 1 all of them. Half: estimated covariances are noisy, and
  // inverted noise is worse than none.
  double covariance_kept = 0.5;
  Prior prior = Prior::kEqual;
  // A party whose changes have made things worse with this confidence gets no weight.
  double hurts_confidence = 0.95;
  // Two partners disagree where their forecasts, freed from bias, are apart by more than so many
  // standard deviations of the difference of their errors ...
  double disagreement_sigmas = 3.0;
  // ... or, while either has fewer than `disagreement_count_min` observations, by more than this
  // share of their mean.
  double disagreement_share = 0.3;
  double disagreement_count_min = 8.0;
  CreditOptions credit{};
};

// Why a party has the weight it has.
enum class Standing : std::uint8_t {
  kWeighed = 0,
  kSilent = 1,  // It gave no forecast.
  kHurts = 2,   // Its changes have made things worse, with confidence.
};

struct PartyShare {
  Standing standing = Standing::kWeighed;
  double weight = 0.0;          // 0..1; the weights of all add up to 1.
  double unbiased_units = 0.0;  // What it said without its events, freed from its bias; >= 0.
  double announced = 0.0;       // Its events in the errors' unit, as it announced them.
  // What is added for its events: announced times credit; for log ratios its part of what all
  // events' factors, each to the power of its credit, add to the baseline.
  double event_units = 0.0;
};

struct Disagreement {
  std::size_t first = 0;  // Parties, first < second.
  std::size_t second = 0;
  double difference_units = 0.0;  // First less second, both as unbiased_units.
  double allowed_units = 0.0;     // Its absolute value is above this.
};

struct Consensus {
  // The agreed number; nullopt while partners disagree.
  std::optional<double> units{};
  // The weighted number, agreed or not: baseline plus events. What stands until people decide.
  double weighted_units = 0.0;
  // The part of the baseline that carries on what was missed last; 0 without `learnt`.
  double carried_units = 0.0;
  // Standard deviation of its error by the records, events' included; nullopt while no party that
  // is weighed has two observations.
  std::optional<double> deviation_units{};
  std::vector<PartyShare> shares{};
  std::vector<Disagreement> disagreements{};  // By first, then second party.
};

// What the actual does that nobody foresaw is in every party's error, so errors always have much in
// common. That must not move the weights, and does not: with sum w = 1, w' (S + c 1 1') w = w' S w
// + c, whose least w is the same for every c. Shrunk to zero instead, two errors that are mostly
// the actual's noise would look alike, and the better party would lose its weight.
//
// Combines. With S the errors' covariances (shrunk: the diagonal towards its mean by n / (n +
// prior_count), off the diagonal towards their mean c, or 0 if that is below, to
// `covariance_kept`), w = S^-1 1 / (1' S^-1 1) over the
// parties that are weighed, negative weights set to 0 and the rest made to add up to 1, then drawn
// to the prior's weights by n / (n + prior_count), n the least count of a weighed party. A party
// that hurts is weighed only where nobody else speaks. kScaled averages the unbiased forecasts,
// kLogRatio their logarithms. Each party's events are added at its credit, whatever its weight: in
// units for kScaled; for kLogRatio as logarithms, since a promotion multiplies what the shop sells
// and not what one party thought that it sells. Several parties' are told apart by their
// logarithms. With `learnt` its weights (of those who are weighed, made to add up to 1; the prior's
// where they are all 0), its credits (within 0..credit_max) and what it carries on take the place
// of those. O(parties cubed). kInvalidArgument if there is not one entry a party, nobody speaks, a
// forecast is not finite or is below 0 (for kLogRatio: it, or its part without events, is not above
// 0), the scale is not above 0, there are two machines, `learnt` is of other parties or not finite,
// or an option is outside its range; kOutOfRange if a result is not finite.
absl::StatusOr<Consensus> Combine(const ConsensusInput& input, const ConsensusOptions& options);

}  // namespace tandem::forecasting
