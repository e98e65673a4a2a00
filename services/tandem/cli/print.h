// Records on standard output: as a table, as JSON (Protocol Buffers' own form), or as CSV.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"

namespace tandem::cli {

struct Table {
  std::vector<std::string> columns{};
  std::vector<std::vector<std::string>> rows{};
};

// The table's text, columns two spaces apart; numbers to the right.
std::string TableText(const Table& table);
std::string CsvText(const Table& table);
// A list of JSON objects, one a line.
std::string JsonText(const std::vector<const google::protobuf::Message*>& messages);

void PrintText(const std::string& text);

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

// One message: its JSON, indented, whatever `output` is but csv.
void PrintMessage(const google::protobuf::Message& message);

// "2026-11-22 18:05:09Z"; "" where it is not set.
std::string TimeText(const google::protobuf::Timestamp& time);
// "2026-11-22"; "" where it is not set.
std::string DateText(const google::type::Date& date);

}  // namespace tandem::cli
