#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/exchange/csv/series.h"
#include "services/tandem/cli/export.h"
#include "services/tandem/cli/import.h"
#include "services/tandem/cli/m5.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/readable_file.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;
using v1::ExchangeService;

struct Args {
  ImportOptions import{};
  ExportOptions out{};
  std::string format{"csv"};
  std::string folder{};
  std::string location{};
  std::string item{};
  std::string date{};
  std::string quantity{};
  std::uint32_t revision = 0;
  std::string batch{};
};
using ArgsPtr = std::shared_ptr<Args>;

absl::Status ImportSales(Client& client, const Args& args) {
  if (args.format == "m5") {
    if (args.folder.empty()) {
      return base::RefuseField(base::Reason::kFieldMissing, "--data", "the folder of M5's files");
    }
    return ImportM5(client, args.folder, args.import.output);
  }
  if (args.import.file.empty()) {
    return base::RefuseField(base::Reason::kFieldMissing, "file", "the CSV file to import");
  }
  return ImportSeries(client, v1::MEASURE_SALES, args.import);
}

absl::Status ShowSales(Client& client, const Args& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const auto request, SeriesRequest(client, v1::MEASURE_SALES, args.out));
  Table table{.columns = {"LOCATION", "ITEM", "DATE", "QUANTITY"}, .rows = {}};
  std::vector<v1::ReadSeriesResponse> answers;
  TANDEM_RETURN_IF_ERROR(
      ReadSeries(client, request, [&](const v1::ReadSeriesResponse& series) -> absl::Status {
        if (output == "json") answers.push_back(series);
        for (int i = 0; i < series.items_size(); ++i) {
          for (int d = 0; d < series.day_count(); ++d) {
            const auto milli = exchange::csv::ValueOf(series, i, d);
            if (!milli.has_value()) continue;
            table.rows.push_back({std::string(exchange::csv::IdOf(series.location())),
                                  series.items(i),
                                  base::Day::FromNumber(series.first_day() + d).ToString(),
                                  base::Quantity::FromMilli(*milli).ToString()});
          }
        }
        return absl::OkStatus();
      }));
  if (output == "json") {
    std::vector<const google::protobuf::Message*> messages;
    messages.reserve(answers.size());
    for (const auto& answer : answers) messages.push_back(&answer);
    PrintText(JsonText(messages));
  } else {
    PrintText(output == "csv" ? CsvText(table) : TableText(table));
  }
  return absl::OkStatus();
}

absl::Status ReportStock(Client& client, const Args& args, const std::string& output) {
  v1::ReportStockRequest request;
  request.set_location(client.firm_name() + "/locations/" + args.location);
  request.set_item(args.item);
  TANDEM_ASSIGN_OR_RETURN(*request.mutable_date(), ParseDate("--date", args.date));
  TANDEM_ASSIGN_OR_RETURN(const base::Quantity quantity, base::Quantity::Parse(args.quantity));
  request.set_on_hand_milli(quantity.milli());
  if (!args.out.stock_owner.empty()) request.set_stock_owner("firms/" + args.out.stock_owner);
  v1::StockStatus status = v1::STOCK_STATUS_UNSPECIFIED;
  if (!v1::StockStatus_Parse("STOCK_STATUS_" + args.out.stock_status, &status)) {
    return base::RefuseField(base::Reason::kUnknownEnum, "--status",
                             "FREE, BLOCKED, QUALITY or RESERVED");
  }
  request.set_status(status);
  request.set_revision(args.revision);
  request.set_request_id(NewRequestId());
  v1::ReportStockResponse answer;
  TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::ReportStock, request, &answer));
  if (output == "table") {
    PrintText(absl::StrCat("accepted ", TimeText(answer.accept_time()), "\n"));
  } else {
    PrintMessage(output, answer);
  }
  return absl::OkStatus();
}

std::vector<std::string> BatchRow(const v1::Batch& batch) {
  return {std::string(exchange::csv::IdOf(batch.name())),
          v1::Batch::State_Name(batch.state()).substr(6),
          absl::StrCat(batch.row_count()),
          absl::StrCat(batch.block_count()),
          batch.stream(),
          batch.file_id(),
          TimeText(batch.close_time())};
}

