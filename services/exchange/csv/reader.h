// Reads comma-separated values as a stream of records: RFC 4180 with quotes, line ends of LF or
// CRLF, a UTF-8 byte order mark, any delimiter. Blank lines are passed over.
//
//   Reader reader(source, {.delimiter = ';'});
//   for (auto step = reader.Next(); step != Reader::Step::kEnd; step = reader.Next()) {
//     if (step == Reader::Step::kBroken) return reader.error();
//     if (step == Reader::Step::kRecord) Use(reader.line(), reader.fields());
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/exchange/csv/source.h"

namespace tandem::exchange::csv {

struct ReaderOptions {
  char delimiter = ',';  // Not a quote, CR or LF.
  std::size_t record_bytes_max = std::size_t{16} << 20;
};

class Reader {
 public:
  enum class Step {
    kRecord,     // fields() holds the next record.
    kBadRecord,  // A record that is no CSV: see error(); Next() goes on after it.
    kEnd,        // No more.
    kBroken,     // The source failed, a quote never ends, or a record is too long: see error().
  };

  // The source must outlive the reader.
  Reader(Source& source, const ReaderOptions& options);

  // Goes to the next record. Time is linear in the file, whatever its bytes are; unquoted records
  // are not copied. After kEnd and kBroken it returns the same again.
  Step Next();

  // The record's fields, unquoted. Valid until the next call of Next().
  const std::vector<std::string_view>& fields() const { return fields_; }
  // The line in which the record begins, from 1.
  std::int64_t line() const { return line_; }
  // kInvalidArgument / FILE_MALFORMED with the line, or the source's error.
  const absl::Status& error() const { return error_; }
  // Bytes read from the source so far.
  std::int64_t bytes_read() const { return bytes_read_; }

 private:
  bool Refill();
  bool FindRecordEnd(std::size_t* size);
  bool FindQuotedEnd(std::size_t from, std::size_t* size);
  void SplitPlain(std::string_view record);
  bool SplitQuoted(std::string_view record);
  Step Broken(absl::Status error);
  absl::Status Malformed(std::string_view why) const;

  Source& source_;
  ReaderOptions options_;
  std::string buffer_;  // Its bytes from begin_ to end_ are read and not yet used.
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;  // Of the source.
  bool quoted_ = false;  // The record that FindRecordEnd found holds a quote.
  bool broken_ = false;
  std::string unquoted_;  // Fields of a quoted record, one after another.
  std::vector<std::string_view> fields_;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
  std::int64_t bytes_read_ = 0;
  absl::Status error_;
};

}  // namespace tandem::exchange::csv
