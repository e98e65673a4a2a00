// Rows of sales.csv or future.csv of one series, and how they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "forecasting/backtest/long_backtest.h"
#include "services/tandem/cli/long_calendar.h"
#include "services/tandem/cli/long_table.h"

namespace tandem::cli {

class LongRows {
 public:
  struct Row {
    std::int64_t bucket = 0;
    std::int64_t line = 0;
    double value = 0.0;
    forecasting::Knowledge knowledge = forecasting::Knowledge::kGap;
    std::size_t covariates = 0;  // Where they begin.
  };

  const std::vector<Row>& rows() const { return rows_; }
  std::optional<float> Covariate(const Row& row, std::size_t j) const {
    return covariates_[row.covariates + j];
  }
  void Add(Row row, const std::vector<std::optional<float>>& covariates);
  // By bucket. FILE_MALFORMED / DUPLICATE_ROW where two are of one bucket: the later one's place in
  // the file of `path`, which is read again to tell its date.
  absl::Status Sort(const std::string& path, const std::string& series);

 private:
  std::vector<Row> rows_;
  std::vector<std::optional<float>> covariates_;
};

class LongRowReader {
 public:
  struct Columns {
    std::string value{};  // "": none.
    std::vector<std::string> covariates{};
    std::string stockout{};  // "": none.
  };
  // FILE_MALFORMED where the header lacks series, date or the value; covariates that it lacks are
  // unknown in every row. `table` must outlive the reader.
  static absl::StatusOr<LongRowReader> Make(const LongTable& table, const Columns& columns);

  // The series of the table's present row. FILE_MALFORMED where it is empty or no UTF-8.
  absl::StatusOr<std::string_view> Series() const;
  absl::Status UnknownSeries() const;
  // Adds the present row.
  absl::Status Take(LongCalendar& calendar, LongRows& rows);

 private:
  explicit LongRowReader(const LongTable& table) : table_(&table) {}
  absl::StatusOr<std::int64_t> BucketOf(LongCalendar& calendar);

  const LongTable* table_;
  std::size_t series_ = 0;
  std::size_t date_ = 0;
  std::optional<std::size_t> value_{};
  std::optional<std::size_t> stockout_{};
  std::vector<std::optional<std::size_t>> covariates_{};
  std::vector<std::optional<float>> cells_{};
  std::string last_date_{};  // Files have few dates beside their rows.
  std::int64_t last_bucket_ = 0;
};

}  // namespace tandem::cli
