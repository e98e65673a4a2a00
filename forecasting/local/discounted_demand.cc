#include "forecasting/local/discounted_demand.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace tandem::forecasting {
namespace {

// What the parametric part weighs, in buckets: between the monthly sets' two to five years.
constexpr double kPriorBuckets = 40.0;
// A walk over counts is at most about so long, and begins with a probability that is a number.
constexpr double kWalkMax = 5'000.0;
constexpr double kWalkMeanMax = 500.0;
constexpr double kAlmost = 1e-12;

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

// Poisson's or the negative binomial's probabilities, count after count.
class CountWalk {
 public:
  explicit CountWalk(const Moments& moments) : mean_(moments.mean) {
    const double excess = moments.variance - moments.mean;
    if (excess > 1e-4 * moments.mean) size_ = moments.mean * moments.mean / excess;
    probability_ = size_ > 0.0 ? std::exp(size_ * std::log(size_ / (size_ + mean_)))  //
                               : std::exp(-mean_);
  }

  // P(count), for counts 0, 1, 2, …
  double Next() {
    const double now = probability_;
    const double ratio = size_ > 0.0 ? (count_ + size_) * mean_ / (size_ + mean_) : mean_;
    count_ += 1.0;
    probability_ *= ratio / count_;
    return now;
  }

