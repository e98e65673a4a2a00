#include "services/tandem/cli/import.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/known.h"
#include "services/tandem/cli/pieces.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/readable_file.h"
#include "services/tandem/cli/session.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;
using v1::ExchangeService;

// Reads every row of the file with `use`; returns how many bad ones were left out. RowsRejected
// where some are bad and are not to be left out.
absl::StatusOr<std::int64_t> ReadFileRows(const ImportOptions& options,
                                          std::span<const csv::Field> fields,
                                          const std::function<absl::Status(const csv::Row&)>& use) {
  TANDEM_ASSIGN_OR_RETURN(const csv::Mapping mapping, LoadMapping(options.mapping));
  RejectFile rejects(RejectsPath(options));
  Progress progress("reading " + options.file, "bytes", SizeOfFile(options.file));
  std::int64_t bytes = 0;
  TANDEM_ASSIGN_OR_RETURN(const auto source, OpenSource(options.file, [&](std::int64_t more) {
                            progress.Set(bytes += more);
                          }));
  TANDEM_ASSIGN_OR_RETURN(const csv::RowCounts counts,
                          csv::ForEachRow(*source, fields, mapping, use, rejects.Taker()));
  progress.Finish();
  TANDEM_RETURN_IF_ERROR(rejects.Close());
  if (counts.rejected == 0) return std::int64_t{0};
  if (options.keep_good) return counts.rejected;
  return RowsRejected(absl::StrCat(counts.rejected, " of ", counts.rejected + counts.taken,
                                   " rows are bad, nothing was sent; they are named in ",
                                   rejects.path(), ". --keep-good sends the others"));
}

// Says what was sent; RowsRejected where rows were left out.
absl::Status Report(const ImportOptions& options, std::size_t count, const std::string& what,
                    std::int64_t left_out) {
  PrintCounts(options.output, absl::StrCat(count, " ", what, "\n"),
              {{what, static_cast<std::int64_t>(count)}, {"left_out", left_out}});
  if (left_out == 0) return absl::OkStatus();
  return RowsRejected(absl::StrCat(left_out, " bad rows were left out"));
}

// What a file holds, each record once.
template <typename Message>
struct Read {
  std::vector<Message> messages{};
  std::vector<std::int64_t> lines{};  // One a message.
  std::map<std::string, std::int64_t> line_of{};

  // DUPLICATE_ROW, naming the column of the id, for a record that stands above.
  absl::Status Add(const csv::Row& row, std::size_t id_field, Message message) {
    const auto [found, is_new] = line_of.try_emplace(KeyOf(message), row.line());
    if (!is_new) {
      return row.Refused(id_field,
                         base::Refuse(base::Reason::kDuplicateRow,
                                      absl::StrCat("stands in line ", found->second, " already")));
    }
    messages.push_back(std::move(message));
    lines.push_back(row.line());
    return absl::OkStatus();
  }
};

template <typename Request>
Request RequestOf(const std::string& parent) {
  Request request;
  request.set_parent(parent);
  request.set_request_id(NewRequestId());
  return request;
}

}  // namespace

void RejectFile::Add(const csv::Reject& reject) {
  if (text_.empty()) text_ = csv::RejectHeader();
  text_ += csv::RejectLine(reject);
  ++count_;
}

absl::Status RejectFile::Close() {
  if (count_ == 0) {
    std::error_code error;
    const auto status = std::filesystem::symlink_status(path_, error);
    if (!std::filesystem::is_regular_file(status)) return absl::OkStatus();
    TANDEM_ASSIGN_OR_RETURN(const auto earlier, OpenSource(path_));
    std::string head(csv::RejectHeader().size(), '\0');
    TANDEM_ASSIGN_OR_RETURN(const std::size_t size, earlier->Read({head.data(), head.size()}));
    if (size == head.size() && head == csv::RejectHeader()) std::filesystem::remove(path_, error);
    return absl::OkStatus();
  }
  TANDEM_ASSIGN_OR_RETURN(const auto file, OutputFile::Open(path_));
  file->Write(text_);
  TANDEM_RETURN_IF_ERROR(file->Finish());
  std::fprintf(stderr, "tandem: %lld rejected rows in %s\n", static_cast<long long>(count_),
               path_.c_str());
  return absl::OkStatus();
}

