// Records on standard output: as a table, as JSON (Protocol Buffers' own form), or as CSV.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"

namespace tandem::cli {

struct Table {
  std::vector<std::string> columns{};
  std::vector<std::vector<std::string>> rows{};
};

// What a terminal may be given of another firm's text: control characters (C0, DEL, C1), line and
// paragraph separators and what turns the direction of writing come as \n, \x1b or \u202e; all else
// as it stands. A byte that is no UTF-8 comes as \xff.
std::string Visible(std::string_view text);

// The table's text, columns two spaces apart; numbers to the right; cells as Visible.
std::string TableText(const Table& table);
std::string CsvText(const Table& table);
// A list of JSON objects, one a line.
std::string JsonText(const std::vector<const google::protobuf::Message*>& messages);

void PrintText(const std::string& text);
// Writes out what was printed. kUnknown with the system's words where any of it, since the program
// began, could not be written.
absl::Status FlushPrinted();

// What a command did, as a few counts: `text` for a table, one JSON object, or CSV of key and
// value.
using Counts = std::vector<std::pair<std::string, std::int64_t>>;
void PrintCounts(const std::string& output, const std::string& text, const Counts& counts);

// Prints `messages` as `output` says; `row` gives a message's cells for table and csv.
template <typename Messages, typename Row>
void PrintMessages(const std::string& output, const Messages& messages,
                   std::vector<std::string> columns, Row row) {
  if (output == "json") {
    std::vector<const google::protobuf::Message*> pointers;
    pointers.reserve(messages.size());
    for (const auto& message : messages) pointers.push_back(&message);
    return PrintText(JsonText(pointers));
  }
  Table table{.columns = std::move(columns), .rows = {}};
  for (const auto& message : messages) table.rows.push_back(row(message));
  PrintText(output == "csv" ? CsvText(table) : TableText(table));
}

// One message: its JSON, indented; for csv, KEY and VALUE of each field that is set, with the keys
// as in JSON, "terms.parties.0" for one inside another.
void PrintMessage(const std::string& output, const google::protobuf::Message& message);
// The rows of the latter.
Table FieldsOf(const google::protobuf::Message& message);

// "2026-11-22 18:05:09Z"; "" where it is not set.
std::string TimeText(const google::protobuf::Timestamp& time);
// "2026-11-22"; "" where it is not set.
std::string DateText(const google::type::Date& date);

}  // namespace tandem::cli
