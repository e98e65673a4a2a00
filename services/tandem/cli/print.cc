#include "services/tandem/cli/print.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
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

}  // namespace

std::string TableText(const Table& table) {
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

void PrintText(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintMessage(const google::protobuf::Message& message) {
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