std::string RejectsPath(const ImportOptions& options) {
  if (!options.rejects.empty()) return options.rejects;
  return IsRegularFile(options.file) ? options.file + ".rejects.csv" : "import.rejects.csv";
}

absl::StatusOr<csv::Mapping> LoadMapping(const std::string& path) {
  if (path.empty()) return csv::Mapping();
  TANDEM_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  return csv::ParseMapping(text);
}

absl::StatusOr<std::string> SendItems(Client& client, const std::vector<v1::Item>& items,
                                      const FilePlaces& places) {
  std::string position;
  TANDEM_RETURN_IF_ERROR(InPieces(
      std::span(items), places.lines, places.accepted_before, [&](std::span<const v1::Item> piece) {
        auto request = RequestOf<v1::RegisterItemsRequest>(client.firm_name());
        request.mutable_items()->Assign(piece.begin(), piece.end());
        v1::RegisterItemsResponse answer;
        absl::Status status = client.Call(&ExchangeService::Stub::RegisterItems, request, &answer);
        position = answer.position();
        return status;
      }));
  return position;
}

absl::StatusOr<std::string> SendLocations(Client& client,
                                          const std::vector<v1::Location>& locations,
                                          const FilePlaces& places) {
  std::string position;
  TANDEM_RETURN_IF_ERROR(
      InPieces(std::span(locations), places.lines, places.accepted_before,
               [&](std::span<const v1::Location> piece) {
                 auto request = RequestOf<v1::RegisterLocationsRequest>(client.firm_name());
                 request.mutable_locations()->Assign(piece.begin(), piece.end());
                 v1::RegisterLocationsResponse answer;
                 absl::Status status =
                     client.Call(&ExchangeService::Stub::RegisterLocations, request, &answer);
                 position = answer.position();
                 return status;
               }));
  return position;
}

absl::Status SendEvents(Client& client, const std::vector<v1::Event>& events,
                        const FilePlaces& places) {
  return InPieces(std::span(events), places.lines, places.accepted_before,
                  [&](std::span<const v1::Event> piece) {
                    auto request = RequestOf<v1::PutEventsRequest>(client.firm_name());
                    request.mutable_events()->Assign(piece.begin(), piece.end());
                    v1::PutEventsResponse answer;
                    return client.Call(&ExchangeService::Stub::PutEvents, request, &answer);
                  });
}

absl::Status SendPromotions(Client& client, const std::string& location,
                            const std::vector<v1::Promotion>& promotions,
                            const FilePlaces& places) {
  return InPieces(std::span(promotions), places.lines, places.accepted_before,
                  [&](std::span<const v1::Promotion> piece) {
                    auto request = RequestOf<v1::PutPromotionsRequest>(client.firm_name() +
                                                                       "/locations/" + location);
                    request.mutable_promotions()->Assign(piece.begin(), piece.end());
                    v1::PutPromotionsResponse answer;
                    return client.Call(&ExchangeService::Stub::PutPromotions, request, &answer);
                  });
}

absl::StatusOr<std::vector<v1::Item>> AllItems(Client& client, const std::string& parent) {
  std::vector<v1::Item> items;
  v1::ListItemsRequest request;
  request.set_parent(parent);
  request.set_page_size(10'000);
  request.set_min_position(client.position());
  do {
    v1::ListItemsResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::ListItems, request, &answer));
    std::move(answer.mutable_items()->begin(), answer.mutable_items()->end(),
              std::back_inserter(items));
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  return items;
}

absl::StatusOr<std::vector<v1::Location>> AllLocations(Client& client, const std::string& parent) {
  std::vector<v1::Location> locations;
  v1::ListLocationsRequest request;
  request.set_parent(parent);
  request.set_page_size(10'000);
  request.set_min_position(client.position());
  do {
    v1::ListLocationsResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::ListLocations, request, &answer));
    std::move(answer.mutable_locations()->begin(), answer.mutable_locations()->end(),
              std::back_inserter(locations));
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  return locations;
}

