// What the forms of `tandem forecast backtest` share.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "forecasting/accuracy/calibration.h"
#include "forecasting/backtest/engine.h"
#include "services/tandem/cli/files.h"

namespace tandem::cli {

struct BacktestArgs {
  std::string format{"m5"};
  std::string data{};
  std::string origin{};
  std::optional<int> horizon{};  // The form's own where it is not given.
  std::string frequency{"D"};
  std::string stockout{};
  std::string engine{"local"};
  std::string out{};
  std::size_t threads = 1;
};

// Central intervals whose coverage is told, in percent: forecasting::kIntervalShares.
inline constexpr std::array<std::string_view, forecasting::kIntervals> kBacktestIntervals = {
    "50", "67", "80", "95", "99"};

// The fields of metrics.json that tell of one level's quantiles, each with a comma before it, null
// where nothing is measured: `coverage_50` … `coverage_99`, the share of outcomes within the
// central interval, ends included; `pit_50` …, the share of randomised PITs in the central 50 % of
// [0, 1] …; `pit_bins`, their shares by tenths; `pit_deviation` (Calibration::PitDeviation).
std::string CalibrationJson(const forecasting::Calibration& calibration);
// The columns of a printed table, and their cells in percent: coverage, then pit_80 and pit_95.
void AddCalibrationColumns(std::vector<std::string>* columns);
void AddCalibrationCells(const forecasting::Calibration& calibration,
                         std::vector<std::string>* row);

// One of the names that --engine allows.
forecasting::BacktestEngine EngineOf(std::string_view name);

// Both read all before they write anything, and print as `output` says (table, json, csv).
absl::Status RunM5Backtest(const BacktestArgs& args, const std::string& output);
absl::Status RunLongBacktest(const BacktestArgs& args, const std::string& output);

// Opens the files of a run in `folder`, which is made where it is not there; the last is the mark
// that the others are whole (OutputFile::FinishTogether).
using BacktestOutputs = std::vector<std::unique_ptr<OutputFile>>;
absl::StatusOr<BacktestOutputs> OpenOutputs(const std::string& folder,
                                            const std::vector<std::string>& names);

}  // namespace tandem::cli
