#include "services/tandem/cli/import.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/session.h"
#include "tandem/exchange/v1/exchange.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace csv = exchange::csv;
namespace v1 = exchange::v1;
using v1::ExchangeService;

constexpr std::size_t kRequestRecords = 2'000;

// Reads every row of the file with `use`; returns how many bad ones were left out. RowsRejected
// where some are bad and are not to be left out.
absl::StatusOr<std::int64_t> ReadFileRows(const ImportOptions& options,
                                          std::span<const csv::Field> fields,
                                          const std::function<absl::Status(const csv::Row&)>& use) {
  TANDEM_ASSIGN_OR_RETURN(const csv::Mapping mapping, LoadMapping(options.mapping));
  RejectFile rejects(options.rejects.empty() ? options.file + ".rejects.csv" : options.rejects);
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

// Calls `send` with pieces of `messages`.
template <typename Message, typename Send>
absl::Status InPieces(const std::vector<Message>& messages, Send send) {
  for (std::size_t at = 0; at < messages.size(); at += kRequestRecords) {
    const std::size_t end = std::min(messages.size(), at + kRequestRecords);
    TANDEM_RETURN_IF_ERROR(send(std::span(messages).subspan(at, end - at)));
  }
  return absl::OkStatus();
}

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

absl::StatusOr<csv::Mapping> LoadMapping(const std::string& path) {
  if (path.empty()) return csv::Mapping();
  TANDEM_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  return csv::ParseMapping(text);
}

absl::StatusOr<std::string> SendItems(Client& client, const std::vector<v1::Item>& items) {
  std::string position;
  TANDEM_RETURN_IF_ERROR(InPieces(items, [&](std::span<const v1::Item> piece) {
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
                                          const std::vector<v1::Location>& locations) {
  std::string position;
  TANDEM_RETURN_IF_ERROR(InPieces(locations, [&](std::span<const v1::Location> piece) {
    auto request = RequestOf<v1::RegisterLocationsRequest>(client.firm_name());
    request.mutable_locations()->Assign(piece.begin(), piece.end());
    v1::RegisterLocationsResponse answer;
    absl::Status status = client.Call(&ExchangeService::Stub::RegisterLocations, request, &answer);
    position = answer.position();
    return status;
  }));
  return position;
}

absl::Status SendEvents(Client& client, const std::vector<v1::Event>& events) {
  return InPieces(events, [&](std::span<const v1::Event> piece) {
    auto request = RequestOf<v1::PutEventsRequest>(client.firm_name());
    request.mutable_events()->Assign(piece.begin(), piece.end());
    v1::PutEventsResponse answer;
    return client.Call(&ExchangeService::Stub::PutEvents, request, &answer);
  });
}

absl::Status SendPromotions(Client& client, const std::string& location,
                            const std::vector<v1::Promotion>& promotions) {
  return InPieces(promotions, [&](std::span<const v1::Promotion> piece) {
    auto request =
        RequestOf<v1::PutPromotionsRequest>(client.firm_name() + "/locations/" + location);
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
  std::vector<v1::Item> items;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kItemFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(items.emplace_back(), csv::ParseItem(row, client.firm()));
        return absl::OkStatus();
      }));
  TANDEM_RETURN_IF_ERROR(SendItems(client, items).status());
  return Report(options, items.size(), "items", left_out);
}

absl::Status ImportLocations(Client& client, const ImportOptions& options) {
  std::vector<v1::Location> locations;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kLocationFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(locations.emplace_back(), csv::ParseLocation(row, client.firm()));
        return absl::OkStatus();
      }));
  TANDEM_RETURN_IF_ERROR(SendLocations(client, locations).status());
  return Report(options, locations.size(), "locations", left_out);
}

absl::Status ImportEvents(Client& client, const ImportOptions& options) {
  std::vector<v1::Event> events;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kEventFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(events.emplace_back(), csv::ParseEvent(row));
        return absl::OkStatus();
      }));
  TANDEM_RETURN_IF_ERROR(SendEvents(client, events));
  return Report(options, events.size(), "events", left_out);
}

absl::Status ImportPromotions(Client& client, const ImportOptions& options) {
  std::map<std::string, std::vector<v1::Promotion>> by_location;
  std::size_t count = 0;
  TANDEM_ASSIGN_OR_RETURN(
      const std::int64_t left_out,
      ReadFileRows(options, csv::kPromotionFields, [&](const csv::Row& row) -> absl::Status {
        TANDEM_ASSIGN_OR_RETURN(csv::LocatedPromotion located, csv::ParsePromotion(row));
        by_location[located.location].push_back(std::move(located.promotion));
        ++count;
        return absl::OkStatus();
      }));
  for (const auto& [location, promotions] : by_location) {
    TANDEM_RETURN_IF_ERROR(SendPromotions(client, location, promotions));
  }
  return Report(options, count, "promotions", left_out);
}

absl::Status ImportPlans(Client& client, const ImportOptions& options) {
  csv::PlanBuilder builder;
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t left_out,
                          ReadFileRows(options, csv::kPlanFields,
                                       [&](const csv::Row& row) { return builder.Add(row); }));
  TANDEM_ASSIGN_OR_RETURN(const std::vector<v1::Plan> plans, builder.Build(client.firm()));
  for (const v1::Plan& plan : plans) {
    v1::PutPlanRequest request;
    *request.mutable_plan() = plan;
    request.set_request_id(NewRequestId());
    v1::Plan answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&ExchangeService::Stub::PutPlan, request, &answer));
  }
  return Report(options, plans.size(), "plans", left_out);
}

}  // namespace tandem::cli
