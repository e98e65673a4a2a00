#include "services/tandem/cli/export.h"

#include <chrono>
#include <ctime>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/base/day.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/exchange/csv/series.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/import.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;
using v1::ExchangeService;

constexpr absl::Duration kReadLongest = absl::Minutes(30);
constexpr std::size_t kPieceBytes = 1 << 20;

std::string OwnerName(const Client& client, const ExportOptions& options) {
  return options.owner.empty() ? client.firm_name() : "firms/" + options.owner;
}

// A file that is written in pieces: head first, then records by the returned writer's text.
class Export {
 public:
  static absl::StatusOr<Export> Open(const ExportOptions& options,
                                     std::span<const csv::Field> fields) {
    TANDEM_ASSIGN_OR_RETURN(auto file, OutputFile::Open(options.to));
    Export out(std::move(file));
    *out.text_ = csv::HeaderOf(fields);
    return out;
  }
  csv::Writer& writer() { return *writer_; }
  void FlushIfLarge() {
    if (text_->size() >= kPieceBytes) Flush();
  }
  absl::Status Finish() {
    Flush();
    return file_->Finish();
  }

 private:
  explicit Export(std::unique_ptr<OutputFile> file)
      : file_(std::move(file)),
        text_(std::make_unique<std::string>()),
        writer_(std::make_unique<csv::Writer>(*text_)) {}
  void Flush() {
    file_->Write(*text_);
    text_->clear();
  }
  std::unique_ptr<OutputFile> file_;
  std::unique_ptr<std::string> text_;
  std::unique_ptr<csv::Writer> writer_;
};

// The ids of the locations that were asked for: all that may be seen, where none were.
absl::StatusOr<std::vector<std::string>> LocationsOf(Client& client, const ExportOptions& options) {
  if (!options.locations.empty()) return options.locations;
  TANDEM_ASSIGN_OR_RETURN(const auto locations, AllLocations(client, OwnerName(client, options)));
  std::vector<std::string> ids;
  ids.reserve(locations.size());
  for (const v1::Location& location : locations) ids.emplace_back(csv::IdOf(location.name()));
  return ids;
}

}  // namespace

absl::StatusOr<google::type::Date> ParseDate(const std::string& field, const std::string& text) {
  const absl::StatusOr<base::Day> day = base::Day::Parse(text);
  if (!day.ok()) {
    const absl::string_view why = day.status().message();
    return base::RefuseField(base::ReasonOf(day.status()), field,
                             std::string_view(why.data(), why.size()), {{"value", text}});
  }
  google::type::Date date;
  date.set_year(std::stoi(text.substr(0, 4)));
  date.set_month(std::stoi(text.substr(5, 2)));
  date.set_day(std::stoi(text.substr(8, 2)));
  return date;
}

absl::StatusOr<v1::ReadSeriesRequest> SeriesRequest(const Client& client, v1::Measure measure,
                                                    const ExportOptions& options) {
  v1::ReadSeriesRequest request;
  request.set_owner(OwnerName(client, options));
  request.set_measure(measure);
  for (const std::string& location : options.locations) request.add_locations(location);
  for (const std::string& item : options.items) request.add_items(item);
  TANDEM_ASSIGN_OR_RETURN(*request.mutable_start_date(), ParseDate("--from", options.first_date));
  TANDEM_ASSIGN_OR_RETURN(*request.mutable_end_date(), ParseDate("--to-date", options.last_date));
  if (measure == v1::MEASURE_STOCK) {
    if (!options.stock_owner.empty()) request.set_stock_owner("firms/" + options.stock_owner);
    v1::StockStatus status = v1::STOCK_STATUS_UNSPECIFIED;
    if (!v1::StockStatus_Parse("STOCK_STATUS_" + options.stock_status, &status)) {
      return base::RefuseField(base::Reason::kUnknownEnum, "--status",
                               "FREE, BLOCKED, QUALITY or RESERVED");
    }
    request.set_stock_status(status);
  }
  if (!options.as_of.empty()) {
    absl::Time instant;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, options.as_of, &instant, &error)) {
      return base::RefuseField(base::Reason::kBadDate, "--as-of", "an instant is RFC 3339",
                               {{"value", options.as_of}});
    }
    const std::timespec time = absl::ToTimespec(instant);
    request.mutable_as_of_time()->set_seconds(time.tv_sec);
    request.mutable_as_of_time()->set_nanos(static_cast<std::int32_t>(time.tv_nsec));
  }
  return request;
}

