// One pass of an exponential smoothing model over a history: its errors, their derivatives by every
// parameter and start value, and the sums that a least squares step needs. Internal to ets_fit.cc.
//
// A parameter vector is  alpha, (beta), (gamma), (phi), level, (slope), season 0..m-2,  absent
// parts left out; the last start of the season follows from the others (sum 0, or m if
// multiplicative).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "forecasting/local/ets.h"
#include "forecasting/local/least_squares.h"

namespace tandem::forecasting::ets {

inline constexpr std::size_t kWidthMax = kColumnsMax;  // 4 + 2 + 23 parameters, the error, padding.
inline constexpr double kTiny = 1e-30;  // Of a series with mean 1: what must be positive is.

struct Series {
  const double* values = nullptr;  // Of mean absolute value 1.
  std::size_t size = 0;
  std::size_t season = 1;
  double slope_share_max = 1.0;  // Of beta in its range.
};

// A point of the search: where the recursion starts, and its weights.
struct Point {
  EtsParameters parameters{};
  EtsState start{};
};

// Over t: sum of J'J in `normal` (above the diagonal, J'e as column behind), where J is de/dx; the
// mean of d log mu / dx; sum e^2; the mean of log mu.
struct Sums {
  NormalSums normal;                        // Written by every pass, so not set to zero first.
  std::array<double, kWidthMax> log_slope;  // The same.
  double squares = 0.0;
  double log_mean = 0.0;
  EtsState state{};  // After the last value.
};

// Where each parameter stands in the vector.
template <EtsTrend kTrend, EtsSeason kSeason>
struct Places {
  static constexpr bool kSloped = kTrend != EtsTrend::kNone;
  static constexpr bool kDamped = kTrend == EtsTrend::kDamped;
  static constexpr bool kSeasonal = kSeason != EtsSeason::kNone;
  static constexpr std::size_t kBeta = 1;
  static constexpr std::size_t kGamma = kSloped ? 2 : 1;
  static constexpr std::size_t kPhi = kGamma + (kSeasonal ? 1 : 0);
  static constexpr std::size_t kLevel = kPhi + (kDamped ? 1 : 0);
  static constexpr std::size_t kSlope = kLevel + 1;
  static constexpr std::size_t kFirstSeason = kLevel + 1 + (kSloped ? 1 : 0);
};

template <std::size_t kWidth>
using Lanes = std::array<double, kWidth>;

// normal += rows' rows, in tiles of 4 x 4, so that a sum stays in registers for four rows.
template <std::size_t kWidth>
inline void AddRows(const std::array<Lanes<kWidth>, 4>& rows, Sums& sums) {
  for (std::size_t i0 = 0; i0 < kWidth; i0 += 4) {
    for (std::size_t j0 = i0; j0 < kWidth; j0 += 4) {
      for (std::size_t i = i0; i < i0 + 4; ++i) {
        double* const sum = sums.normal[i].data() + j0;
        for (std::size_t j = 0; j < 4; ++j) {
          sum[j] += (rows[0][i] * rows[0][j0 + j] + rows[1][i] * rows[1][j0 + j]) +
                    (rows[2][i] * rows[2][j0 + j] + rows[3][i] * rows[3][j0 + j]);
        }
      }
    }
  }
}

// The recursion with its derivatives by kWidth - 1 parameters at most.
template <EtsError kError, EtsTrend kTrend, EtsSeason kSeason, std::size_t kWidth>
class Pass {
 public:
  using At = Places<kTrend, kSeason>;
  static constexpr bool kRelative = kError == EtsError::kMultiplicative;
  static constexpr bool kScaled = kSeason == EtsSeason::kMultiplicative;

  // False if what must be positive is not, or the squares pass `squares_max`.
  static bool Run(const Series& series, const Point& point, double squares_max, Sums& sums) {
    Pass pass(series, point);
    for (std::size_t i = 0; i < kWidth; ++i) {
      std::fill_n(sums.normal[i].begin(), kWidth, 0.0);
    }
    std::fill_n(sums.log_slope.begin(), kWidth, 0.0);
    sums.squares = sums.log_mean = 0.0;
    const auto n = static_cast<double>(series.size);
    for (std::size_t t = 0; t < series.size; t += 4) {
      const std::size_t count = std::min<std::size_t>(4, series.size - t);
      double product = 1.0;
      bool good = true;
      for (std::size_t i = 0; i < count; ++i) {
        good = pass.Step(series.values[t + i], pass.rows_[i], sums) && good;
        product *= pass.mean_;
      }
      if (!good || !(sums.squares <= squares_max)) return false;
      for (std::size_t i = count; i < 4; ++i) pass.rows_[i].fill(0.0);
      AddRows<kWidth>(pass.rows_, sums);
      if constexpr (kRelative) sums.log_mean += std::log(product) / n;
    }
    for (std::size_t j = 0; j < kWidth; ++j) sums.log_slope[j] /= n;
    sums.state = pass.state_;
    return true;
  }

