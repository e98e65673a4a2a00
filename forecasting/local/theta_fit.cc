#include "forecasting/local/theta_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace tandem::forecasting::theta {
namespace {

constexpr std::size_t kSkipped = 3;  // The first errors do not count.

constexpr double kLevelMax = 1e10;  // Of |l_0|, as in the authors' program forecTheta: free.

// The range of l_0 and of the line's share.
struct Box {
  double level_low = -kLevelMax;
  double level_high = kLevelMax;
  double share_low = 0.5;
  double share_high = 0.5;
};

// With e = r - l_0 u - omega g: the sums of products of r, u, g, each for kLanes weights.
template <std::size_t kLanes>
struct Products {
  using Lane = std::array<double, kLanes>;
  Lane rr{}, ru{}, rg{}, uu{}, ug{}, gg{};

  double Squares(std::size_t lane, double l, double w) const {
    return rr[lane] - 2.0 * (l * ru[lane] + w * rg[lane]) + l * l * uu[lane] +
           2.0 * l * w * ug[lane] + w * w * gg[lane];
  }
};

double Quotient(double a, double b) { return b > 0.0 ? a / b : 0.0; }

// The least squares within the box: inside if the free optimum is, else on an edge.
template <std::size_t kLanes>
Fit Solve(const Products<kLanes>& p, std::size_t lane, double alpha, const Box& box) {
  Fit best{.alpha = alpha, .squares = std::numeric_limits<double>::infinity()};
  const auto attempt = [&](double level, double share) {
    const double squares = p.Squares(lane, level, share);
    if (squares < best.squares) {
      best = {.alpha = alpha, .line_share = share, .level_start = level, .squares = squares};
    }
  };
  const double determinant = p.uu[lane] * p.gg[lane] - p.ug[lane] * p.ug[lane];
  if (box.share_low < box.share_high && determinant > 1e-12 * p.uu[lane] * p.gg[lane]) {
    const double level = (p.ru[lane] * p.gg[lane] - p.rg[lane] * p.ug[lane]) / determinant;
    const double share = (p.rg[lane] * p.uu[lane] - p.ru[lane] * p.ug[lane]) / determinant;
    if (level >= box.level_low && level <= box.level_high && share >= box.share_low &&
        share <= box.share_high) {
      attempt(level, share);
      return best;
    }
  }
  for (const double share : {box.share_low, box.share_high}) {
    const double level = Quotient(p.ru[lane] - share * p.ug[lane], p.uu[lane]);
    attempt(std::clamp(level, box.level_low, box.level_high), share);
  }
  for (const double level : {box.level_low, box.level_high}) {
    const double share = Quotient(p.rg[lane] - level * p.ug[lane], p.gg[lane]);
    attempt(level, std::clamp(share, box.share_low, box.share_high));
  }
  return best;
}

// The products for kLanes weights in one pass. `start` has the level 0.
template <std::size_t kLanes>
Products<kLanes> Run(std::span<const double> values, bool dynamic, const ThetaState& start,
                     const std::array<double, kLanes>& alphas) {
  Products<kLanes> p;
  std::array<double, kLanes> level{};
  std::array<double, kLanes> power;  // (1 - alpha)^(t-1)
  std::array<double, kLanes> keep;
  std::array<double, kLanes> inverse;
  power.fill(1.0);
  for (std::size_t k = 0; k < kLanes; ++k) {
    keep[k] = 1.0 - alphas[k];
    inverse[k] = 1.0 / alphas[k];
  }
  double mean = start.mean;
  double line_start = start.line_start;
  double line_step = start.line_step;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double y = values[i];
    const double counted = i < kSkipped ? 0.0 : 1.0;
    for (std::size_t k = 0; k < kLanes; ++k) {
      const double next = power[k] * keep[k];
      const double g = counted * (line_start * power[k] + line_step * (1.0 - next) * inverse[k]);
      const double r = counted * (y - level[k]);
      const double u = counted * power[k];
      p.rr[k] += r * r;
      p.ru[k] += r * u;
      p.rg[k] += r * g;
      p.uu[k] += u * u;
      p.ug[k] += u * g;
      p.gg[k] += g * g;
      level[k] = alphas[k] * y + keep[k] * level[k];
      // What is left of the start is nothing; and no denormals, which are slow.
      power[k] = next < 1e-100 ? 0.0 : next;
    }
    if (!dynamic) continue;
    const auto t = static_cast<double>(i + 1);
    line_step = ((t - 2.0) * line_step + 6.0 * (y - mean) / t) / (t + 1.0);
    if (i == 0) line_step = 0.0;
    mean += (y - mean) / t;
    line_start = mean - line_step * (t + 1.0) / 2.0;
  }
  return p;
}

}  // namespace

