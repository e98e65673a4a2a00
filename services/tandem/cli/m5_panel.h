// A folder in the layout of M5 as a panel to forecast from: every sales*.csv, prices*.csv and
// first_listed*.csv in it (each may end in .zst), and calendar.csv. Of the days after the origin
// nothing is kept but the calendar, and the sales of the horizon, apart, to measure by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/exchange/csv/m5.h"

namespace tandem::cli {

struct M5PanelOptions {
  int origin_d = 0;  // The last day known: d_1857 is 1857.
  int horizon_days = 28;
  // Called now and then with the series read.
  std::function<void(std::int64_t series)> on_progress{};
};

struct M5PanelSeries {
  int item =
      0;  // Numbers of the names below; a store's state and an item's department are its own.
  int department = 0;
  int category = 0;
  int store = 0;
  int state = 0;
  std::size_t listed_day = 0;  // From 0; 0 too where nothing is known.
  // Units times price of the 28 days up to the origin; at the nearest known price where a day has
  // none, as long as it is not after the origin.
  double dollars = 0.0;
};

// A price from its first day on, until the next one's.
struct M5PanelPrice {
  int first_day = 0;  // From 0; below the origin.
  double price = 0.0;
};

// Series of which a day of the horizon is unknown: their file ends before it, or a cell is no
// number.
struct M5Unmeasured {
  std::int64_t series = 0;  // So many; the rest is of the first.
  std::string path{};
  std::int64_t line = 0;
  std::string item{};
  std::string store{};
  int first_d = 0;  // The first day without a number.
};

struct M5Panel {
  // By number, in the order of names.
  std::vector<std::string> items{};
  std::vector<std::string> departments{};
  std::vector<std::string> categories{};
  std::vector<std::string> stores{};
  std::vector<std::string> states{};
  std::vector<M5PanelSeries> series{};  // By store, then item.
  exchange::csv::M5Calendar calendar{};
  std::size_t history_days = 0;
  std::size_t horizon_days = 0;
  std::vector<std::vector<M5PanelPrice>> prices{};  // By series, ascending; empty: none known.
  std::vector<float> units{};  // Of series 0, of series 1, …: history_days each.
  // Of the horizon, likewise; empty where a day of it is unknown of any series.
  std::vector<float> actual_units{};
  M5Unmeasured unmeasured{};

  std::span<const float> History(std::size_t i) const {
    return std::span(units).subspan(i * history_days, history_days);
  }
};

// Reads the folder. FILE_MALFORMED errors name file, line, column, rule and value, or what of it
// there is, also for a column that is missing and a series that stands twice; FIELD_OUT_OF_RANGE
// where the origin is not in the sales or the horizon not in the calendar.
absl::StatusOr<M5Panel> LoadM5Panel(const std::string& folder, const M5PanelOptions& options);

}  // namespace tandem::cli
