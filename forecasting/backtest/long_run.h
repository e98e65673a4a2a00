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
  std::array<std::vector<double>, kLongMethods> means{};  // What RunMethods forecasts.
  // Fits of one series and origin, of its history and of that without season: by method of
  // kMedianMethods.
  struct Fit {
    std::size_t season_buckets = 0;  // 0: not fitted.
    bool ok = false;
    std::vector<double> mean_units{};
  };
  std::array<std::array<Fit, kMedianMethods.size()>, 2> fits{};
};

// Nothing is forecast beyond five times the largest size that the series has had, its uplift aside.
double FarthestOf(const ReadySeries& ready);

// Obsolete: nothing sold for half a year and for longer than ever before; forecast zero.
bool IsQuiet(const ReadySeries& ready, BucketLength bucket);
// Whether the method takes long enough for a large panel to do without it.
bool IsCostly(LongMethod method);
// Whether it is made for series of this class.
bool Suits(LongMethod method, LongClass kind);

// Forecasts the horizon after the origin by each of `methods`, with the series' uplift put back,
// into `scratch.means`, by method. What a method refuses, or cannot know (MSTL without a season
// seen twice), is forecast by its level, and so is a series of fewer than 14 buckets or two
// seasons, whichever is less. Never below zero unless the series is signed, nor beyond FarthestOf.
// Costly methods read the last 500 buckets, MSTL eight of its longest season where that is more.
// Methods together cost less than one by one: they share fits.
void RunMethods(std::span<const LongMethod> methods, const LongOrigin& origin, std::size_t series,
                std::size_t horizon_buckets, LongScratch& scratch);

}  // namespace tandem::forecasting
