// A folder in long form as a panel to forecast from: sales.csv (`series,date,value` and past
// covariates), series.csv (grouping columns) and future.csv (covariates known in advance), each
// also as .csv.zst, the last two where they are there. Of what comes after the origin nothing is
// kept but future.csv, and the values of the horizon, apart, to measure by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_newcomers.h"
#include "services/tandem/cli/long_calendar.h"

namespace tandem::cli {

struct LongFolderOptions {
  forecasting::BucketLength bucket = forecasting::BucketLength::kDay;
  std::string origin{};  // A date; the last bucket known is the one that holds it.
  std::size_t horizon_buckets = 28;
  // A past covariate: where it is above zero the shelf was empty for a part of the bucket, and the
  // sale a lower bound. "": none.
  std::string stockout{};
  // Called now and then with the rows read.
  std::function<void(std::int64_t rows)> on_progress{};
};

struct LongFolder {
  std::vector<std::string> names{};      // Of the panel's series, in the order of names.
  std::vector<std::string> groupings{};  // Columns of series.csv.
  std::vector<std::string> drivers{};    // Columns of future.csv that are used.
  // Columns of future.csv without a value up to the origin: nothing can be learnt of them.
  std::vector<std::string> unlearnt{};
  std::vector<std::string> without_history{};          // Series without a value up to the origin,
  std::vector<forecasting::LongNewcomer> newcomers{};  // and their groups.
  LongCalendar calendar{forecasting::BucketLength::kDay};
  std::int64_t origin = 0;
  forecasting::LongPanel panel{};
  forecasting::LongActuals actuals{};
  bool has_actuals = false;  // Any of them is known.
};

// Reads the folder. FILE_MALFORMED errors name file, line, column, rule and value: a date or number
// that is none (NaN and infinities too), values beyond 1e15, a date of a series that stands twice,
// a series of series.csv or future.csv that has no sales, or one without a row in series.csv, a
// covariate missing in the horizon, the value or the stock-outs among those known in advance.
// FIELD_OUT_OF_RANGE where the origin lies before all sales or a series spans more than 200,000
// buckets. A past covariate that is missing is that of the bucket before.
absl::StatusOr<LongFolder> LoadLongFolder(const std::string& folder,
                                          const LongFolderOptions& options);

}  // namespace tandem::cli
