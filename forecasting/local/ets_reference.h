// The slow and plain reference for the tests of exponential smoothing: the definition bucket by
// bucket, and the coordinates of a simplex search over it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "forecasting/local/ets.h"
#include "forecasting/local/ets_search.h"
#include "forecasting/local/nelder_mead.h"

namespace tandem::forecasting::ets {

using Values = std::vector<double>;
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline std::string NameOf(const EtsForm& form) {
  return std::string(1, "AM"[static_cast<int>(form.error)]) + "NAD"[static_cast<int>(form.trend)] +
         "NAM"[static_cast<int>(form.season)];
}

struct Plain {
  double likelihood = 0.0;
  EtsState state{};
};

// The definition (reference: Hyndman et al. (2008), table 2.3), bucket by bucket.
inline std::optional<Plain> PlainRun(const Values& y, std::size_t m, const EtsForm& form,
                                     const EtsParameters& p, const EtsState& start) {
  double l = start.level;
  double b = start.slope;
  Values s(start.season.begin(), start.season.begin() + static_cast<std::ptrdiff_t>(m));
  double squares = 0.0;
  double logs = 0.0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    const double q = l + p.phi * b;
    double& season = s[t % m];
    const bool scaled = form.season == EtsSeason::kMultiplicative;
    double mu = q;
    if (form.season == EtsSeason::kAdditive) mu = q + season;
    if (scaled) mu = q * season;
    const bool relative = form.error == EtsError::kMultiplicative;
    if (relative && mu <= 0.0) return std::nullopt;
    const double e = relative ? (y[t] - mu) / mu : y[t] - mu;
    const double moved = scaled ? q * e : y[t] - mu;
    l = q + p.alpha * moved;
    b = p.phi * b + p.beta * moved;
    if (form.season == EtsSeason::kAdditive) season += p.gamma * (y[t] - mu);
    if (scaled) season *= 1.0 + p.gamma * e;
    if (scaled && (season <= 0.0 || l + p.phi * b <= 0.0)) return std::nullopt;
    squares += e * e;
    if (relative) logs += std::log(mu);
  }
  Plain plain{static_cast<double>(y.size()) * std::log(squares) + 2.0 * logs, {}};
  plain.state.level = l;
  plain.state.slope = b;
  std::copy(s.begin(), s.end(), plain.state.season.begin());
  return plain;
}

// Coordinates: alpha, and beta, gamma, phi as shares of their ranges; level, slope, season.
struct Decoded {
  EtsParameters parameters{};
  EtsState start{};
};
inline std::optional<Decoded> Decode(const Coordinates& x, const EtsForm& form, std::size_t m,
                                     double slope_share_max = 1.0) {
  Decoded d;
  std::size_t i = 0;
  const auto weight = [&](double low, double high) -> double {
    const double share = x[i++];
    return share < 0.0 || share > 1.0 ? kInfinity : low + share * (high - low);
  };
  EtsParameters& p = d.parameters;
  p.alpha = weight(1e-4, 0.9999);
  if (form.trend != EtsTrend::kNone) {
    p.beta = weight(1e-4, 1e-4 + slope_share_max * (p.alpha - 1e-4));
  }
  if (form.season != EtsSeason::kNone) p.gamma = weight(1e-4, 1.0 - p.alpha);
  if (form.trend == EtsTrend::kDamped) p.phi = weight(0.8, 0.98);
  if (!std::isfinite(p.alpha + p.beta + p.gamma + p.phi)) return std::nullopt;
  if (!ets::IsAdmissible(form, p, m)) return std::nullopt;
  d.start.level = x[i++];
  if (form.trend != EtsTrend::kNone) d.start.slope = x[i++];
  if (form.season != EtsSeason::kNone) {
    double rest = form.season == EtsSeason::kAdditive ? 0.0 : static_cast<double>(m);
    for (std::size_t k = 0; k + 1 < m; ++k) rest -= d.start.season[k] = x[i++];
    d.start.season[m - 1] = rest;
  }
  return d;
}

inline Coordinates StartOf(const Values& history, const EtsForm& form, std::size_t m) {
  Coordinates x = {0.2};
  if (form.trend != EtsTrend::kNone) x.push_back(0.1);
  if (form.season != EtsSeason::kNone) x.push_back(0.05);
  if (form.trend == EtsTrend::kDamped) x.push_back(0.9);
  double level = 0.0;
  for (std::size_t t = 0; t < 2 * m; ++t) level += history[t] / static_cast<double>(2 * m);
  x.push_back(level);
  if (form.trend != EtsTrend::kNone) x.push_back(0.0);
  if (form.season == EtsSeason::kNone) return x;
  for (std::size_t k = 0; k + 1 < m; ++k) {
    const double mean = (history[k] + history[k + m]) / 2.0;
    x.push_back(form.season == EtsSeason::kAdditive ? mean - level : mean / level);
  }
  return x;
}

}  // namespace tandem::forecasting::ets
