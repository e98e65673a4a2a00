// Items without a past: what similar items sold stands in for it, and gives way to the item's own
// sales as they come. The prior of the item's rate is a gamma distribution with the mean and the
// spread of its analogs' rates, weighted by how well their attributes match; sales are counts of
// that rate, so the posterior is a gamma again and the forecast a negative binomial. References:
// Gower, "A General Coefficient of Similarity and Some of Its Properties", Biometrics 27 (1971);
// Silver, Pyke and Thomas (2017), 4.8, for analogs; Clayton and Kaldor, "Empirical Bayes Estimates
// of Age-standardized Relative Risks", Biometrics 43 (1987), for the prior by moments.
//
//   auto prior = PriorFromAnalogs(item, analogs, distances, options);
//   prior->Observe(3.0, 7.0, options);                        // A week: three were sold.
//   NegativeBinomial week = prior->Forecast(7.0, options);    // The next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "forecasting/uncertainty/negative_binomial.h"

namespace tandem::forecasting {

// What an item is: the same attributes and measures in the same order for all.
struct ItemTraits {
  std::span<const std::uint32_t> attributes{};  // Codes: department, brand, pack, shop.
  std::span<const double> measures{};           // Numbers: log price, log size.
};

struct Analog {
  ItemTraits traits{};
  double units = 0.0;    // What it sold
  double buckets = 0.0;  // in so many buckets of full exposure; above 0.
};

// How unlike two items are: similarity = exp(-distance), the distance summed over what differs.
struct TraitDistances {
  std::span<const double> attributes{};  // >= 0: by which a mismatch of each sets apart,
  std::span<const double> measures{};    // >= 0: and a difference of 1 of each.
};

struct NewItemOptions {
  // Variance of a bucket's units over their mean at a known rate: 1 is Poisson. Above it, sales
  // tell less of the rate, so the analogs are believed longer.
  double dispersion = 1.0;
  double half_life_buckets = 1e9;  // Own sales so much older count half; the default: never.
};

// What is known of an item's rate a bucket: Gamma(shape, rate). A value, carried in O(1).
struct GammaRate {
  double shape = 0.0;
  double rate_buckets = 0.0;

  // Units a bucket.
  double Mean() const { return shape / rate_buckets; }
  // `units` were sold in buckets whose factors (season, price, share of open hours) add up to
  // `exposure_buckets`. kInvalidArgument, and nothing is learnt, if a value is below 0 or not
  // finite or an option is outside its range.
  absl::Status Observe(double units, double exposure_buckets, const NewItemOptions& options);
  // Units in so many buckets: mean = exposure shape / rate, variance = dispersion mean + mean^2 /
  // shape. kInvalidArgument as above.
  absl::StatusOr<NegativeBinomial> Forecast(double exposure_buckets,
                                            const NewItemOptions& options) const;
};

// The prior: with w_j the similarity and r_j = units / buckets of analog j, the mean m = sum w r /
// sum w, and the variance that of the rates about m, less what counting alone explains (dispersion
// r / buckets), plus that of the mean itself by the number of analogs that the weights amount to.
// It is at least a hundredth of m^2: no two items are that equal. O(analogs traits).
// kInvalidArgument, naming the analog, if there is none, its traits are not as many as the item's
// or the distances', units are below 0 or buckets not above 0, a value is not finite, or all are so
// unlike that no weight is left; kFailedPrecondition if no analog sold anything.
absl::StatusOr<GammaRate> PriorFromAnalogs(const ItemTraits& item, std::span<const Analog> analogs,
                                           const TraitDistances& distances,
                                           const NewItemOptions& options);

}  // namespace tandem::forecasting
