#include "forecasting/effects/uplift_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace tandem::forecasting {
namespace {

// The level stands still at 0 and is the last residual at 1.
constexpr std::array kLevelWeights = {0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7};
// Below this share of the residuals' variance a spread of coefficients is none. Without a floor the
// estimate creeps to zero for ever, since each step can only shrink it by a part.
constexpr double kSpreadFloor = 1e-8;

// Coefficients that all members share, drawn to 0 as if the whole variance of log demand were
// noise, and with a trace of a ridge for drivers that never change.
std::vector<double> Common(std::span<const Moments> members, double deviation) {
  const std::size_t k = members.front().xy.size();
  SmallMatrix xx(k);
  std::vector<double> xy(k);
  double yy = 0.0;
  double freedom = 1.0;
  for (const Moments& member : members) {
    yy += member.yy;
    freedom += std::max(0.0, member.buckets - 1.0);
    for (std::size_t i = 0; i < k; ++i) {
      xy[i] += member.xy[i];
      for (std::size_t j = 0; j < k; ++j) xx(i, j) += member.xx(i, j);
    }
  }
  double trace = 0.0;
  for (std::size_t i = 0; i < k; ++i) trace += xx(i, i);
  const double ridge = (trace > 0.0 ? 1e-6 * trace / static_cast<double>(k) : 1.0) +
                       yy / freedom / (deviation * deviation);
  for (std::size_t i = 0; i < k; ++i) xx(i, i) += ridge + 1e-6 * xx(i, i);
  const auto factored = Factored::Of(xx);
  return factored.has_value() ? factored->Solve(xy) : std::vector<double>(k);
}

// Weighted sum of squared residuals of a member.
double Squares(const Moments& member, std::span<const double> beta) {
  const std::size_t k = beta.size();
  double sum = member.yy;
  for (std::size_t i = 0; i < k; ++i) {
    double row = -2.0 * member.xy[i];
    for (std::size_t j = 0; j < k; ++j) row += member.xx(i, j) * beta[j];
    sum += beta[i] * row;
  }
  return std::max(0.0, sum);
}

struct Posterior {
  std::vector<double> mean{};
  SmallMatrix covariance;
};

// Of a member's coefficients, given the group's.
Posterior PosteriorOf(const Moments& member, const UpliftGroup& group, double variance) {
  const std::size_t k = member.xy.size();
  SmallMatrix precision(k);
  std::vector<double> right(k);
  for (std::size_t i = 0; i < k; ++i) {
    const double prior = 1.0 / (group.deviations[i] * group.deviations[i]);
    for (std::size_t j = 0; j < k; ++j) precision(i, j) = member.xx(i, j) / variance;
    precision(i, i) += prior;
    right[i] = member.xy[i] / variance + prior * group.coefficients[i];
  }
  const auto factored = Factored::Of(precision);
  if (!factored.has_value()) return {group.coefficients, SmallMatrix(k)};
  return {factored->Solve(right), factored->Inverse()};
}

// Sum over i, j of a(i, j) b(i, j): the trace of the product of two symmetric matrices.
double TraceOfProduct(const SmallMatrix& a, const SmallMatrix& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) sum += a(i, j) * b(i, j);
  }
  return sum;
}

// Simple exponential smoothing of residuals; with the sum of squared errors `lead` ahead.
struct Smoothed {
  double level = 0.0;
  double squares = 0.0;
  std::size_t count = 0;
};
Smoothed Smooth(const Remains& remains, double weight, double start, std::size_t lead) {
  Smoothed smoothed{.level = start};
  const std::size_t n = remains.residuals.size();
  for (std::size_t t = 0; t < n; ++t) {
    const double gain = std::min(1.0, weight * remains.trust[t]);
    smoothed.level += gain * (remains.residuals[t] - smoothed.level);
    if (t + lead >= n) continue;
    const double error = remains.residuals[t + lead] - smoothed.level;
    smoothed.squares += remains.trust[t + lead] * error * error;
    ++smoothed.count;
  }
  return smoothed;
}

// The level before the first bucket: the fading mean that the coefficients were fitted about.
double StartOf(const Remains& remains, double half_life) {
  const double keep = std::exp2(-1.0 / half_life);
  double sum = 0.0;
  double weights = 0.0;
  for (std::size_t t = 0; t < remains.residuals.size(); ++t) {
    sum = keep * sum + remains.trust[t] * remains.residuals[t];
    weights = keep * weights + remains.trust[t];
  }
  return sum / weights;
}

}  // namespace

