#include "services/tandem/cli/long_folder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/long_rows.h"
#include "services/tandem/cli/long_table.h"

namespace tandem::cli {
namespace {

using base::Reason;
using forecasting::Knowledge;
using forecasting::LongSeries;

constexpr std::int64_t kBucketsMax = 200'000;
constexpr std::size_t kCellsMax = 20'000'000;

// The file of this name, packed or not; "" where there is neither.
std::string PathIn(const std::string& folder, const char* name) {
  for (const char* end : {".csv", ".csv.zst"}) {
    std::string path = absl::StrCat(folder, "/", name, end);
    std::error_code error;
    if (std::filesystem::exists(path, error)) return path;
  }
  return "";
}

class FolderLoader {
 public:
  FolderLoader(const std::string& folder, const LongFolderOptions& options)
      : options_(options),
        sales_path_(PathIn(folder, "sales")),
        series_path_(PathIn(folder, "series")),
        future_path_(PathIn(folder, "future")),
        folder_(folder) {
    out_.calendar = LongCalendar(options.bucket);
  }

  absl::StatusOr<LongFolder> Load() {
    if (sales_path_.empty()) {
      return base::RefuseField(Reason::kUnknownRecord, "--data", "the folder holds no such file",
                               {{"folder", folder_}, {"file", "sales.csv or sales.csv.zst"}});
    }
    TANDEM_RETURN_IF_ERROR(ReadSales());
    TANDEM_RETURN_IF_ERROR(ReadFuture());
    TANDEM_RETURN_IF_ERROR(FindOrigin());
    for (auto& [name, rows] : series_) TANDEM_RETURN_IF_ERROR(AddSeries(name, rows));
    if (out_.names.empty()) {
      return base::RefuseField(Reason::kFieldOutOfRange, "--origin",
                               "no series has a value up to it",
                               {{"origin", options_.origin}, {"file", sales_path_}});
    }
    if (out_.names.size() > kCellsMax / options_.horizon_buckets) {
      return base::RefuseField(
          Reason::kFieldOutOfRange, "--horizon", "series times horizon is at most 20,000,000",
          {{"series", out_.names.size()}, {"horizon", options_.horizon_buckets}});
    }
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      (learnt_[j] ? out_.drivers : out_.unlearnt).push_back(columns_[j]);
    }
    if (out_.drivers.size() > forecasting::kLongDriversMax) {
      return RefusedIn(
          {.path = future_path_, .line = 1, .rule = "FIELD_OUT_OF_RANGE"},
          absl::StrCat("at most ", forecasting::kLongDriversMax,
                       " covariates known in advance are taken, not ", out_.drivers.size()));
    }
    DropUnlearnt();
    TANDEM_RETURN_IF_ERROR(ReadGroupings());
    return std::move(out_);
  }

 private:
  // What is known of one series, until it is put into the panel.
  struct SeriesRows {
    LongRows sales{};
    LongRows future{};
  };

  // What is to be forecast, or tells that it sold out, is known of no day to come.
  absl::Status CheckDriver(const LongTable& future, const std::string& name) const {
    if (name == "value") {
      return future.RefusedAt(1, name, "FIELD_OUT_OF_RANGE",
                              "the value is what is forecast: future.csv does not hold it");
    }
    if (!options_.stockout.empty() && name == options_.stockout) {
      return future.RefusedAt(1, name, "FIELD_OUT_OF_RANGE",
                              "the column of --stockout is a past covariate: future.csv does not "
                              "hold it");
    }
    return absl::OkStatus();
  }

  absl::Status ReadSales() {
    if (!future_path_.empty()) {
      TANDEM_ASSIGN_OR_RETURN(const auto future, LongTable::Open(future_path_));
      for (const std::string& name : future->columns()) {
        TANDEM_RETURN_IF_ERROR(CheckDriver(*future, name));
        if (name != "series" && name != "date") columns_.push_back(name);
      }
      learnt_.assign(columns_.size(), false);
    }
    TANDEM_ASSIGN_OR_RETURN(const auto table, LongTable::Open(sales_path_));
    LongRowReader::Columns columns{.value = "value", .covariates = columns_};
    if (!options_.stockout.empty()) {
      TANDEM_RETURN_IF_ERROR(table->Need(options_.stockout).status());
      columns.stockout = options_.stockout;
    }
    TANDEM_ASSIGN_OR_RETURN(LongRowReader reader, LongRowReader::Make(*table, columns));
    SeriesRows* last = nullptr;
    std::string last_name;
    std::int64_t rows = 0;
    for (;;) {
      TANDEM_ASSIGN_OR_RETURN(const bool more, table->Next());
      if (!more) break;
      TANDEM_ASSIGN_OR_RETURN(const std::string_view name, reader.Series());
      if (last == nullptr || name != last_name) {
        last_name = name;
        last = &series_[last_name];
      }
      TANDEM_RETURN_IF_ERROR(reader.Take(out_.calendar, last->sales));
      if (options_.on_progress && ++rows % 65'536 == 0) options_.on_progress(rows);
    }
    for (auto& [name, one] : series_) {
      TANDEM_RETURN_IF_ERROR(one.sales.Sort(sales_path_, name));
    }
    return absl::OkStatus();
  }

  absl::Status ReadFuture() {
    if (future_path_.empty()) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const auto table, LongTable::Open(future_path_));
    TANDEM_ASSIGN_OR_RETURN(LongRowReader reader,
                            LongRowReader::Make(*table, {.covariates = columns_}));
    for (;;) {
      TANDEM_ASSIGN_OR_RETURN(const bool more, table->Next());
      if (!more) break;
      TANDEM_ASSIGN_OR_RETURN(const std::string_view name, reader.Series());
      const auto found = series_.find(name);
      if (found == series_.end()) return reader.UnknownSeries();
      TANDEM_RETURN_IF_ERROR(reader.Take(out_.calendar, found->second.future));
    }
    for (auto& [name, one] : series_) {
      TANDEM_RETURN_IF_ERROR(one.future.Sort(future_path_, name));
    }
    return absl::OkStatus();
  }

