#include "forecasting/consensus/track_record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {
namespace {

// Row by row of the upper triangle.
std::size_t PairIndex(std::size_t a, std::size_t b, std::size_t parties) {
  if (a > b) std::swap(a, b);
  return a * parties - a * (a + 1) / 2 + b;
}

std::size_t PairCount(std::size_t parties) { return parties * (parties + 1) / 2; }

absl::Status CheckOptions(std::size_t parties, const TrackOptions& options) {
  if (parties < 1 || parties > kPartiesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record is of 1 to ", kPartiesMax, " parties, not of ", parties));
  }
  if (!std::isfinite(options.half_life_observations) || options.half_life_observations <= 0.0) {
    return absl::InvalidArgumentError("the half life must be finite and above 0");
  }
  if (!(options.error_max > 0.0)) {
    return absl::InvalidArgumentError("error_max must be above 0");
  }
  if (options.errors != ErrorKind::kScaled && options.errors != ErrorKind::kLogRatio) {
    return absl::InvalidArgumentError("errors are scaled or log ratios");
  }
  return absl::OkStatus();
}

absl::Status CheckObserved(const Observed& observed, std::size_t parties, ErrorKind errors) {
  if (observed.forecasts_units.size() != parties) {
    return absl::InvalidArgumentError(absl::StrCat(
        observed.forecasts_units.size(), " forecasts were given for ", parties, " parties"));
  }
  if (!std::isfinite(observed.actual_units)) {
    return absl::InvalidArgumentError("the actual is not finite");
  }
  if (!std::isfinite(observed.scale_units) || observed.scale_units <= 0.0) {
    return absl::InvalidArgumentError("the scale must be finite and above 0");
  }
  const bool ratio = errors == ErrorKind::kLogRatio;
  if (ratio && observed.actual_units <= 0.0) {
    return absl::InvalidArgumentError("a log ratio needs an actual above 0");
  }
  for (std::size_t party = 0; party < parties; ++party) {
    const std::optional<double>& forecast = observed.forecasts_units[party];
    if (!forecast.has_value()) continue;
    if (!std::isfinite(*forecast) || (ratio && *forecast <= 0.0)) {
      return absl::InvalidArgumentError(absl::StrCat("the forecast of party ", party, " is ",
                                                     ratio ? "not above 0" : "not finite"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

TrackRecord::TrackRecord(std::size_t parties, const TrackOptions& options)
    : parties_(parties),
      options_(options),
      keep_(std::exp2(-1.0 / options.half_life_observations)),
      pairs_(PairCount(parties)),
      buckets_(parties) {}

absl::StatusOr<TrackRecord> TrackRecord::Make(std::size_t parties, const TrackOptions& options) {
  if (absl::Status status = CheckOptions(parties, options); !status.ok()) return status;
  return TrackRecord(parties, options);
}

absl::StatusOr<TrackRecord> TrackRecord::Restore(std::size_t parties, const TrackOptions& options,
                                                 std::vector<Pair> pairs,
                                                 std::vector<Buckets> buckets) {
  absl::StatusOr<TrackRecord> record = Make(parties, options);
  if (!record.ok()) return record;
  const auto sound = [](const Pair& pair) {
    return pair.weight >= 0.0 && std::isfinite(pair.weight) && pair.weight_squares >= 0.0 &&
           std::isfinite(pair.weight_squares) && std::isfinite(pair.first) &&
           std::isfinite(pair.second) && std::isfinite(pair.product);
  };
  const auto sound_buckets = [](const Buckets& all) {
    return all.count_squares >= 0.0 && std::isfinite(all.count_squares) &&
           all.squared_counts >= 0.0 && std::isfinite(all.squared_counts) &&
           std::isfinite(all.squared_products) && all.squared_sums >= 0.0 &&
           std::isfinite(all.squared_sums);
  };
  if (pairs.size() != PairCount(parties) || !std::ranges::all_of(pairs, sound) ||
      buckets.size() != parties || !std::ranges::all_of(buckets, sound_buckets)) {
    return absl::InvalidArgumentError("these sums are of no record of so many parties");
  }
  record->pairs_ = std::move(pairs);
  record->buckets_ = std::move(buckets);
  return record;
}

absl::Status TrackRecord::Observe(const Observed& observed) {
  return ObserveBucket(std::span(&observed, 1));
}

absl::Status TrackRecord::ObserveBucket(std::span<const Observed> bucket) {
  for (const Observed& observed : bucket) {
    absl::Status status = CheckObserved(observed, parties_, options_.errors);
    if (!status.ok()) return status;
  }
  Fade(static_cast<double>(bucket.size()));
  std::array<double, kPartiesMax> counts{};
  std::array<double, kPartiesMax> sums{};
  for (const Observed& observed : bucket) {
    std::array<std::optional<double>, kPartiesMax> errors{};
    for (std::size_t party = 0; party < parties_; ++party) {
      const std::optional<double>& forecast = observed.forecasts_units[party];
      if (!forecast.has_value()) continue;
      const double error = options_.errors == ErrorKind::kLogRatio
                               ? std::log(*forecast / observed.actual_units)
                               : (*forecast - observed.actual_units) / observed.scale_units;
      errors[party] = std::clamp(error, -options_.error_max, options_.error_max);
      counts[party] += 1.0;
      sums[party] += *errors[party];
    }
    Add(errors);
  }
  for (std::size_t party = 0; party < parties_; ++party) {
    buckets_[party].count_squares += counts[party] * counts[party];
    buckets_[party].squared_counts += counts[party] * counts[party];
    buckets_[party].squared_products += counts[party] * sums[party];
    buckets_[party].squared_sums += sums[party] * sums[party];
  }
  return absl::OkStatus();
}

void TrackRecord::Fade(double times) {
  const double keep = std::pow(keep_, times);
  for (Pair& pair : pairs_) {
    pair.weight *= keep;
    pair.weight_squares *= keep * keep;
    pair.first *= keep;
    pair.second *= keep;
    pair.product *= keep;
  }
  for (Buckets& all : buckets_) {
    all.count_squares *= keep;
    all.squared_counts *= keep * keep;
    all.squared_products *= keep * keep;
    all.squared_sums *= keep * keep;
  }
}

void TrackRecord::Add(std::span<const std::optional<double>> errors) {
  for (std::size_t a = 0; a < parties_; ++a) {
    for (std::size_t b = a; b < parties_; ++b) {
      if (!errors[a].has_value() || !errors[b].has_value()) continue;
      Pair& pair = pairs_[PairIndex(a, b, parties_)];
      pair.weight += 1.0;
      pair.weight_squares += 1.0;
      pair.first += *errors[a];
      pair.second += *errors[b];
      pair.product += *errors[a] * *errors[b];
    }
  }
}

const TrackRecord::Pair& TrackRecord::At(std::size_t a, std::size_t b) const {
  return pairs_[PairIndex(a, b, parties_)];
}

double TrackRecord::BiasOf(std::size_t party) const {
  const Pair& own = At(party, party);
  return own.weight > 0.0 ? own.first / own.weight : 0.0;
}

double TrackRecord::BucketCountOf(std::size_t party) const {
  const double weight = At(party, party).weight;
  return weight > 0.0 ? weight * weight / buckets_[party].count_squares : 0.0;
}

std::optional<double> TrackRecord::BiasErrorOf(std::size_t party) const {
  const double weight = At(party, party).weight;
  const Buckets& all = buckets_[party];
  if (weight <= 0.0) return std::nullopt;
  // As many buckets of one size and weight as the mean varies like; a single one has no error.
  const double like = weight * weight / all.squared_counts;
  if (like - 1.0 <= 1e-9) return std::nullopt;
  const double bias = BiasOf(party);
  const double about_bias =
      all.squared_sums - 2.0 * bias * all.squared_products + bias * bias * all.squared_counts;
  return std::sqrt(std::max(0.0, about_bias) * like / (like - 1.0)) / weight;
}

std::optional<double> TrackRecord::CovarianceOf(std::size_t a, std::size_t b) const {
  const Pair& pair = At(a, b);
  // Observations of equal weight: n - 1. It is 0 for a single one, whatever its weight.
  const double freedom = pair.weight > 0.0 ? pair.weight - pair.weight_squares / pair.weight : 0.0;
  if (freedom <= 1e-9 * pair.weight) return std::nullopt;
  const double about_means = pair.product - pair.first * pair.second / pair.weight;
  return (a == b ? std::max(0.0, about_means) : about_means) / freedom;
}

}  // namespace tandem::forecasting