Moments MomentsOf(const PromotedSeries& series, const UpliftOptions& options,
                  std::span<const double> trust) {
  const std::size_t k = options.drivers;
  const std::size_t n = series.units.size();
  const double keep = std::exp2(-1.0 / options.half_life_buckets);
  std::vector<double> weights(n);
  std::vector<double> logs(n);
  Moments moments{
      .xx = SmallMatrix(k), .xy = std::vector<double>(k), .mean_x = std::vector<double>(k)};
  for (std::size_t t = 0; t < n; ++t) {
    const double age = std::pow(keep, static_cast<double>(n - 1 - t));
    weights[t] = age * trust[t];
    moments.buckets += age;
    logs[t] = std::log(series.units[t] + options.offset_units);
    moments.weight += weights[t];
    moments.mean_y += weights[t] * logs[t];
    for (std::size_t i = 0; i < k; ++i) {
      moments.mean_x[i] += weights[t] * series.drivers[t * k + i];
    }
  }
  moments.mean_y /= moments.weight;
  for (double& mean : moments.mean_x) mean /= moments.weight;
  std::vector<double> x(k);
  for (std::size_t t = 0; t < n; ++t) {
    const double y = logs[t] - moments.mean_y;
    moments.yy += weights[t] * y * y;
    for (std::size_t i = 0; i < k; ++i) x[i] = series.drivers[t * k + i] - moments.mean_x[i];
    for (std::size_t i = 0; i < k; ++i) {
      moments.xy[i] += weights[t] * x[i] * y;
      for (std::size_t j = 0; j < k; ++j) moments.xx(i, j) += weights[t] * x[i] * x[j];
    }
  }
  return moments;
}

std::vector<std::vector<double>> Pool(std::span<const Moments> members,
                                      const UpliftOptions& options, UpliftGroup& group) {
  const std::size_t k = options.drivers;
  const auto count = static_cast<double>(members.size());
  group.coefficients = Common(members, options.coefficient_deviation);
  double freedom = 0.0;  // Buckets less a level each.
  double squares = 0.0;
  for (const Moments& member : members) {
    freedom += std::max(0.0, member.buckets - 1.0);
    squares += Squares(member, group.coefficients);
  }
  freedom = std::max(freedom, 1.0);
  double variance = std::max(squares / freedom, 1e-12);
  group.deviations.assign(k, 0.3);
  std::vector<Posterior> posteriors;
  for (int iteration = 0; iteration < std::max(1, options.iterations); ++iteration) {
    posteriors.clear();
    squares = 0.0;
    std::vector<double> mean(k);
    for (const Moments& member : members) {
      posteriors.push_back(PosteriorOf(member, group, variance));
      const Posterior& own = posteriors.back();
      squares += Squares(member, own.mean) + TraceOfProduct(member.xx, own.covariance);
      for (std::size_t i = 0; i < k; ++i) mean[i] += own.mean[i] / count;
    }
    for (std::size_t i = 0; i < k; ++i) {
      double spread = 0.0;
      for (const Posterior& own : posteriors) {
        const double apart = own.mean[i] - mean[i];
        spread += (apart * apart + own.covariance(i, i)) / count;
      }
      group.deviations[i] = std::sqrt(std::max(spread, kSpreadFloor * variance));
    }
    for (std::size_t i = 0; i < k; ++i) {
      const double apart = group.deviations[i] / options.coefficient_deviation;
      group.coefficients[i] = mean[i] / (1.0 + apart * apart / count);
    }
    variance = std::max(squares / freedom, 1e-12);
  }
  group.residual_deviation = std::sqrt(variance);
  std::vector<std::vector<double>> own;
  own.reserve(members.size());
  for (const Moments& member : members) own.push_back(PosteriorOf(member, group, variance).mean);
  return own;
}

std::vector<double> Residuals(const PromotedSeries& series, const UpliftOptions& options,
                              std::span<const double> coefficients) {
  const std::size_t k = options.drivers;
  std::vector<double> residuals(series.units.size());
  for (std::size_t t = 0; t < residuals.size(); ++t) {
    residuals[t] = std::log(series.units[t] + options.offset_units);
    for (std::size_t i = 0; i < k; ++i) {
      residuals[t] -= coefficients[i] * series.drivers[t * k + i];
    }
  }
  return residuals;
}

void Trust(const UpliftOptions& options, const UpliftGroup& group, Remains& remains) {
  const double level = StartOf(remains, options.half_life_buckets);
  const double variance = group.residual_deviation * group.residual_deviation;
  for (std::size_t t = 0; t < remains.residuals.size(); ++t) {
    const double apart = remains.residuals[t] - level;
    remains.trust[t] =
        (options.tail_freedom + 1.0) / (options.tail_freedom + apart * apart / variance);
  }
}

void FollowLevels(std::span<const Remains> remains, const UpliftOptions& options,
                  UpliftGroup& group, std::span<UpliftFit* const> fits) {
  const std::size_t lead = options.lead_buckets;
  double best = std::numeric_limits<double>::infinity();
  for (const double weight : kLevelWeights) {
    double squares = 0.0;
    for (const Remains& member : remains) {
      squares += Smooth(member, weight, StartOf(member, options.half_life_buckets), lead).squares;
    }
    if (squares < best) {
      best = squares;
      group.level_weight = weight;
    }
  }
  // A series' own deviation, drawn to the group's as if that were of 20 buckets.
  constexpr double kPriorBuckets = 20.0;
  for (std::size_t m = 0; m < remains.size(); ++m) {
    const Smoothed smoothed = Smooth(remains[m], group.level_weight,
                                     StartOf(remains[m], options.half_life_buckets), lead);
    const double prior = group.residual_deviation * group.residual_deviation;
    fits[m]->level = smoothed.level;
    fits[m]->deviation = std::sqrt((smoothed.squares + kPriorBuckets * prior) /
                                   (static_cast<double>(smoothed.count) + kPriorBuckets));
  }
}

}  // namespace tandem::forecasting
