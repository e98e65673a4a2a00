// The methods by which a run forecasts: what each is called, and what it asks for. A method's
// mathematics is dispatched in worker_batch.cc (fit.h, fit_profile.h, fit_local.h).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandem::forecast {

inline constexpr std::string_view kSeasonalNaive = "seasonal-naive";
inline constexpr std::string_view kSes = "ses";
inline constexpr std::string_view kPooledProfile = "pooled-profile";
inline constexpr std::string_view kLocal = "local";

struct RunMethod {
  std::string_view name{};
  std::int32_t history_days = 0;  // That it looks at, up to the origin.
  bool together = false;          // Fits a location's items at once, by the group that each is in.
  bool has_quantiles = false;
};

inline constexpr std::array<RunMethod, 4> kRunMethods = {{
    {.name = kSeasonalNaive, .history_days = 56},  // Eight weeks to find each weekday in.
    {.name = kSes, .history_days = 1'100},         // At alpha 0.02 older days weigh 1e-10.
    // Four years: a season is seen three times.
    {.name = kPooledProfile, .history_days = 1'461, .together = true},
    {.name = kLocal, .history_days = 1'461, .together = true, .has_quantiles = true},
}};

// nullptr if there is no such method.
constexpr const RunMethod* FindRunMethod(std::string_view name) {
  const auto* const found = std::ranges::find(kRunMethods, name, &RunMethod::name);
  return found == kRunMethods.end() ? nullptr : found;
}

// "seasonal-naive, ses, pooled-profile and local", for messages.
inline std::string RunMethodNames() {
  std::string names;
  for (std::size_t i = 0; i < kRunMethods.size(); ++i) {
    if (i > 0) names += i + 1 == kRunMethods.size() ? " and " : ", ";
    names += kRunMethods[i].name;
  }
  return names;
}

}  // namespace tandem::forecast
