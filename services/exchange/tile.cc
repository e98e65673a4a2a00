#include "services/exchange/tile.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::exchange {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kModeBits = 3;
constexpr std::uint8_t kExceptions = 0x80;

// How a plane's defaults are laid out; stored, never renumber.
enum Mode : std::uint8_t { kOne = 0, kByDay = 1, kByItem = 2 };

constexpr std::array<std::size_t, 3> kDefaults = {1, kTileDays, kTileItems};

absl::Status Damaged(std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what);
}

std::size_t GroupOf(std::size_t cell, Mode mode) {
  switch (mode) {
    case kOne:
      return 0;
    case kByDay:
      return cell % kTileDays;
    case kByItem:
      return cell / kTileDays;
  }
  base::Bug("no such mode of a plane");
}

// Cells that are present, ascending.
std::vector<std::int64_t> CellsOf(const TilePresence& presence) {
  std::vector<std::int64_t> cells;
  cells.reserve(presence.Count());
  for (std::size_t word = 0; word < presence.words().size(); ++word) {
    for (std::uint64_t bits = presence.words()[word]; bits != 0; bits &= bits - 1) {
      cells.push_back(static_cast<std::int64_t>(64 * word) + std::countr_zero(bits));
    }
  }
  return cells;
}

// A plane as it is stored.
struct Plane {
  Mode mode = kOne;
  std::vector<std::int64_t> defaults{};
  std::vector<std::int64_t> cells{};
  std::vector<std::int64_t> numbers{};

  // A default costs about what an exception's cell does.
  std::size_t Cost() const { return defaults.size() + 2 * cells.size(); }
};

// The plane of the present cells with the defaults that a vote of each group elects (Boyer and
// Moore: the group's majority, where it has one). A group without cells repeats the one before it.
Plane PlaneIn(Mode mode, std::span<const std::int64_t> cells,
              std::span<const std::int64_t> numbers) {
  Plane plane{.mode = mode, .defaults = std::vector<std::int64_t>(kDefaults[mode])};
  std::array<std::int32_t, kTileDays> votes{};
  std::array<bool, kTileDays> voted{};
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const std::size_t group = GroupOf(static_cast<std::size_t>(cells[k]), mode);
    if (votes[group] == 0) plane.defaults[group] = numbers[k];
    votes[group] += plane.defaults[group] == numbers[k] ? 1 : -1;
    voted[group] = true;
  }
  for (std::size_t group = 1; group < plane.defaults.size(); ++group) {
    if (!voted[group]) plane.defaults[group] = plane.defaults[group - 1];
  }
  for (std::size_t k = 0; k < cells.size(); ++k) {
    if (numbers[k] == plane.defaults[GroupOf(static_cast<std::size_t>(cells[k]), mode)]) continue;
    plane.cells.push_back(cells[k]);
    plane.numbers.push_back(numbers[k]);
  }
  return plane;
}

// The first plane without exceptions, else the cheapest; the lower mode on a tie.
Plane BestPlane(std::span<const std::int64_t> cells, std::span<const std::int64_t> numbers) {
  Plane best = PlaneIn(kOne, cells, numbers);
  for (const Mode mode : {kByDay, kByItem}) {
    if (best.cells.empty()) return best;
    Plane plane = PlaneIn(mode, cells, numbers);
    if (plane.cells.empty() || plane.Cost() < best.Cost()) best = std::move(plane);
  }
  return best;
}

void WritePlane(const Plane& plane, base::ByteWriter& out) {
  const bool exceptions = !plane.cells.empty();
  out.Byte(static_cast<std::uint8_t>(plane.mode | (exceptions ? kExceptions : 0)));
  out.Sized(EncodeColumn(plane.defaults));
  if (!exceptions) return;
  out.Sized(EncodeColumn(plane.cells)).Sized(EncodeColumn(plane.numbers));
}

