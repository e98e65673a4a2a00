#include "forecasting/consensus/joint_record.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "forecasting/series.h"
#include "forecasting/small_matrix.h"

namespace tandem::forecasting {
namespace {

// Of the search for how far groups differ, which begins where the last bucket's ended.
constexpr int kIterations = 20;
// A group's variance counts in an item's as so many observations of the item, and that of all
// groups in a group's.
constexpr double kVariancePrior = 4.0;
// An error's variance is at least this share of that of what was said: parties who were always
// right would be sure of anything.
constexpr double kNoiseShareMin = 1e-9;

bool Positive(double value) { return std::isfinite(value) && value > 0.0; }

absl::Status CheckOptions(std::size_t parties, const JointOptions& options) {
  if (parties < 1 || parties > kPartiesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record is of 1 to ", kPartiesMax, " parties, not of ", parties));
  }
  if (options.errors != ErrorKind::kScaled && options.errors != ErrorKind::kLogRatio) {
    return absl::InvalidArgumentError("errors are scaled or log ratios");
  }
  if (!Positive(options.half_life_buckets) || !(options.error_max > 0.0) ||
      !Positive(options.weight_deviation) || !std::isfinite(options.prior_credit) ||
      !Positive(options.credit_deviation) || !Positive(options.carry_deviation) ||
      !Positive(options.prior_groups)) {
    return absl::InvalidArgumentError("an option of a joint record is outside its range");
  }
  if (options.prior_weights.empty()) return absl::OkStatus();
  const auto sound = [](double weight) { return std::isfinite(weight) && weight >= 0.0; };
  const double sum =
      std::accumulate(options.prior_weights.begin(), options.prior_weights.end(), 0.0);
  if (options.prior_weights.size() != parties ||
      !std::ranges::all_of(options.prior_weights, sound) || std::abs(sum - 1.0) > 1e-9) {
    return absl::InvalidArgumentError(
        "prior_weights must be one a party, not below 0 and of sum 1");
  }
  return absl::OkStatus();
}

absl::Status CheckObserved(std::size_t index, const JointObserved& observed, std::size_t parties,
                           ErrorKind errors) {
  const auto refuse = [index](const char* why) {
    return absl::InvalidArgumentError(absl::StrCat("observation ", index, ": ", why));
  };
  const bool ratio = errors == ErrorKind::kLogRatio;
  if (observed.words.size() != parties) return refuse("there is not a word for each party");
  if (!std::isfinite(observed.actual_units)) return refuse("the actual is not finite");
  if (ratio && observed.actual_units <= 0.0) return refuse("a log ratio needs an actual above 0");
  if (!Positive(observed.scale_units)) return refuse("the scale must be finite and above 0");
  if (!std::isfinite(observed.missed.group) || !std::isfinite(observed.missed.item)) {
    return refuse("what was missed is not finite");
  }
  bool anybody = false;
  for (const PartyWord& word : observed.words) {
    if (!word.unbiased_units.has_value()) continue;
    anybody = true;
    if (!std::isfinite(*word.unbiased_units) || !std::isfinite(word.announced)) {
      return refuse("a party's word is not finite");
    }
    if (ratio && *word.unbiased_units <= 0.0) return refuse("a log ratio needs words above 0");
  }
  return anybody ? absl::OkStatus() : refuse("all parties are silent");
}

// Row j, 0..parties-2, of Helmert's contrasts at a party: orthonormal, and orthogonal to all ones.
// In them weights that add up to 1 are free, and no party is another kind than the others.
double Contrast(std::size_t j, std::size_t party) {
  const auto n = static_cast<double>(j + 1);
  if (party > j + 1) return 0.0;
  return (party <= j ? 1.0 : -n) / std::sqrt(n * (n + 1.0));
}

double Product(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Of an observation whose item has its own variance, relative to others of the group: how many of
// a group's observations make as sure as so many independent ones of variance 1. Zero: no noise is
// known yet.
double NoiseOf(const JointRecord::Group& group, std::size_t coefficients) {
  if (group.count < 2.0) return 0.0;
  double signal = 0.0;
  for (std::size_t i = 0; i < coefficients; ++i) signal += group.xx[i * coefficients + i];
  // Moulton: with the same correlation between all of a bucket's n errors, 1 + (n - 1) correlation.
  const double noise = std::max(group.weighted_squares, group.bucket_squares) / group.count;
  return std::max(noise, kNoiseShareMin * signal / group.count);
}

bool Sound(const JointRecord::Group& group, std::size_t k) {
  const double counts[] = {group.count, group.squares, group.weighted_squares,
                           group.bucket_squares};
  return group.xx.size() == k * k && group.xy.size() == k && group.coefficients.size() == k &&
         AllFinite(group.xx) && AllFinite(group.xy) && AllFinite(group.coefficients) &&
         AllFinite(counts) && std::ranges::min(counts) >= 0.0 && std::isfinite(group.missed);
}

bool Sound(const JointRecord::Item& item) {
  return std::isfinite(item.count) && item.count >= 0.0 && std::isfinite(item.squares) &&
         item.squares >= 0.0 && std::isfinite(item.missed);
}

bool Sound(const JointRecord::State& state, std::size_t k) {
  return state.mean.size() == k && state.spread.size() == k && AllFinite(state.mean) &&
         std::ranges::all_of(state.spread, Positive) &&
         std::ranges::all_of(state.groups, [k](const auto& one) { return Sound(one.second, k); }) &&
         std::ranges::all_of(state.items, [](const auto& one) { return Sound(one.second); });
}

}  // namespace

JointRecord::JointRecord(std::size_t parties, const JointOptions& options)
    : parties_(parties), options_(options), keep_(std::exp2(-1.0 / options.half_life_buckets)) {
  const auto n = static_cast<double>(parties);
  if (options_.prior_weights.empty()) options_.prior_weights.assign(parties, 1.0 / n);
  // A weight is a sum over contrasts whose squares add up to (n - 1) / n.
  const double weight = options.weight_deviation * options.weight_deviation;
  const double credit = options.credit_deviation * options.credit_deviation;
  const double carry = options.carry_deviation * options.carry_deviation;
  prior_.assign(parties - 1, 0.0);
  if (parties > 1) spread_.assign(parties - 1, weight * n / (n - 1.0));
  prior_.insert(prior_.end(), parties, options.prior_credit);
  spread_.insert(spread_.end(), parties, credit);
  prior_.insert(prior_.end(), 2, 0.0);
  spread_.insert(spread_.end(), 2, carry);
  state_.mean = prior_;
  state_.spread = spread_;
}

absl::StatusOr<JointRecord> JointRecord::Make(std::size_t parties, const JointOptions& options) {
  if (absl::Status status = CheckOptions(parties, options); !status.ok()) return status;
  return JointRecord(parties, options);
}

absl::StatusOr<JointRecord> JointRecord::Restore(std::size_t parties, const JointOptions& options,
                                                 State state) {
  absl::StatusOr<JointRecord> record = Make(parties, options);
  if (!record.ok()) return record;
  if (!Sound(state, record->prior_.size())) {
    return absl::InvalidArgumentError("this state is of no record of so many parties");
  }
  record->state_ = std::move(state);
  return record;
}

std::vector<double> JointRecord::WeightsOf(std::span<const double> coefficients) const {
  std::vector<double> weights = options_.prior_weights;
  double sum = 0.0;
  for (std::size_t p = 0; p < parties_; ++p) {
    for (std::size_t j = 0; j + 1 < parties_; ++j) weights[p] += coefficients[j] * Contrast(j, p);
    weights[p] = std::max(0.0, weights[p]);
    sum += weights[p];
  }
  // Their sum is at least 1: they added up to 1 with those below 0.
  for (double& weight : weights) weight /= sum;
  return weights;
}

Learnt JointRecord::Of(const Place& place) const {
  const auto group = state_.groups.find(place.group);
  const auto item = state_.items.find(place.item);
  const std::vector<double>& own =
      group != state_.groups.end() ? group->second.coefficients : state_.mean;
  Learnt learnt{.weights = WeightsOf(own)};
  learnt.credits.assign(own.end() - 2 - static_cast<std::ptrdiff_t>(parties_), own.end() - 2);
  learnt.group_carry = std::clamp(own[own.size() - 2], -1.0, 1.0);
  learnt.item_carry = std::clamp(own[own.size() - 1], -1.0, 1.0);
  if (group != state_.groups.end()) learnt.missed.group = group->second.missed;
  if (item != state_.items.end()) learnt.missed.item = item->second.missed;
  return learnt;
}

JointRecord::Row JointRecord::RowOf(const JointObserved& observed,
                                    std::span<const double> weights) const {
  const bool ratio = options_.errors == ErrorKind::kLogRatio;
  const auto measured = [&](double units) {
    return ratio ? std::log(units) : units / observed.scale_units;
  };
  std::vector<double> said(parties_);
  double spoken = 0.0;
  double sum = 0.0;
  double plain = 0.0;
  double speaking = 0.0;
  for (std::size_t p = 0; p < parties_; ++p) {
    if (!observed.words[p].unbiased_units.has_value()) continue;
    said[p] = measured(*observed.words[p].unbiased_units);
    spoken += weights[p] * said[p];
    sum += weights[p];
    plain += said[p];
    speaking += 1.0;
  }
  const double others = sum > 0.0 ? spoken / sum : plain / speaking;
  Row row{.item = observed.item, .z = measured(observed.actual_units)};
  for (std::size_t p = 0; p < parties_; ++p) {
    if (!observed.words[p].unbiased_units.has_value()) said[p] = others;
    row.z -= options_.prior_weights[p] * said[p];
  }
  for (std::size_t j = 0; j + 1 < parties_; ++j) {
    row.x.push_back(0.0);
    for (std::size_t p = 0; p < parties_; ++p) row.x[j] += Contrast(j, p) * said[p];
  }
  for (const PartyWord& word : observed.words) {
    row.x.push_back(word.unbiased_units.has_value() ? word.announced : 0.0);
  }
  row.x.push_back(observed.missed.group);
  row.x.push_back(observed.missed.item);
  return row;
}

JointRecord::Errors JointRecord::ErrorsOf(std::span<const Row> rows, const Group& group) const {
  const std::span<const double> own(group.coefficients);
  const std::size_t plain = own.size() - 2;
  const double limit = options_.error_max;
  Errors errors;
  for (const Row& row : rows) {
    const std::span<const double> x(row.x);
    const double without = row.z - Product(own.first(plain), x.first(plain));
    const double carried = Product(own.last(2), x.last(2));
    errors.forecast.push_back(std::clamp(without - carried, -limit, limit));
    errors.plain.push_back(std::clamp(without, -limit, limit));
    errors.squares += errors.forecast.back() * errors.forecast.back();
  }
  return errors;
}

void JointRecord::Add(std::span<const Row> rows, double variance_of_all, Group& group) {
  const std::size_t k = prior_.size();
  const auto n = static_cast<double>(rows.size());
  const Errors errors = ErrorsOf(rows, group);
  const double variance =
      (group.squares + kVariancePrior * variance_of_all) / (group.count + kVariancePrior);
  Fade(group);
  double weights = 0.0;
  double together = 0.0;
  double missed = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<double>& x = rows[i].x;
    const double error = errors.forecast[i];
    Item& item = state_.items[rows[i].item];
    const double own = (item.squares + kVariancePrior * variance) / (item.count + kVariancePrior);
    const double weight = own > 0.0 ? 1.0 / own : 1.0;
    const double z = Product(group.coefficients, x) + error;
    for (std::size_t a = 0; a < k; ++a) {
      group.xy[a] += weight * x[a] * z;
      for (std::size_t b = 0; b < k; ++b) group.xx[a * k + b] += weight * x[a] * x[b];
    }
    weights += weight;
    group.weighted_squares += weight * error * error;
    together += weight * error;
    missed += weight * errors.plain[i];
    item.count = keep_ * item.count + 1.0;
    item.squares = keep_ * item.squares + error * error;
  }
  group.count += n;
  group.squares += errors.squares;
  group.bucket_squares += together * together / weights * n;
  group.missed = missed / weights;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    state_.items[rows[i].item].missed = errors.plain[i] - group.missed;
  }
}

