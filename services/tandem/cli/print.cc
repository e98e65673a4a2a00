#include "services/tandem/cli/print.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/json_util.h"
#include "services/exchange/csv/writer.h"

namespace tandem::cli {
namespace {

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.,-+% ") == std::string::npos;
}

// Cells as wide as their characters: bytes that go on a character in UTF-8 take no room.
std::size_t WidthOf(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// The character that begins at `at`, and how many bytes it has; nullopt where that is no UTF-8.
struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;
};
std::optional<Character> CharacterAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t k) {
    return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0U;
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return Character{.code = lead, .bytes = 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  std::uint32_t code = lead & (0x7FU >> bytes);
  for (std::size_t k = 1; k < bytes; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return std::nullopt;
    code = code << 6 | (byte(k) & 0x3F);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (lead < 0xC0 || lead > 0xF4 || code < kSmallest[bytes] || code > 0x10FFFF) return std::nullopt;
  return Character{.code = code, .bytes = bytes};
}

// Whether a terminal may do something else with it than to show it in its place.
bool Steers(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0x200E ||
         code == 0x200F || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

void AppendRow(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
               std::string* out) {
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const std::string space(widths[k] - std::min(widths[k], WidthOf(cells[k])), ' ');
    const bool last = k + 1 == cells.size();
    if (IsNumber(cells[k])) {
      absl::StrAppend(out, space, cells[k]);
    } else {
      absl::StrAppend(out, cells[k], last ? "" : space);
    }
    absl::StrAppend(out, last ? "\n" : "  ");
  }
}

// One value of a field, as in JSON but for the quotes.
std::string ValueText(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field, int index) {
  using Type = google::protobuf::FieldDescriptor::CppType;
  const google::protobuf::Reflection& in = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case Type::CPPTYPE_INT32:
      return absl::StrCat(many ? in.GetRepeatedInt32(message, &field, index)
                               : in.GetInt32(message, &field));
    case Type::CPPTYPE_INT64:
      return absl::StrCat(many ? in.GetRepeatedInt64(message, &field, index)
                               : in.GetInt64(message, &field));
    case Type::CPPTYPE_UINT32:
      return absl::StrCat(many ? in.GetRepeatedUInt32(message, &field, index)
                               : in.GetUInt32(message, &field));
    case Type::CPPTYPE_UINT64:
      return absl::StrCat(many ? in.GetRepeatedUInt64(message, &field, index)
                               : in.GetUInt64(message, &field));
    case Type::CPPTYPE_DOUBLE:
      return absl::StrFormat("%.17g", many ? in.GetRepeatedDouble(message, &field, index)
                                           : in.GetDouble(message, &field));
    case Type::CPPTYPE_FLOAT:
      return absl::StrFormat("%.9g", many ? in.GetRepeatedFloat(message, &field, index)
                                          : in.GetFloat(message, &field));
    case Type::CPPTYPE_BOOL: {
      const bool is =
          many ? in.GetRepeatedBool(message, &field, index) : in.GetBool(message, &field);
      return is ? "true" : "false";
    }
    case Type::CPPTYPE_ENUM:
      return (many ? in.GetRepeatedEnum(message, &field, index) : in.GetEnum(message, &field))
          ->name();
    case Type::CPPTYPE_STRING: {
      std::string text =
          many ? in.GetRepeatedString(message, &field, index) : in.GetString(message, &field);
      const bool bytes = field.type() == google::protobuf::FieldDescriptor::TYPE_BYTES;
      return bytes ? absl::Base64Escape(text) : text;
    }
    case Type::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

// What JSON writes as one string is one row: an instant, a date, a span.
bool IsOneValue(const google::protobuf::Message& message) {
  const std::string& name = message.GetDescriptor()->full_name();
  return name == "google.protobuf.Timestamp" || name == "google.protobuf.Duration" ||
         name == "google.type.Date";
}

std::string OneValue(const google::protobuf::Message& message) {
  if (const auto* date = dynamic_cast<const google::type::Date*>(&message)) return DateText(*date);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return "";
  return json.substr(1, json.size() - 2);
}

// As deep as the message is nested; ours are four deep at most.
void AppendFields(const std::string& prefix, const google::protobuf::Message& message,
                  Table* table) {
  const google::protobuf::Reflection& in = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  in.ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? in.FieldSize(message, field) : 1;
    for (int k = 0; k < count; ++k) {
      const std::string key = absl::StrCat(prefix, field->json_name(),
                                           field->is_repeated() ? absl::StrCat(".", k) : "");
      if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        table->rows.push_back({key, ValueText(message, *field, k)});
        continue;
      }
      const google::protobuf::Message& inner = field->is_repeated()
                                                   ? in.GetRepeatedMessage(message, field, k)
                                                   : in.GetMessage(message, field);
      if (IsOneValue(inner)) {
        table->rows.push_back({key, OneValue(inner)});
      } else {
        AppendFields(key + ".", inner, table);
      }
    }
  }
}

// What the first write that failed said; 0: none did.
int print_error = 0;

}  // namespace

