// Sales, stock and prices: a row a day (or a range of days), put together into the blocks that
// ExchangeService.Ingest takes. A block belongs to one location and, for stock, one owner and
// status.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/quantity.h"
#include "services/exchange/csv/row.h"
#include "services/exchange/csv/writer.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::exchange::csv {

// location, item, date, quantity; revision. Returns are negative.
inline constexpr std::array<Field, 5> kSalesFields = {
    {{"location", true}, {"item", true}, {"date", true}, {"quantity", true}, {"revision", false}}};
// As sales, and stock_owner (a firm's id; empty: the location's firm), status (empty: FREE).
inline constexpr std::array<Field, 7> kStockFields = {{{"location", true},
                                                       {"item", true},
                                                       {"date", true},
                                                       {"quantity", true},
                                                       {"revision", false},
                                                       {"stock_owner", false},
                                                       {"status", false}}};
// location, item, first_date, last_date, price, currency; revision.
inline constexpr std::array<Field, 7> kPriceFields = {{{"location", true},
                                                       {"item", true},
                                                       {"first_date", true},
                                                       {"last_date", true},
                                                       {"price", true},
                                                       {"currency", true},
                                                       {"revision", false}}};

// What one block is about.
struct SeriesKey {
  std::string location{};  // Its id.
  v1::Measure measure = v1::MEASURE_UNSPECIFIED;
  std::string stock_owner{};  // "firms/{firm}" or "".
  v1::StockStatus stock_status = v1::STOCK_STATUS_UNSPECIFIED;
  std::uint32_t revision = 0;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

// One row. The views hold until the next row is read.
struct SeriesRow {
  std::string_view location{};
  std::string_view item{};
  std::string_view stock_owner{};  // A firm's id or "".
  v1::StockStatus stock_status = v1::STOCK_STATUS_UNSPECIFIED;
  base::Day day{};
  base::Quantity quantity{};
  std::uint32_t revision = 0;
  std::int64_t line = 0;
};

// Reads rows of sales or stock; it remembers the last date, which often repeats.
class SeriesRowParser {
 public:
  explicit SeriesRowParser(v1::Measure measure) : measure_(measure) {}
  // Errors as Row's, naming the column; UNKNOWN_ENUM for a status.
  absl::StatusOr<SeriesRow> Parse(const Row& row);

 private:
  v1::Measure measure_;
  std::string date_text_;
  base::Day day_{};
};

// Days, kept as bits from the first one's word to the last one's.
class DaySet {
 public:
  // Adds the days first..last; false, and adds none, where one of them is in it.
  bool Add(std::int32_t first, std::int32_t last);

 private:
  std::int32_t first_word_ = 0;
  std::vector<std::uint64_t> words_;
};

struct BlockLimits {
  std::size_t rows_max = 65'536;
};

// Gathers rows into blocks. Within a block rows are ordered by item and day, so that runs are long
// whatever the file's order is. The same rows give the same blocks.
class SeriesBlocks {
 public:
  using Emit = std::function<absl::Status(const SeriesKey&, v1::SeriesBlock)>;

  // A row that stands twice in the file goes to `on_reject` (DUPLICATE_ROW).
  SeriesBlocks(v1::Measure measure, const BlockLimits& limits, Emit emit, OnReject on_reject)
      : measure_(measure),
        limits_(limits),
        emit_(std::move(emit)),
        on_reject_(std::move(on_reject)) {}

  // Returns `emit`'s error.
  absl::Status Add(const SeriesRow& row);
  // Emits what is left.
  absl::Status Finish();
  // While `emit` is called: the line of each row of the block.
  const std::vector<std::int64_t>& lines() const { return lines_; }

 private:
  struct Pending {
    std::int32_t item = 0;  // Index into `items`.
    std::int32_t day = 0;
    std::int64_t milli = 0;
    std::int64_t line = 0;
  };
  struct Group {
    absl::flat_hash_map<std::string, std::int32_t> numbers{};
    std::vector<std::string> items{};
    std::vector<Pending> rows{};
    absl::flat_hash_map<std::string, DaySet> emitted{};  // Of all blocks, by item.
  };
  Group& GroupOf(const SeriesRow& row);
  absl::Status Flush(const SeriesKey& key, Group& group);
  void RejectTwice(const Group& group, const Pending& row, std::int64_t line_before);

  v1::Measure measure_;
  BlockLimits limits_;
  Emit emit_;
  OnReject on_reject_;
  std::map<SeriesKey, Group> groups_;
  SeriesKey last_key_;
  Group* last_group_ = nullptr;
  std::vector<std::int64_t> lines_;
};

// One range of a price.
struct PriceRow {
  std::string_view location{};
  std::string_view item{};
  base::Day first_day{};
  base::Day last_day{};
  base::UnitPrice price{};
  std::string_view currency{};
  std::uint32_t revision = 0;
  std::int64_t line = 0;
};

// FIELD_OUT_OF_RANGE where it ends before it begins; BAD_NAME for a currency that is not three
// capitals.
absl::StatusOr<PriceRow> ParsePriceRow(const Row& row);

// Gathers ranges into blocks of one location, currency, number of decimals and revision.
class PriceBlocks {
 public:
  using Emit = std::function<absl::Status(const std::string& location, v1::PriceBlock)>;
  PriceBlocks(const BlockLimits& limits, Emit emit) : limits_(limits), emit_(std::move(emit)) {}
  // DUPLICATE_ROW where a row before has a day of the range, at the same location and revision;
  // else `emit`'s error.
  absl::Status Add(const PriceRow& row);
  absl::Status Finish();
  // While `emit` is called: the line of each range of the block.
  const std::vector<std::int64_t>& lines() const { return lines_; }

 private:
  using Key = std::tuple<std::string, std::string, std::int32_t, std::uint32_t>;
  struct Group {
    absl::flat_hash_map<std::string, std::uint32_t> numbers{};
    v1::PriceBlock block{};
    std::vector<std::int64_t> lines{};
  };
  using Place = std::pair<std::string, std::uint32_t>;  // Location, revision.
  absl::Status Flush(const Key& key, Group& group);

  BlockLimits limits_;
  Emit emit_;
  std::map<Key, Group> groups_;
  std::map<Place, absl::flat_hash_map<std::string, DaySet>> days_;  // By item.
  std::vector<std::int64_t> lines_;
};

// Rows of an answer of ReadSeries, as a file of kSalesFields (or kStockFields, with the owner's
// firm id and status); revision 0 is left empty, as all are where the answer has none. Days that
// are not known are left out.
void WriteSeries(const v1::ReadSeriesResponse& series, Writer& out);
void WriteStock(const v1::ReadSeriesResponse& series, std::string_view stock_owner,
                v1::StockStatus status, Writer& out);
// A block of an answer of ReadPrices, as rows of kPriceFields.
void WritePrices(std::string_view location, const v1::PriceBlock& block, Writer& out);

// The revision of item i and day d of an answer that was asked for revisions; 0 where it has none.
std::uint32_t RevisionOf(const v1::ReadSeriesResponse& series, int item, int day);
// The value of item i and day d of an answer, or nullopt where it is not known.
std::optional<std::int64_t> ValueOf(const v1::ReadSeriesResponse& series, int item, int day);

}  // namespace tandem::exchange::csv