  absl::Status FindOrigin() {
    if (series_.empty()) {
      return RefusedIn({.path = sales_path_, .rule = "FILE_MALFORMED"}, "the file has no rows");
    }
    const auto origin = out_.calendar.BucketThatHolds(options_.origin);
    if (!origin.ok()) {
      const absl::string_view why = origin.status().message();
      return base::RefuseField(Reason::kBadDate, "--origin", {why.data(), why.size()},
                               {{"origin", options_.origin}});
    }
    out_.origin = *origin;
    return absl::OkStatus();
  }

  absl::Status AddSeries(const std::string& name, SeriesRows& rows) {
    const std::int64_t origin = out_.origin;
    const std::vector<LongRows::Row>& sales = rows.sales.rows();
    const bool any = std::ranges::any_of(sales, [origin](const LongRows::Row& row) {
      return row.bucket <= origin && row.knowledge != Knowledge::kGap;
    });
    if (!any) {
      out_.without_history.push_back(name);
      out_.newcomers.emplace_back();
      return absl::OkStatus();
    }
    const std::int64_t first = sales.front().bucket;
    if (origin - first >= kBucketsMax) {
      return RefusedIn({.path = sales_path_,
                        .line = sales.front().line,
                        .column = "date",
                        .rule = "FIELD_OUT_OF_RANGE",
                        .value = out_.calendar.TextOf(first),
                        .series = name},
                       "a series spans at most 200,000 buckets up to the origin");
    }
    const std::size_t horizon = options_.horizon_buckets;
    LongSeries series;
    series.units.assign(static_cast<std::size_t>(origin - first + 1), 0.0);
    series.knowledge.assign(series.units.size(), Knowledge::kGap);
    out_.actuals.units.resize(out_.actuals.units.size() + horizon, 0.0);
    out_.actuals.knowledge.resize(out_.actuals.units.size(), Knowledge::kGap);
    const std::size_t actual = out_.actuals.units.size() - horizon;
    for (const LongRows::Row& row : sales) {
      if (row.bucket <= origin) {
        const auto t = static_cast<std::size_t>(row.bucket - first);
        series.units[t] = row.value;
        series.knowledge[t] = row.knowledge;
      } else if (row.bucket - origin <= static_cast<std::int64_t>(horizon)) {
        const auto h = actual + static_cast<std::size_t>(row.bucket - origin - 1);
        out_.actuals.units[h] = row.value;
        out_.actuals.knowledge[h] = row.knowledge;
        out_.has_actuals = out_.has_actuals || row.knowledge == Knowledge::kKnown;
      }
    }
    TANDEM_RETURN_IF_ERROR(FillDrivers(name, rows, first, series));
    out_.names.push_back(name);
    out_.panel.series.push_back(std::move(series));
    rows = {};
    return absl::OkStatus();
  }

