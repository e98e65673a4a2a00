// Tiles: any bytes decode or are refused; what decodes is read alike as cells and as rows, and is
// encoded and decoded to the same cells.
#include <array>

#include "services/exchange/tile.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::exchange::kTileDays;
using tandem::exchange::kTileItems;
using tandem::exchange::Tile;
using tandem::exchange::TileValues;
using tandem::fuzz::Check;

void CheckValues(const Tile& tile, const TileValues& values) {
  std::array<std::int64_t, kTileDays> milli{};
  std::array<std::uint8_t, kTileDays> present{};
  for (std::size_t item = 0; item < kTileItems; ++item) {
    values.ReadRow(item, 0, milli, present);
    for (std::size_t day = 0; day < kTileDays; ++day) {
      const auto cell = tile.Get(item, day);
      Check(cell.has_value() == (present[day] == 1), "both have the same cells");
      Check((cell.has_value() ? cell->value_milli : 0) == milli[day], "both have the same values");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto values = TileValues::Decode(bytes);
  const auto tile = Tile::Decode(bytes);
  if (!tile.ok()) return 0;
  Check(values.ok(), "a tile's values can be read");
  CheckValues(*tile, *values);
  const auto again = Tile::Decode(tile->Encode());
  Check(again.ok(), "a tile reads back");
  for (std::size_t item = 0; item < kTileItems; ++item) {
    for (std::size_t day = 0; day < kTileDays; ++day) {
      Check(tile->Get(item, day) == again->Get(item, day), "a cell reads back");
    }
  }
  return 0;
}
