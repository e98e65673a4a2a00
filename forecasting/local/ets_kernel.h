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
#include "forecasting/local/lane_sums.h"
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
  EtsState start{};  // Its place is 0.
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

// The recursion with its derivatives. kSeasons: m at most, in whole lanes; 0 without a season.
//
// The columns while it runs: weights, level, slope, the error (its sign turned, and so that of all
// derivatives: sums of products are the same), and in lanes of their own the starts of all m
// seasons, as if they were free. Where the season is additive, the mean is linear in the starts,
// with factors that the weights alone make, and what the start of one season does to the means, the
// next one's does a bucket later: one response h(t), of which the seasons' columns at t are the
// window h(t), h(t - 1), ... So only h is carried along; and with an additive error the sums of
// products of two seasons' columns are shifted too.
template <EtsError kError, EtsTrend kTrend, EtsSeason kSeason, std::size_t kSeasons>
class Pass {
 public:
  using At = Places<kTrend, kSeason>;
  static constexpr bool kRelative = kError == EtsError::kMultiplicative;
  static constexpr bool kScaled = kSeason == EtsSeason::kMultiplicative;
  static constexpr bool kShifted = kSeason == EtsSeason::kAdditive;
  static constexpr std::size_t kErrorAt = At::kFirstSeason;
  static constexpr std::size_t kSmall = ToLanes(kErrorAt + 1);
  static constexpr std::size_t kWidth = kSmall + kSeasons;
  static constexpr std::size_t kLanes = kWidth / kLaneSize;
  static constexpr std::size_t kCarried = (kScaled ? kWidth : kSmall) / kLaneSize;
  static_assert(kWidth <= kWidthMax);

  // False if what must be positive is not, or the squares pass `squares_max`.
  static bool Run(const Series& series, const Point& point, double squares_max, Sums& sums) {
    Pass pass(series, point);
    for (std::size_t t = 0; t < series.size; t += kBlock) {
      const std::size_t rows = std::min<std::size_t>(kBlock, series.size - t);
      if (!pass.Steps(series.values + t, rows) || !(pass.squares_ <= squares_max)) return false;
      pass.AddRows(rows);
    }
    pass.WriteTo(static_cast<double>(series.size), sums);
    return true;
  }

 private:
  static constexpr std::size_t kBlock = 16;  // Rows that are summed up at once.
  using Row = LaneRow<kLanes>;
  using Carried = LaneRow<kCarried>;

  Pass(const Series& series, const Point& point)
      : season_buckets_(series.season), parameters_(point.parameters), state_(point.start) {
    level_.lane[At::kLevel / kLaneSize] += kUnit<At::kLevel>;
    if constexpr (At::kSloped) slope_.lane[At::kSlope / kLaneSize] += kUnit<At::kSlope>;
    if constexpr (At::kSeasonal) {
      for (std::size_t i = 0; i < season_buckets_; ++i) season_[i] = {};
    }
    if constexpr (kScaled) {
      for (std::size_t i = 0; i < season_buckets_; ++i) {
        season_[i].lane[(kSmall + i) / kLaneSize][i % kLaneSize] = 1.0;
      }
    }
    if constexpr (kShifted) {
      response_season_.fill(0.0);
      response_season_[0] = 1.0;
      responses_.fill(0.0);
    }
  }

  bool Steps(const double* values, std::size_t rows) {
    double product = 1.0;
    for (std::size_t r = 0; r < rows; ++r) {
      if constexpr (kShifted) responses_[kBlock - 1 - r] = Respond();
      if (!Step(values[r], r)) return false;
      if constexpr (kRelative) {
        product *= mean_;  // Of eight means above kTiny: no smaller than 1e-240.
        if (r % 8 == 7 || r + 1 == rows) {
          log_mean_ += std::log(product);
          product = 1.0;
        }
      }
      if constexpr (At::kSeasonal) {
        state_.place = state_.place + 1 == season_buckets_ ? 0 : state_.place + 1;
      }
    }
    return true;
  }

  // h of this bucket; its states move on.
  double Respond() {
    const auto [alpha, beta, gamma, phi] = parameters_;
    double& season = response_season_[state_.place];
    const double level = response_level_ + phi * response_slope_;
    const double mean = level + season;
    season -= gamma * mean;
    response_level_ = level - alpha * mean;
    if constexpr (At::kSloped) response_slope_ = phi * response_slope_ - beta * mean;
    return mean;
  }

