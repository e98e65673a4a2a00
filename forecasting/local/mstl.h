// Several seasons taken out one after the other by STL; what is left is forecast by exponential
// smoothing, and each season's last cycle goes on.
// References: K. Bandara, R. J. Hyndman and C. Bergmeir, "MSTL: a seasonal-trend decomposition
// algorithm for time series with multiple seasonal patterns", arXiv 2107.13462 (2021); R. B.
// Cleveland, W. S. Cleveland, J. E. McRae and I. Terpenning, "STL", J. of Official Statistics 6
// (1990).
//
//   MstlScratch scratch;  // One a thread.
//   const std::size_t seasons[] = {7, 365};
//   const absl::StatusOr<MstlModel> model = FitMstl(history_units, seasons, scratch);
//   ForecastMstl(*model, mean_units, band_units);
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/local/ets.h"

namespace tandem::forecasting {

inline constexpr std::size_t kMstlSeasonsMax = 4;
inline constexpr std::size_t kMstlSeasonBucketsMax = 1'000;

// A season's last cycle; `place` is where the next bucket stands in it.
struct MstlCycle {
  std::vector<double> units{};
  std::size_t place = 0;
};

struct MstlModel {
  EtsModel rest{};                  // Of trend and remainder.
  std::vector<MstlCycle> cycles{};  // By season, shortest first.
  bool non_negative = true;
};

// Grows to the longest history and stays.
struct MstlScratch {
  EtsScratch ets{};
  std::array<std::vector<double>, kMstlSeasonsMax> seasonal{};
  std::vector<double> rest{}, trend{}, cycle{}, extended{}, filtered{}, smoothed{}, weights{};
};

// Decomposes `history_units` into seasons, shortest first, each of the history less the others: two
// rounds, one if there is a single season; the k-th season's window is 7 + 4 k cycles of degree 0.
// A season that is not seen twice (2 m > n) is left out. The components lie in the scratch:
// seasonal[k], and rest = history less all. Equal seasons count once.
// Returns kInvalidArgument if the history is empty or holds a NaN or an infinity, there are more
// than kMstlSeasonsMax seasons, or one is below 2 or over kMstlSeasonBucketsMax; else the seasons
// used.
absl::StatusOr<std::vector<std::size_t>> DecomposeMstl(std::span<const double> history_units,
                                                       std::span<const std::size_t> seasons,
                                                       MstlScratch& scratch);

// The decomposition, and FitAutoEts without season for the rest. Errors of both.
absl::StatusOr<MstlModel> FitMstl(std::span<const double> history_units,
                                  std::span<const std::size_t> seasons, MstlScratch& scratch);

// One more bucket; the seasons stay. O(1). `units` must be finite.
void UpdateMstl(MstlModel& model, double units);

// The rest's mean and quantiles (ets.h), each moved by its bucket's seasons. Never below zero if
// the history was not. Errors as ForecastEts.
absl::Status ForecastMstl(const MstlModel& model, std::span<double> mean_units,
                          std::span<double> band_units);

}  // namespace tandem::forecasting
