// Single reports, streams and batches.
#include <utility>

#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/exchange/api.h"
#include "services/exchange/api_audit.h"
#include "services/exchange/api_support.h"
#include "services/exchange/codec.h"
#include "services/exchange/facts.h"

namespace tandem::exchange {
namespace {

using base::Reason;

google::protobuf::Timestamp TimestampOf(std::int64_t unix_nanos) {
  google::protobuf::Timestamp time;
  time.set_seconds(unix_nanos / 1'000'000'000);
  time.set_nanos(static_cast<std::int32_t>(unix_nanos % 1'000'000'000));
  return time;
}

v1::Batch BatchFrom(const Place& place, const BatchRow& row) {
  v1::Batch batch;
  batch.set_name(LocationName(place) + "/batches/" + BatchIdOf(row.stream, row.first_block));
  batch.set_state(static_cast<v1::Batch::State>(row.state));
  batch.set_stream(row.stream);
  batch.set_file_id(row.file_id);
  batch.set_row_count(row.row_count);
  batch.set_block_count(row.last_block - row.first_block + 1);
  if (row.close_number != 0) *batch.mutable_close_time() = TimestampOf(row.close_unix_nanos);
  return batch;
}

// The stream's or retracted batch's row, by the batch's id.
absl::StatusOr<v1::Batch> BatchAt(const ExchangeSeams& seams, const Place& place,
                                  const std::string& id) {
  TANDEM_ASSIGN_OR_RETURN(const runtime::Log::Rows rows, seams.router->Read(SlotOf(seams, place)));
  const std::optional<BatchId> parts = ParseBatchId(id);
  std::optional<BatchRow> row;
  if (parts.has_value()) {
    const auto number =
        NumberIn(*rows.rows, BatchNameKey(place, parts->stream, parts->first_block));
    if (number.has_value()) row = BatchIn(*rows.rows, place, *number);
  }
  TANDEM_RETURN_IF_ERROR(rows.rows->status());
  if (!row.has_value()) {
    return base::Refuse(Reason::kUnknownBatch, "there is no such batch", {{"batch", id}});
  }
  return BatchFrom(place, *row);
}

// The stream's newest batch: what CloseBatch closed, or had been closed before.
absl::StatusOr<v1::Batch> NewestBatch(const ExchangeSeams& seams, const Place& place,
                                      const std::string& stream) {
  TANDEM_ASSIGN_OR_RETURN(const runtime::Log::Rows rows, seams.router->Read(SlotOf(seams, place)));
  std::optional<std::uint64_t> number;
  rows.rows->ScanPrefix(IdKey(PlacePrefix(RowKind::kBatchName, place), stream),
                        [&](std::string_view, std::string_view value) {
                          number = DecodeNumber(value);
                          return true;
                        });
  std::optional<BatchRow> row;
  if (number.has_value()) row = BatchIn(*rows.rows, place, *number);
  TANDEM_RETURN_IF_ERROR(rows.rows->status());
  if (!row.has_value()) {
    return base::Refuse(Reason::kUnknownRecord, "the stream has no batch", {{"stream", stream}});
  }
  return BatchFrom(place, *row);
}

// The one row of a report, as a block.
absl::StatusOr<std::shared_ptr<const SeriesBlock>> RowOf(
    const Place& place, std::shared_ptr<const FirmRegister> registers,
    const v1::ReportStockRequest& request) {
  TANDEM_ASSIGN_OR_RETURN(const base::Day day, DayFrom("date", request.date()));
  Dictionary dictionary;
  dictionary.ids.push_back(request.item());
  dictionary.numbers.push_back(registers->items.NumberOf(request.item()));
  v1::SeriesBlock block;
  block.add_run_item(0);
  block.add_run_first_day(day.number());
  block.add_value_milli(request.on_hand_milli());
  block.set_revision(request.revision());
  block.set_measure(v1::MEASURE_STOCK);
  block.set_stock_owner(request.stock_owner());
  block.set_stock_status(request.status());
  return PrepareSingle({place, std::move(registers), dictionary}, block);
}

}  // namespace

void ExchangeApi::ReportStock(const Call& call, const v1::ReportStockRequest& request,
                              Reply<v1::ReportStockResponse> reply) {
  reply = AuditOf(seams_).Change(call, {"ReportStock", request.location()}, std::move(reply));
  const auto place = OwnPlace(call, "location", request.location());
  if (!place.ok()) return reply(place.status());
  auto row = RowOf(*place, seams_.registers->Of(place->owner), request);
  if (!row.ok()) return reply(row.status());
  auto accepted = std::make_shared<std::int64_t>(0);  // When, where no fact says it.
  Change(seams_, SlotOf(seams_, *place),
         EditorsCommand(seams_, call, "ReportStock", request,
                        [command = exchange::ReportStock{*place, *std::move(row)}, accepted](
                            const base::RowReader& rows, const base::Stamp& stamp) {
                          *accepted = absl::ToUnixNanos(stamp.instant);
                          return Decide(rows, command);
                        }),
         std::move(reply),
         [accepted](const runtime::Outcome& outcome) -> absl::StatusOr<v1::ReportStockResponse> {
           v1::ReportStockResponse response;
           const std::int64_t nanos =
               outcome.facts.empty() ? *accepted : absl::ToUnixNanos(outcome.facts.back().instant);
           *response.mutable_accept_time() = TimestampOf(nanos);
           return response;
         });
}

void ExchangeApi::GetStream(const Call& call, const v1::GetStreamRequest& request,
                            Reply<v1::Stream> reply) {
  reply = AuditOf(seams_).Read(call, {"GetStream", request.name()}, std::move(reply));
  const auto ids = OwnIds(call, "name", "firms/*/locations/*/streams/*", request.name());
  if (!ids.ok()) return reply(ids.status());
  const Place place{(*ids)[0], (*ids)[1]};
  const base::SlotId slot = SlotOf(seams_, place);
  const auto rows = seams_.router->Read(slot);
  if (!rows.ok()) return reply(rows.status());
  const StreamRow row = StreamIn(*rows->rows, place, (*ids)[2]);
  if (!rows->rows->status().ok()) return reply(rows->rows->status());
  if (row.durable_block == 0) {
    return reply(
        base::Refuse(Reason::kUnknownRecord, "the stream never began", {{"stream", (*ids)[2]}}));
  }
  runtime::Answer<v1::Stream> answer;
  answer.message.set_name(request.name());
  answer.message.set_durable_block(row.durable_block);
  answer.message.set_row_count(row.row_count);
  answer.position.Set(slot, rows->applied);
  reply(std::move(answer));
}

void ExchangeApi::CloseBatch(const Call& call, const v1::CloseBatchRequest& request,
                             Reply<v1::Batch> reply) {
  reply = AuditOf(seams_).Change(call, {"CloseBatch", request.stream()}, std::move(reply));
  const auto ids = OwnIds(call, "stream", "firms/*/locations/*/streams/*", request.stream());
  if (!ids.ok()) return reply(ids.status());
  const Place place{(*ids)[0], (*ids)[1]};
  Change(seams_, SlotOf(seams_, place),
         EditorsCommand(seams_, call, "CloseBatch", request,
                        [command = exchange::CloseBatch{place, (*ids)[2]}](
                            const base::RowReader& rows, const base::Stamp&) {
                          return Decide(rows, command);
                        }),
         std::move(reply), [this, place, stream = (*ids)[2]](const runtime::Outcome& outcome) {
           const auto fact =
               FactIn<v1::BatchClosed>(outcome, static_cast<std::uint32_t>(FactKind::kBatchClosed));
           return fact.has_value() ? BatchAt(seams_, place, fact->batch())
                                   : NewestBatch(seams_, place, stream);
         });
}

void ExchangeApi::RetractBatch(const Call& call, const v1::RetractBatchRequest& request,
                               Reply<v1::Batch> reply) {
  reply = AuditOf(seams_).Change(call, {"RetractBatch", request.name()}, std::move(reply));
  const auto ids = OwnIds(call, "name", "firms/*/locations/*/batches/*", request.name());
  if (!ids.ok()) return reply(ids.status());
  const Place place{(*ids)[0], (*ids)[1]};
  Change(seams_, SlotOf(seams_, place),
         EditorsCommand(seams_, call, "RetractBatch", request,
                        [command = exchange::RetractBatch{place, (*ids)[2]}](
                            const base::RowReader& rows, const base::Stamp& stamp) mutable {
                          command.first_number = stamp.first_number;
                          return Decide(rows, command);
                        }),
         std::move(reply), [this, place, id = (*ids)[2]](const runtime::Outcome&) {
           return BatchAt(seams_, place, id);
         });
}

void ExchangeApi::ListBatches(const Call& call, const v1::ListBatchesRequest& request,
                              Reply<v1::ListBatchesResponse> reply) {
  reply = AuditOf(seams_).Read(call, {"ListBatches", request.parent()}, std::move(reply));
  const auto place = OwnPlace(call, "parent", request.parent());
  if (!place.ok()) return reply(place.status());
  const auto page_size = PageSize(request.page_size(), 100, 1'000);
  if (!page_size.ok()) return reply(page_size.status());
  const std::string purpose = "ListBatches/" + SlotKey(*place);
  auto start = runtime::OpenPage(*seams_.sealer, purpose, call.caller.firm, request.page_token());
  if (!start.ok()) return reply(start.status());
  const base::SlotId slot = SlotOf(seams_, *place);
  const auto rows = seams_.router->Read(slot);
  if (!rows.ok()) return reply(rows.status());
  if (start->position.numbers().empty()) start->position.Set(slot, rows->applied);
  runtime::Answer<v1::ListBatchesResponse> answer;
  const std::string prefix = PlacePrefix(RowKind::kBatch, *place);
  std::string first = prefix;
  if (!start->last_key.empty()) first = prefix + start->last_key + '\0';
  std::string last;
  rows->rows->Scan(first, base::PrefixEnd(prefix),
                   [&](std::string_view key, std::string_view value) {
                     if (answer.message.batches_size() == *page_size) {
                       answer.message.set_next_page_token(
                           runtime::SealPage(*seams_.sealer, purpose, call.caller.firm,
                                             {.last_key = last, .position = start->position}));
                       return false;
                     }
                     *answer.message.add_batches() = BatchFrom(*place, DecodeBatch(value));
                     last = std::string(key.substr(prefix.size()));
                     return true;
                   });
  if (!rows->rows->status().ok()) return reply(rows->rows->status());
  answer.position = start->position;
  reply(std::move(answer));
}

}  // namespace tandem::exchange