absl::Status ImportItems(Client& client, const ImportOptions& options) {
  Read<v1::Item> read;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kItemFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(v1::Item item, csv::ParseItem(row, client.firm()));
        return read.Add(row, 0, std::move(item));
      }));
  TANDEM_RETURN_IF_ERROR(SendItems(client, read.messages, {.lines = read.lines}).status());
  return Report(options, read.messages.size(), "items", left_out);
}

absl::Status ImportLocations(Client& client, const ImportOptions& options) {
  Read<v1::Location> read;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kLocationFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(v1::Location location, csv::ParseLocation(row, client.firm()));
        return read.Add(row, 0, std::move(location));
      }));
  TANDEM_RETURN_IF_ERROR(SendLocations(client, read.messages, {.lines = read.lines}).status());
  return Report(options, read.messages.size(), "locations", left_out);
}

absl::Status ImportEvents(Client& client, const ImportOptions& options) {
  constexpr std::size_t kLocations = 5;  // As in csv::kEventFields.
  TANDEM_ASSIGN_OR_RETURN(const Known known, LoadKnown(client));
  Read<v1::Event> read;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kEventFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(v1::Event event, csv::ParseEvent(row));
        for (const std::string& location : event.locations()) {
          TANDEM_RETURN_IF_ERROR(CheckLocation(known, row, kLocations, location));
        }
        return read.Add(row, 0, std::move(event));
      }));
  TANDEM_RETURN_IF_ERROR(SendEvents(client, read.messages, {.lines = read.lines}));
  return Report(options, read.messages.size(), "events", left_out);
}

absl::Status ImportPromotions(Client& client, const ImportOptions& options) {
  constexpr std::size_t kItems = 2;  // As in csv::kPromotionFields.
  constexpr std::size_t kLastDate = 4;
  TANDEM_ASSIGN_OR_RETURN(const Known known, LoadKnown(client));
  std::map<std::string, Read<v1::Promotion>> by_location;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kPromotionFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(csv::LocatedPromotion located, csv::ParsePromotion(row));
        TANDEM_ASSIGN_OR_RETURN(const base::Day last, row.Date(kLastDate));
        const RowDay until{kLastDate, last};
        TANDEM_RETURN_IF_ERROR(CheckLocation(known, row, 0, located.location, until));
        for (const std::string& item : located.promotion.items()) {
          TANDEM_RETURN_IF_ERROR(CheckItem(known, row, kItems, item, until));
        }
        return by_location[located.location].Add(row, 1, std::move(located.promotion));
      }));
  std::size_t accepted = 0;
  for (const auto& [location, read] : by_location) {
    const absl::Status status = SendPromotions(client, location, read.messages,
                                               {.lines = read.lines, .accepted_before = accepted});
    if (!status.ok()) return base::WithDetail(status, {"location", location});
    accepted += read.messages.size();
  }
  return Report(options, accepted, "promotions", left_out);
}

absl::Status ImportPlans(Client& client, const ImportOptions& options) {
  TANDEM_ASSIGN_OR_RETURN(const Known known, LoadKnown(client));
  csv::PlanBuilder builder;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kPlanFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_RETURN_IF_ERROR(CheckLocation(known, row, 1, row.Text(1)));
        TANDEM_RETURN_IF_ERROR(CheckItem(known, row, 2, row.Text(2)));
        return builder.Add(row);
      }));
  TANDEM_ASSIGN_OR_RETURN(const std::vector<v1::Plan> plans, builder.Build(client.firm()));
  std::size_t accepted = 0;
  for (const v1::Plan& plan : plans) {
    v1::PutPlanRequest request;
    *request.mutable_plan() = plan;
    request.set_request_id(NewRequestId());
    v1::Plan answer;
    const absl::Status status = client.Call(&ExchangeService::Stub::PutPlan, request, &answer);
    if (!status.ok()) {
      return WithAccepted(base::WithDetail(status, {"plan", std::string(csv::IdOf(plan.name()))}),
                          accepted);
    }
    ++accepted;
  }
  return Report(options, plans.size(), "plans", left_out);
}

}  // namespace tandem::cli
