#include "services/tandem/cli/long_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/row.h"
#include "services/tandem/cli/files.h"

namespace tandem::cli {
namespace {

using Step = exchange::csv::Reader::Step;

constexpr double kNumberMax = 1e15;
constexpr std::size_t kShownBytes = 80;

std::string Shown(std::string_view text) {
  text = text.substr(0, kShownBytes);
  return exchange::csv::IsUtf8(text) ? std::string(text) : "(not UTF-8)";
}

}  // namespace

absl::Status RefusedIn(const LongFault& fault, std::string_view why) {
  absl::Status status = base::Refuse(base::Reason::kFileMalformed, why, {{"file", fault.path}});
  const auto add = [&status](std::string_view key, const std::string& value) {
    if (!value.empty()) status = base::WithDetail(status, {key, value});
  };
  if (fault.line > 0) add("line", std::to_string(fault.line));
  add("column", fault.column);
  add("series", Shown(fault.series));
  add("rule", fault.rule);
  add("value", Shown(fault.value));
  return status;
}

absl::StatusOr<std::unique_ptr<LongTable>> LongTable::Open(const std::string& path) {
  TANDEM_ASSIGN_OR_RETURN(auto source, OpenSource(path));
  std::unique_ptr<LongTable> table(new LongTable(path, std::move(source)));
  TANDEM_RETURN_IF_ERROR(table->ReadHeader());
  return table;
}

absl::Status LongTable::ReadHeader() {
  const Step step = reader_.Next();
  if (step == Step::kEnd) {
    return RefusedIn({.path = path_, .rule = "FILE_MALFORMED"}, "the file has no header");
  }
  if (step != Step::kRecord) return base::WithDetail(reader_.error(), {"file", path_});
  for (const std::string_view name : reader_.fields()) {
    if (name.empty()) return RefusedAt(1, "", "FIELD_MISSING", "a column has no name");
    if (Find(name).has_value()) {
      return RefusedAt(1, name, "FILE_MALFORMED", "the header names a column twice");
    }
    columns_.emplace_back(name);
  }
  return absl::OkStatus();
}

std::optional<std::size_t> LongTable::Find(std::string_view column) const {
  const auto found = std::ranges::find(columns_, column);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

absl::StatusOr<std::size_t> LongTable::Need(std::string_view column) const {
  const std::optional<std::size_t> found = Find(column);
  if (found.has_value()) return *found;
  return RefusedAt(1, column, "FIELD_MISSING", "the header lacks this column");
}

absl::StatusOr<bool> LongTable::Next() {
  const Step step = reader_.Next();
  if (step == Step::kEnd) return false;
  if (step != Step::kRecord) return base::WithDetail(reader_.error(), {"file", path_});
  if (reader_.fields().size() == columns_.size()) return true;
  return RefusedAt(line(), "", "FILE_MALFORMED",
                   absl::StrCat("the row has ", reader_.fields().size(), " cells, the header ",
                                columns_.size()));
}

absl::StatusOr<std::optional<double>> LongTable::Number(std::size_t column) const {
  const std::string_view text = Cell(column);
  if (text.empty()) return std::nullopt;
  if (text == "TRUE" || text == "true" || text == "True") return 1.0;
  if (text == "FALSE" || text == "false" || text == "False") return 0.0;
  double number = 0.0;
  const bool hexadecimal = text.find_first_of("xX") != std::string_view::npos;
  if (hexadecimal || !absl::SimpleAtod({text.data(), text.size()}, &number)) {
    return Refused(column, "FIELD_OUT_OF_RANGE", "this is no number; what is unknown stays empty");
  }
  if (!std::isfinite(number) || std::abs(number) > kNumberMax) {
    return Refused(column, "FIELD_OUT_OF_RANGE", "a number is finite and within 1e15");
  }
  return number;
}

absl::Status LongTable::Refused(std::size_t column, std::string_view rule,
                                std::string_view why) const {
  return RefusedIn({.path = path_,
                    .line = line(),
                    .column = columns_[column],
                    .rule = std::string(rule),
                    .value = std::string(Cell(column))},
                   why);
}

absl::Status LongTable::RefusedAt(std::int64_t line, std::string_view column, std::string_view rule,
                                  std::string_view why) const {
  return RefusedIn(
      {.path = path_, .line = line, .column = std::string(column), .rule = std::string(rule)}, why);
}

}  // namespace tandem::cli
