// The search: Levenberg and Marquardt's method over weights and starts together. With J = de/dx and
// c the mean of d log mu / dx, minimizing log(sum e^2) + 2 mean log mu is minimizing the sum of
// squares of e exp(mean log mu), whose Jacobian is J + e c' but for that factor.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "forecasting/local/decomposition.h"
#include "forecasting/local/ets.h"
#include "forecasting/local/ets_kernel.h"
#include "forecasting/local/ets_search.h"
#include "forecasting/local/least_squares.h"
#include "forecasting/local/wide_lanes.h"

namespace tandem::forecasting::ets {
namespace {

constexpr double kLow = 1e-4;
constexpr double kAlphaMax = 0.9999;
constexpr double kPhiMin = 0.8;
constexpr double kPhiMax = 0.98;
// Errors below this share of the mean value, squared, are rounding: such fits are equal, and the
// fewest parameters win.
constexpr double kSquareMin = 1e-24;
constexpr double kRootMax = 1.001;
constexpr int kStepsMax = 60;
constexpr int kHeatSteps = 3;  // Of each start but the first, before the worse ones drop out.
// In likelihood: a start that is not followed always is not where it begins so far behind the best;
// one that is so far behind it later drops out; so far above what has to be beaten, no
// other start is tried; nearer than that and in weights, two starts lead to one point.
constexpr double kGlance = 10.0;
constexpr double kFollowGap = 5.0;
constexpr double kReach = 8.0;
constexpr double kJoinGap = 0.3;
constexpr double kJoinDistance = 0.02;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// A whole range of a weight that changes the squares by no more than this share of them is flat:
// rounding must not send the weight to its end.
constexpr double kFlat = 1e-9;
// A step is not worth its pass if it promises less than this share of the gain that would end the
// search.
constexpr double kForeseen = 0.5;
constexpr double kDampingMin = 1e-9;
constexpr double kDampingFree = 0.1;  // Below, a step is nearly the whole one.
constexpr double kDampingMax = 1e4;   // Above, it is so short that nothing is left to gain.

template <typename AnyPass>
Runner PassOf(PassLanes lanes) {
  return lanes == PassLanes::kWidest ? WidestOf<AnyPass::Run>() : AnyPass::Run;
}

template <EtsError kError, EtsTrend kTrend, EtsSeason kSeason>
Runner PassOf(std::size_t season, PassLanes lanes) {
  if constexpr (kSeason == EtsSeason::kNone) {
    return PassOf<Pass<kError, kTrend, kSeason, 0>>(lanes);
  } else {
    if (season <= 4) return PassOf<Pass<kError, kTrend, kSeason, 4>>(lanes);
    if (season <= 8) return PassOf<Pass<kError, kTrend, kSeason, 8>>(lanes);
    if (season <= 12) return PassOf<Pass<kError, kTrend, kSeason, 12>>(lanes);
    return PassOf<Pass<kError, kTrend, kSeason, kEtsSeasonBucketsMax>>(lanes);
  }
}

template <EtsError kError, EtsTrend kTrend>
Runner PassOf(EtsSeason kind, std::size_t season, PassLanes lanes) {
  if (kind == EtsSeason::kNone) return PassOf<kError, kTrend, EtsSeason::kNone>(season, lanes);
  if (kind == EtsSeason::kAdditive) {
    return PassOf<kError, kTrend, EtsSeason::kAdditive>(season, lanes);
  }
  return PassOf<EtsError::kMultiplicative, kTrend, EtsSeason::kMultiplicative>(season, lanes);
}

template <EtsError kError>
Runner PassOf(const EtsForm& form, std::size_t season, PassLanes lanes) {
  if (form.trend == EtsTrend::kNone) {
    return PassOf<kError, EtsTrend::kNone>(form.season, season, lanes);
  }
  if (form.trend == EtsTrend::kAdditive) {
    return PassOf<kError, EtsTrend::kAdditive>(form.season, season, lanes);
  }
  return PassOf<kError, EtsTrend::kDamped>(form.season, season, lanes);
}

double ShareOf(double value, double high) {
  return high > kLow ? std::clamp((value - kLow) / (high - kLow), 0.0, 1.0) : 0.0;
}

// beta and gamma as shares of their ranges, so that all bounds are constants. Order: ets_kernel.h.
BoundedVector VectorOf(const Point& point, const EtsForm& form, const Series& series) {
  BoundedVector v;
  const auto bounded = [&v](double value, double low, double high) {
    v.x[v.size] = std::clamp(value, low, high);
    v.low[v.size] = low;
    v.high[v.size++] = high;
  };
  const EtsParameters& p = point.parameters;
  bounded(p.alpha, kLow, kAlphaMax);
  if (form.trend != EtsTrend::kNone) {
    bounded(ShareOf(p.beta, p.alpha), 0.0, series.slope_share_max);
  }
  if (form.season != EtsSeason::kNone) bounded(ShareOf(p.gamma, 1.0 - p.alpha), 0.0, 1.0);
  if (form.trend == EtsTrend::kDamped) bounded(p.phi, kPhiMin, kPhiMax);
  v.bounded = v.size;
  v.x[v.size++] = point.start.level;
  if (form.trend != EtsTrend::kNone) v.x[v.size++] = point.start.slope;
  if (form.season != EtsSeason::kNone) {
    for (std::size_t i = 0; i + 1 < series.season; ++i) v.x[v.size++] = point.start.season[i];
  }
  return v;
}

Point PointOf(const BoundedVector& v, const EtsForm& form, std::size_t season) {
  Point point;
  std::size_t i = 0;
  EtsParameters& p = point.parameters;
  p.alpha = v.x[i++];
  if (form.trend != EtsTrend::kNone) p.beta = kLow + v.x[i++] * (p.alpha - kLow);
  if (form.season != EtsSeason::kNone) p.gamma = kLow + v.x[i++] * (1.0 - p.alpha - kLow);
  p.phi = form.trend == EtsTrend::kDamped ? v.x[i++] : 1.0;
  point.start.level = v.x[i++];
  if (form.trend != EtsTrend::kNone) point.start.slope = v.x[i++];
  if (form.season != EtsSeason::kNone) {
    double rest = form.season == EtsSeason::kAdditive ? 0.0 : static_cast<double>(season);
    for (std::size_t k = 0; k + 1 < season; ++k) rest -= point.start.season[k] = v.x[i++];
    point.start.season[season - 1] = rest;
  }
  return point;
}

// The sums by the shares instead of beta and gamma themselves: for each weight, x_raw = T x.
void ToShares(const BoundedVector& v, const EtsForm& form, Sums& sums) {
  const bool sloped = form.trend != EtsTrend::kNone;
  const bool seasonal = form.season != EtsSeason::kNone;
  const std::size_t gamma = sloped ? 2 : 1;
  const double beta_by_alpha = sloped ? v.x[1] : 0.0;
  const double beta_by_share = v.x[0] - kLow;
  const double gamma_by_alpha = seasonal ? -v.x[gamma] : 0.0;
  const double gamma_by_share = 1.0 - v.x[0] - kLow;
  auto& a = sums.normal;
  const std::size_t weights = gamma + (seasonal ? 1 : 0);
  for (std::size_t i = 1; i < weights; ++i) {
    for (std::size_t j = 0; j < i; ++j) a[i][j] = a[j][i];
  }
  const auto combine = [&](auto&& at) {
    if (sloped) {
      at(0) += beta_by_alpha * at(1);
      at(1) *= beta_by_share;
    }
    if (seasonal) {
      at(0) += gamma_by_alpha * at(gamma);
      at(gamma) *= gamma_by_share;
    }
  };
  for (std::size_t j = 0; j <= v.size; ++j) {
    combine([&](std::size_t k) -> double& { return a[k][j]; });
  }
  for (std::size_t i = 0; i < weights; ++i) {
    combine([&](std::size_t k) -> double& { return a[i][k]; });
  }
  combine([&](std::size_t k) -> double& { return sums.log_slope[k]; });
}

// Adds what the factor exp(mean log mu) does to gradient and curvature, for `size` parameters.
inline void AddLogTerms(std::size_t size, Sums& sums) {
  auto& a = sums.normal;
  const auto& c = sums.log_slope;
  std::array<double, kWidthMax> gradient{};
  for (std::size_t i = 0; i < size; ++i) gradient[i] = a[i][size];
  const std::size_t end = (size + 3) / 4 * 4;
  for (std::size_t i = 0; i < size; ++i) {
    const double by_slope = gradient[i] + sums.squares * c[i];
    const double by_gradient = c[i];
    for (std::size_t j = i / 4 * 4; j < end; ++j) {
      a[i][j] += by_slope * c[j] + by_gradient * gradient[j];
    }
    a[i][size] = by_slope;
  }
}

double Objective(const Series& series, const Sums& sums) {
  const double n = static_cast<double>(series.size);
  return n * std::log(std::max(sums.squares, kSquareMin * n)) + 2.0 * n * sums.log_mean;
}

// The search from one start: the best point so far, and the sums there.
class Descent {
 public:
  // False if the start is no fit. The series must outlive the search.
  bool Begin(const Series& series, const EtsForm& form, const Point& start) {
    series_ = &series;
    form_ = form;
    run_ = RunnerOf(form, series.season);
    return Accepts(VectorOf(start, form, series), kInfinity, kInfinity);
  }

