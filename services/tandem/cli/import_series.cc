#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/exchange/csv/series.h"
#include "services/tandem/cli/digest.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/import.h"
#include "services/tandem/cli/ingest.h"
#include "services/tandem/cli/known.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/readable_file.h"
#include "services/tandem/cli/session.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;

constexpr std::size_t kDayField = 2;  // As in csv::kSalesFields, kStockFields and kPriceFields.

// A block of a file: a request without location and number, and the line of each row.
struct Block {
  v1::IngestRequest request{};
  std::vector<std::int64_t> lines{};
};
using EmitBlock = std::function<absl::Status(const std::string& location, Block)>;
// Reads the whole file and emits its blocks.
using ReadBlocks = std::function<absl::StatusOr<csv::RowCounts>(
    csv::Source& source, const EmitBlock& emit, const csv::OnReject& on_reject)>;

// How a file is read.
struct Reading {
  v1::Measure measure = v1::MEASURE_UNSPECIFIED;
  const csv::Mapping& mapping;
  const Known& known;
};

absl::StatusOr<csv::RowCounts> ReadSeriesBlocks(const Reading& reading, csv::Source& source,
                                                const EmitBlock& emit,
                                                const csv::OnReject& on_reject) {
  const v1::Measure measure = reading.measure;
  std::int64_t twice = 0;
  csv::SeriesBlocks blocks(
      measure, {},
      [&](const csv::SeriesKey& key, v1::SeriesBlock series) {
        Block block;
        block.request.mutable_series()->Swap(&series);
        block.lines = blocks.lines();
        return emit(key.location, std::move(block));
      },
      [&](csv::Reject reject) {
        ++twice;
        on_reject(std::move(reject));
      });
  csv::SeriesRowParser parser(measure);
  const auto use = [&](const csv::Row& row) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(const csv::SeriesRow parsed, parser.Parse(row));
    const RowDay day{kDayField, parsed.day};
    TANDEM_RETURN_IF_ERROR(CheckLocation(reading.known, row, 0, parsed.location, day));
    TANDEM_RETURN_IF_ERROR(CheckItem(reading.known, row, 1, parsed.item, day));
    return blocks.Add(parsed);
  };
  const std::span<const csv::Field> fields = measure == v1::MEASURE_STOCK
                                                 ? std::span<const csv::Field>(csv::kStockFields)
                                                 : std::span<const csv::Field>(csv::kSalesFields);
  TANDEM_ASSIGN_OR_RETURN(csv::RowCounts counts,
                          csv::ForEachRow(source, fields, reading.mapping, use, on_reject));
  TANDEM_RETURN_IF_ERROR(blocks.Finish());
  counts.taken -= twice;
  counts.rejected += twice;
  return counts;
}

absl::StatusOr<csv::RowCounts> ReadPriceBlocks(const csv::Mapping& mapping, const Known& known,
                                               csv::Source& source, const EmitBlock& emit,
                                               const csv::OnReject& on_reject) {
  csv::PriceBlocks blocks({}, [&](const std::string& location, v1::PriceBlock prices) {
    Block block;
    block.request.mutable_prices()->Swap(&prices);
    block.lines = blocks.lines();
    return emit(location, std::move(block));
  });
  const auto use = [&](const csv::Row& row) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(const csv::PriceRow parsed, csv::ParsePriceRow(row));
    TANDEM_RETURN_IF_ERROR(
        CheckLocation(known, row, 0, parsed.location, {kDayField, parsed.first_day}));
    // It may reach beyond a closing: it says what a price would be.
    TANDEM_RETURN_IF_ERROR(CheckItem(known, row, 1, parsed.item, {kDayField, parsed.first_day}));
    absl::Status added = blocks.Add(parsed);
    if (base::ReasonOf(added) == base::Reason::kDuplicateRow) return row.Refused(kDayField, added);
    return added;
  };
  TANDEM_ASSIGN_OR_RETURN(csv::RowCounts counts,
                          csv::ForEachRow(source, csv::kPriceFields, mapping, use, on_reject));
  TANDEM_RETURN_IF_ERROR(blocks.Finish());
  return counts;
}

// What can be read once alone is kept in memory, since the file is read twice.
absl::StatusOr<std::string> TextOfPipe(const ImportOptions& options) {
  if (IsRegularFile(options.file)) return std::string();
  TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(options.file));
  std::string text;
  std::string piece(1 << 18, '\0');
  for (;;) {
    TANDEM_ASSIGN_OR_RETURN(const std::size_t size, source->Read({piece.data(), piece.size()}));
    if (size == 0) return text;
    text.append(piece, 0, size);
  }
}

class BulkImport {
 public:
  BulkImport(Client& client, const ImportOptions& options, ReadBlocks read)
      : client_(client), options_(options), read_(std::move(read)) {}

