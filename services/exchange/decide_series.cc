// The rules of blocks, batches and single reports: the part of decide.h that streams use.
#include <utility>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/codec.h"
#include "services/exchange/decide.h"
#include "services/exchange/facts.h"
#include "services/exchange/prices.h"
#include "services/exchange/series.h"

namespace tandem::exchange {
namespace {

using base::Reason;
using base::Refuse;

base::DataKind KindOfBlock(const ReportBlock& command) {
  return command.series != nullptr ? KindOf(command.series->series.measure)
                                   : base::DataKind::kPrices;
}

BatchRow OpenBatch(const base::RowReader& rows, const Place& place, const StreamRow& stream) {
  std::optional<BatchRow> batch = BatchIn(rows, place, stream.open_batch);
  base::Require(batch.has_value(), "a stream's open batch is missing");
  return *std::move(batch);
}

// The batch's closing, from what the batch's row has gathered and what a last block adds to it.
v1::BatchClosed ClosingOf(const Place& place, const BatchRow& batch,
                          const v1::Touched* last = nullptr) {
  v1::BatchClosed fact;
  base::Require(fact.ParseFromString(batch.touched), "a batch's touched items are damaged");
  if (last != nullptr) *fact.add_touched() = *last;
  *fact.mutable_touched() = MergeTouched(fact.touched());
  fact.set_owner(place.owner);
  fact.set_location(place.location);
  fact.set_stream(batch.stream);
  fact.set_batch(BatchIdOf(batch.stream, batch.first_block));
  fact.set_first_block(batch.first_block);
  fact.set_last_block(batch.last_block);
  fact.set_row_count(batch.row_count);
  fact.set_file_id(batch.file_id);
  return fact;
}

absl::Status CheckStream(const base::RowReader& rows, const ReportBlock& command,
                         const StreamRow& stream) {
  if (command.block != stream.durable_block + 1) {
    return Refuse(Reason::kStreamGap, "the stream's next block is another",
                  {{"stream", command.stream},
                   {"block", command.block},
                   {"next_block", stream.durable_block + 1}});
  }
  if (stream.kind != 0 && stream.kind != static_cast<std::uint8_t>(KindOfBlock(command))) {
    return Refuse(Reason::kContentDiffers,
                  "a stream holds one kind of data: sales, stock or prices",
                  {{"stream", command.stream}, {"block", command.block}});
  }
  if (stream.open_batch == 0) return absl::OkStatus();
  const BatchRow batch = OpenBatch(rows, command.place, stream);
  if (batch.last_block - batch.first_block + 1 >= kBatchBlocksMax) {
    return Refuse(Reason::kQuotaExceeded, "the batch must be closed before it takes more blocks",
                  {{"stream", command.stream}, {"blocks_max", kBatchBlocksMax}});
  }
  return absl::OkStatus();
}

base::Fact ReportOf(const ReportBlock& command, bool whole_batch) {
  const auto fill = [&](auto fact) {
    fact.set_stream(command.stream);
    fact.set_block(command.block);
    fact.set_file_id(command.file_id);
    fact.set_whole_batch(whole_batch);
    fact.set_content_digest(command.digest);
    return fact;
  };
  return command.series != nullptr
             ? MakeFact(FactKind::kSeriesReported, fill(command.series->fact))
             : MakeFact(FactKind::kPricesReported, fill(command.prices->fact));
}

// The closing of the batch that this block ends.
v1::BatchClosed ClosingWith(const base::RowReader& rows, const ReportBlock& command,
                            const StreamRow& stream, std::int64_t row_count) {
  BatchRow batch{
      .stream = command.stream, .file_id = command.file_id, .first_block = command.block};
  if (stream.open_batch != 0) batch = OpenBatch(rows, command.place, stream);
  batch.last_block = command.block;
  batch.row_count += row_count;
  v1::BatchClosed fact = ClosingOf(command.place, batch,
                                   command.series != nullptr ? &command.series->touched_columns
                                                             : &command.prices->touched_columns);
  fact.set_whole_batch(stream.open_batch == 0);
  return fact;
}

absl::StatusOr<BlockDecision> DecideRepeat(const base::RowReader& rows, const ReportBlock& command,
                                           const StreamRow& stream) {
  BlockDecision decision;
  decision.state = {stream.durable_block, stream.row_count, ""};
  const bool last = command.block == stream.durable_block;
  const std::optional<std::string> known =
      rows.Get(BlockDigestKey(command.place, command.stream, command.block));
  // A sender that began to count anew would otherwise take its rows for durable.
  if (known.has_value() && *known != command.digest) {
    return Refuse(Reason::kContentDiffers,
                  "this block is durable with other rows: a stream's numbers are not used again; "
                  "new rows and corrections go on after its last block",
                  {{"stream", command.stream},
                   {"block", command.block},
                   {"next_block", stream.durable_block + 1}});
  }
  if (!last || !command.close_batch) return decision;
  if (stream.open_batch == 0) {
    // It closed its batch when it came; which one, its end says.
    return decision;
  }
  const v1::BatchClosed closing = ClosingOf(command.place, OpenBatch(rows, command.place, stream));
  decision.state.closed_batch = closing.batch();
  decision.facts.push_back(MakeFact(FactKind::kBatchClosed, closing));
  return decision;
}

}  // namespace

absl::StatusOr<BlockDecision> Decide(const base::RowReader& rows, const ReportBlock& command) {
  const StreamRow stream = StreamIn(rows, command.place, command.stream);
  if (command.block <= stream.durable_block) return DecideRepeat(rows, command, stream);
  TANDEM_RETURN_IF_ERROR(CheckStream(rows, command, stream));
  TANDEM_RETURN_IF_ERROR(command.series != nullptr
                             ? CheckConflicts(rows, command.place, *command.series)
                             : CheckPriceConflicts(rows, command.place, *command.prices));
  const auto row_count =
      static_cast<std::int64_t>(command.series != nullptr ? command.series->values_milli.size()
                                                          : command.prices->range_count);
  BlockDecision decision;
  decision.state = {command.block, stream.row_count + row_count, ""};
  const bool whole = command.close_batch && stream.open_batch == 0;
  decision.facts.push_back(ReportOf(command, whole));
  if (command.close_batch) {
    const v1::BatchClosed closing = ClosingWith(rows, command, stream, row_count);
    decision.state.closed_batch = closing.batch();
    decision.facts.push_back(MakeFact(FactKind::kBatchClosed, closing));
  }
  return decision;
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const ReportStock& command) {
  TANDEM_RETURN_IF_ERROR(CheckConflicts(rows, command.place, *command.row));
  const Run& run = command.row->runs[0];
  const std::string key = SingleKey(
      SeriesPrefix(RowKind::kSingle, command.place, command.row->series), run.item, run.day_first);
  if (const std::optional<std::string> value = rows.Get(key); value.has_value()) {
    for (const Statement& known : DecodeStatements(*value)) {
      // Without a conflict an equal revision has an equal value.
      if (known.revision == command.row->revision) return Facts();
    }
  }
  return Facts{MakeFact(FactKind::kSeriesReported, command.row->fact)};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseBatch& command) {
  const StreamRow stream = StreamIn(rows, command.place, command.stream);
  if (stream.durable_block == 0) {
    return Refuse(Reason::kUnknownRecord, "the stream never began", {{"stream", command.stream}});
  }
  if (stream.open_batch == 0) return Facts();
  return Facts{MakeFact(FactKind::kBatchClosed,
                        ClosingOf(command.place, OpenBatch(rows, command.place, stream)))};
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RetractBatch& command) {
  const auto unknown = [&] {
    return Refuse(Reason::kUnknownBatch, "there is no such batch", {{"batch", command.batch}});
  };
  const std::optional<BatchId> id = ParseBatchId(command.batch);
  if (!id.has_value()) return unknown();
  const auto number = NumberIn(rows, BatchNameKey(command.place, id->stream, id->first_block));
  if (!number.has_value()) return unknown();
  const std::optional<BatchRow> batch = BatchIn(rows, command.place, *number);
  base::Require(batch.has_value(), "a batch's row is missing");
  if (batch->state == BatchState::kRetracted) return Facts();
  const bool open = batch->state == BatchState::kOpen;
  v1::BatchClosed closing = ClosingOf(command.place, *batch);
  v1::BatchRetracted fact;
  fact.set_owner(command.place.owner);
  fact.set_location(command.place.location);
  fact.set_batch(command.batch);
  fact.set_close_number(
      static_cast<std::int64_t>(open ? command.first_number : batch->close_number));
  *fact.mutable_touched() = closing.touched();
  fact.set_never_shown(open);
  Facts facts;
  if (open) {
    closing.set_never_shown(true);
    facts.push_back(MakeFact(FactKind::kBatchClosed, closing));
  }
  facts.push_back(MakeFact(FactKind::kBatchRetracted, fact));
  return facts;
}

}  // namespace tandem::exchange