  // Up to the origin from the sales, else from future.csv, else as in the bucket before; after it
  // from future.csv alone.
  absl::Status FillDrivers(const std::string& name, const SeriesRows& rows, std::int64_t first,
                           LongSeries& series) {
    const std::size_t count = columns_.size();
    if (count == 0) return absl::OkStatus();
    const std::size_t n = series.units.size();
    const std::size_t horizon = options_.horizon_buckets;
    std::vector<std::optional<float>> cells((n + horizon) * count);
    const auto put = [&](const LongRows& from, std::int64_t last) {
      for (const LongRows::Row& row : from.rows()) {
        if (row.bucket < first || row.bucket > last) continue;
        const auto t = static_cast<std::size_t>(row.bucket - first);
        for (std::size_t j = 0; j < count; ++j) {
          const std::optional<float> value = from.Covariate(row, j);
          if (value.has_value()) cells[t * count + j] = value;
        }
      }
    };
    put(rows.future, out_.origin + static_cast<std::int64_t>(horizon));
    put(rows.sales, out_.origin);
    series.drivers.resize(cells.size());
    for (std::size_t j = 0; j < count; ++j) {
      std::optional<float> before;
      for (std::size_t t = 0; t < n; ++t) {
        std::optional<float>& cell = cells[t * count + j];
        if (cell.has_value()) learnt_[j] = true;
        if (!cell.has_value()) cell = before;
        before = cell;
      }
      for (std::size_t t = n; t < n + horizon; ++t) {
        if (cells[t * count + j].has_value()) continue;
        return RefusedIn({.path = future_path_,
                          .column = columns_[j],
                          .rule = "FIELD_MISSING",
                          .value = out_.calendar.TextOf(first + static_cast<std::int64_t>(t)),
                          .series = name},
                         "a covariate known in advance is given for every series and bucket of "
                         "the horizon");
      }
      // Before the first value: as in it.
      for (std::size_t t = n + horizon; t-- > 0;) {
        if (!cells[t * count + j].has_value()) cells[t * count + j] = cells[(t + 1) * count + j];
        series.drivers[t * count + j] = *cells[t * count + j];
      }
    }
    return absl::OkStatus();
  }

  void DropUnlearnt() {
    out_.panel.driver_count = out_.drivers.size();
    if (out_.unlearnt.empty()) return;
    const std::size_t count = columns_.size();
    for (LongSeries& series : out_.panel.series) {
      std::vector<float> kept;
      for (std::size_t at = 0; at < series.drivers.size(); ++at) {
        if (learnt_[at % count]) kept.push_back(series.drivers[at]);
      }
      series.drivers = std::move(kept);
    }
  }

  absl::Status ReadGroupings() {
    if (series_path_.empty()) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const auto table, LongTable::Open(series_path_));
    TANDEM_ASSIGN_OR_RETURN(const std::size_t series_column, table->Need("series"));
    absl::flat_hash_map<std::string, std::vector<std::string>> cells;
    for (;;) {
      TANDEM_ASSIGN_OR_RETURN(const bool more, table->Next());
      if (!more) break;
      const std::string name(table->Cell(series_column));
      if (series_.find(name) == series_.end()) {
        return table->Refused(series_column, "UNKNOWN_RECORD",
                              "no such series is in the sales (a new one has a row with an empty "
                              "value there)");
      }
      std::vector<std::string>& row = cells[name];
      if (!row.empty()) {
        return table->Refused(series_column, "DUPLICATE_ROW", "the series stands here twice");
      }
      for (std::size_t c = 0; c < table->columns().size(); ++c) row.emplace_back(table->Cell(c));
    }
    for (std::size_t c = 0; c < table->columns().size(); ++c) {
      if (c == series_column) continue;
      std::map<std::string, std::size_t> nodes;
      for (const std::string& name : out_.names) {
        const auto found = cells.find(name);
        if (found == cells.end()) {
          return RefusedIn(
              {.path = series_path_, .column = "series", .rule = "FIELD_MISSING", .series = name},
              "every series of the sales has a row here");
        }
        nodes.emplace(found->second[c], 0);
      }
      std::size_t next = 0;
      for (auto& [value, node] : nodes) node = next++;
      for (std::size_t k = 0; k < out_.newcomers.size(); ++k) {
        std::optional<std::size_t>& node = out_.newcomers[k].nodes.emplace_back();
        const auto cell = cells.find(out_.without_history[k]);
        if (cell == cells.end()) continue;
        const auto known = nodes.find(cell->second[c]);
        if (known != nodes.end()) node = known->second;
      }
      forecasting::LongLevel& grouping = out_.panel.groupings.emplace_back();
      grouping.node_count = nodes.size();
      for (const std::string& name : out_.names) {
        grouping.node_of_series.push_back(nodes.find(cells.find(name)->second[c])->second);
      }
      out_.groupings.push_back(table->columns()[c]);
    }
    return absl::OkStatus();
  }

  const LongFolderOptions& options_;
  std::string sales_path_;
  std::string series_path_;
  std::string future_path_;
  std::string folder_;
  std::vector<std::string> columns_;  // Of future.csv.
  std::vector<bool> learnt_;          // Whether any value up to the origin is known of them.
  std::map<std::string, SeriesRows, std::less<>> series_;
  LongFolder out_;
};

}  // namespace

absl::StatusOr<LongFolder> LoadLongFolder(const std::string& folder,
                                          const LongFolderOptions& options) {
  return FolderLoader(folder, options).Load();
}

}  // namespace tandem::cli