  bool Step(double y, std::size_t r) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    const double q = state_.level + phi * state_.slope;
    Carried dq;
    for (std::size_t l = 0; l < kCarried; ++l) {
      dq.lane[l] = level_.lane[l];
      if constexpr (At::kSloped) dq.lane[l] += phi * slope_.lane[l];
    }
    if constexpr (At::kDamped) dq.lane[0] += state_.slope * kUnit<At::kPhi>;
    Carried dmean;
    double level_error = 0.0;
    if constexpr (kScaled) {
      const double s = state_.season[state_.place];
      if (!(q > kTiny) || !(s > kTiny)) return false;
      level_error = Scale({y, q, s}, dq, dmean);
    } else {
      level_error = Shift(y, q, dq, dmean);
    }
    Row& row = rows_[r];
    double error = y - mean_;
    if constexpr (kRelative) {
      if (!(mean_ > kTiny)) return false;
      inverses_[r] = 1.0 / mean_;
      factors_[r] = y * inverses_[r] * inverses_[r];
      error = y * inverses_[r] - 1.0;
    }
    for (std::size_t l = 0; l < kCarried; ++l) {
      row.lane[l] = dmean.lane[l];
      if constexpr (kRelative) {
        log_slope_.lane[l] += inverses_[r] * dmean.lane[l];
        row.lane[l] *= factors_[r];
      }
    }
    row.lane[kErrorAt / kLaneSize] -= error * kUnit<kErrorAt>;
    squares_ += error * error;
    state_.level = q + alpha * level_error;
    if constexpr (At::kSloped) state_.slope = phi * state_.slope + beta * level_error;
    return true;
  }

  // No season or an additive one: all states move by y - mu.
  double Shift(double y, double q, const Carried& dq, Carried& dmean) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    mean_ = q;
    if constexpr (At::kSeasonal) {
      Carried& ds = season_[state_.place];
      mean_ += state_.season[state_.place];
      for (std::size_t l = 0; l < kCarried; ++l) {
        dmean.lane[l] = dq.lane[l] + ds.lane[l];
        ds.lane[l] -= gamma * dmean.lane[l];
      }
      ds.lane[0] += (y - mean_) * kUnit<At::kGamma>;
      state_.season[state_.place] += gamma * (y - mean_);
    } else {
      for (std::size_t l = 0; l < kCarried; ++l) dmean.lane[l] = dq.lane[l];
    }
    Move(y - mean_, dq, dmean);
    return y - mean_;
  }

  struct Factors {
    double y = 0.0;
    double q = 0.0;  // Level and slope.
    double s = 0.0;
  };

  // A multiplicative season: level and slope move by y / s - q, the season by y / q - s.
  double Scale(const Factors& of, const Carried& dq, Carried& dmean) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    const auto [y, q, s] = of;
    mean_ = q * s;
    const double by_s = 1.0 / s;
    const double by_q = 1.0 / q;
    const double level_error = y * by_s - q;
    const double season_error = y * by_q - s;
    const double by_season = y * by_s * by_s;
    const double by_level = y * by_q * by_q;
    Carried& ds = season_[state_.place];
    Carried dminus;  // Of q - y / s.
    for (std::size_t l = 0; l < kCarried; ++l) {
      dmean.lane[l] = dq.lane[l] * s + q * ds.lane[l];
      dminus.lane[l] = by_season * ds.lane[l] + dq.lane[l];
      ds.lane[l] -= gamma * (by_level * dq.lane[l] + ds.lane[l]);
    }
    ds.lane[0] += season_error * kUnit<At::kGamma>;
    state_.season[state_.place] = s + gamma * season_error;
    Move(level_error, dq, dminus);
    return level_error;
  }

  // Derivatives of level and slope once they moved by `error`, whose own are -dminus.
  void Move(double error, const Carried& dq, const Carried& dminus) {
    const auto [alpha, beta, gamma, phi] = parameters_;
    for (std::size_t l = 0; l < kCarried; ++l) {
      level_.lane[l] = dq.lane[l] - alpha * dminus.lane[l];
      if constexpr (At::kSloped) {
        slope_.lane[l] = phi * slope_.lane[l] - beta * dminus.lane[l];
      }
    }
    level_.lane[0] += error * kUnit<0>;
    if constexpr (At::kSloped) slope_.lane[0] += error * kUnit<At::kBeta>;
    if constexpr (At::kDamped) slope_.lane[0] += state_.slope * kUnit<At::kPhi>;
  }

  // Sums of products of the block's columns.
  void AddRows(std::size_t rows) {
    const RowSpan own = {reinterpret_cast<const double*>(&rows_[0]), kWidth};
    const RowSpan windows = {&responses_[kBlock - 1], -1};
    double* const sum = sums_.data();
    if constexpr (kShifted && kRelative) {
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t l = 0; l < kSeasons / kLaneSize; ++l) {
          Lane4 window;
          Load(&responses_[kBlock - 1 - r + l * kLaneSize], window);
          log_slope_.lane[kCarried + l] += inverses_[r] * window;
          rows_[r].lane[kCarried + l] = factors_[r] * window;
        }
      }
    }
    if constexpr (kShifted && !kRelative) {
      AddTriangle<kSmall>(rows, own, kWidth, sum);
      for (std::size_t i = 0; i < kSmall; i += kLaneSize) {
        AddStrip<kLaneSize, kSeasons>(rows, {own.first + i, own.stride}, windows, kWidth,
                                      sum + i * kWidth + kSmall);
      }
      AddStrip<1, kSeasons>(rows, windows, windows, kWidth, sum + kSmall * kWidth + kSmall);
    } else {
      AddTriangle<kWidth>(rows, own, kWidth, sum);
    }
    if constexpr (kShifted) {
      const std::size_t newest = kBlock - rows;
      for (std::size_t i = kSeasons; i-- > 0;) responses_[kBlock + i] = responses_[newest + i];
    }
  }

  // The sums in the order of the parameter vector, without the last season's start: the others'
  // columns less its own, since it is what they leave.
  void WriteTo(double n, Sums& sums) {
    if constexpr (kShifted && !kRelative) FillShifted();
    const std::size_t m = season_buckets_;
    const std::size_t size = kErrorAt + (At::kSeasonal ? m - 1 : 0);
    const auto at = [this](std::size_t i, std::size_t j) { return sums_[i * kWidth + j]; };
    const auto slope = [&](std::size_t j) { return log_slope_.lane[j / kLaneSize][j % kLaneSize]; };
    for (std::size_t i = 0; i < kErrorAt; ++i) {
      EndRow(at(i, kErrorAt), size, i, sums);
      for (std::size_t j = i; j < kErrorAt; ++j) sums.normal[i][j] = at(i, j);
      sums.log_slope[i] = slope(i) / n;
    }
    if constexpr (At::kSeasonal) {
      const std::size_t last = kSmall + m - 1;
      for (std::size_t i = 0; i < kErrorAt; ++i) {
        const double by_last = at(i, last);
        for (std::size_t j = 0; j + 1 < m; ++j) {
          sums.normal[i][kErrorAt + j] = at(i, kSmall + j) - by_last;
        }
      }
      std::array<double, kSeasons> by_last;
      for (std::size_t j = 0; j < m; ++j) by_last[j] = at(kSmall + j, last);
      for (std::size_t i = 0; i + 1 < m; ++i) {
        EndRow(at(kErrorAt, kSmall + i) - at(kErrorAt, last), size, kErrorAt + i, sums);
        const double here = by_last[i] - by_last[m - 1];
        double* const to = &sums.normal[kErrorAt + i][kErrorAt];
        for (std::size_t j = i; j + 1 < m; ++j) {
          to[j] = at(kSmall + i, kSmall + j) - by_last[j] - here;
        }
        sums.log_slope[kErrorAt + i] = (slope(kSmall + i) - slope(last)) / n;
      }
    }
    for (std::size_t j = size; j < ToLanes(size); ++j) sums.log_slope[j] = 0.0;
    sums.squares = squares_;
    sums.log_mean = log_mean_ / n;
    sums.state = state_;
  }

  // J'e of a row, in whole lanes of which the rest is zero as is the diagonal's; what is between is
  // still to be written.
  static void EndRow(double error, std::size_t size, std::size_t i, Sums& sums) {
    auto& row = sums.normal[i];
    Store(Lane4{}, &row[i / kLaneSize * kLaneSize]);
    Store(Lane4{}, &row[size / kLaneSize * kLaneSize]);
    row[size] = error;
  }

  // Of two seasons' columns, a bucket later: the sum of all products but the one that the last
  // bucket cuts off.
  void FillShifted() {
    const double* const window = &responses_[kBlock];  // Of the last bucket.
    for (std::size_t i = 0; i + 1 < season_buckets_; ++i) {
      const double* const from = &sums_[(kSmall + i) * kWidth + kSmall];
      double* const to = &sums_[(kSmall + i + 1) * kWidth + kSmall];
      for (std::size_t j = i; j + 1 < season_buckets_; ++j) {
        to[j + 1] = from[j] - window[i] * window[j];
      }
    }
  }

  std::size_t season_buckets_ = 1;
  EtsParameters parameters_{};
  EtsState state_{};
  double mean_ = 0.0;
  double squares_ = 0.0;
  double log_mean_ = 0.0;
  Carried level_{};
  Carried slope_{};
  Row log_slope_{};
  Carried season_[kEtsSeasonBucketsMax];
  // Of one season's start: h, the newest first, those before the block behind; and its states.
  std::array<double, kBlock + kSeasons> responses_;
  std::array<double, kEtsSeasonBucketsMax> response_season_;
  double response_level_ = 0.0;
  double response_slope_ = 0.0;
  // Of a block: the columns, 1 / mu, and y / mu^2, the derivative of y / mu - 1 by -mu.
  Row rows_[kBlock];
  std::array<double, kBlock> inverses_;
  std::array<double, kBlock> factors_;
  alignas(Lane4) std::array<double, kWidth * kWidth> sums_{};
};

}  // namespace tandem::forecasting::ets
