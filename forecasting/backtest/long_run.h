// Runs the methods of long_method.h on one series of an origin. Private to the part.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_origin.h"
#include "forecasting/local/choice.h"
#include "forecasting/local/mstl.h"

namespace tandem::forecasting {

// One a thread; grows to the longest series and stays.
struct LongScratch {
  LocalScratch local{};
  MstlScratch mstl{};
  std::vector<double> factors{};
  std::vector<double> rest{};
  std::array<std::vector<double>, kLongMethods> means{};
};

// Nothing is forecast beyond five times the largest size that the series has had, its uplift aside.
double FarthestOf(const ReadySeries& ready);

// Obsolete: nothing sold for half a year and for longer than ever before; forecast zero.
bool IsQuiet(const ReadySeries& ready, BucketLength bucket);
// Whether the method takes long enough for a large panel to do without it.
bool IsCostly(LongMethod method);
// Whether it is made for series of this class.
bool Suits(LongMethod method, LongClass kind);

// Forecasts `mean_units.size()` buckets after the origin with the series' uplift put back. What a
// method refuses, or cannot know (MSTL without a season seen twice), is forecast by its
// level, and so is a series of fewer than 14 buckets or two seasons, whichever is less.
// Never below zero unless the series is signed, nor beyond FarthestOf. Costly methods read the last
// 500 buckets, MSTL eight of its longest season where that is more.
void RunMethod(LongMethod method, const LongOrigin& origin, std::size_t series,
               std::span<double> mean_units, LongScratch& scratch);

}  // namespace tandem::forecasting