 private:
  Pass(const Series& series, const Point& point)
      : season_buckets_(series.season), parameters_(point.parameters), state_(point.start) {
    level_[At::kLevel] = 1.0;
    if constexpr (At::kSloped) slope_[At::kSlope] = 1.0;
    parameter_count_ = At::kFirstSeason;
    if constexpr (At::kSeasonal) {
      for (std::size_t i = 0; i < season_buckets_; ++i) season_[i].fill(0.0);
      for (std::size_t i = 0; i + 1 < season_buckets_; ++i) {
        season_[i][At::kFirstSeason + i] = 1.0;
        season_[season_buckets_ - 1][At::kFirstSeason + i] = -1.0;
      }
      parameter_count_ += season_buckets_ - 1;
    }
  }

  bool Step(double y, Lanes<kWidth>& row, Sums& sums) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    const double q = state_.level + phi * state_.slope;
    Lanes<kWidth> dq = level_;
    if constexpr (At::kSloped) {
      for (std::size_t j = 0; j < kWidth; ++j) dq[j] += phi * slope_[j];
      if constexpr (At::kDamped) dq[At::kPhi] += state_.slope;
    }
    Lanes<kWidth> dmean = dq;
    double level_error = 0.0;
    if constexpr (kScaled) {
      const double s = state_.season[state_.place];
      if (!(q > kTiny) || !(s > kTiny)) return false;
      level_error = Scale(y, q, s, dq, dmean);
    } else {
      level_error = Shift(y, q, dq, dmean);
    }
    const double error = kRelative ? y / mean_ - 1.0 : y - mean_;
    if constexpr (kRelative) {
      if (!(mean_ > kTiny)) return false;
      const double inverse = 1.0 / mean_;
      const double factor = -(error + 1.0) * inverse;
      for (std::size_t j = 0; j < kWidth; ++j) {
        row[j] = factor * dmean[j];
        sums.log_slope[j] += inverse * dmean[j];
      }
    } else {
      for (std::size_t j = 0; j < kWidth; ++j) row[j] = -dmean[j];
    }
    row[parameter_count_] = error;
    sums.squares += error * error;
    state_.level = q + alpha * level_error;
    if constexpr (At::kSloped) state_.slope = phi * state_.slope + beta * level_error;
    if constexpr (At::kSeasonal) {
      state_.place = state_.place + 1 == season_buckets_ ? 0 : state_.place + 1;
    }
    return true;
  }

  // No season or an additive one: all states move by y - mu.
  double Shift(double y, double q, const Lanes<kWidth>& dq, Lanes<kWidth>& dmean) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    mean_ = q;
    if constexpr (At::kSeasonal) {
      mean_ += state_.season[state_.place];
      Lanes<kWidth>& ds = season_[state_.place];
      for (std::size_t j = 0; j < kWidth; ++j) {
        dmean[j] += ds[j];
        ds[j] -= gamma * dmean[j];
      }
      ds[At::kGamma] += y - mean_;
      state_.season[state_.place] += gamma * (y - mean_);
    }
    Move(y - mean_, dq, dmean);
    return y - mean_;
  }

  // A multiplicative season: level and slope move by y / s - q, the season by y / q - s.
  double Scale(double y, double q, double s, const Lanes<kWidth>& dq, Lanes<kWidth>& dmean) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    mean_ = q * s;
    Lanes<kWidth>& ds = season_[state_.place];
    const double by_season = y / (s * s);
    const double by_level = y / (q * q);
    Lanes<kWidth> dminus;  // Of q - y / s.
    for (std::size_t j = 0; j < kWidth; ++j) {
      dmean[j] = dq[j] * s + q * ds[j];
      dminus[j] = by_season * ds[j] + dq[j];
      ds[j] -= gamma * (by_level * dq[j] + ds[j]);
    }
    ds[At::kGamma] += y / q - s;
    state_.season[state_.place] = s + gamma * (y / q - s);
    Move(y / s - q, dq, dminus);
    return y / s - q;
  }

  // Derivatives of level and slope once they moved by `error`, whose own are -dminus.
  void Move(double error, const Lanes<kWidth>& dq, const Lanes<kWidth>& dminus) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    for (std::size_t j = 0; j < kWidth; ++j) level_[j] = dq[j] - alpha * dminus[j];
    level_[0] += error;
    if constexpr (At::kSloped) {
      for (std::size_t j = 0; j < kWidth; ++j) slope_[j] = phi * slope_[j] - beta * dminus[j];
      slope_[At::kBeta] += error;
      if constexpr (At::kDamped) slope_[At::kPhi] += state_.slope;
    }
  }

  std::size_t season_buckets_ = 1;
  std::size_t parameter_count_ = 0;
  EtsParameters parameters_{};
  EtsState state_{};
  double mean_ = 0.0;
  Lanes<kWidth> level_{};
  Lanes<kWidth> slope_{};
  std::array<Lanes<kWidth>, kEtsSeasonBucketsMax> season_;
  std::array<Lanes<kWidth>, 4> rows_;
};

}  // namespace tandem::forecasting::ets
