// The CSV reader over any bytes, packed or not: it ends, lines rise, and every record that it gives
// is written and read back as it was.
#include <memory>
#include <string>
#include <vector>

#include "services/exchange/csv/reader.h"
#include "services/exchange/csv/source.h"
#include "services/exchange/csv/writer.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::fuzz::Check;
namespace csv = tandem::exchange::csv;

// A few bytes at a time, so that records lie across refills.
class Trickle final : public csv::Source {
 public:
  Trickle(std::string_view text, std::size_t step) : rest_(text), step_(step) {}
  absl::StatusOr<std::size_t> Read(std::span<char> to) override {
    const std::size_t size = std::min({to.size(), rest_.size(), step_});
    rest_.copy(to.data(), size);
    rest_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view rest_;
  std::size_t step_;
};

using Record = std::vector<std::string>;

std::vector<Record> ReadAll(csv::Source& source, const csv::ReaderOptions& options, bool* clean) {
  std::vector<Record> records;
  csv::Reader reader(source, options);
  std::int64_t line = 0;
  *clean = true;
  for (auto step = reader.Next(); step != csv::Reader::Step::kEnd; step = reader.Next()) {
    if (step != csv::Reader::Step::kRecord) *clean = false;
    if (step == csv::Reader::Step::kBroken) {
      Check(!reader.error().ok(), "what is broken has an error");
      break;
    }
    Check(reader.line() > line, "lines rise");
    line = reader.line();
    if (step == csv::Reader::Step::kBadRecord) continue;
    Check(!reader.fields().empty(), "a record has a field");
    records.emplace_back(reader.fields().begin(), reader.fields().end());
  }
  return records;
}

void CheckReadsBack(const std::vector<Record>& records) {
  std::string text;
  csv::Writer writer(text);
  for (const Record& record : records) {
    // A single empty field would be a blank line, which is passed over.
    if (record.size() == 1 && record[0].empty()) return;
    for (const std::string& field : record) writer.Text(field);
    writer.EndRecord();
  }
  // What begins like a byte order mark is read as one.
  if (text.starts_with("\xef\xbb\xbf")) return;
  csv::TextSource source(text);
  bool clean = false;
  Check(ReadAll(source, {}, &clean) == records && clean, "records read back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tandem::fuzz::Input input(data, size);
  const std::uint8_t mode = input.Byte();
  const csv::ReaderOptions options{.delimiter = (mode & 1) != 0 ? ';' : ',',
                                   .record_bytes_max = 4096};
  const std::string_view text = input.Rest();
  bool clean = false;
  if ((mode & 2) != 0) {
    const auto source = csv::UnpackZstd(std::make_unique<csv::TextSource>(text));
    // A bomb of a packed file is read in little memory, but not in little time.
    std::size_t total = 0;
    std::vector<char> buffer(1 << 16);
    for (auto got = source->Read(buffer); got.ok() && *got != 0; got = source->Read(buffer)) {
      total += *got;
      if (total > (std::size_t{8} << 20)) return 0;
    }
    const auto again = csv::UnpackZstd(std::make_unique<csv::TextSource>(text));
    (void)ReadAll(*again, options, &clean);
    return 0;
  }
  csv::TextSource whole(text);
  Trickle slow(text, 1 + (mode >> 4));
  const std::vector<Record> records = ReadAll(whole, options, &clean);
  bool slow_clean = false;
  Check(ReadAll(slow, options, &slow_clean) == records && slow_clean == clean,
        "the records do not depend on how the bytes come");
  CheckReadsBack(records);
  return 0;
}
