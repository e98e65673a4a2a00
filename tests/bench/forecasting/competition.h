// The series of the M competitions, their measures, and Naive2, the yardstick of both.
// Reference: Makridakis, Spiliotis and Assimakopoulos, "The M4 competition: 100,000 time series and
// 61 forecasting methods", Int. J. of Forecasting 36 (2020).
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tandem::bench {

struct CompetitionSeries {
  std::size_t season = 1;
  std::vector<double> history{};
  std::vector<double> actual{};
};

// The series of the file `path` of the folder that TANDEM_FORECASTING names, in their order; none
// where it names none. Ends the program where the file cannot be read.
std::vector<CompetitionSeries> ReadCompetition(const std::string& path);

// Averages over series. MASE leaves out series without a scale.
struct CompetitionError {
  double smape = 0.0;
  double mase = 0.0;
};
using Forecaster = std::function<void(const CompetitionSeries&, std::span<double> mean)>;
CompetitionError ErrorOf(std::span<const CompetitionSeries> series, const Forecaster& forecaster);

void Naive2(const CompetitionSeries& series, std::span<double> mean);

}  // namespace tandem::bench
