// The stored form of daily series: a tile holds 64 items by 128 days of one location, each cell
// missing or a value with the sender's revision and the number of the fact that brought it. Sales
// arrive by day and are read by series; a tile is wide enough for both.
//
//   TANDEM_ASSIGN_OR_RETURN(Tile tile, Tile::Decode(bytes));
//   tile.Set(item, day, {.value_milli = 3000, .arrival = fact});
//   rows.Put(key, tile.Encode());
//
// Stored, never renumber: what changes gets a new version byte, and the old one stays readable.
//   version    byte, 1
//   presence   sized column: two words an item; bit d % 64 of word 2 * item + d / 64 is day d
//   values     sized column: of the present cells, item by item, days ascending
//   revisions  plane, as below
//   arrivals   plane, as below (unsigned, kept as the signed number of the same 64 bits)
// where a plane is its defaults and what differs from them:
//   mode       byte; bits 0 and 1: one default for all (0), for each day (1), for each item (2);
//              bit 7: exceptions follow; others 0
//   defaults   sized column: 1, 128 or 64
//   cells      sized column: the exceptions, item * 128 + day, ascending, only present cells
//   numbers    sized column: theirs
// Sized: length as a varint, then the bytes. Columns are column.h's. A location's sales that come a
// day at a time cost a default a day for the arrival, a file's cost one default or one an item.
//
// The same content always gives the same bytes under one version of libzstd, whatever the order in
// which it was set; another version may compress otherwise. So a hash that two installations
// compare is taken over cells, never over Encode(). There is no checksum: the store below has its
// own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/bug.h"
#include "services/exchange/column.h"

namespace tandem::exchange {

inline constexpr std::size_t kTileItems = 64;
inline constexpr std::size_t kTileDays = 128;
inline constexpr std::size_t kTileCells = kTileItems * kTileDays;

// Which cells of a tile are present.
class TilePresence {
 public:
  bool Has(std::size_t item, std::size_t day) const {
    return (words_[2 * item + day / 64] >> (day % 64) & 1) != 0;
  }
  void Put(std::size_t item, std::size_t day, bool present);
  // How many cells are present.
  std::size_t Count() const;

  std::span<const std::uint64_t> words() const { return words_; }
  std::span<std::uint64_t> words() { return words_; }

 private:
  std::array<std::uint64_t, 2 * kTileItems> words_{};
};

// A tile's values alone, to be scanned: revisions and arrivals are not touched, and arithmetic is
// done for the days that are read only. Immutable, so any thread may read.
class TileValues {
 public:
  // Returns kDataLoss / STORED_BYTES_DAMAGED for bytes whose version, presence or values are not as
  // Encode writes them. Any bytes may be given; they may go away afterwards.
  static absl::StatusOr<TileValues> Decode(std::string_view bytes);

  // Writes the values of days first_day, first_day + 1, ... of one item to `values_milli`, 0 where
  // missing, and to `present` 1 or 0 for each. Spans of unequal length, or a row past the tile's
  // end, are a bug of the caller.
  void ReadRow(std::size_t item, std::size_t first_day, std::span<std::int64_t> values_milli,
               std::span<std::uint8_t> present) const;

  const TilePresence& presence() const { return presence_; }

  // All present values, item by item, days ascending.
  std::vector<std::int64_t> PresentValues() const;

 private:
  TilePresence presence_{};
  std::array<std::uint16_t, kTileItems + 1> row_begins_{};  // In the values column.
  Column values_{};
};

// One cell that is present.
struct Cell {
  std::int64_t value_milli = 0;
  std::uint32_t revision = 0;  // The sender's; 0 for a first report.
  std::uint64_t arrival = 0;   // Number of the fact that brought the value.

  friend bool operator==(const Cell&, const Cell&) = default;
};

// A tile to be changed: 160 KiB in memory, all cells missing at first. To name an item from
// kTileItems on, or a day from kTileDays on, is a bug of the caller.
class Tile {
 public:
  Tile();

  // Errors as TileValues::Decode, for all of the bytes.
  static absl::StatusOr<Tile> Decode(std::string_view bytes);
  std::string Encode() const;

  // The cell, or nullopt if it is missing.
  std::optional<Cell> Get(std::size_t item, std::size_t day) const;
  void Set(std::size_t item, std::size_t day, const Cell& cell);
  // Makes the cell missing.
  void Clear(std::size_t item, std::size_t day);

  // Present cells.
  std::size_t size() const { return presence_.Count(); }

 private:
  static std::size_t IndexOf(std::size_t item, std::size_t day) {
    base::Require(item < kTileItems && day < kTileDays, "a cell outside its tile");
    return item * kTileDays + day;
  }

  TilePresence presence_{};
  std::vector<std::int64_t> values_milli_;
  std::vector<std::uint32_t> revisions_;
  std::vector<std::uint64_t> arrivals_;
};

}  // namespace tandem::exchange