  Fit& fit() { return fit_; }

  // Goes to a better point, where a step or a shorter one leads to it; the damping it took. A
  // nearly whole step that promises less than `least` in likelihood is not taken.
  double Improve(double least) {
    Sums& here = sums_[best_];
    ToShares(v_, form_, here);
    static const auto add_log_terms = WidestOf<AddLogTerms>();
    if (form_.error == EtsError::kMultiplicative) add_log_terms(v_.size, here);
    // An additive error's squares alone say that a step fails.
    double squares_max = kInfinity;
    if (form_.error == EtsError::kAdditive) squares_max = here.squares;
    for (; damping_ <= kDampingMax; damping_ *= 10.0) {
      BoundedVector next = v_;
      DampedStep step(v_, here.normal, {damping_, kFlat * here.squares});
      if (!step.Solve(next)) continue;
      if (damping_ < kDampingFree) {
        const double share = step.Fall() / here.squares;
        // Below zero where a weight stops at its end: such a step may need more damping.
        if (share >= 0.0 && static_cast<double>(series_->size) * share < least) return damping_;
      }
      if (!Accepts(next, squares_max, fit_.likelihood)) continue;
      const double damping = damping_;
      damping_ = std::max(kDampingMin, damping_ * 0.1);
      return damping;
    }
    return damping_;
  }

