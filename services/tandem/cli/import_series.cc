#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/exchange/csv/series.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/import.h"
#include "services/tandem/cli/ingest.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/session.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;

// The caller's own register, to name rows about unknown items before anything is sent.
struct Known {
  absl::flat_hash_set<std::string> items{};
  absl::flat_hash_set<std::string> locations{};
};

absl::StatusOr<Known> LoadKnown(Client& client) {
  Known known;
  TANDEM_ASSIGN_OR_RETURN(const auto items, AllItems(client, client.firm_name()));
  for (const v1::Item& item : items) known.items.emplace(csv::IdOf(item.name()));
  TANDEM_ASSIGN_OR_RETURN(const auto locations, AllLocations(client, client.firm_name()));
  for (const v1::Location& location : locations) {
    known.locations.emplace(csv::IdOf(location.name()));
  }
  return known;
}

absl::Status CheckKnown(const Known& known, const csv::Row& row, std::string_view location,
                        std::string_view item) {
  if (!known.locations.contains(absl::string_view(location.data(), location.size()))) {
    return row.Refused(0, base::Refuse(base::Reason::kUnknownLocation, "is not in the register"));
  }
  if (!known.items.contains(absl::string_view(item.data(), item.size()))) {
    return row.Refused(1, base::Refuse(base::Reason::kUnknownItem, "is not in the register"));
  }
  return absl::OkStatus();
}

// Blocks of a file, as requests without location and number.
using EmitBlock = std::function<absl::Status(const std::string& location, v1::IngestRequest)>;
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
      [&](const csv::SeriesKey& key, v1::SeriesBlock block) {
        v1::IngestRequest request;
        request.mutable_series()->Swap(&block);
        return emit(key.location, std::move(request));
      },
      [&](csv::Reject reject) {
        ++twice;
        on_reject(std::move(reject));
      });
  csv::SeriesRowParser parser(measure);
  const auto use = [&](const csv::Row& row) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(const csv::SeriesRow parsed, parser.Parse(row));
    TANDEM_RETURN_IF_ERROR(CheckKnown(reading.known, row, parsed.location, parsed.item));
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
  csv::PriceBlocks blocks({}, [&](const std::string& location, v1::PriceBlock block) {
    v1::IngestRequest request;
    request.mutable_prices()->Swap(&block);
    return emit(location, std::move(request));
  });
  const auto use = [&](const csv::Row& row) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(const csv::PriceRow parsed, csv::ParsePriceRow(row));
    TANDEM_RETURN_IF_ERROR(CheckKnown(known, row, parsed.location, parsed.item));
    return blocks.Add(parsed);
  };
  TANDEM_ASSIGN_OR_RETURN(csv::RowCounts counts,
                          csv::ForEachRow(source, csv::kPriceFields, mapping, use, on_reject));
  TANDEM_RETURN_IF_ERROR(blocks.Finish());
  return counts;
}

// Standard input is read twice like a file, so it is kept in memory.
absl::StatusOr<std::string> TextOfStandardInput(const ImportOptions& options) {
  if (options.file != "-") return std::string();
  TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource("-"));
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
    TANDEM_ASSIGN_OR_RETURN(text_, TextOfStandardInput(options_));
    TANDEM_RETURN_IF_ERROR(Check());
    TANDEM_RETURN_IF_ERROR(Send());
    if (counts_.rejected == 0) return absl::OkStatus();
    return RowsRejected(absl::StrCat(counts_.rejected, " bad rows were left out"));
  }

 private:
  absl::StatusOr<std::unique_ptr<csv::Source>> Open(Progress* progress) {
    if (options_.file == "-") {
      return std::unique_ptr<csv::Source>(std::make_unique<csv::TextSource>(text_));
    }
    auto bytes = std::make_shared<std::int64_t>(0);
    return OpenSource(options_.file,
                      [progress, bytes](std::int64_t more) { progress->Set(*bytes += more); });
  }

  // The first reading: nothing is sent where a row is bad, unless good ones are to be kept.
  absl::Status Check() {
    RejectFile rejects(options_.rejects.empty() ? options_.file + ".rejects.csv"
                                                : options_.rejects);
    Progress progress("checking " + options_.file, "bytes", SizeOfFile(options_.file));
    TANDEM_ASSIGN_OR_RETURN(const auto source, Open(&progress));
    TANDEM_ASSIGN_OR_RETURN(
        counts_,
        read_(
            *source, [](const std::string&, const v1::IngestRequest&) { return absl::OkStatus(); },
            rejects.Taker()));
    progress.Finish();
    TANDEM_RETURN_IF_ERROR(rejects.Close());
    if (counts_.rejected == 0) return absl::OkStatus();
    if (options_.keep_good) return absl::OkStatus();
    return RowsRejected(absl::StrCat(counts_.rejected, " of ", counts_.rejected + counts_.taken,
                                     " rows are bad, nothing was sent; they are named in ",
                                     rejects.path(), ". --keep-good sends the others"));
  }

  absl::Status Send() {
    std::string digest;
    if (options_.stream.empty()) {
      const std::vector<std::string> paths =
          options_.file == "-" ? std::vector<std::string>() : std::vector{options_.file};
      std::string more = text_;
      if (!options_.mapping.empty()) {
        TANDEM_ASSIGN_OR_RETURN(more, ReadWholeFile(options_.mapping));
      }
      TANDEM_ASSIGN_OR_RETURN(digest, DigestOfFiles(paths, more));
    }
    const std::string stream = options_.stream.empty() ? "file-" + digest : options_.stream;
    IngestSender sender(client_, {.stream = stream, .file_id = stream});
    Progress progress("sending " + options_.file, "rows", counts_.taken);
    Progress no_progress("", "", 0);
    const absl::Time begin = absl::Now();
    TANDEM_ASSIGN_OR_RETURN(const auto source, Open(&no_progress));
    TANDEM_RETURN_IF_ERROR(read_(
                               *source,
                               [&](const std::string& location, v1::IngestRequest request) {
                                 progress.Set(sender.durable_rows());
                                 return sender.Add(location, std::move(request));
                               },
                               [](const csv::Reject&) {})
                               .status());
    TANDEM_RETURN_IF_ERROR(sender.Finish());
    progress.Finish();
    const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
    PrintCounts(
        options_.output,
        absl::StrCat(sender.durable_rows(), " rows durable in stream ", stream, ", ",
                     Count(static_cast<double>(sender.durable_rows()) / seconds), " rows/s\n"),
        {{"rows", sender.durable_rows()}, {"left_out", counts_.rejected}});
    return absl::OkStatus();
  }

  Client& client_;
  const ImportOptions& options_;
  ReadBlocks read_;
  std::string text_;
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
