#include "forecasting/effects/new_item.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"

namespace tandem::forecasting {
namespace {

constexpr double kSpreadMin = 0.1;  // Of a prior's deviation over its mean.

bool NotNegative(double value) { return std::isfinite(value) && value >= 0.0; }

absl::Status CheckOptions(const NewItemOptions& options) {
  if (!std::isfinite(options.dispersion) || options.dispersion < 1.0) {
    return absl::InvalidArgumentError("dispersion must be finite and at least 1");
  }
  if (!std::isfinite(options.half_life_buckets) || options.half_life_buckets <= 0.0) {
    return absl::InvalidArgumentError("the half life must be finite and above 0");
  }
  return absl::OkStatus();
}

absl::Status CheckItem(const ItemTraits& item, const TraitDistances& distances) {
  if (item.attributes.size() != distances.attributes.size() ||
      item.measures.size() != distances.measures.size()) {
    return absl::InvalidArgumentError("the item has not a distance for each trait");
  }
  if (!AllFinite(item.measures) || !std::ranges::all_of(distances.attributes, NotNegative) ||
      !std::ranges::all_of(distances.measures, NotNegative)) {
    return absl::InvalidArgumentError(
        "a measure of the item or a distance is no number or below 0");
  }
  return absl::OkStatus();
}

absl::Status CheckAnalog(std::size_t index, const Analog& analog, const ItemTraits& item) {
  if (analog.traits.attributes.size() != item.attributes.size() ||
      analog.traits.measures.size() != item.measures.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("analog ", index, " has not as many traits as the item"));
  }
  if (!AllFinite(analog.traits.measures)) {
    return absl::InvalidArgumentError(absl::StrCat("a measure of analog ", index, " is no number"));
  }
  if (!NotNegative(analog.units) || !std::isfinite(analog.buckets) || analog.buckets <= 0.0) {
    return absl::InvalidArgumentError(
        absl::StrCat("analog ", index, " has units below 0 or no buckets"));
  }
  return absl::OkStatus();
}

double Distance(const ItemTraits& a, const ItemTraits& b, const TraitDistances& distances) {
  double distance = 0.0;
  for (std::size_t i = 0; i < a.attributes.size(); ++i) {
    if (a.attributes[i] != b.attributes[i]) distance += distances.attributes[i];
  }
  for (std::size_t i = 0; i < a.measures.size(); ++i) {
    distance += distances.measures[i] * std::abs(a.measures[i] - b.measures[i]);
  }
  return distance;
}

}  // namespace

absl::Status GammaRate::Observe(double units, double exposure_buckets,
                                const NewItemOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (!NotNegative(units) || !NotNegative(exposure_buckets)) {
    return absl::InvalidArgumentError("units and exposure must be finite and not below 0");
  }
  const double keep = std::exp2(-exposure_buckets / options.half_life_buckets);
  shape = keep * shape + units / options.dispersion;
  rate_buckets = keep * rate_buckets + exposure_buckets / options.dispersion;
  return absl::OkStatus();
}

absl::StatusOr<NegativeBinomial> GammaRate::Forecast(double exposure_buckets,
                                                     const NewItemOptions& options) const {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (!NotNegative(exposure_buckets)) {
    return absl::InvalidArgumentError("exposure must be finite and not below 0");
  }
  if (!(shape > 0.0) || !(rate_buckets > 0.0)) {
    return absl::InvalidArgumentError("the rate has neither a prior nor sales");
  }
  const double mean = exposure_buckets * Mean();
  return NegativeBinomial{mean, options.dispersion * mean + mean * mean / shape};
}

absl::StatusOr<GammaRate> PriorFromAnalogs(const ItemTraits& item, std::span<const Analog> analogs,
                                           const TraitDistances& distances,
                                           const NewItemOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (absl::Status status = CheckItem(item, distances); !status.ok()) return status;
  if (analogs.empty()) return absl::InvalidArgumentError("there is no analog");
  double weights = 0.0;
  double weight_squares = 0.0;
  double rates = 0.0;
  std::vector<double> weight_of(analogs.size());
  for (std::size_t j = 0; j < analogs.size(); ++j) {
    if (absl::Status status = CheckAnalog(j, analogs[j], item); !status.ok()) return status;
    weight_of[j] = std::exp(-Distance(item, analogs[j].traits, distances));
    weights += weight_of[j];
    weight_squares += weight_of[j] * weight_of[j];
    rates += weight_of[j] * analogs[j].units / analogs[j].buckets;
  }
  if (!(weight_squares > 0.0)) {
    return absl::InvalidArgumentError("every analog is too unlike the item to count");
  }
  const double mean = rates / weights;
  if (!std::isfinite(mean)) return absl::InvalidArgumentError("an analog's rate is not finite");
  if (mean <= 0.0) return absl::FailedPreconditionError("no analog sold anything");
  double spread = 0.0;
  for (std::size_t j = 0; j < analogs.size(); ++j) {
    const double apart = analogs[j].units / analogs[j].buckets - mean;
    spread += weight_of[j] * (apart * apart - options.dispersion * mean / analogs[j].buckets);
  }
  const double analogs_effective = weights * weights / weight_squares;
  const double variance = std::max(spread / weights * (1.0 + 1.0 / analogs_effective),
                                   kSpreadMin * kSpreadMin * mean * mean);
  return GammaRate{.shape = mean * mean / variance, .rate_buckets = mean / variance};
}

}  // namespace tandem::forecasting