 private:
  // Whether the point is allowed and below `likelihood_max`; it is the best one then.
  bool Accepts(const BoundedVector& next, double squares_max, double likelihood_max) {
    const Point point = PointOf(next, form_, series_->season);
    if (!IsAdmissible(form_, point.parameters, series_->season)) return false;
    Sums& tried = sums_[1 - best_];
    if (!run_(*series_, point, squares_max, tried)) return false;
    const double likelihood = Objective(*series_, tried);
    if (!(likelihood < likelihood_max)) return false;
    best_ = 1 - best_;
    v_ = next;
    fit_.point = point;
    fit_.state = tried.state;
    fit_.squares = tried.squares;
    fit_.likelihood = likelihood;
    return true;
  }

  const Series* series_ = nullptr;
  EtsForm form_{};
  Fit fit_{};
  BoundedVector v_{};
  Runner run_ = nullptr;
  std::array<Sums, 2> sums_;  // At the best point, and at the one tried.
  std::size_t best_ = 0;
  double damping_ = 1e-3;
};

// Steps until the search has converged, `steps` at most.
void Descend(Descent& descent, double hopeless, int steps) {
  Fit& fit = descent.fit();
  for (int step = 0; step < steps && !fit.converged; ++step) {
    const double before = fit.likelihood;
    const double enough = std::max(kGainMin, kGainHopeless * (before - hopeless));
    const double damping = descent.Improve(kForeseen * enough);
    const double gain = before - fit.likelihood;
    // A small gain of a step that was held back says nothing.
    const bool free = damping < kDampingFree;
    fit.converged =
        gain <= 0.0 ||
        (free && (gain < kGainMin || gain < kGainHopeless * (fit.likelihood - hopeless)));
  }
}

// Whether `fit` is on its way to where `best` is.
bool Joins(const Fit& fit, const Fit& best) {
  const EtsParameters& a = fit.point.parameters;
  const EtsParameters& b = best.point.parameters;
  const double behind = fit.likelihood - best.likelihood;
  return behind >= 0.0 && behind < kJoinGap &&
         std::max({std::abs(a.alpha - b.alpha), std::abs(a.beta - b.beta),
                   std::abs(a.gamma - b.gamma), std::abs(a.phi - b.phi)}) < kJoinDistance;
}

}  // namespace

Runner RunnerOf(const EtsForm& form, std::size_t season, PassLanes lanes) {
  return form.error == EtsError::kAdditive ? PassOf<EtsError::kAdditive>(form, season, lanes)
                                           : PassOf<EtsError::kMultiplicative>(form, season, lanes);
}

std::size_t ParameterCount(const EtsForm& form, std::size_t season) {
  return 3 + (form.trend == EtsTrend::kNone ? 0 : 2) + (form.trend == EtsTrend::kDamped ? 1 : 0) +
         (form.season == EtsSeason::kNone ? 0 : season);
}

bool IsAdmissible(const EtsForm& form, const EtsParameters& parameters, std::size_t season) {
  if (form.trend == EtsTrend::kNone || form.season == EtsSeason::kNone) return true;
  const auto [alpha, beta, gamma, phi] = parameters;
  // The moving average polynomial of the reduced form, (1 - phi B)(1 - B^m) + [alpha B (1 - phi B)
  // + phi beta B](1 + ... + B^(m-1)) + gamma B^m (1 - phi B), its powers reversed; a root may lie a
  // thousandth outside of the circle, because gamma near zero puts m roots onto it.
  std::array<double, kEtsSeasonBucketsMax + 2> p;
  const std::size_t degree = season + 1;
  const double slope = phi * beta;
  std::fill_n(p.begin(), degree, alpha + slope - alpha * phi);
  p[0] = phi * (1.0 - alpha - gamma);
  p[1] += gamma - 1.0;
  p[degree - 1] = alpha + slope - phi;
  p[degree] = 1.0;
  double power = 1.0;
  for (std::size_t i = 0; i <= degree; ++i) {
    p[i] *= power;
    power *= kRootMax;
  }
  // Schur and Cohn: all roots lie inside the circle if every quotient of the ends does. Each
  // reduction is of the polynomial and of its reverse, which keep their places.
  std::array<double, kEtsSeasonBucketsMax + 2> reverse;
  for (std::size_t i = 0; i <= degree; ++i) reverse[i] = p[degree - i];
  for (std::size_t k = 0; k < degree; ++k) {
    const double quotient = p[k] / reverse[0];
    if (!(std::abs(quotient) < 1.0)) return false;
    for (std::size_t i = 0; i <= degree - k; ++i) {
      const double forward = p[k + i];
      p[k + i] -= quotient * reverse[i];
      reverse[i] -= quotient * forward;
    }
  }
  return true;
}

double Aicc(double likelihood, std::size_t parameters, std::size_t size) {
  const auto k = static_cast<double>(parameters);
  const auto n = static_cast<double>(size);
  return likelihood + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
}

bool Evaluate(const Series& series, const EtsForm& form, const Point& point, Fit& fit) {
  Sums sums;
  if (!RunnerOf(form, series.season)(series, point, kInfinity, sums)) return false;
  fit.point = point;
  fit.state = sums.state;
  fit.squares = sums.squares;
  fit.likelihood = Objective(series, sums);
  return std::isfinite(fit.likelihood);
}

bool Search(const Series& series, const EtsForm& form, std::span<const Start> starts,
            double hopeless, Fit& fit) {
  std::array<Descent, kStartsMax> runs;
  std::array<bool, kStartsMax> begun{};
  Descent* leader = nullptr;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    Descent& run = runs[i];
    begun[i] = run.Begin(series, form, starts[i].point) &&
               (starts[i].always || leader == nullptr ||
                run.fit().likelihood <= leader->fit().likelihood + kGlance);
    if (!begun[i]) continue;
    Descend(run, hopeless, i == 0 ? kStepsMax : kHeatSteps);
    if (leader == nullptr || run.fit().likelihood < leader->fit().likelihood) leader = &run;
    if (leader->fit().likelihood > hopeless + kReach) break;
  }
  if (leader == nullptr) return false;
  Descend(*leader, hopeless, kStepsMax);
  fit = leader->fit();
  for (std::size_t i = 0; i < starts.size(); ++i) {
    Descent& run = runs[i];
    if (!begun[i] || &run == leader) continue;
    for (int step = 0; step < kStepsMax && !run.fit().converged; ++step) {
      if (run.fit().likelihood > fit.likelihood + kFollowGap || Joins(run.fit(), fit)) break;
      Descend(run, hopeless, 1);
    }
    if (run.fit().likelihood < fit.likelihood) fit = run.fit();
  }
  return true;
}

}  // namespace tandem::forecasting::ets