ThetaState StartOf(std::span<const double> values, ThetaKind kind, double level_start) {
  ThetaState start{.level = level_start};
  if (IsDynamic(kind)) return start;
  const auto n = static_cast<double>(values.size());
  const double middle = 0.5 * (n + 1.0);
  double mean = 0.0;
  double moment = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    mean += values[i] / n;
    moment += (static_cast<double>(i + 1) - middle) * values[i];
  }
  start.line_step = moment * 12.0 / (n * (n * n - 1.0));
  start.line_start = mean - start.line_step * middle;
  return start;
}

double Mean(const ThetaState& state, const ThetaModel& model) {
  const double next = state.power * (1.0 - model.alpha);
  return state.level + model.line_share * (state.line_start * state.power +
                                           state.line_step * (1.0 - next) / model.alpha);
}

void Advance(ThetaState& state, const ThetaModel& model, double value) {
  state.buckets += 1.0;
  const double t = state.buckets;
  state.level = model.alpha * value + (1.0 - model.alpha) * state.level;
  state.power *= 1.0 - model.alpha;
  if (!IsDynamic(model.kind)) return;
  if (t > 1.0) {
    state.line_step = ((t - 2.0) * state.line_step + 6.0 * (value - state.mean) / t) / (t + 1.0);
  }
  state.mean += (value - state.mean) / t;
  state.line_start = state.mean - state.line_step * (t + 1.0) / 2.0;
}

Fit Search(std::span<const double> values, ThetaKind kind) {
  Box box;
  if (IsOptimized(kind)) {
    box.share_low = 0.0;
    box.share_high = 1.0;
  }
  const ThetaState start = StartOf(values, kind, 0.0);
  const auto run = [&]<std::size_t kLanes>(double low, double step, std::array<Fit, kLanes> fits) {
    std::array<double, kLanes> a;
    for (std::size_t k = 0; k < kLanes; ++k) a[k] = low + step * static_cast<double>(k);
    const Products<kLanes> products = Run(values, IsDynamic(kind), start, a);
    for (std::size_t k = 0; k < kLanes; ++k) fits[k] = Solve(products, k, a[k], box);
    return fits;
  };
  double step = (kAlphaMax - kAlphaMin) / 15.0;
  const auto fits = run(kAlphaMin, step, std::array<Fit, 16>{});
  // Downhill from .5, between the seventh and the eighth. On a short history a slow alpha and an
  // l_0 of its own can bend the level into the history's shape, in a valley at alpha's lower end
  // that the published search does not see; M3's yearly series are forecast worse from there.
  std::size_t at = fits[7].squares < fits[6].squares ? 7 : 6;
  while (at > 0 && fits[at - 1].squares < fits[at].squares) --at;
  while (at + 1 < fits.size() && fits[at + 1].squares < fits[at].squares) ++at;
  Fit best = fits[at];
  for (int round = 0; round < 3; ++round) {
    const double low = std::max(kAlphaMin, best.alpha - step);
    const double high = std::min(kAlphaMax, best.alpha + step);
    step = (high - low) / 9.0;
    for (const Fit& fit : run(low + step, step, std::array<Fit, 8>{})) {
      if (fit.squares < best.squares) best = fit;
    }
  }
  best.squares = std::max(0.0, best.squares);
  return best;
}

}  // namespace tandem::forecasting::theta