// The service lists no batches for a location that there is not.
absl::Status CheckLocation(Client& client, const std::string& id) {
  TANDEM_ASSIGN_OR_RETURN(const auto locations, AllLocations(client, client.firm_name()));
  const bool known = std::ranges::any_of(locations, [&](const v1::Location& location) {
    return exchange::csv::IdOf(location.name()) == id;
  });
  if (known) return absl::OkStatus();
  return base::RefuseField(base::Reason::kUnknownLocation, "location", "is not in the register",
                           {{"value", id}});
}

absl::Status ListBatches(Client& client, const Args& args, const std::string& output) {
  std::vector<v1::Batch> batches;
  v1::ListBatchesRequest request;
  request.set_parent(client.firm_name() + "/locations/" + args.location);
  do {
    v1::ListBatchesResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::ListBatches, request, &answer));
    batches.insert(batches.end(), answer.batches().begin(), answer.batches().end());
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  if (batches.empty()) {
    TANDEM_RETURN_IF_ERROR(CheckLocation(client, args.location));
  }
  PrintMessages(output, batches, {"BATCH", "STATE", "ROWS", "BLOCKS", "STREAM", "FILE", "CLOSED"},
                BatchRow);
  return absl::OkStatus();
}

absl::Status RetractBatch(Client& client, const Args& args, const std::string& output) {
  v1::RetractBatchRequest request;
  request.set_name(client.firm_name() + "/locations/" + args.location + "/batches/" + args.batch);
  request.set_request_id(NewRequestId());
  v1::Batch batch;
  TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::RetractBatch, request, &batch));
  PrintMessage(output, batch);
  return absl::OkStatus();
}

void AddImportOptions(CLI::App* verb, const ArgsPtr& args) {
  verb->add_option("--map", args->import.mapping, "Mapping file: which column is which field");
  verb->add_option("--rejects", args->import.rejects, "Where bad rows are named");
  verb->add_option("--stream", args->import.stream,
                   "Name of the stream; where not said it comes from the file's content, so that "
                   "a second run goes on where the first broke");
  verb->add_flag("--keep-good", args->import.keep_good, "Send the good rows of a bad file");
}

void AddReadOptions(CLI::App* verb, const ArgsPtr& args) {
  verb->add_option("--owner", args->out.owner, "Whose; your own firm's where not said");
  verb->add_option("--location", args->out.locations, "Locations; all where not said");
  verb->add_option("--item", args->out.items, "Items; all where not said");
}

void AddDays(CLI::App* verb, const ArgsPtr& args) {
  verb->add_option("--from", args->out.first_date, "First day, YYYY-MM-DD")->required();
  verb->add_option("--to-date", args->out.last_date, "Last day, YYYY-MM-DD")->required();
  verb->add_option("--as-of", args->out.as_of, "What was known then, RFC 3339");
}

void AddSales(CLI::App& app, const SessionPtr& session, const ArgsPtr& args) {
  CLI::App* noun = AddNoun(app, "sales", "Units sold by item, location and day");
  CLI::App* import = AddVerb(
      noun, session,
      {"import", "A CSV file, or a folder of M5's files, into the service",
       "tandem sales import pos.csv --map pos.toml\n  tandem sales import --format m5 --data m5/"},
      [args, session](Client& client) {
        args->import.output = session->output;
        return ImportSales(client, *args);
      });
  import
      ->add_option("file", args->import.file,
                   "CSV file (.zst too): location, item, date, quantity; revision")
      ->check(CheckReadable, "FILE");
  import->add_option("--format", args->format, "csv or m5")
      ->check(CLI::IsMember({"csv", "m5"}))
      ->capture_default_str();
  import->add_option("--data", args->folder, "Folder of M5's files");
  AddImportOptions(import, args);
  CLI::App* out = AddVerb(
      noun, session,
      {"export", "Sales that you may see, as a CSV file",
       "tandem sales export --from 2025-01-01 --to-date 2025-12-31 --to s.csv"},
      [args](Client& client) { return ExportSeries(client, v1::MEASURE_SALES, args->out); });
  AddReadOptions(out, args);
  AddDays(out, args);
  out->add_option("--to", args->out.to, "A file; standard output where not said");
  CLI::App* show = AddVerb(
      noun, session,
      {"show", "Sales of some items",
       "tandem sales show --owner shop --item 4711 --from 2025-12-01 --to-date 2025-12-31"},
      [args, session](Client& client) { return ShowSales(client, *args, session->output); });
  AddReadOptions(show, args);
  AddDays(show, args);
}

