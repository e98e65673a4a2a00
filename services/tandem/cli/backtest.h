// What the forms of `tandem forecast backtest` share.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "forecasting/backtest/engine.h"

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

// Central intervals whose coverage is told, in percent.
inline constexpr std::array<std::string_view, 4> kBacktestIntervals = {"50", "67", "95", "99"};

// One of the names that --engine allows.
forecasting::BacktestEngine EngineOf(std::string_view name);

// Both read all before they write anything, and print as `output` says (table, json, csv).
absl::Status RunM5Backtest(const BacktestArgs& args, const std::string& output);
absl::Status RunLongBacktest(const BacktestArgs& args, const std::string& output);

// Makes the folder where it is not there.
absl::Status MakeFolder(const std::string& path);

}  // namespace tandem::cli
