#include "services/exchange/tile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "services/base/reason.h"

namespace tandem::exchange {
namespace {

using Cells = std::map<std::pair<std::size_t, std::size_t>, Cell>;

// Every cell of the tile is the model's, and no other is there.
void ExpectHolds(const Tile& tile, const Cells& want) {
  EXPECT_EQ(tile.size(), want.size());
  for (std::size_t item = 0; item < kTileItems; ++item) {
    for (std::size_t day = 0; day < kTileDays; ++day) {
      const auto found = want.find({item, day});
      const auto cell = tile.Get(item, day);
      ASSERT_EQ(cell.has_value(), found != want.end()) << item << ' ' << day;
      if (cell.has_value()) {
        ASSERT_EQ(*cell, found->second) << item << ' ' << day;
      }
    }
  }
}

// A tile filled in one of the ways that sales arrive, or anyhow.
Cells AnyCells(std::mt19937_64& random) {
  Cells cells;
  const std::uint64_t kind = random() % 6;
  const std::uint64_t missing = random() % 3;  // None, some, most.
  for (std::size_t item = 0; item < kTileItems; ++item) {
    for (std::size_t day = 0; day < kTileDays; ++day) {
      if (missing != 0 && random() % 10 < (missing == 1 ? 3 : 9)) continue;
      Cell& cell = cells[{item, day}];
      cell.value_milli = static_cast<std::int64_t>(random() % 3 == 0 ? random() % 9 : 0) * 1000;
      cell.arrival = kind == 0 ? 77 : kind == 1 ? 1000 + day * 40 : 5 + item / 3;
      if (kind == 3 && random() % 50 == 0) {
        cell = {.value_milli = -500, .revision = 2, .arrival = 9};
      }
      if (kind == 4) cell.arrival = random() % 4;
      if (kind == 5) {
        cell.value_milli = static_cast<std::int64_t>(random());
        cell.revision = static_cast<std::uint32_t>(random());
        cell.arrival = random();
      }
    }
  }
  return cells;
}

Tile TileOf(const Cells& cells) {
  Tile tile;
  for (const auto& [at, cell] : cells) tile.Set(at.first, at.second, cell);
  return tile;
}

TEST(TileTest, GivesBackRandomTiles) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40; ++round) {
    const Cells cells = AnyCells(random);
    const auto decoded = Tile::Decode(TileOf(cells).Encode());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_NO_FATAL_FAILURE(ExpectHolds(*decoded, cells));
  }
}

TEST(TileTest, ReadsRowsInParts) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40; ++round) {
    const Cells cells = AnyCells(random);
    const auto values = TileValues::Decode(TileOf(cells).Encode());
    ASSERT_TRUE(values.ok()) << values.status();
    for (std::size_t item = 0; item < kTileItems; ++item) {
      const std::size_t first = random() % (kTileDays + 1);
      std::vector<std::int64_t> row(random() % (kTileDays - first + 1), 42);
      std::vector<std::uint8_t> present(row.size(), 42);
      values->ReadRow(item, first, row, present);
      for (std::size_t k = 0; k < row.size(); ++k) {
        const auto found = cells.find({item, first + k});
        ASSERT_EQ(present[k], found != cells.end() ? 1 : 0);
        ASSERT_EQ(row[k], found != cells.end() ? found->second.value_milli : 0);
      }
    }
  }
}