double JointRecord::VarianceOfAll(const std::map<std::size_t, std::vector<Row>>& rows) const {
  double squares = 0.0;
  double count = 0.0;
  for (const auto& [number, group] : state_.groups) {
    squares += group.squares;
    count += group.count;
  }
  if (count > 0.0) return squares / count;
  for (const auto& [number, of_group] : rows) {
    squares += ErrorsOf(of_group, state_.groups.at(number)).squares;
    count += static_cast<double>(of_group.size());
  }
  return squares / count;
}

void JointRecord::Fade(Group& group) const {
  for (double* sum :
       {&group.count, &group.squares, &group.weighted_squares, &group.bucket_squares}) {
    *sum *= keep_;
  }
  for (double& sum : group.xx) sum *= keep_;
  for (double& sum : group.xy) sum *= keep_;
}

// Expectation and maximization over the groups' coefficients.
void JointRecord::Pool() {
  const std::size_t k = prior_.size();
  const std::size_t contrasts = parties_ - 1;
  const auto count = static_cast<double>(state_.groups.size());
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    std::vector<double> sum(k);
    std::vector<double> variances(k);
    for (auto& [number, group] : state_.groups) {
      const double noise = NoiseOf(group, k);
      const double worth = noise > 0.0 ? 1.0 / noise : 0.0;
      SmallMatrix precision(k);
      std::vector<double> right(k);
      for (std::size_t a = 0; a < k; ++a) {
        for (std::size_t b = 0; b < k; ++b) precision(a, b) = worth * group.xx[a * k + b];
        precision(a, a) += 1.0 / state_.spread[a];
        right[a] = worth * group.xy[a] + state_.mean[a] / state_.spread[a];
      }
      const auto factored = Factored::Of(precision);
      if (!factored.has_value()) continue;
      group.coefficients = factored->Solve(right);
      const SmallMatrix covariance = factored->Inverse();
      for (std::size_t a = 0; a < k; ++a) {
        sum[a] += group.coefficients[a];
        variances[a] += covariance(a, a);
      }
    }
    for (std::size_t a = 0; a < k; ++a) {
      const double of_groups = 1.0 / state_.spread[a];
      state_.mean[a] =
          (sum[a] * of_groups + prior_[a] / spread_[a]) / (count * of_groups + 1.0 / spread_[a]);
      for (const auto& [number, group] : state_.groups) {
        const double apart = group.coefficients[a] - state_.mean[a];
        variances[a] += apart * apart;
      }
    }
    // One for all weights: no party is another kind than the others.
    const auto first = variances.begin();
    const auto end = first + static_cast<std::ptrdiff_t>(contrasts);
    if (contrasts > 0) {
      std::fill(first, end, std::accumulate(first, end, 0.0) / static_cast<double>(contrasts));
    }
    for (std::size_t a = 0; a < k; ++a) {
      state_.spread[a] =
          (variances[a] + options_.prior_groups * spread_[a]) / (count + options_.prior_groups);
    }
  }
}

