// One file of a folder in long form, row by row: its header's columns by name, cells as numbers,
// and refusals that name file, line, column, rule and value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/exchange/csv/reader.h"
#include "services/exchange/csv/source.h"

namespace tandem::cli {

class LongTable {
 public:
  // FILE_MALFORMED where there is no header, or it names a column twice or not at all.
  static absl::StatusOr<std::unique_ptr<LongTable>> Open(const std::string& path);

  const std::vector<std::string>& columns() const { return columns_; }
  // Where the column stands; nullopt if the file has none of that name.
  std::optional<std::size_t> Find(std::string_view column) const;
  // The same; FILE_MALFORMED / FIELD_MISSING if there is none.
  absl::StatusOr<std::size_t> Need(std::string_view column) const;

  // Goes to the next row; false at the end. FILE_MALFORMED for what is no CSV, or a row of another
  // width than the header's.
  absl::StatusOr<bool> Next();
  std::string_view Cell(std::size_t column) const { return reader_.fields()[column]; }
  std::int64_t line() const { return reader_.line(); }

  // The cell as a decimal number within 1e15, or TRUE or FALSE as 1 or 0; nullopt where it is
  // empty.
  absl::StatusOr<std::optional<double>> Number(std::size_t column) const;
  // FILE_MALFORMED for this row's column, or another row's.
  absl::Status Refused(std::size_t column, std::string_view rule, std::string_view why) const;
  absl::Status RefusedAt(std::int64_t line, std::string_view column, std::string_view rule,
                         std::string_view why) const;

 private:
  LongTable(std::string path, std::unique_ptr<exchange::csv::Source> source)
      : path_(std::move(path)), source_(std::move(source)), reader_(*source_, {}) {}
  absl::Status ReadHeader();
  std::string path_;
  std::unique_ptr<exchange::csv::Source> source_;
  exchange::csv::Reader reader_;
  std::vector<std::string> columns_;
};

// A refusal of something in a file; `line` 0: of no one line.
struct LongFault {
  std::string path{};
  std::int64_t line = 0;
  std::string column{};
  std::string rule{};  // The reason's name.
  std::string value{};
  std::string series{};
};
absl::Status RefusedIn(const LongFault& fault, std::string_view why);

}  // namespace tandem::cli