void AddStock(CLI::App& app, const SessionPtr& session, const ArgsPtr& args) {
  CLI::App* noun = AddNoun(app, "stock", "Stock by item, location, day, owner and status");
  CLI::App* import =
      AddVerb(noun, session, {"import", "A CSV file into the service", "tandem stock import s.csv"},
              [args, session](Client& client) {
                args->import.output = session->output;
                return ImportSeries(client, v1::MEASURE_STOCK, args->import);
              });
  import
      ->add_option("file", args->import.file,
                   "CSV file: location, item, date, quantity; revision, stock_owner, status")
      ->required()
      ->check(CheckReadable, "FILE");
  AddImportOptions(import, args);
  CLI::App* out = AddVerb(
      noun, session,
      {"export", "Stock that you may see, as a CSV file",
       "tandem stock export --owner shop --from 2025-01-01 --to-date 2025-01-31 --to s.csv"},
      [args](Client& client) { return ExportSeries(client, v1::MEASURE_STOCK, args->out); });
  AddReadOptions(out, args);
  AddDays(out, args);
  out->add_option("--stock-owner", args->out.stock_owner, "Whose stock; the location's firm's");
  out->add_option("--status", args->out.stock_status, "FREE, BLOCKED, QUALITY, RESERVED");
  out->add_option("--to", args->out.to, "A file; standard output where not said");
  CLI::App* report = AddVerb(
      noun, session,
      {"report", "One count of one item",
       "tandem stock report --location s1 --item 4711 --date 2025-12-01 --quantity 12"},
      [args, session](Client& client) { return ReportStock(client, *args, session->output); });
  report->add_option("--location", args->location, "Where")->required();
  report->add_option("--item", args->item, "What")->required();
  report->add_option("--date", args->date, "At the end of this day")->required();
  report->add_option("--quantity", args->quantity, "On hand, in the base unit")->required();
  report->add_option("--stock-owner", args->out.stock_owner, "Whose; the location's firm's");
  report->add_option("--status", args->out.stock_status, "FREE, BLOCKED, QUALITY, RESERVED");
  report->add_option("--revision", args->revision, "A higher one corrects");
}

}  // namespace

void AddSeriesCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  AddSales(app, session, args);
  AddStock(app, session, args);
  CLI::App* price = AddNoun(app, "price", "Unit prices over ranges of days");
  CLI::App* import = AddVerb(
      price, session, {"import", "A CSV file into the service", "tandem price import prices.csv"},
      [args, session](Client& client) {
        args->import.output = session->output;
        return ImportPrices(client, args->import);
      });
  import
      ->add_option("file", args->import.file,
                   "CSV file: location, item, first_date, last_date, price, currency; revision")
      ->required()
      ->check(CheckReadable, "FILE");
  AddImportOptions(import, args);
  CLI::App* out = AddVerb(price, session,
                          {"export", "Prices that you may see, as a CSV file",
                           "tandem price export --owner shop --location s1 --to prices.csv"},
                          [args](Client& client) { return ExportPrices(client, args->out); });
  AddReadOptions(out, args);
  out->add_option("--to", args->out.to, "A file; standard output where not said");
  CLI::App* batch = AddNoun(app, "batch", "What was sent together, and taking it back");
  CLI::App* list = AddVerb(
      batch, session, {"list", "Batches of a location, newest first", "tandem batch list s1"},
      [args, session](Client& client) { return ListBatches(client, *args, session->output); });
  list->add_option("location", args->location, "Location id")->required();
  CLI::App* retract = AddVerb(
      batch, session, {"retract", "Take a batch back, whole", "tandem batch retract s1 b7"},
      [args, session](Client& client) { return RetractBatch(client, *args, session->output); });
  retract->add_option("location", args->location, "Location id")->required();
  retract->add_option("batch", args->batch, "Batch id")->required();
}

}  // namespace tandem::cli