absl::Status ReadSeries(Client& client, v1::ReadSeriesRequest request,
                        const std::function<absl::Status(const v1::ReadSeriesResponse&)>& use) {
  if (request.min_position().empty()) request.set_min_position(client.position());
  const auto stub = ExchangeService::NewStub(client.channel());
  grpc::ClientContext context;
  client.Identify(&context);
  context.set_deadline(absl::ToChronoTime(absl::Now() + kReadLongest));
  const auto call = stub->ReadSeries(&context, request);
  absl::Status status;
  for (v1::ReadSeriesResponse answer; status.ok() && call->Read(&answer);) status = use(answer);
  if (!status.ok()) context.TryCancel();
  const absl::Status finished = client.WithAdvice(StatusOfCall(call->Finish()));
  return status.ok() ? finished : status;
}

absl::Status ExportItems(Client& client, const ExportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(const auto items, AllItems(client, OwnerName(client, options)));
  TANDEM_ASSIGN_OR_RETURN(Export out, Export::Open(options, csv::kItemFields));
  for (const v1::Item& item : items) csv::WriteItem(item, out.writer());
  return out.Finish();
}

absl::Status ExportLocations(Client& client, const ExportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(const auto locations, AllLocations(client, OwnerName(client, options)));
  TANDEM_ASSIGN_OR_RETURN(Export out, Export::Open(options, csv::kLocationFields));
  for (const v1::Location& location : locations) csv::WriteLocation(location, out.writer());
  return out.Finish();
}

absl::Status ExportEvents(Client& client, const ExportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(Export out, Export::Open(options, csv::kEventFields));
  v1::ListEventsRequest request;
  request.set_parent(OwnerName(client, options));
  do {
    v1::ListEventsResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::ListEvents, request, &answer));
    for (const v1::Event& event : answer.events()) csv::WriteEvent(event, out.writer());
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  return out.Finish();
}

absl::Status ExportPromotions(Client& client, const ExportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(const auto locations, LocationsOf(client, options));
  TANDEM_ASSIGN_OR_RETURN(Export out, Export::Open(options, csv::kPromotionFields));
  for (const std::string& location : locations) {
    v1::ListPromotionsRequest request;
    request.set_parent(OwnerName(client, options) + "/locations/" + location);
    do {
      v1::ListPromotionsResponse answer;
      TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::ListPromotions, request, &answer));
      for (const v1::Promotion& promotion : answer.promotions()) {
        csv::WritePromotion(location, promotion, out.writer());
      }
      out.FlushIfLarge();
      request.set_page_token(answer.next_page_token());
    } while (!request.page_token().empty());
  }
  return out.Finish();
}

absl::Status ExportPlans(Client& client, const ExportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(Export out, Export::Open(options, csv::kPlanFields));
  v1::ListPlansRequest request;
  request.set_parent(OwnerName(client, options));
  do {
    v1::ListPlansResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::ListPlans, request, &answer));
    for (const v1::Plan& plan : answer.plans()) csv::WritePlan(plan, out.writer());
    out.FlushIfLarge();
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  return out.Finish();
}

absl::Status ExportSeries(Client& client, v1::Measure measure, const ExportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(auto request, SeriesRequest(client, measure, options));
  request.set_with_revisions(true);
  const bool stock = measure == v1::MEASURE_STOCK;
  const std::span<const csv::Field> fields = stock ? std::span<const csv::Field>(csv::kStockFields)
                                                   : std::span<const csv::Field>(csv::kSalesFields);
  TANDEM_ASSIGN_OR_RETURN(Export out, Export::Open(options, fields));
  TANDEM_RETURN_IF_ERROR(
      ReadSeries(client, request, [&](const v1::ReadSeriesResponse& series) -> absl::Status {
        if (stock) {
          csv::WriteStock(series, options.stock_owner, request.stock_status(), out.writer());
        } else {
          csv::WriteSeries(series, out.writer());
        }
        out.FlushIfLarge();
        return absl::OkStatus();
      }));
  return out.Finish();
}

absl::Status ExportPrices(Client& client, const ExportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(const auto locations, LocationsOf(client, options));
  TANDEM_ASSIGN_OR_RETURN(Export out, Export::Open(options, csv::kPriceFields));
  const auto stub = ExchangeService::NewStub(client.channel());
  for (const std::string& location : locations) {
    v1::ReadPricesRequest request;
    request.set_location(OwnerName(client, options) + "/locations/" + location);
    for (const std::string& item : options.items) request.add_items(item);
    grpc::ClientContext context;
    client.Identify(&context);
    context.set_deadline(absl::ToChronoTime(absl::Now() + kReadLongest));
    const auto call = stub->ReadPrices(&context, request);
    for (v1::ReadPricesResponse answer; call->Read(&answer);) {
      csv::WritePrices(location, answer.prices(), out.writer());
      out.FlushIfLarge();
    }
    TANDEM_RETURN_IF_ERROR(client.WithAdvice(StatusOfCall(call->Finish())));
  }
  return out.Finish();
}

}  // namespace tandem::cli