// Reads a plane and spreads it: a number for each of the present `cells`.
absl::StatusOr<std::vector<std::int64_t>> ReadPlane(base::ByteReader& in,
                                                    std::span<const std::int64_t> cells) {
  const std::uint8_t head = in.Byte();
  const auto mode = static_cast<Mode>(head & kModeBits);
  if (!in.ok() || (head & ~(kModeBits | kExceptions)) != 0 || mode > kByItem) {
    return Damaged("a tile's plane has no such mode");
  }
  TANDEM_ASSIGN_OR_RETURN(const auto defaults, DecodeColumn(in.Sized(), kDefaults[mode]));
  if (defaults.size() != kDefaults[mode]) return Damaged("a tile's plane lacks defaults");
  std::vector<std::int64_t> numbers(cells.size());
  for (std::size_t k = 0; k < cells.size(); ++k) {
    numbers[k] = defaults[GroupOf(static_cast<std::size_t>(cells[k]), mode)];
  }
  if ((head & kExceptions) == 0) return numbers;

  TANDEM_ASSIGN_OR_RETURN(const auto exceptions, DecodeColumn(in.Sized(), kTileCells));
  TANDEM_ASSIGN_OR_RETURN(const auto theirs, DecodeColumn(in.Sized(), kTileCells));
  if (exceptions.size() != theirs.size()) return Damaged("a tile's exceptions lack numbers");
  std::size_t k = 0;
  for (std::size_t e = 0; e < exceptions.size(); ++e, ++k) {
    while (k < cells.size() && cells[k] < exceptions[e]) ++k;
    if (k == cells.size() || cells[k] != exceptions[e]) {
      return Damaged("a tile's exception is for a missing cell");
    }
    numbers[k] = theirs[e];
  }
  return numbers;
}

}  // namespace

void TilePresence::Put(std::size_t item, std::size_t day, bool present) {
  const std::uint64_t bit = std::uint64_t{1} << (day % 64);
  std::uint64_t& word = words_[2 * item + day / 64];
  word = present ? word | bit : word & ~bit;
}

std::size_t TilePresence::Count() const {
  std::size_t count = 0;
  for (const std::uint64_t word : words_) count += static_cast<std::size_t>(std::popcount(word));
  return count;
}

absl::StatusOr<TileValues> TileValues::Decode(std::string_view bytes) {
  base::ByteReader in(bytes);
  if (in.Byte() != kVersion || !in.ok()) return Damaged("a tile of an unknown version");
  TileValues tile;
  TANDEM_ASSIGN_OR_RETURN(const auto words, DecodeColumn(in.Sized(), 2 * kTileItems));
  if (words.size() != 2 * kTileItems) return Damaged("a tile's presence has another length");
  std::ranges::transform(words, tile.presence_.words().begin(),
                         [](std::int64_t word) { return static_cast<std::uint64_t>(word); });
  for (std::size_t item = 0; item < kTileItems; ++item) {
    const auto in_row = std::popcount(tile.presence_.words()[2 * item]) +
                        std::popcount(tile.presence_.words()[2 * item + 1]);
    tile.row_begins_[item + 1] = static_cast<std::uint16_t>(tile.row_begins_[item] + in_row);
  }
  TANDEM_ASSIGN_OR_RETURN(tile.values_, Column::Open(in.Sized(), kTileCells));
  if (!in.ok() || tile.values_.size() != tile.row_begins_[kTileItems]) {
    return Damaged("a tile has not a value for each cell");
  }
  return tile;
}

void TileValues::ReadRow(std::size_t item, std::size_t first_day,
                         std::span<std::int64_t> values_milli,
                         std::span<std::uint8_t> present) const {
  base::Require(values_milli.size() == present.size(), "a row's spans have unequal lengths");
  base::Require(
      item < kTileItems && first_day <= kTileDays && present.size() <= kTileDays - first_day,
      "a row outside its tile");
  const std::size_t row_begin = row_begins_[item];
  if (row_begins_[item + 1] - row_begin == kTileDays) {  // The usual row: every day is there.
    values_.Read(row_begin + first_day, values_milli);
    std::ranges::fill(present, std::uint8_t{1});
    return;
  }
  std::size_t before = 0;
  for (std::size_t day = 0; day < first_day; ++day) before += presence_.Has(item, day) ? 1 : 0;
  std::size_t count = 0;
  for (std::size_t k = 0; k < present.size(); ++k) {
    present[k] = presence_.Has(item, first_day + k) ? 1 : 0;
    count += present[k];
  }
  std::array<std::int64_t, kTileDays> dense;
  values_.Read(row_begin + before, std::span(dense).first(count));
  for (std::size_t k = 0, from = 0; k < present.size(); ++k) {
    values_milli[k] = present[k] != 0 ? dense[from++] : 0;
  }
}

