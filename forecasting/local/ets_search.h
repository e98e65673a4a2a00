// The fit of one form of exponential smoothing to a scaled history. Internal to ets.cc and its
// tests.
#pragma once

#include <cstddef>
#include <span>

#include "forecasting/local/ets.h"
#include "forecasting/local/ets_kernel.h"

namespace tandem::forecasting::ets {

// A search ends once a step gains less than this in n log(sum e^2) (+ 2 sum log mu).
inline constexpr double kGainMin = 1e-4;
// And once it gains less than this share of what it is still behind what it has to beat.
inline constexpr double kGainHopeless = 0.02;

struct Fit {
  Point point{};
  EtsState state{};
  double squares = 0.0;     // sum e^2
  double likelihood = 0.0;  // What is minimized.
  bool converged = false;
};

// k: smoothing parameters, free starts, and one for the variance.
std::size_t ParameterCount(const EtsForm& form, std::size_t season);

// Akaike's criterion, corrected for few observations; needs n > k + 1.
double Aicc(double likelihood, std::size_t parameters, std::size_t size);

// Whether the effect of a start dies out (or grows by less than a thousandth a bucket): in the
// usual region always, but with both trend and season. Hyndman, Akram and Archibald, "The
// admissible parameter space for exponential smoothing models", Annals of the Institute of
// Statistical Mathematics 60 (2008).
bool IsAdmissible(const EtsForm& form, const EtsParameters& parameters, std::size_t season);

// The pass of a form with a season of so many buckets, for wide lanes where the processor has them,
// or as it is for all. False as Pass::Run says.
using Runner = bool (*)(const Series& series, const Point& point, double squares_max, Sums& sums);
enum class PassLanes { kWidest, kPlain };
Runner RunnerOf(const EtsForm& form, std::size_t season, PassLanes lanes = PassLanes::kWidest);

// The recursion at a given point. False if what must be positive is not.
bool Evaluate(const Series& series, const EtsForm& form, const Point& point, Fit& fit);

// Where a search starts. One that is not followed `always` is only where it begins near the best of
// those before it.
struct Start {
  Point point{};
  bool always = true;
};

// The search from `starts`, the most promising first, kStartsMax at most; the best point it has
// seen. A likelihood above `hopeless` cannot win: such a search ends early, and where the first
// start's ends far above, no other is tried. False if no start is a fit.
inline constexpr std::size_t kStartsMax = 4;
bool Search(const Series& series, const EtsForm& form, std::span<const Start> starts,
            double hopeless, Fit& fit);

}  // namespace tandem::forecasting::ets
