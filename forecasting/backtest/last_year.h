// How a group's sales went on a year ago beyond what its season says, as a correction of a
// forecast: a season is a curve with weekdays and events, and what it misses (the end of school, a
// week of harvest) mostly happens again. Reference: Hyndman and Athanasopoulos, Forecasting:
// Principles and Practice, 3rd ed., 5.2, for the seasonal naive method, of which this is a share.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tandem::forecasting {

// Chosen by the mean error of the 13 origins d_1493 to d_1829 of M5's CA and WI, a horizon apart
// (forecasting/global/README.md, "How it was tuned").
struct LastYearOptions {
  double weight = 0.4;          // Of last year's path beside the season's, 0: none. In [0, 1].
  std::size_t level_days = 21;  // Before the same days, that the path is measured against.
  std::size_t smooth_days = 1;  // To each side of a day that are averaged with it.
  double factor_room = 0.3;     // A day's path may differ from 1 by so much before the weight.
};

// Of one group.
struct LastYearTask {
  std::span<const double> history_units{};  // Up to the origin.
  std::span<const double>
      season_index{};  // What a day sells of the level; of as many days or more.
  std::size_t horizon_days = 28;
};

// A factor a day of the horizon. With r = units / index, S' the mean of r on the same days a year
// (364 days) ago and smooth_days around each, L' its mean on the level_days before them:
//   factor = clamp(S' / L', 1 - factor_room, 1 + factor_room) ^ weight
// Days whose index is below a quarter of that time's median were closed and count nowhere. All 1
// where the history has no whole year and level_days before it, where the index is of fewer days,
// or where L' is 0; 1 on a day with nothing around it, and from a year ahead on. Values are finite
// and 0 or more; O((level_days + horizon) * smooth_days).
std::vector<double> LastYearFactors(const LastYearTask& task, const LastYearOptions& options);

}  // namespace tandem::forecasting
