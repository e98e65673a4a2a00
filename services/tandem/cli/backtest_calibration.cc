// How the forms of `tandem forecast backtest` tell whether quantiles keep what they promise.
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/tandem/cli/backtest.h"

namespace tandem::cli {
namespace {

constexpr std::size_t kPitColumns[] = {2, 3};  // Of kBacktestIntervals.

std::string NumberOrNull(const std::optional<double>& value) {
  return value.has_value() ? absl::StrFormat("%.6f", *value) : "null";
}

std::string Percent(const std::optional<double>& share) {
  return share.has_value() ? absl::StrFormat("%.1f", 100.0 * *share) : "-";
}

}  // namespace

std::string CalibrationJson(const forecasting::Calibration& calibration) {
  std::string json;
  for (std::size_t k = 0; k < forecasting::kIntervals; ++k) {
    absl::StrAppend(&json, ",\"coverage_", std::string(kBacktestIntervals[k]),
                    "\":", NumberOrNull(calibration.Covered(k)));
  }
  for (std::size_t k = 0; k < forecasting::kIntervals; ++k) {
    absl::StrAppend(&json, ",\"pit_", std::string(kBacktestIntervals[k]),
                    "\":", NumberOrNull(calibration.PitCovered(k)));
  }
  json += ",\"pit_bins\":[";
  for (std::size_t bin = 0; bin < forecasting::kPitBins; ++bin) {
    absl::StrAppend(&json, bin == 0 ? "" : ",", NumberOrNull(calibration.PitBin(bin)));
  }
  absl::StrAppend(&json, "],\"pit_deviation\":", NumberOrNull(calibration.PitDeviation()));
  return json;
}

void AddCalibrationColumns(std::vector<std::string>* columns) {
  for (const std::string_view name : kBacktestIntervals) {
    columns->push_back("IN_" + std::string(name) + "%");
  }
  for (const std::size_t k : kPitColumns) {
    columns->push_back("PIT_" + std::string(kBacktestIntervals[k]) + "%");
  }
}

void AddCalibrationCells(const forecasting::Calibration& calibration,
                         std::vector<std::string>* row) {
  for (std::size_t k = 0; k < forecasting::kIntervals; ++k) {
    row->push_back(Percent(calibration.Covered(k)));
  }
  for (const std::size_t k : kPitColumns) row->push_back(Percent(calibration.PitCovered(k)));
}

}  // namespace tandem::cli
