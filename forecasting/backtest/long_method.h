// The methods that a panel in long form is forecast with, and the classes of series that share
// weights.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tandem::forecasting {

enum class LongMethod : std::uint8_t {
  kSeasonalNaive,  // local/seasonal_naive.h
  kFlatLevel,      // One level by smoothing, without season.
  kLevel,          // One level by smoothing, times the season's indices.
  kIndexedTheta,   // local/theta.h without season, times the indices.
  kIndexedMedian,  // The median of local/choice.h without season, times the indices.
  kTheta,          // Theta with its own test for a season.
  kEts,            // local/ets.h
  kCes,            // local/ces.h
  kMedian,         // Of ETS, Theta and CES (local/choice.h).
  kMstl,           // local/mstl.h, several seasons.
  kSba,            // local/sba.h
  kTsb,            // local/tsb.h
  kImapa,          // local/imapa.h
};
inline constexpr std::size_t kLongMethods = 13;
inline constexpr std::array<std::string_view, kLongMethods> kLongMethodNames = {
    "seasonal naive", "flat level", "level", "indexed theta",
    "indexed median", "theta",      "ets",   "ces",
    "median",         "mstl",       "sba",   "tsb",
    "imapa"};

// How a series behaves up to the origin.
enum class LongClass : std::uint8_t {
  kSmooth,        // Demand in most buckets.
  kIntermittent,  // At least 1.32 buckets a demand (Syntetos and Boylan 2005).
  kSigned,        // Negative values are 5 % of its size or more.
};
inline constexpr std::size_t kLongClasses = 3;
inline constexpr std::array<std::string_view, kLongClasses> kLongClassNames = {
    "smooth", "intermittent", "signed"};

}  // namespace tandem::forecasting
