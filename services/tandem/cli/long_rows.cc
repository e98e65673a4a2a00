#include "services/tandem/cli/long_rows.h"

#include <algorithm>
#include <utility>

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/row.h"

namespace tandem::cli {

using forecasting::Knowledge;

void LongRows::Add(Row row, const std::vector<std::optional<float>>& covariates) {
  row.covariates = covariates_.size();
  covariates_.insert(covariates_.end(), covariates.begin(), covariates.end());
  rows_.push_back(row);
}

namespace {

// The cell of the file's column "date" in a line; "" where it is there no more.
std::string DateIn(const std::string& path, std::int64_t line) {
  const auto table = LongTable::Open(path);
  if (!table.ok()) return "";
  const auto date = (*table)->Need("date");
  if (!date.ok()) return "";
  for (;;) {
    const auto more = (*table)->Next();
    if (!more.ok() || !*more) return "";
    if ((*table)->line() == line) return std::string((*table)->Cell(*date));
  }
}

}  // namespace

absl::Status LongRows::Sort(const std::string& path, const std::string& series) {
  std::ranges::stable_sort(rows_, {}, &Row::bucket);
  const auto twice = std::ranges::adjacent_find(rows_, {}, &Row::bucket);
  if (twice == rows_.end()) return absl::OkStatus();
  return RefusedIn({.path = path,
                    .line = std::next(twice)->line,
                    .column = "date",
                    .rule = "DUPLICATE_ROW",
                    .value = DateIn(path, std::next(twice)->line),
                    .series = series},
                   "the series has two rows of this bucket");
}

absl::StatusOr<LongRowReader> LongRowReader::Make(const LongTable& table, const Columns& columns) {
  LongRowReader reader(table);
  TANDEM_ASSIGN_OR_RETURN(reader.series_, table.Need("series"));
  TANDEM_ASSIGN_OR_RETURN(reader.date_, table.Need("date"));
  if (!columns.value.empty()) {
    TANDEM_ASSIGN_OR_RETURN(reader.value_, table.Need(columns.value));
  }
  if (!columns.stockout.empty()) reader.stockout_ = table.Find(columns.stockout);
  for (const std::string& name : columns.covariates) {
    reader.covariates_.push_back(table.Find(name));
  }
  reader.cells_.resize(columns.covariates.size());
  return reader;
}

absl::StatusOr<std::string_view> LongRowReader::Series() const {
  const std::string_view name = table_->Cell(series_);
  if (name.empty()) return table_->Refused(series_, "FIELD_MISSING", "a row names its series");
  if (!exchange::csv::IsUtf8(name)) {
    return table_->Refused(series_, "BAD_NAME", "a name is UTF-8");
  }
  return name;
}

absl::Status LongRowReader::UnknownSeries() const {
  return table_->Refused(series_, "UNKNOWN_RECORD", "no such series is in the sales");
}

absl::StatusOr<std::int64_t> LongRowReader::BucketOf(LongCalendar& calendar) {
  const std::string_view text = table_->Cell(date_);
  if (!last_date_.empty() && text == last_date_) return last_bucket_;
  const auto bucket = calendar.BucketOf(text);
  if (!bucket.ok()) {
    const absl::string_view why = bucket.status().message();
    return table_->Refused(date_, "BAD_DATE", {why.data(), why.size()});
  }
  last_date_ = text;
  last_bucket_ = *bucket;
  return last_bucket_;
}

absl::Status LongRowReader::Take(LongCalendar& calendar, LongRows& rows) {
  LongRows::Row row{.line = table_->line()};
  TANDEM_ASSIGN_OR_RETURN(row.bucket, BucketOf(calendar));
  if (value_.has_value()) {
    TANDEM_ASSIGN_OR_RETURN(const std::optional<double> value, table_->Number(*value_));
    if (value.has_value()) {
      row.value = *value;
      row.knowledge = Knowledge::kKnown;
    }
  }
  if (stockout_.has_value() && row.knowledge == Knowledge::kKnown) {
    TANDEM_ASSIGN_OR_RETURN(const std::optional<double> out, table_->Number(*stockout_));
    if (out.value_or(0.0) > 0.0) row.knowledge = Knowledge::kLowerBound;
  }
  for (std::size_t j = 0; j < covariates_.size(); ++j) {
    cells_[j].reset();
    if (!covariates_[j].has_value()) continue;
    TANDEM_ASSIGN_OR_RETURN(const std::optional<double> value, table_->Number(*covariates_[j]));
    if (value.has_value()) cells_[j] = static_cast<float>(*value);
  }
  rows.Add(row, cells_);
  return absl::OkStatus();
}

}  // namespace tandem::cli