 private:
  double mean_;
  double size_ = 0.0;  // k; 0 for Poisson.
  double count_ = 0.0;
  double probability_;
};

double LogProbability(double count, const Moments& moments) {
  const double m = moments.mean;
  const double k = m * m / (moments.variance - m);
  double log = k * std::log(k / (k + m));
  if (count > 0.0) {
    log += std::lgamma(count + k) - std::lgamma(k) - std::lgamma(count + 1.0) +
           count * std::log(m / (k + m));
  }
  return log;
}

// What a memory's negative binomial said of each bucket before it came. Moments are drawn to half a
// bucket with half a unit in it, so that none are zero.
double Score(const DemandEvents& events, double memory) {
  double weight = 0.5;
  double sum = 0.25;
  double squares = 0.25;
  double score = 0.0;
  const std::size_t first = std::max<std::size_t>(4, events.buckets / 4);
  std::size_t event = 0;
  double to_event = events.interval_buckets.front();
  for (std::size_t t = 0; t < events.buckets; ++t) {
    double y = 0.0;
    to_event -= 1.0;
    if (to_event <= 0.0) {
      y = events.size_units[event++];
      const bool more = event < events.size_units.size();
      to_event = more ? events.interval_buckets[event] : std::numeric_limits<double>::infinity();
    }
    if (t >= first) {
      const double mean = sum / weight;
      const double variance = std::max(mean, squares / weight - mean * mean) + 0.05 * mean;
      score += LogProbability(y, {mean, variance});
    }
    weight = weight * memory + 1.0;
    sum = sum * memory + y;
    squares = squares * memory + y * y;
  }
  return score;
}

double BestMemory(const DemandEvents& events) {
  double best = kMemories.front();
  double most = Score(events, best) + 0.5 * std::log(static_cast<double>(events.buckets));
  for (const double memory : std::span(kMemories).subspan(1)) {
    const double score = Score(events, memory);
    if (score > most) {
      most = score;
      best = memory;
    }
  }
  return best;
}

// The past: demands in the order of size with the weight of all up to each, and what they sum to.
struct Past {
  std::span<const WeightedSize> sizes{};
  double weight = 0.0;         // Of all buckets.
  double demand_weight = 0.0;  // Of those with demand.
  double mean = 0.0;
  double variance = 0.0;
  double size_mean = 0.0;
  double size_variation = 0.0;
};

double WeightOfAll(double memory, double buckets) {
  return memory < 1.0 ? (1.0 - std::pow(memory, buckets)) / (1.0 - memory) : buckets;
}

Past ReadPast(const DemandEvents& events, double memory, EventScratch& scratch) {
  const std::size_t count = events.size_units.size();
  const auto n = static_cast<double>(events.buckets);
  if (scratch.weighted.size() < events.buckets) scratch.weighted.resize(events.buckets);
  Past past{.weight = WeightOfAll(memory, n)};
  double weight = std::pow(memory, static_cast<double>(events.buckets_since_last));
  double sum = 0.0;
  for (std::size_t i = count; i-- > 0;) {
    scratch.weighted[i] = {events.size_units[i], weight};
    past.demand_weight += weight;
    sum += weight * events.size_units[i];
    if (memory < 1.0) weight *= std::pow(memory, events.interval_buckets[i]);
  }
  past.mean = sum / past.weight;
  past.size_mean = sum / past.demand_weight;
  double squares = 0.0;
  double size_squares = 0.0;
  for (const auto& [size, by] : std::span(scratch.weighted).first(count)) {
    squares += by * (size - past.mean) * (size - past.mean);
    size_squares += by * (size - past.size_mean) * (size - past.size_mean);
  }
  squares += (past.weight - past.demand_weight) * past.mean * past.mean;
  // Less the freedom that the mean took: 1 - sum w^2 / (sum w)^2.
  const double square_weight = WeightOfAll(memory * memory, n);
  const double freedom = 1.0 - square_weight / (past.weight * past.weight);
  past.variance = freedom > 0.0 ? squares / past.weight / freedom : past.mean;
  past.size_variation = size_squares / past.demand_weight / (past.size_mean * past.size_mean);
  const auto by_size = [](const WeightedSize& a, const WeightedSize& b) {
    return a.size_units < b.size_units;
  };
  std::sort(scratch.weighted.begin(), scratch.weighted.begin() + static_cast<std::ptrdiff_t>(count),
            by_size);
  double up_to = 0.0;
  for (auto& [size, by] : std::span(scratch.weighted).first(count)) by = up_to += by;
  past.sizes = std::span(scratch.weighted).first(count);
  return past;
}

// P(demand <= size) in the past.
double ShareUpTo(const Past& past, double size) {
  const auto above = std::upper_bound(
      past.sizes.begin(), past.sizes.end(), size,
      [](double value, const WeightedSize& entry) { return value < entry.size_units; });
  const double below = above == past.sizes.begin() ? 0.0 : std::prev(above)->weight;
  return (past.weight - past.demand_weight + below) / past.weight;
}

// Over counts 0, 1, 2, …; beyond kWalkMax the rest has no weight that matters.
QuantileBand WalkBand(const Past& past, double past_share) {
  QuantileBand band{};
  CountWalk walk({past.mean, past.variance});
  double counted = 0.0;
  std::size_t q = 0;
  const double end = std::max(2.0 * kWalkMax, past.sizes.back().size_units);
  for (double count = 0.0; q < kQuantiles && count <= end; count += 1.0) {
    counted += walk.Next();
    const double share =
        past_share * ShareUpTo(past, count) + (1.0 - past_share) * std::min(1.0, counted);
    while (q < kQuantiles && share + kAlmost >= kQuantileLevels[q]) band[q++] = count;
  }
  for (; q < kQuantiles; ++q) band[q] = end;
  return band;
}

// P(demand <= size) of no demand or a gamma size (Wilson and Hilferty, see quantiles.h).
double HurdleShareUpTo(const Past& past, double size) {
  const double nothing = 1.0 - past.demand_weight / past.weight;
  const double ninth = past.size_variation / 9.0;
  double sized = size >= past.size_mean ? 1.0 : 0.0;
  if (ninth > kAlmost) {
    const double z = (std::cbrt(size / past.size_mean) - 1.0 + ninth) / std::sqrt(ninth);
    sized = size > 0.0 ? 0.5 * std::erfc(-z * M_SQRT1_2) : 0.0;
  }
  return nothing + (1.0 - nothing) * sized;
}

// By halving: sixty times between nothing and more than there ever is.
QuantileBand HalvedBand(const Past& past, double past_share) {
  QuantileBand band{};
  const double root = 1.0 + 4.0 * std::sqrt(past.size_variation / 9.0);
  const double most = std::max(past.sizes.back().size_units, past.size_mean * root * root * root);
  const auto share = [&](double size) {
    return past_share * ShareUpTo(past, size) + (1.0 - past_share) * HurdleShareUpTo(past, size);
  };
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    const double level = kQuantileLevels[q] - kAlmost;
    double low = 0.0;
    double high = most;
    if (share(low) >= level) continue;
    for (int round = 0; round < 60; ++round) {
      const double middle = 0.5 * (low + high);
      (share(middle) >= level ? high : low) = middle;
    }
    band[q] = high;
  }
  return band;
}

}  // namespace

DiscountedDemand FitDiscountedDemand(const DemandEvents& events, EventScratch& scratch) {
  DiscountedDemand demand;
  if (events.size_units.empty()) return demand;
  demand.counts = std::all_of(events.size_units.begin(), events.size_units.end(),
                              [](double size) { return size == std::floor(size); });
  if (demand.counts) demand.memory = BestMemory(events);
  const Past past = ReadPast(events, demand.memory, scratch);
  demand.mean_units = past.mean;
  demand.variance_units = past.variance;
  demand.past_share = past.weight / (past.weight + kPriorBuckets);
  const bool walk = demand.counts && past.mean <= kWalkMeanMax &&
                    past.mean + 10.0 * std::sqrt(past.variance) <= kWalkMax;
  demand.band = walk ? WalkBand(past, demand.past_share) : HalvedBand(past, demand.past_share);
  if (demand.counts && !walk) {
    for (double& value : demand.band) value = std::ceil(value * (1.0 - kAlmost));
  }
  return demand;
}

}  // namespace tandem::forecasting
