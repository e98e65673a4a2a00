#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/m5.h"
#include "services/exchange/csv/reader.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;

constexpr std::array<std::string_view, 5> kIdColumns = {"item_id", "dept_id", "cat_id", "store_id",
                                                        "state_id"};
constexpr std::size_t kNoDigit = 10;

struct Columns {
  std::array<std::size_t, kIdColumns.size()> ids{};
  std::size_t first_day = 0;
  std::size_t width = 0;
};

absl::Status HeaderMalformed(std::string_view column) {
  return base::Refuse(
      Reason::kFileMalformed, "the header of M5's sales names this column once",
      {{"column", absl::string_view(column.data(), column.size())}, {"rule", "FIELD_MISSING"}});
}

absl::StatusOr<Columns> ColumnsOf(const std::vector<std::string_view>& header) {
  Columns columns;
  columns.width = header.size();
  for (std::size_t k = 0; k < kIdColumns.size(); ++k) {
    const auto at = std::find(header.begin(), header.end(), kIdColumns[k]);
    if (at == header.end()) return HeaderMalformed(kIdColumns[k]);
    columns.ids[k] = static_cast<std::size_t>(at - header.begin());
  }
  const auto first = std::find(header.begin(), header.end(), "d_1");
  if (first == header.end()) return HeaderMalformed("d_1");
  columns.first_day = static_cast<std::size_t>(first - header.begin());
  for (std::size_t at = columns.first_day; at < header.size(); ++at) {
    const std::string want = absl::StrCat("d_", at - columns.first_day + 1);
    if (header[at] != want) return HeaderMalformed(want);
  }
  return columns;
}

// Reads the cells of the days. False at the first that is not a whole number of up to nine digits;
// `*bad` is its index. Most cells are one digit, which is why that case comes first.
bool ReadUnits(std::span<const std::string_view> cells, std::int32_t* units, std::size_t* bad) {
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const std::string_view cell = cells[k];
    if (cell.size() == 1) {
      const auto digit = static_cast<std::size_t>(static_cast<unsigned char>(cell[0]) - '0');
      if (digit < kNoDigit) {
        units[k] = static_cast<std::int32_t>(digit);
        continue;
      }
    }
    *bad = k;
    if (cell.empty() || cell.size() > 9) return false;
    std::int32_t number = 0;
    for (const char c : cell) {
      if (c < '0' || c > '9') return false;
      number = 10 * number + (c - '0');
    }
    units[k] = number;
  }
  return true;
}

Reject RejectAt(std::int64_t line, std::string column, Reason rule, std::string_view value) {
  Reject reject;
  reject.line = line;
  reject.column = std::move(column);
  reject.rule = std::string(base::ReasonName(rule));
  reject.value = IsUtf8(value.substr(0, 80)) ? std::string(value.substr(0, 80)) : "(not UTF-8)";
  reject.message = rule == Reason::kBadName ? "an identifier of M5's form"
                   : rule == Reason::kFileMalformed
                       ? "the row has another number of cells than the header"
                       : "units are whole numbers of up to nine digits";
  return reject;
}

class SalesReader {
 public:
  SalesReader(const Columns& columns, std::size_t needed_days)
      : columns_(columns), needed_days_(needed_days), units_(columns.width - columns.first_day) {}

  // The series of one record, or the reject.
  std::optional<Reject> Parse(const Reader& reader, M5Series* out) {
    const std::vector<std::string_view>& cells = reader.fields();
    if (cells.size() != columns_.width) {
      return RejectAt(reader.line(), "", Reason::kFileMalformed, "");
    }
    std::array<std::string_view, kIdColumns.size()> ids;
    for (std::size_t k = 0; k < ids.size(); ++k) {
      ids[k] = cells[columns_.ids[k]];
      if (!base::CheckId(kIdColumns[k], ids[k]).ok()) {
        return RejectAt(reader.line(), std::string(kIdColumns[k]), Reason::kBadName, ids[k]);
      }
    }
    const auto days = std::span(cells).subspan(columns_.first_day);
    std::size_t bad = 0;
    std::span<const std::int32_t> units(units_);
    if (!ReadUnits(days, units_.data(), &bad)) {
      units = units.first(bad);
    }
    if (units.size() < std::min(needed_days_, days.size())) {
      return RejectAt(reader.line(), absl::StrCat("d_", bad + 1), Reason::kQuantityOutOfRange,
                      days[bad]);
    }
    *out = {ids[0], ids[1], ids[2], ids[3], ids[4], units, reader.line()};
    return std::nullopt;
  }

 private:
  Columns columns_;
  std::size_t needed_days_;
  std::vector<std::int32_t> units_;
};

}  // namespace

absl::Status ReadM5Sales(Source& source, const std::function<absl::Status(const M5Series&)>& use,
                         const OnReject& on_reject, std::size_t needed_days) {
  Reader reader(source, {});
  Reader::Step step = reader.Next();
  if (step == Reader::Step::kEnd) {
    return base::Refuse(Reason::kFileMalformed, "the file is empty: it has no header");
  }
  if (step != Reader::Step::kRecord) return reader.error();
  TANDEM_ASSIGN_OR_RETURN(const Columns columns, ColumnsOf(reader.fields()));
  SalesReader sales(columns, needed_days);
  while ((step = reader.Next()) != Reader::Step::kEnd) {
    if (step == Reader::Step::kBroken) return reader.error();
    if (step == Reader::Step::kBadRecord) {
      on_reject(RejectOf(reader.line(), reader.error()));
      continue;
    }
    M5Series series;
    std::optional<Reject> reject = sales.Parse(reader, &series);
    if (reject.has_value()) {
      on_reject(*std::move(reject));
    } else {
      TANDEM_RETURN_IF_ERROR(use(series));
    }
  }
  return absl::OkStatus();
}

}  // namespace tandem::exchange::csv