TEST(TileTest, HoldsEveryExtremeOfACell) {
  const Cell most = {.value_milli = std::numeric_limits<std::int64_t>::max(),
                     .revision = std::numeric_limits<std::uint32_t>::max(),
                     .arrival = std::numeric_limits<std::uint64_t>::max()};
  const Cell least = {.value_milli = std::numeric_limits<std::int64_t>::min()};
  const Cells cells = {{{0, 0}, most}, {{0, 63}, least}, {{0, 64}, {}}, {{63, 127}, most}};
  const auto decoded = Tile::Decode(TileOf(cells).Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ExpectHolds(*decoded, cells);
}

TEST(TileTest, AZeroIsNotMissingAndAClearedCellIs) {
  Tile tile;
  EXPECT_EQ(tile.size(), 0U);
  EXPECT_EQ(tile.Get(3, 4), std::nullopt);
  tile.Set(3, 4, {});
  EXPECT_EQ(tile.Get(3, 4), Cell{});
  EXPECT_EQ(tile.size(), 1U);
  tile.Clear(3, 4);
  tile.Clear(3, 5);
  EXPECT_EQ(tile.Get(3, 4), std::nullopt);
  EXPECT_EQ(tile.Encode(), Tile().Encode());
}

TEST(TileTest, SameContentGivesTheSameBytesInAnyOrder) {
  std::mt19937_64 random(11);
  const Cells cells = AnyCells(random);
  std::vector<std::pair<std::pair<std::size_t, std::size_t>, Cell>> order(cells.begin(),
                                                                          cells.end());
  std::ranges::shuffle(order, random);
  Tile tile;
  for (const auto& [at, cell] : order) {
    tile.Set(at.first, at.second, {.value_milli = 1, .revision = 1, .arrival = 1});
  }
  for (const auto& [at, cell] : order) tile.Set(at.first, at.second, cell);
  const std::string bytes = tile.Encode();
  EXPECT_EQ(bytes, TileOf(cells).Encode());
  EXPECT_EQ(bytes, Tile::Decode(bytes)->Encode());
}

// The stored version 1, byte for byte, where zstd has no say: every cell 5, revision 0, arrival
// 300.
TEST(TileTest, WritesVersionOneAsDocumented) {
  Tile tile;
  std::string want = {1};
  want += std::string({6, 1, 0, 0, '\x80', 1, 1});        // Presence: 128 words of -1.
  want += std::string({6, 1, 0, 0, '\x80', '\x40', 10});  // Values: 8,192 of 5.
  want += std::string({0, 5, 1, 0, 0, 1, 0});             // Revisions: one default, 0.
  want += std::string({0, 6, 1, 0, 0, 1, '\xd8', 4});     // Arrivals: one default, 300.
  for (std::size_t item = 0; item < kTileItems; ++item) {
    for (std::size_t day = 0; day < kTileDays; ++day) {
      tile.Set(item, day, {.value_milli = 5, .arrival = 300});
    }
  }
  EXPECT_EQ(tile.Encode(), want);
}

TEST(TileTest, CostsLittleForSalesThatComeByDay) {
  std::mt19937_64 random(5);
  Tile tile;
  for (std::size_t day = 0; day < kTileDays; ++day) {
    const std::uint64_t arrival = 1'000'000 + day * 37 + random() % 20;
    for (std::size_t item = 0; item < kTileItems; ++item) {
      const auto units = random() % 3 != 0 ? 0 : random() % (random() % 8 + 1);
      tile.Set(item, day,
               {.value_milli = static_cast<std::int64_t>(units) * 1000, .arrival = arrival});
    }
  }
  const std::string before = tile.Encode();
  EXPECT_LT(static_cast<double>(before.size()), 0.40 * kTileCells);
  tile.Set(7, 7, {.value_milli = 3000, .revision = 1, .arrival = 2'000'000});  // A correction.
  EXPECT_LT(tile.Encode().size(), before.size() + 64);
}

TEST(TileTest, SurvivesHostileBytes) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 6; ++round) {
    const std::string bytes = TileOf(AnyCells(random)).Encode();
    for (std::size_t size = 0; size < bytes.size(); size += 1 + random() % 100) {
      EXPECT_EQ(Tile::Decode(bytes.substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
    }
    EXPECT_EQ(Tile::Decode(bytes + '\0').status().code(), absl::StatusCode::kDataLoss);
    for (int flip = 0; flip < 150; ++flip) {
      std::string flipped = bytes;
      // Half of the flips near the start, where the headers are.
      char& byte = flipped[random() % (flip % 2 == 0 ? flipped.size() : std::size_t{40})];
      byte = static_cast<char>(byte ^ (1 << (random() % 8)));
      const auto decoded = Tile::Decode(flipped);
      if (!decoded.ok()) {
        EXPECT_EQ(base::ReasonOf(decoded.status()), base::Reason::kStoredBytesDamaged);
      } else {
        EXPECT_TRUE(Tile::Decode(decoded->Encode()).ok());
      }
    }
  }
}

// Each part of a tile replaced by one that a column may be, but a tile may not.
TEST(TileTest, RefusesPartsThatDoNotFitTogether) {
  const auto sized = [](std::vector<std::int64_t> values) {
    const std::string column = EncodeColumn(values);
    return static_cast<char>(column.size()) + column;
  };
  const std::string presence = sized(std::vector<std::int64_t>(128, 1));  // Day 0 and day 64.
  const std::string values = sized(std::vector<std::int64_t>(128, 5));
  const std::string plane = '\0' + sized({0});
  const auto with_exceptions = [&](std::vector<std::int64_t> cells,
                                   std::vector<std::int64_t> numbers) {
    return '\x80' + sized({0}) + sized(std::move(cells)) + sized(std::move(numbers));
  };
  struct Case {
    const char* name;
    std::string bytes;
    bool want;
  };
  const Case cases[] = {
      {"a good one", '\1' + presence + values + plane + plane, true},
      {"a good exception", '\1' + presence + values + plane + with_exceptions({64}, {9}), true},
      {"version 2", '\2' + presence + values + plane + plane, false},
      {"127 words", '\1' + sized(std::vector<std::int64_t>(127, 1)) + values + plane + plane,
       false},
      {"a value too many",
       '\1' + presence + sized(std::vector<std::int64_t>(129, 5)) + plane + plane, false},
      {"mode 3", '\1' + presence + values + '\3' + sized({0}) + plane, false},
      {"an unknown bit", '\1' + presence + values + '\4' + sized({0}) + plane, false},
      {"two defaults for all", '\1' + presence + values + '\0' + sized({0, 0}) + plane, false},
      {"one default for each day", '\1' + presence + values + '\1' + sized({0}) + plane, false},
      {"exceptions for a missing cell",
       '\1' + presence + values + plane + with_exceptions({1}, {9}), false},
      {"exceptions that descend",
       '\1' + presence + values + plane + with_exceptions({64, 0}, {9, 9}), false},
      {"an exception twice", '\1' + presence + values + plane + with_exceptions({64, 64}, {9, 9}),
       false},
      {"an exception past the tile",
       '\1' + presence + values + plane + with_exceptions({8192}, {9}), false},
      {"exceptions without numbers",
       '\1' + presence + values + plane + with_exceptions({0, 64}, {9}), false},
      {"a revision below 0", '\1' + presence + values + '\0' + sized({-1}) + plane, false},
      {"a revision of 33 bits",
       '\1' + presence + values + '\0' + sized({std::int64_t{1} << 32}) + plane, false},
      {"no arrivals", '\1' + presence + values + plane, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto tile = Tile::Decode(c.bytes);
    EXPECT_EQ(base::ReasonOf(tile.status()),
              c.want ? base::Reason::kNone : base::Reason::kStoredBytesDamaged);
  }
}

TEST(TileDeathTest, StopsAtACellOutside) {
  Tile tile;
  EXPECT_DEATH(tile.Set(kTileItems, 0, {}), "outside its tile");
  EXPECT_DEATH(tile.Clear(0, kTileDays), "outside its tile");
  const TileValues values = *TileValues::Decode(tile.Encode());
  std::vector<std::int64_t> row(2);
  std::vector<std::uint8_t> present(2);
  EXPECT_DEATH(values.ReadRow(0, kTileDays - 1, row, present), "outside its tile");
  EXPECT_DEATH(values.ReadRow(0, 0, row, std::span(present).first(1)), "unequal");
}

}  // namespace
}  // namespace tandem::exchange
