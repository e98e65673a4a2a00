// A record as fields of ours: which column is which, and cells as typed values.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/exchange/csv/mapping.h"

namespace tandem::exchange::csv {

struct Field {
  std::string_view name{};
  bool required = false;
};

// A row that is not taken: where it stands in the file and which rule it breaks.
struct Reject {
  std::int64_t line = 0;
  std::string column{};   // As the file calls it; "" for the whole row.
  std::string rule{};     // The reason's name, such as "BAD_DATE".
  std::string value{};    // What stands there, at most 80 bytes of it.
  std::string message{};  // For people.
};
using OnReject = std::function<void(Reject)>;

// A reject file's head, and one of its lines, with line ends.
std::string RejectHeader();
std::string RejectLine(const Reject& reject);

// Where each field of a kind stands in a file.
class Binding {
 public:
  // `fields` must outlive the binding. A required field needs a column in the header or a constant:
  // kInvalidArgument / FIELD_MISSING naming it; FILE_MALFORMED where the header, or the mapping,
  // names a column twice, or the mapping a field that the kind does not have or a column that the
  // file does not. Columns that no field asks for are left alone.
  static absl::StatusOr<Binding> Make(std::span<const Field> fields,
                                      std::span<const std::string_view> header, Mapping mapping);

  // The cell of fields[field]: its column, its constant, or "".
  std::string_view Cell(std::size_t field, std::span<const std::string_view> cells) const;
  // What the file calls the field.
  std::string_view ColumnName(std::size_t field) const { return columns_[field].name; }
  std::string_view FieldName(std::size_t field) const { return fields_[field].name; }
  std::int64_t FactorMilli(std::size_t field) const { return columns_[field].factor_milli; }
  const Mapping& mapping() const { return mapping_; }
  std::size_t width() const { return width_; }

 private:
  struct Column {
    std::string name{};
    std::size_t index = 0;
    bool present = false;
    std::string constant{};
    std::int64_t factor_milli = 1000;
  };
  std::span<const Field> fields_;
  std::vector<Column> columns_;
  Mapping mapping_;
  std::size_t width_ = 0;
};

// The cells of one record. Cheap to make; binding and cells must outlive it. Every reader returns
// kInvalidArgument naming the file's column.
class Row {
 public:
  Row(const Binding& binding, std::int64_t line, std::span<const std::string_view> cells)
      : binding_(binding), line_(line), cells_(cells) {}

  std::int64_t line() const { return line_; }
  // FILE_MALFORMED unless the record has as many cells as the header.
  absl::Status CheckWidth() const;
  std::string_view Text(std::size_t field) const { return binding_.Cell(field, cells_); }
  // Text that Protocol Buffers can carry: BAD_NAME for what is not UTF-8.
  absl::StatusOr<std::string> Utf8(std::size_t field) const;
  // The same, of at most kTextBytesMax bytes: FIELD_OUT_OF_RANGE.
  absl::StatusOr<std::string> Label(std::size_t field) const;
  // BAD_NAME where it is no identifier, FIELD_MISSING where it is empty.
  absl::StatusOr<std::string_view> Id(std::size_t field) const;
  // Identifiers with ';' or ' ' between them; an empty cell holds none.
  absl::StatusOr<std::vector<std::string>> Ids(std::size_t field) const;
  absl::StatusOr<base::Day> Date(std::size_t field) const;
  absl::StatusOr<base::Quantity> Amount(std::size_t field) const;
  absl::StatusOr<base::UnitPrice> Price(std::size_t field) const;
  // A whole number from `least` to `most`; an empty cell is `if_empty`. FIELD_OUT_OF_RANGE.
  struct Bounds {
    std::int64_t least = 0;
    std::int64_t most = 0;
    std::int64_t if_empty = 0;
  };
  absl::StatusOr<std::int64_t> Whole(std::size_t field, const Bounds& bounds) const;
  // A refusal that names the field's column.
  absl::Status Refused(std::size_t field, const absl::Status& why) const;

 private:
  const Binding& binding_;
  std::int64_t line_ = 0;
  std::span<const std::string_view> cells_;
};

// The reject of a refused row.
Reject RejectOf(std::int64_t line, const absl::Status& status);

// Whether the bytes are UTF-8 (RFC 3629): no surrogates, no longer forms.
bool IsUtf8(std::string_view text);

}  // namespace tandem::exchange::csv
