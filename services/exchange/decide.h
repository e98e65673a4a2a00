// The exchange's rules: from a command and the rows to facts or a refusal. Pure, changes nothing.
// The caller has been asked for its role, and owns what the command is about.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/exchange/block.h"
#include "services/exchange/model.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::exchange {

using Facts = std::vector<base::Fact>;

// The most entries of one command, and the most bytes of them: they are one group of the log.
inline constexpr int kEntriesMax = 5'000;
inline constexpr std::size_t kEntriesBytesMax = std::size_t{512} * 1024;
// Blocks that a batch may hold before it must be closed.
inline constexpr std::int64_t kBatchBlocksMax = 4'096;
// A stream's id, so that a batch's id ("{stream}-{block}") is one too.
inline constexpr std::size_t kStreamIdMax = 40;

// A contract's date as a day. BAD_DATE, DAY_OUT_OF_RANGE or FIELD_MISSING naming the field.
absl::StatusOr<base::Day> DayFrom(std::string_view field, const google::type::Date& date);

// Registers. Each checks its entries whole (kInvalidArgument naming entry and field: BAD_NAME,
// BAD_GTIN, BAD_GLN, UNKNOWN_UNIT, UNKNOWN_ENUM, FIELD_OUT_OF_RANGE, DUPLICATE_ROW,
// BLOCK_TOO_LARGE) and gives new ones the next register numbers. An entry that stands with the same
// content adds no fact; with other content kAlreadyExists / ALREADY_EXISTS; closed: ENTRY_CLOSED.
struct RegisterItems {
  std::string owner{};
  google::protobuf::RepeatedPtrField<v1::Item> items{};
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RegisterItems& command);
struct RegisterLocations {
  std::string owner{};
  google::protobuf::RepeatedPtrField<v1::Location> locations{};
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RegisterLocations& command);

// Closing: UNKNOWN_ITEM, UNKNOWN_LOCATION; closed on another day: ENTRY_CLOSED.
struct CloseItem {
  std::string owner{};
  std::string item{};
  std::int32_t last_day = 0;
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseItem& command);
struct CloseLocation {
  std::string owner{};
  std::string location{};
  std::int32_t last_day = 0;
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseLocation& command);

// Events replace what stands under their id. Only what changes is in the fact.
struct PutEvents {
  std::string owner{};
  google::protobuf::RepeatedPtrField<v1::Event> events{};
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PutEvents& command);

// Promotions and plans go by revision: a lower one than what stands, or an equal one with other
// content, is REVISION_CONFLICT. Items of promotions are checked against the register by the caller
// (it is another slot's); a plan's items and location here: UNKNOWN_ITEM, UNKNOWN_LOCATION.
struct PutPromotions {
  Place place{};
  google::protobuf::RepeatedPtrField<v1::Promotion> promotions{};
  std::shared_ptr<const FirmRegister> registers{};
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PutPromotions& command);
struct PutPlan {
  std::string owner{};
  v1::Plan plan{};
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PutPlan& command);

// One block of a stream; exactly one of `series` and `prices` is set.
struct ReportBlock {
  Place place{};
  std::string stream{};
  std::int64_t block = 0;
  bool close_batch = false;
  std::string file_id{};
  std::string digest{};  // 16 bytes of a hash of its rows, which a repeat must have, too.
  std::shared_ptr<const SeriesBlock> series{};
  std::shared_ptr<const PriceBlock> prices{};
};
// Where the stream stands then.
struct StreamState {
  std::int64_t durable_block = 0;
  std::int64_t row_count = 0;
  std::string closed_batch{};  // Its id, if the block closed it.
};
struct BlockDecision {
  Facts facts{};
  StreamState state{};
};
// A block that is durable already adds no fact (its batch is closed, if it is the stream's last and
// `close_batch` asks for it now). kFailedPrecondition / STREAM_GAP names the block that is next;
// CONTENT_DIFFERS where the stream holds another kind of data, or where a durable block comes again
// with other rows; REVISION_CONFLICT as CheckConflicts;
// kResourceExhausted / QUOTA_EXCEEDED for a batch of too many blocks.
absl::StatusOr<BlockDecision> Decide(const base::RowReader& rows, const ReportBlock& command);

// One stock report: a block of one row, visible at once. One that is known already adds no fact.
struct ReportStock {
  Place place{};
  std::shared_ptr<const SeriesBlock> row{};
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const ReportStock& command);

// NOT_FOUND / UNKNOWN_RECORD for a stream that never began; no open batch: no fact.
struct CloseBatch {
  Place place{};
  std::string stream{};
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const CloseBatch& command);

// NOT_FOUND / UNKNOWN_BATCH for one that is not there; retracted before: no fact. One that is still
// open is closed and taken back in one step, so that nobody ever sees it; its stream goes on.
struct RetractBatch {
  Place place{};
  std::string batch{};
  std::uint64_t first_number = 0;  // Of the facts that this makes (base::Stamp).
};
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const RetractBatch& command);

}  // namespace tandem::exchange
