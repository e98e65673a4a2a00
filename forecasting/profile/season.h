// The season of a group of series (a store's department): how much of its level each day sells, by
// weekday, regional days, events and their eves, day of the month and time of the year. A robust
// log-linear regression of the group's daily sum beside a piecewise linear trend, each coefficient
// drawn towards that of the group's pool (its department in all stores) by a ridge.
// References: Taylor and Letham, "Forecasting at scale", The American Statistician 72 (2018), for
// season, events and trend as one regression; Hoerl and Kennard, "Ridge regression", Technometrics
// 12 (1970); Huber, "Robust Statistics" (1981), for the weights.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/profile/calendar.h"

namespace tandem::forecasting {

// Chosen by the mean error of ten origins before d_1830 of M5's CA and WI (README, "How it was
// tuned"); penalties are in units of days: one of 3 weighs as three days of residuals of size 1.
struct SeasonOptions {
  std::size_t history_days_max = 1461;  // Four years; older days say little of today's season.
  std::size_t knot_days = 120;          // Between the trend's bends.
  int yearly_harmonics = 3;
  int monthly_harmonics = 3;
  double level_alpha = 0.1;        // Of the level after the season is divided out, in (0, 1].
  double penalty_scale = 0.3;      // On all coefficients of a pool.
  double group_penalty_scale = 1;  // On a group's deviations from its pool.
  // A day that sells at most this share of the median, and is as many of a count's standard
  // deviations below it, was closed.
  double closed_share = 0.15;
  double closed_deviations = 8.0;
};

struct Season {
  // By day from the first of the history to the last of the horizon: share of the level, >= 0.
  std::vector<double> index{};
  std::vector<double> coefficients{};  // What a group of this pool is drawn to.
  double level_units = 0.0;            // At the end of the history.
  // By day of the history: whether so little was sold that the group was plainly closed.
  std::vector<bool> closed{};
};

// Fits `history_units`, sums a day, of the days `calendar` begins with; index runs on over
// `horizon_days` more. `regional` says of
// each day of calendar what share of the group's stores has the regional happening.
// `pool_coefficients` are those of the pool's own fit, or empty for the pool itself. A history
// without sales has level 0 and index 1. Events on whose every past day the group was closed are
// forecast closed. Time O(history * columns^2), columns about 100; memory O(columns * (history +
// columns)). Returns kInvalidArgument if the history is empty, holds a negative value, a NaN or an
// infinity, or is longer than the calendar less the horizon; if `regional` has another length than
// the calendar, an option is out of range, or the pool's coefficients are of another number;
// kOutOfRange if a result is not finite.
struct SeasonTask {
  std::span<const double> history_units{};
  const RetailCalendar* calendar = nullptr;
  std::span<const float> regional{};
  std::size_t horizon_days = 28;
  std::span<const double> pool_coefficients{};
};
absl::StatusOr<Season> FitSeason(const SeasonTask& task, const SeasonOptions& options);

}  // namespace tandem::forecasting