  absl::Status Run() {
    TANDEM_ASSIGN_OR_RETURN(text_, TextOfPipe(options_));
    TANDEM_RETURN_IF_ERROR(Check());
    TANDEM_RETURN_IF_ERROR(Send());
    if (counts_.rejected == 0) return absl::OkStatus();
    return RowsRejected(absl::StrCat(counts_.rejected, " bad rows were left out"));
  }

 private:
  absl::StatusOr<std::unique_ptr<csv::Source>> Open(Progress* progress) {
    if (!IsRegularFile(options_.file)) {
      return std::unique_ptr<csv::Source>(std::make_unique<csv::TextSource>(text_));
    }
    auto bytes = std::make_shared<std::int64_t>(0);
    return OpenSource(options_.file,
                      [progress, bytes](std::int64_t more) { progress->Set(*bytes += more); });
  }

  // The first reading: nothing is sent where a row is bad, unless good ones are to be kept.
  absl::Status Check() {
    RejectFile rejects(RejectsPath(options_));
    Digest digest;
    Progress progress("checking " + options_.file, "bytes", SizeOfFile(options_.file));
    TANDEM_ASSIGN_OR_RETURN(const auto source, Open(&progress));
    TANDEM_ASSIGN_OR_RETURN(counts_, read_(
                                         *source,
                                         [&](const std::string& location, const Block& block) {
                                           digest.Add(location);
                                           digest.Add(block.request.SerializeAsString());
                                           return absl::OkStatus();
                                         },
                                         rejects.Taker()));
    progress.Finish();
    file_id_ = "file-" + digest.Hex();
    TANDEM_RETURN_IF_ERROR(rejects.Close());
    if (counts_.rejected == 0) return absl::OkStatus();
    if (options_.keep_good) return absl::OkStatus();
    return RowsRejected(absl::StrCat(counts_.rejected, " of ", counts_.rejected + counts_.taken,
                                     " rows are bad, nothing was sent; they are named in ",
                                     rejects.path(), ". --keep-good sends the others"));
  }

  absl::Status Send() {
    const std::string stream = options_.stream.empty() ? file_id_ : options_.stream;
    IngestSender sender(client_, {.stream = stream, .file_id = file_id_});
    Progress progress("sending " + options_.file, "rows", counts_.taken);
    Progress no_progress("", "", 0);
    const absl::Time begin = absl::Now();
    TANDEM_ASSIGN_OR_RETURN(const auto source, Open(&no_progress));
    absl::Status read =
        read_(
            *source,
            [&](const std::string& location, Block block) {
              progress.Set(sender.durable_rows());
              return sender.Add(location, std::move(block.request), std::move(block.lines));
            },
            [](const csv::Reject&) {})
            .status();
    if (!read.ok() && !sender.failed()) return read;  // Half of a file is not to be closed.
    TANDEM_RETURN_IF_ERROR(sender.Finish());
    progress.Finish();
    Report(sender, stream, absl::ToDoubleSeconds(absl::Now() - begin));
    return absl::OkStatus();
  }

  void Report(const IngestSender& sender, const std::string& stream, double seconds) const {
    const std::int64_t sent = sender.durable_rows() - sender.standing_rows();
    std::string text;
    if (sent == 0 && sender.durable_rows() > 0) {
      text = absl::StrCat("all ", sender.durable_rows(), " rows are there already, in stream ",
                          stream, "; nothing was sent\n");
    } else {
      const std::string before =
          sender.standing_rows() == 0
              ? ""
              : absl::StrCat(", ", sender.standing_rows(), " of them from before");
      text = absl::StrCat(sender.durable_rows(), " rows durable in stream ", stream, before, ", ",
                          Count(static_cast<double>(sent) / seconds), " rows/s\n");
    }
    PrintCounts(options_.output, text,
                {{"rows", sender.durable_rows()}, {"sent", sent}, {"left_out", counts_.rejected}});
  }

  Client& client_;
  const ImportOptions& options_;
  ReadBlocks read_;
  std::string text_;     // Of what is no file.
  std::string file_id_;  // By what is sent, so that it names the same rows always.
  csv::RowCounts counts_;
};

}  // namespace

absl::Status ImportSeries(Client& client, v1::Measure measure, const ImportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(const csv::Mapping mapping, LoadMapping(options.mapping));
  TANDEM_ASSIGN_OR_RETURN(const Known known, LoadKnown(client));
  return BulkImport(client, options,
                    [&](csv::Source& source, const EmitBlock& emit, const csv::OnReject& reject) {
                      return ReadSeriesBlocks({measure, mapping, known}, source, emit, reject);
                    })
      .Run();
}

absl::Status ImportPrices(Client& client, const ImportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(const csv::Mapping mapping, LoadMapping(options.mapping));
  TANDEM_ASSIGN_OR_RETURN(const Known known, LoadKnown(client));
  return BulkImport(client, options,
                    [&](csv::Source& source, const EmitBlock& emit, const csv::OnReject& reject) {
                      return ReadPriceBlocks(mapping, known, source, emit, reject);
                    })
      .Run();
}

}  // namespace tandem::cli