std::string Visible(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::optional<Character> character = CharacterAt(text, at);
    if (!character.has_value()) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(text[at++]));
      continue;
    }
    const std::uint32_t code = character->code;
    if (!Steers(code)) {
      out.append(text, at, character->bytes);
    } else if (code == '\n' || code == '\t' || code == '\r') {
      out.append(code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
    } else {
      out += code < 0x80 ? absl::StrFormat("\\x%02x", code) : absl::StrFormat("\\u%04x", code);
    }
    at += character->bytes;
  }
  return out;
}

std::string TableText(const Table& raw) {
  Table table = raw;
  for (auto& row : table.rows) {
    for (std::string& cell : row) cell = Visible(cell);
  }
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(WidthOf(column));
  for (const auto& row : table.rows) {
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], WidthOf(row[k]));
  }
  std::string out;
  AppendRow(table.columns, widths, &out);
  for (const auto& row : table.rows) AppendRow(row, widths, &out);
  return out;
}

std::string CsvText(const Table& table) {
  std::string out;
  exchange::csv::Writer writer(out);
  for (const std::string& column : table.columns) writer.Text(column);
  writer.EndRecord();
  for (const auto& row : table.rows) {
    for (const std::string& cell : row) writer.Text(cell);
    writer.EndRecord();
  }
  return out;
}

std::string JsonText(const std::vector<const google::protobuf::Message*>& messages) {
  std::string out = "[";
  for (const google::protobuf::Message* message : messages) {
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(*message, &json).ok()) continue;
    absl::StrAppend(&out, out.size() == 1 ? "\n" : ",\n", json);
  }
  return out + (out.size() == 1 ? "]\n" : "\n]\n");
}

void PrintText(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() && print_error == 0) {
    print_error = errno;
  }
}

absl::Status FlushPrinted() {
  if (std::fflush(stdout) != 0 && print_error == 0) print_error = errno;
  if (print_error == 0) return absl::OkStatus();
  return absl::UnknownError(
      absl::StrCat("standard output: not all could be written: ", std::strerror(print_error)));
}

void PrintCounts(const std::string& output, const std::string& text, const Counts& counts) {
  if (output == "table") return PrintText(text);
  if (output == "csv") {
    Table table{.columns = {"KEY", "VALUE"}, .rows = {}};
    for (const auto& [key, count] : counts) table.rows.push_back({key, absl::StrCat(count)});
    return PrintText(CsvText(table));
  }
  std::string json = "{";
  for (const auto& [key, count] : counts) {
    absl::StrAppend(&json, json.size() == 1 ? "" : ",", "\"", key, "\":", count);
  }
  PrintText(json + "}\n");
}

Table FieldsOf(const google::protobuf::Message& message) {
  Table table{.columns = {"KEY", "VALUE"}, .rows = {}};
  AppendFields("", message, &table);
  return table;
}

void PrintMessage(const std::string& output, const google::protobuf::Message& message) {
  if (output == "csv") return PrintText(CsvText(FieldsOf(message)));
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(message, &json, options).ok()) PrintText(json);
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string DateText(const google::type::Date& date) {
  if (date.year() == 0) return "";
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

}  // namespace tandem::cli