absl::Status JointRecord::ObserveBucket(std::span<const JointObserved> bucket) {
  for (std::size_t i = 0; i < bucket.size(); ++i) {
    absl::Status status = CheckObserved(i, bucket[i], parties_, options_.errors);
    if (!status.ok()) return status;
  }
  if (bucket.empty()) return absl::OkStatus();
  const std::size_t k = prior_.size();
  std::map<std::size_t, std::vector<Row>> rows;
  for (const JointObserved& observed : bucket) {
    const Learnt learnt = Of({.group = observed.group, .item = observed.item});
    rows[observed.group].push_back(RowOf(observed, learnt.weights));
  }
  JointRecord next = *this;
  for (const auto& [number, of_group] : rows) {
    const auto [found, added] = next.state_.groups.emplace(number, Group{});
    if (!added) continue;
    found->second = {.xx = std::vector<double>(k * k),
                     .xy = std::vector<double>(k),
                     .coefficients = state_.mean};
  }
  const double variance = next.VarianceOfAll(rows);
  for (const auto& [number, of_group] : rows) {
    next.Add(of_group, variance, next.state_.groups.at(number));
  }
  next.Pool();
  if (!Sound(next.state_, k)) {
    return absl::OutOfRangeError("the values are too large to learn from");
  }
  *this = std::move(next);
  return absl::OkStatus();
}

}  // namespace tandem::forecasting