std::vector<std::int64_t> TileValues::PresentValues() const {
  std::vector<std::int64_t> values(values_.size());
  values_.Read(0, values);
  return values;
}

Tile::Tile() : values_milli_(kTileCells), revisions_(kTileCells), arrivals_(kTileCells) {}

absl::StatusOr<Tile> Tile::Decode(std::string_view bytes) {
  TANDEM_ASSIGN_OR_RETURN(const TileValues values, TileValues::Decode(bytes));
  const std::vector<std::int64_t> cells = CellsOf(values.presence());
  base::ByteReader in(bytes);
  in.Byte();   // What TileValues has read: version,
  in.Sized();  // presence
  in.Sized();  // and values.
  TANDEM_ASSIGN_OR_RETURN(const auto revisions, ReadPlane(in, cells));
  TANDEM_ASSIGN_OR_RETURN(const auto arrivals, ReadPlane(in, cells));
  if (!in.ok() || !in.AtEnd()) return Damaged("a tile has bytes after its end");

  Tile tile;
  tile.presence_ = values.presence();
  const std::vector<std::int64_t> values_milli = values.PresentValues();
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const auto cell = static_cast<std::size_t>(cells[k]);
    if (revisions[k] < 0 || revisions[k] > std::numeric_limits<std::uint32_t>::max()) {
      return Damaged("a tile's revision is out of range");
    }
    tile.values_milli_[cell] = values_milli[k];
    tile.revisions_[cell] = static_cast<std::uint32_t>(revisions[k]);
    tile.arrivals_[cell] = static_cast<std::uint64_t>(arrivals[k]);
  }
  return tile;
}

std::string Tile::Encode() const {
  std::array<std::int64_t, 2 * kTileItems> words;
  std::ranges::transform(presence_.words(), words.begin(),
                         [](std::uint64_t word) { return static_cast<std::int64_t>(word); });
  const std::vector<std::int64_t> cells = CellsOf(presence_);
  std::vector<std::int64_t> values(cells.size());
  std::vector<std::int64_t> revisions(cells.size());
  std::vector<std::int64_t> arrivals(cells.size());
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const auto cell = static_cast<std::size_t>(cells[k]);
    values[k] = values_milli_[cell];
    revisions[k] = revisions_[cell];
    arrivals[k] = static_cast<std::int64_t>(arrivals_[cell]);
  }
  base::ByteWriter out;
  out.Byte(kVersion).Sized(EncodeColumn(words)).Sized(EncodeColumn(values));
  WritePlane(BestPlane(cells, revisions), out);
  WritePlane(BestPlane(cells, arrivals), out);
  return std::move(out).Take();
}

std::optional<Cell> Tile::Get(std::size_t item, std::size_t day) const {
  const std::size_t cell = IndexOf(item, day);
  if (!presence_.Has(item, day)) return std::nullopt;
  return Cell{
      .value_milli = values_milli_[cell], .revision = revisions_[cell], .arrival = arrivals_[cell]};
}

void Tile::Set(std::size_t item, std::size_t day, const Cell& cell) {
  const std::size_t index = IndexOf(item, day);
  presence_.Put(item, day, true);
  values_milli_[index] = cell.value_milli;
  revisions_[index] = cell.revision;
  arrivals_[index] = cell.arrival;
}

void Tile::Clear(std::size_t item, std::size_t day) {
  IndexOf(item, day);  // Stops at a cell outside.
  presence_.Put(item, day, false);
}

}  // namespace tandem::exchange
