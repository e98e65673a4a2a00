// A block from the wire, checked and made ready for Decide: ids turned into register numbers,
// columns decoded, and compressed for the log. All that takes time and needs no state but the
// registers is done here, on the caller's thread, so that the slot's turn stays short. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/exchange/model.h"
#include "services/exchange/registers.h"
#include "tandem/exchange/v1/exchange.pb.h"

namespace tandem::exchange {

// The most rows (or price ranges) of a block, and the most columns' bytes, so that a block and what
// closes its batch fit in one group of the log.
inline constexpr std::size_t kBlockRowsMax = 131'072;
inline constexpr std::size_t kBlockBytesMax = std::size_t{512} * 1024;
inline constexpr std::size_t kDictionaryMax = 100'000;

// Days in a row of one item.
struct Run {
  std::uint32_t item = 0;
  std::int32_t day_first = 0;
  std::uint32_t length = 0;
  std::size_t value_index = 0;  // Of the run's first value.
};

// Which days of an item a block says something of.
struct TouchedItem {
  std::uint32_t item = 0;
  std::int32_t day_first = 0;
  std::int32_t day_last = 0;
};

struct SeriesBlock {
  SeriesKey series{};
  std::uint32_t revision = 0;
  std::vector<Run> runs{};  // As sent; no two overlap.
  std::vector<std::int64_t> values_milli{};
  Box box{};
  std::vector<TouchedItem> touched{};  // Ascending by item.
  v1::Touched touched_columns{};       // The same as the fact carries it.
  v1::SeriesReported fact{};           // All but stream, block, file_id and whole_batch.
  std::shared_ptr<const FirmRegister> registers{};  // To name items in refusals.
};

struct PriceBlock {
  std::uint32_t revision = 0;
  std::int32_t scale = 0;
  std::string currency_code{};
  struct Item {
    std::uint32_t item = 0;
    std::vector<PriceRange> ranges{};  // Ascending, not overlapping.
    std::vector<std::size_t> rows{};   // Of each range in the block as it was sent; else empty.
  };
  std::vector<Item> items{};  // Ascending.
  std::size_t range_count = 0;
  std::int32_t day_first = 0;
  std::vector<TouchedItem> touched{};
  v1::Touched touched_columns{};
  v1::PricesReported fact{};  // All but stream, block, file_id and whole_batch.
  std::shared_ptr<const FirmRegister> registers{};
};

// A stream's dictionary: the numbers of the item ids that its blocks index. A number of 0 is an id
// that is not in the register; it is an error only where a row uses it.
struct Dictionary {
  std::vector<std::string> ids{};
  std::vector<std::uint32_t> numbers{};
  // What follows from the numbers, found out once: the blocks of a stream mostly name the same
  // items. Whoever changes the numbers resets it.
  struct Derived {
    bool ascending = false;   // Each above the one before, and all in the register.
    std::string column{};     // The numbers as a fact's column; "" until a block needs it.
    std::int32_t last_day{};  // The earliest of the items' last days, by these registers.
    std::shared_ptr<const FirmRegister> registers{};
  };
  mutable std::optional<Derived> derived{};
};
// Returns kInvalidArgument / BLOCK_TOO_LARGE for more than kDictionaryMax ids.
absl::StatusOr<Dictionary> MapDictionary(
    const google::protobuf::RepeatedPtrField<std::string>& items, const FirmRegister& registers);

// What a block belongs to: the place, and the registers of its owner as they are now.
struct BlockScope {
  const Place& place;
  std::shared_ptr<const FirmRegister> registers{};
  const Dictionary& dictionary;
};

// Checks a series block whole. Errors name row, item and day: kInvalidArgument / BAD_COLUMNS,
// BLOCK_TOO_LARGE, DAY_OUT_OF_RANGE, QUANTITY_OUT_OF_RANGE, UNKNOWN_ENUM, DUPLICATE_ROW, BAD_NAME;
// kNotFound / UNKNOWN_ITEM, UNKNOWN_LOCATION; kFailedPrecondition / ENTRY_CLOSED.
absl::StatusOr<std::shared_ptr<const SeriesBlock>> PrepareSeries(const BlockScope& scope,
                                                                 const v1::SeriesBlock& block);
// The same for one row that belongs to no batch: without the columns of what it touches.
absl::StatusOr<std::shared_ptr<const SeriesBlock>> PrepareSingle(const BlockScope& scope,
                                                                 const v1::SeriesBlock& block);
// The same for prices; FIELD_OUT_OF_RANGE for a negative price, a scale or a currency that is none.
absl::StatusOr<std::shared_ptr<const PriceBlock>> PreparePrices(const BlockScope& scope,
                                                                const v1::PriceBlock& block);

// Measure, status and owner as a key. Errors: UNKNOWN_ENUM, BAD_NAME ("firms/{firm}").
absl::StatusOr<SeriesKey> SeriesKeyFrom(v1::Measure measure, std::string_view stock_owner,
                                        v1::StockStatus status, std::string_view place_owner);

// By item, then by first day: in this order neighbours show overlaps.
bool ByItemAndDay(const Run& a, const Run& b);
// One series' (or the prices') touched items as the facts carry them.
v1::Touched EncodeTouched(const SeriesKey& series, const std::vector<TouchedItem>& touched);
// Bytes that EncodeTouched did not make give kDataLoss / STORED_BYTES_DAMAGED.
absl::StatusOr<std::vector<TouchedItem>> DecodeTouched(const v1::Touched& touched);
// Parts of what a batch touches: several may tell of one series and of one item.
using TouchedParts = google::protobuf::RepeatedPtrField<v1::Touched>;
// One part a series, in the order they first come, items ascending and once each with the first and
// the last of their days.
TouchedParts MergeTouched(const TouchedParts& parts);
// Appends a part. Every 16th time all are merged, so that a batch's row stays as small as what it
// touches, and a block costs no merge of all that came before it.
void AddTouched(TouchedParts& parts, v1::Touched more);
// What a block touches, from its decoded runs.
std::vector<TouchedItem> TouchedBy(std::vector<Run> runs);
std::vector<TouchedItem> TouchedBy(const std::vector<PriceBlock::Item>& items);

// The runs and values of a fact's columns. kDataLoss / STORED_BYTES_DAMAGED where they do not
// agree.
struct SeriesColumns {
  std::vector<Run> runs{};
  std::vector<std::int64_t> values_milli{};
};
absl::StatusOr<SeriesColumns> DecodeSeriesColumns(const v1::SeriesReported& fact);
// The runs of the items first..last alone, and their values; where every run is one day and items
// ascend (a day of all items, as shops send it) only those are unpacked.
absl::StatusOr<SeriesColumns> DecodeSeriesOf(const v1::SeriesReported& fact,
                                             std::uint32_t item_first, std::uint32_t item_last);
// The runs alone, with value_index left at 0; the values are not looked at.
absl::StatusOr<std::vector<Run>> DecodeSeriesRuns(const v1::SeriesReported& fact);
// A price fact's items and ranges, as in PriceBlock::items.
absl::StatusOr<std::vector<PriceBlock::Item>> DecodePriceColumns(const v1::PricesReported& fact);

}  // namespace tandem::exchange
