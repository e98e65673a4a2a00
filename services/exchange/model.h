// The exchange's state, and Apply. Pure: rows in, rows out (README.md has the keys' bytes).
//
// A *statement* is what a sender said of one cell (series, item, day): a value with a revision, and
// the fact number from which on it is visible (of the fact that closed its batch). Among the
// statements of a cell that are visible and not retracted, the highest revision counts; of equal
// ones (they have equal values) the later. Statements are never lost: the winner is a tile's cell,
// the others stand in the tile's history row, and what is not yet folded lies in arrivals.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/type/date.pb.h"
#include "services/base/fact.h"
#include "services/base/grants.h"
#include "services/base/rows.h"
#include "tandem/exchange/v1/facts.pb.h"

namespace tandem::exchange {

// The number of days and items that one tile spans is tile.h's; a group is a tile's items, a chunk
// its days.

// One of a firm's locations, by ids. Its sales, stock, prices and promotions share a slot.
struct Place {
  std::string owner{};
  std::string location{};
  friend auto operator<=>(const Place&, const Place&) = default;
};
// The key by which a place's slot is found: "{firm}/{location}".
std::string SlotKey(const Place& place);

// One kind of series at a place: sales, or stock by status and owner.
struct SeriesKey {
  v1::Measure measure = v1::MEASURE_UNSPECIFIED;
  v1::StockStatus stock_status = v1::STOCK_STATUS_UNSPECIFIED;
  std::string stock_owner{};  // A firm's id; "" is the place's owner.
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

// What a block covers, to see at a glance that two have nothing in common.
struct Box {
  std::uint32_t item_first = 0;
  std::uint32_t item_last = 0;  // Included.
  std::int32_t day_first = 0;
  std::int32_t day_last = 0;  // Included.
  bool Overlaps(const Box& other) const {
    return item_first <= other.item_last && other.item_first <= item_last &&
           day_first <= other.day_last && other.day_first <= day_last;
  }
  void Include(const Box& other);
  friend bool operator==(const Box&, const Box&) = default;
};

// A block that is not yet folded.
struct ArrivalRow {
  std::uint64_t number = 0;  // Of the fact that brought it; the row's key.
  std::uint64_t batch = 0;   // BatchRow::number.
  std::uint32_t revision = 0;
  std::uint64_t row_count = 0;
  Box box{};
};

enum class BatchState : std::uint8_t { kOpen = 1, kClosed = 2, kRetracted = 3 };  // Stored.

// Rows that become visible together.
struct BatchRow {
  std::uint64_t number = 0;  // Of the fact that brought its first block; the row's key.
  BatchState state = BatchState::kOpen;
  std::string stream{};
  std::string file_id{};
  std::int64_t first_block = 0;
  std::int64_t last_block = 0;
  std::int64_t row_count = 0;
  std::uint64_t close_number = 0;  // Of the fact that closed it: from there its rows are visible.
  std::int64_t close_unix_nanos = 0;
  std::uint64_t retract_number = 0;  // 0: it stands.
  std::string touched{};             // A v1::BatchClosed of `touched` alone: what feeds announce.
};

// Where a stream stands.
struct StreamRow {
  std::int64_t durable_block = 0;
  std::int64_t row_count = 0;
  std::uint64_t open_batch = 0;  // BatchRow::number; 0: none is open.
  std::uint8_t kind = 0;         // A base::DataKind: a stream holds sales, stock or prices.
};

// What is known of a series without looking at its tiles and arrivals: fresh days need no look-up.
struct SeriesMark {
  static constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::min();
  // Both included; none where first is after last.
  struct Days {
    std::int32_t first = std::numeric_limits<std::int32_t>::max();
    std::int32_t last = kNone;
  };
  std::int32_t folded_day_last = kNone;  // The latest day that any tile holds.
  std::uint64_t arrival_blocks = 0;      // Not yet folded, open batches' included.
  std::uint64_t arrival_rows = 0;
  Days arrival_days{};        // What those arrivals are about lies within.
  std::uint64_t singles = 0;  // Single reports folded or not, ever.
  std::uint64_t singles_folded = 0;
};

// A fold that is under way: groups below `next_group` are done.
struct FoldRow {
  std::uint64_t first_number = 0;
  std::uint64_t last_number = 0;
  std::uint64_t cut = 0;  // Only batches that were closed before this fact number take part.
  std::uint32_t next_group = 0;
};

// A value with what makes it count.
struct Statement {
  std::int64_t value_milli = 0;
  std::uint32_t revision = 0;
  std::uint64_t arrival = 0;  // Visible from this fact number on.
  // The later statement wins: by revision, then by arrival.
  bool Beats(const Statement& other) const {
    return revision != other.revision ? revision > other.revision : arrival > other.arrival;
  }
  friend bool operator==(const Statement&, const Statement&) = default;
};

// A price over days, both included.
struct PriceRange {
  std::int32_t day_first = 0;
  std::int32_t day_last = 0;
  std::int64_t value = 0;
  friend bool operator==(const PriceRange&, const PriceRange&) = default;
};

// The ranges of one item that one block brought.
struct PriceArrival {
  std::uint64_t number = 0;
  std::uint64_t batch = 0;
  std::uint32_t revision = 0;
  std::int32_t scale = 0;
  std::string currency_code{};
  std::vector<PriceRange> ranges{};
};

// Sales or stock, as grants name it.
base::DataKind KindOf(v1::Measure measure);

// A batch's id is its stream's and the number of its first block: "pos-2026-1".
struct BatchId {
  std::string stream{};
  std::int64_t first_block = 0;
};
std::string BatchIdOf(std::string_view stream, std::int64_t first_block);
std::optional<BatchId> ParseBatchId(std::string_view id);

// A day number as the contract's date.
google::type::Date DateOf(std::int32_t day);

// OK if Apply can store the fact: known kind and version, payload parses, columns agree with each
// other. Otherwise kDataLoss / STORED_BYTES_DAMAGED naming kind and number.
absl::Status CheckReadable(const base::FactRecord& record);

// Stores what was decided. The fact has passed CheckReadable, so bytes that do not parse here are a
// bug. Never refuses; at most a millisecond or two a fact.
void Apply(const base::FactRecord& record, base::Rows& rows);

}  // namespace tandem::exchange
