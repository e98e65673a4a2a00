#include "services/exchange/csv/row.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/writer.h"
#include "services/exchange/limits.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;

constexpr std::size_t kShownBytes = 80;

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

std::string_view Shown(std::string_view text) {
  text = text.substr(0, kShownBytes);
  return IsUtf8(text) ? text : "(not UTF-8)";
}

// The index of `name` in the header; its size if it is not there.
std::size_t IndexOf(std::span<const std::string_view> header, std::string_view name) {
  return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
}

template <typename Map>
absl::Status CheckKeys(std::span<const Field> fields, const Map& keys) {
  for (const auto& entry : keys) {
    const std::string& key = entry.first;
    const bool known = std::any_of(fields.begin(), fields.end(),
                                   [&key](const Field& field) { return field.name == key; });
    if (!known) {
      return base::Refuse(Reason::kFileMalformed,
                          "the mapping names a field that this kind has not", {{"field", key}});
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMapping(std::span<const Field> fields, std::span<const std::string_view> header,
                          const Mapping& mapping) {
  TANDEM_RETURN_IF_ERROR(CheckKeys(fields, mapping.columns));
  TANDEM_RETURN_IF_ERROR(CheckKeys(fields, mapping.constants));
  TANDEM_RETURN_IF_ERROR(CheckKeys(fields, mapping.factors_milli));
  for (const auto& [field, column] : mapping.columns) {
    if (IndexOf(header, column) == header.size()) {
      return base::Refuse(Reason::kFieldMissing, "the file has no such column",
                          {{"column", column}, {"field", field}});
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsUtf8(std::string_view text) {
  std::size_t at = 0;
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  while (at < text.size()) {
    const unsigned char lead = byte(at);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || at + more >= text.size()) return false;
    const unsigned char second = byte(at + 1);
    const bool odd = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
    if (odd) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(at + k) & 0xC0) != 0x80) return false;
    }
    at += more + 1;
  }
  return true;
}

std::string RejectHeader() {
  std::string out;
  Writer(out).Text("line").Text("column").Text("rule").Text("value").Text("message").EndRecord();
  return out;
}

std::string RejectLine(const Reject& reject) {
  std::string out;
  Writer(out)
      .Number(reject.line)
      .Text(reject.column)
      .Text(reject.rule)
      .Text(reject.value)
      .Text(reject.message)
      .EndRecord();
  return out;
}

Reject RejectOf(std::int64_t line, const absl::Status& status) {
  Reject reject;
  reject.line = line;
  reject.message = std::string(status.message());
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return reject;
  reject.column = refusal->field;
  reject.rule = std::string(base::ReasonName(refusal->reason));
  for (const auto& [key, value] : refusal->details) {
    if (key == "cell") reject.value = value;
  }
  return reject;
}

absl::StatusOr<Binding> Binding::Make(std::span<const Field> fields,
                                      std::span<const std::string_view> header, Mapping mapping) {
  TANDEM_RETURN_IF_ERROR(CheckMapping(fields, header, mapping));
  Binding binding;
  binding.fields_ = fields;
  binding.width_ = header.size();
  for (const Field& field : fields) {
    Column& column = binding.columns_.emplace_back();
    const auto named = mapping.columns.find(field.name);
    column.name = named == mapping.columns.end() ? std::string(field.name) : named->second;
    column.index = IndexOf(header, column.name);
    column.present = column.index < header.size();
    const auto constant = mapping.constants.find(field.name);
    if (constant != mapping.constants.end()) {
      column.present = false;
      column.constant = constant->second;
    } else if (!column.present && field.required) {
      return base::Refuse(Reason::kFieldMissing, "the file has no column for this field",
                          {{"column", column.name}, {"field", Abseil(field.name)}});
    }
    if (column.present && std::count(header.begin(), header.end(), column.name) > 1) {
      return base::Refuse(Reason::kFileMalformed, "a column stands twice in the header",
                          {{"column", column.name}});
    }
    const auto factor = mapping.factors_milli.find(field.name);
    if (factor != mapping.factors_milli.end()) column.factor_milli = factor->second;
  }
  binding.mapping_ = std::move(mapping);
  return binding;
}

std::string_view Binding::Cell(std::size_t field, std::span<const std::string_view> cells) const {
  const Column& column = columns_[field];
  if (!column.present) return column.constant;
  return column.index < cells.size() ? cells[column.index] : std::string_view();
}

absl::Status Row::Refused(std::size_t field, const absl::Status& why) const {
  const std::optional<base::Refusal> refusal = base::RefusalOf(why);
  const Reason reason = refusal.has_value() ? refusal->reason : Reason::kFieldOutOfRange;
  const absl::string_view message = why.message();
  return base::RefuseField(reason, binding_.ColumnName(field), {message.data(), message.size()},
                           {{"cell", Abseil(Shown(Text(field)))}, {"line", line_}});
}

absl::Status Row::CheckWidth() const {
  if (cells_.size() == binding_.width()) return absl::OkStatus();
  return base::Refuse(Reason::kFileMalformed, "the row has another number of cells than the header",
                      {{"cells", cells_.size()}, {"header", binding_.width()}, {"line", line_}});
}

absl::StatusOr<std::string> Row::Utf8(std::size_t field) const {
  const std::string_view text = Text(field);
  if (IsUtf8(text)) return std::string(text);
  return Refused(field, base::Refuse(Reason::kBadName, "text is UTF-8"));
}

absl::StatusOr<std::string> Row::Label(std::size_t field) const {
  if (Text(field).size() <= kTextBytesMax) return Utf8(field);
  return Refused(field, base::Refuse(Reason::kFieldOutOfRange, "is longer than 200 bytes"));
}

absl::StatusOr<std::string_view> Row::Id(std::size_t field) const {
  const std::string_view text = Text(field);
  if (text.empty()) {
    return Refused(field, base::Refuse(Reason::kFieldMissing, "a value is needed here"));
  }
  const absl::Status status = base::CheckId(binding_.ColumnName(field), text);
  if (status.ok()) return text;
  return Refused(field, base::Refuse(Reason::kBadName,
                                     "an identifier has 1 to 64 letters, digits, '.', '_' or '-'"));
}

absl::StatusOr<std::vector<std::string>> Row::Ids(std::size_t field) const {
  std::vector<std::string> ids;
  std::string_view rest = Text(field);
  while (!rest.empty()) {
    const std::size_t stop = std::min(rest.find_first_of("; "), rest.size());
    const std::string_view id = rest.substr(0, stop);
    rest.remove_prefix(std::min(rest.size(), stop + 1));
    if (id.empty()) continue;
    if (!base::CheckId("id", id).ok()) {
      return Refused(field,
                     base::Refuse(Reason::kBadName, "a list of identifiers with ';' between"));
    }
    ids.emplace_back(id);
  }
  return ids;
}

absl::StatusOr<base::Day> Row::Date(std::size_t field) const {
  absl::StatusOr<base::Day> day = ParseDay(Text(field), binding_.mapping().date_format);
  if (!day.ok()) return Refused(field, day.status());
  return day;
}

absl::StatusOr<base::Quantity> Row::Amount(std::size_t field) const {
  absl::StatusOr<base::Quantity> amount =
      ParseQuantity(Text(field), binding_.mapping().decimal, binding_.FactorMilli(field));
  if (!amount.ok()) return Refused(field, amount.status());
  return amount;
}

absl::StatusOr<base::UnitPrice> Row::Price(std::size_t field) const {
  std::string text(Text(field));
  if (binding_.mapping().decimal == ',') {
    if (text.find('.') != std::string::npos) text = "?";
    std::replace(text.begin(), text.end(), ',', '.');
  }
  absl::StatusOr<base::UnitPrice> price = base::ParseUnitPrice(text);
  if (!price.ok()) return Refused(field, price.status());
  return price;
}

absl::StatusOr<std::int64_t> Row::Whole(std::size_t field, const Bounds& bounds) const {
  const std::string_view text = Text(field);
  if (text.empty()) return bounds.if_empty;
  std::int64_t number = 0;
  const bool digits = text.find_first_not_of("0123456789-") == std::string_view::npos;
  if (digits && absl::SimpleAtoi(Abseil(text), &number) && number >= bounds.least &&
      number <= bounds.most) {
    return number;
  }
  return Refused(
      field, base::Refuse(Reason::kFieldOutOfRange,
                          absl::StrCat("a whole number from ", bounds.least, " to ", bounds.most)));
}

}  // namespace tandem::exchange::csv
