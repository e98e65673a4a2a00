// The exchange's rows as bytes. Stored, never renumber: what changes gets a new version byte, and
// the old one stays readable. README.md lists every key. Keys begin with a letter a kind of row;
// places, series and ids are KeyStrings, numbers are big-endian (base/bytes.h).
//
// A row that was never put reads as nullopt or as all zeros (said where it holds). Bytes that make
// no sense stop the program with what they are of: Apply and Decide have no way to go on, and a
// reader's rows are checked by the store.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/rows.h"
#include "services/exchange/model.h"

namespace tandem::exchange {

// The letter of each kind of row.
enum class RowKind : char {
  kArrivalColumns = 'A',  // Place, series, fact number: the block's columns.
  kBatch = 'B',           // Place, complement of the batch number: newest first.
  kBlockDigest = 'D',     // Place, stream, block: 16 bytes of a hash of its rows.
  kEvent = 'E',           // Owner, event id.
  kSeriesMark = 'F',      // Place, series.
  kCounters = 'G',        // Owner.
  kHistory = 'H',         // Place, series, group, chunk.
  kItem = 'I',            // Owner, register number.
  kItemId = 'J',          // Owner, item id.
  kLocation = 'K',        // Owner, register number.
  kLocationId = 'V',      // Owner, location id.
  kPlan = 'L',            // Owner, plan id.
  kPromotion = 'M',       // Place, promotion id.
  kBatchName = 'N',       // Place, stream, first block.
  kSingle = 'O',          // Place, series, item, day.
  kPrice = 'P',           // Place, item, fact number.
  kPriceMark = 'Q',       // Place.
  kRetraction = 'R',      // Place, arrival (close number).
  kStream = 'S',          // Place, stream.
  kTile = 'T',            // Place, series, group, chunk.
  kFold = 'W',            // Place, series.
  kArrival = 'X',         // Place, series, fact number.
};

// Prefixes, for scans.
std::string PlacePrefix(RowKind kind, const Place& place);
std::string SeriesPrefix(RowKind kind, const Place& place, const SeriesKey& series);
std::string OwnerPrefix(RowKind kind, std::string_view owner);

// Whole keys.
std::string NumberKey(std::string_view prefix, std::uint64_t number);
std::string TileKey(std::string_view series_prefix, std::uint32_t group, std::int32_t chunk);
std::string SingleKey(std::string_view series_prefix, std::uint32_t item, std::int32_t day);
std::string IdKey(std::string_view prefix, std::string_view id);
std::string RegisterKey(std::string_view prefix, std::uint32_t number);
std::string BatchKey(const Place& place, std::uint64_t batch);
std::string BatchNameKey(const Place& place, std::string_view stream, std::int64_t first_block);
std::string BlockDigestKey(const Place& place, std::string_view stream, std::int64_t block);
std::string PriceKey(std::string_view prefix, std::uint32_t item, std::uint64_t number);

// What a key names, for scans over several.
struct SeriesName {
  Place place{};
  SeriesKey series{};
};
SeriesName SeriesOfKey(std::string_view key);  // Of a kSeriesMark row.
struct TilePlace {
  std::uint32_t group = 0;
  std::int32_t chunk = 0;
};
TilePlace TileOfKey(std::string_view key);
std::uint64_t NumberOfKey(std::string_view key);  // The last eight bytes.
struct SinglePlace {
  std::uint32_t item = 0;
  std::int32_t day = 0;
};
SinglePlace SingleOfKey(std::string_view key);
std::uint32_t ItemOfPriceKey(std::string_view key);

// The series' bytes as SeriesFolded carries them.
std::string EncodeSeries(const SeriesKey& series);
std::optional<SeriesKey> DecodeSeries(std::string_view bytes);

std::string EncodeArrival(const ArrivalRow& arrival);
ArrivalRow DecodeArrival(std::string_view key, std::string_view value);

std::string EncodeBatch(const BatchRow& batch);
BatchRow DecodeBatch(std::string_view value);
std::optional<BatchRow> BatchIn(const base::RowReader& rows, const Place& place,
                                std::uint64_t batch);

std::string EncodeStream(const StreamRow& stream);
// All zeros for a stream that never began.
StreamRow StreamIn(const base::RowReader& rows, const Place& place, std::string_view stream);

std::string EncodeMark(const SeriesMark& mark);
SeriesMark DecodeMark(std::string_view value);
// As made for a series that never began.
SeriesMark MarkIn(const base::RowReader& rows, const Place& place, const SeriesKey& series);

std::string EncodeFold(const FoldRow& fold);
std::optional<FoldRow> FoldIn(const base::RowReader& rows, const Place& place,
                              const SeriesKey& series);

// Numbers alone: register numbers, batch numbers, the price mark.
std::string EncodeNumber(std::uint64_t number);
std::uint64_t DecodeNumber(std::string_view value);
std::optional<std::uint64_t> NumberIn(const base::RowReader& rows, std::string_view key);

// A single report's statements, ascending by arrival.
std::string EncodeStatements(std::span<const Statement> statements);
std::vector<Statement> DecodeStatements(std::string_view value);

// A history row: statements of a tile's cells that do not win, by cell (item * 128 + day).
struct PastStatement {
  std::uint32_t cell = 0;
  Statement statement{};
};
std::string EncodeHistory(std::span<const PastStatement> past);
std::vector<PastStatement> DecodeHistory(std::string_view value);

std::string EncodePrices(const PriceArrival& prices);
PriceArrival DecodePrices(std::string_view key, std::string_view value);

}  // namespace tandem::exchange
