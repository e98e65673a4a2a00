#include "services/exchange/series.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/bug.h"
#include "services/base/day.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/codec.h"

namespace tandem::exchange {
namespace {

// Of an open batch, where those count: it would win over closed ones of the same revision.
constexpr std::uint64_t kOpenArrival = kNow;

std::size_t CellOf(std::uint32_t item, std::int32_t day) {
  return ItemInTile(item) * kTileDays + DayInTile(day);
}

bool Within(const Box& box, std::uint32_t item, std::int32_t day) {
  return item >= box.item_first && item <= box.item_last && day >= box.day_first &&
         day <= box.day_last;
}

}  // namespace

Box BoxOfTile(std::uint32_t group, std::int32_t chunk) {
  const auto item = group * static_cast<std::uint32_t>(kTileItems);
  const std::int32_t day = ChunkFirstDay(chunk);
  return {item, item + static_cast<std::uint32_t>(kTileItems) - 1, day,
          day + static_cast<std::int32_t>(kTileDays) - 1};
}

Retractions RetractionsIn(const base::RowReader& rows, const Place& place) {
  Retractions retractions;
  rows.ScanPrefix(PlacePrefix(RowKind::kRetraction, place),
                  [&](std::string_view key, std::string_view value) {
                    retractions.emplace(NumberOfKey(key), DecodeNumber(value));
                    return true;
                  });
  return retractions;
}

SeriesCut::SeriesCut(const base::RowReader& rows, const Place& place, const SeriesKey& series,
                     const CutOptions& options)
    : rows_(rows),
      place_(place),
      series_(series),
      interest_(options.interest),
      as_of_(options.as_of),
      mark_(MarkIn(rows, place, series)) {
  // Mostly a day comes after all others: then no arrival has to be looked at.
  const bool pending = mark_.arrival_blocks > 0 && mark_.arrival_days.first <= interest_.day_last &&
                       mark_.arrival_days.last >= interest_.day_first;
  if (pending) LoadPending(options);
}

std::string SeriesCut::Prefix(RowKind kind) const { return SeriesPrefix(kind, place_, series_); }

const Visibility& SeriesCut::Visible() const {
  if (!visibility_.has_value()) visibility_.emplace(RetractionsIn(rows_, place_), as_of_);
  return *visibility_;
}

void SeriesCut::LoadPending(const CutOptions& options) {
  std::map<std::uint64_t, std::uint64_t> close_numbers;  // Of batches seen; 0: open.
  rows_.ScanPrefix(Prefix(RowKind::kArrival), [&](std::string_view key, std::string_view value) {
    Pending pending{.row = DecodeArrival(key, value)};
    if (!pending.row.box.Overlaps(interest_)) return true;
    const auto [found, fresh] = close_numbers.try_emplace(pending.row.batch, 0);
    if (fresh) {
      const std::optional<BatchRow> batch = BatchIn(rows_, place_, pending.row.batch);
      base::Require(batch.has_value(), "an arrival's batch is missing");
      found->second = batch->close_number;
    }
    pending.arrival = found->second == 0 ? kOpenArrival : found->second;
    const bool shown = found->second == 0 ? options.open_batches : Visible().Shows(pending.arrival);
    if (shown) pending_.push_back(std::move(pending));
    return true;
  });
}

bool SeriesCut::MayHoldAny() const {
  return !pending_.empty() || mark_.singles > mark_.singles_folded ||
         interest_.day_first <= mark_.folded_day_last;
}

bool SeriesCut::IsPlain(std::uint32_t group, std::int32_t chunk) const {
  if (!Visible().All() || mark_.singles > mark_.singles_folded) return false;
  const Box tile = BoxOfTile(group, chunk);
  return std::none_of(pending_.begin(), pending_.end(),
                      [&](const Pending& p) { return p.row.box.Overlaps(tile); });
}

absl::Status SeriesCut::OfferTile(std::string_view bytes, Grid& grid) const {
  TANDEM_ASSIGN_OR_RETURN(const Tile tile, Tile::Decode(bytes));
  for (std::size_t item = 0; item < kTileItems; ++item) {
    for (std::size_t day = 0; day < kTileDays; ++day) {
      const std::optional<Cell> cell = tile.Get(item, day);
      if (!cell.has_value() || !Visible().Shows(cell->arrival)) continue;
      grid.Offer(item * kTileDays + day, {cell->value_milli, cell->revision, cell->arrival});
    }
  }
  return absl::OkStatus();
}

void SeriesCut::OfferHistory(std::uint32_t group, std::int32_t chunk, Grid& grid) const {
  if (Visible().All()) return;  // A tile's own cells win then.
  const std::optional<std::string> value =
      rows_.Get(TileKey(Prefix(RowKind::kHistory), group, chunk));
  if (!value.has_value()) return;
  for (const PastStatement& past : DecodeHistory(*value)) {
    if (Visible().Shows(past.statement.arrival)) grid.Offer(past.cell, past.statement);
  }
}

absl::Status SeriesCut::OfferPending(Pending& pending, const Box& tile, Grid& grid) {
  if (!pending.columns.has_value()) {
    const std::optional<std::string> bytes =
        rows_.Get(NumberKey(Prefix(RowKind::kArrivalColumns), pending.row.number));
    v1::SeriesReported fact;
    if (!bytes.has_value() || !fact.ParseFromString(*bytes)) {
      return base::Refuse(base::Reason::kStoredBytesDamaged, "an arrival's columns are damaged");
    }
    TANDEM_ASSIGN_OR_RETURN(pending.columns, DecodeSeriesColumns(fact));
  }
  for (const Run& run : pending.columns->runs) {
    if (run.item < tile.item_first || run.item > tile.item_last) continue;
    const std::int32_t first = std::max(run.day_first, tile.day_first);
    const std::int32_t last =
        std::min(run.day_first + static_cast<std::int32_t>(run.length) - 1, tile.day_last);
    for (std::int32_t day = first; day <= last; ++day) {
      const auto offset = static_cast<std::size_t>(day - run.day_first);
      grid.Offer(CellOf(run.item, day), {pending.columns->values_milli[run.value_index + offset],
                                         pending.row.revision, pending.arrival});
    }
  }
  return absl::OkStatus();
}

void SeriesCut::OfferSingles(const Box& tile, Grid& grid) const {
  if (mark_.singles == mark_.singles_folded) return;
  const auto offer = [&](const SinglePlace& place, std::string_view value) {
    if (!Within(tile, place.item, place.day)) return;
    for (const Statement& statement : DecodeStatements(value)) {
      if (Visible().Shows(statement.arrival)) {
        grid.Offer(CellOf(place.item, place.day), statement);
      }
    }
  };
  const std::string singles = Prefix(RowKind::kSingle);
  const std::uint32_t first = std::max(tile.item_first, interest_.item_first);
  const std::uint32_t last = std::min(tile.item_last, interest_.item_last);
  if (first == last && interest_.day_first == interest_.day_last) {
    const auto value = rows_.Get(SingleKey(singles, first, interest_.day_first));
    if (value.has_value()) offer({first, interest_.day_first}, *value);
    return;
  }
  // Rows of these items; a year of one item's reports beyond the days is passed over.
  rows_.Scan(SingleKey(singles, first, std::numeric_limits<std::int32_t>::min()),
             SingleKey(singles, last + 1, std::numeric_limits<std::int32_t>::min()),
             [&](std::string_view key, std::string_view value) {
               offer(SingleOfKey(key), value);
               return true;
             });
}

absl::Status SeriesCut::FillFrom(std::optional<std::string_view> tile, std::uint32_t group,
                                 std::int32_t chunk, Grid& grid) {
  grid.Clear();
  if (tile.has_value()) {
    TANDEM_RETURN_IF_ERROR(OfferTile(*tile, grid));
    OfferHistory(group, chunk, grid);
  }
  const Box box = BoxOfTile(group, chunk);
  for (Pending& pending : pending_) {
    if (!pending.row.box.Overlaps(box)) continue;
    TANDEM_RETURN_IF_ERROR(OfferPending(pending, box, grid));
  }
  OfferSingles(box, grid);
  return absl::OkStatus();
}

absl::Status SeriesCut::Fill(std::uint32_t group, std::int32_t chunk, Grid& grid) {
  std::optional<std::string> tile;
  if (ChunkFirstDay(chunk) <= mark_.folded_day_last) {
    tile = rows_.Get(TileKey(Prefix(RowKind::kTile), group, chunk));
  }
  return FillFrom(tile, group, chunk, grid);
}

absl::StatusOr<bool> SeriesCut::IsFresh(std::uint32_t item, std::int32_t day) const {
  if (!pending_.empty()) return false;
  if (mark_.singles > mark_.singles_folded &&
      rows_.Get(SingleKey(Prefix(RowKind::kSingle), item, day)).has_value()) {
    return false;
  }
  if (ChunkFirstDay(ChunkOf(day)) > mark_.folded_day_last) return true;
  const auto bytes = rows_.Get(TileKey(Prefix(RowKind::kTile), GroupOf(item), ChunkOf(day)));
  if (!bytes.has_value()) return true;
  TANDEM_ASSIGN_OR_RETURN(const TileValues tile, TileValues::Decode(*bytes));
  return !tile.presence().Has(ItemInTile(item), DayInTile(day));
}

absl::Status SeriesCut::ReadTile(std::optional<std::string_view> bytes, std::uint32_t group,
                                 std::int32_t chunk, Columns& columns) {
  const Box box = BoxOfTile(group, chunk);
  const std::int32_t first = std::max(box.day_first, columns.day_first);
  const std::int32_t last =
      std::min(box.day_last, columns.day_first + static_cast<std::int32_t>(columns.day_count) - 1);
  const auto count = static_cast<std::size_t>(last - first) + 1;
  const auto column = static_cast<std::size_t>(first - columns.day_first);
  const std::span<std::int64_t> values(columns.values_milli);
  const std::span<std::uint8_t> known(columns.known);
  const bool plain = IsPlain(group, chunk);
  if (plain && !bytes.has_value()) return absl::OkStatus();
  if (plain && !columns.with_revisions) {
    TANDEM_ASSIGN_OR_RETURN(const TileValues tile, TileValues::Decode(*bytes));
    for (std::size_t item = 0; item < kTileItems; ++item) {
      const std::size_t at = item * columns.day_count + column;
      tile.ReadRow(item, DayInTile(first), values.subspan(at, count), known.subspan(at, count));
    }
    return absl::OkStatus();
  }
  TANDEM_RETURN_IF_ERROR(FillFrom(bytes, group, chunk, grid_));
  for (std::size_t item = 0; item < kTileItems; ++item) {
    for (std::size_t d = 0; d < count; ++d) {
      const Statement& winner = grid_.At(item * kTileDays + DayInTile(first) + d);
      if (winner.arrival == 0) continue;
      const std::size_t at = item * columns.day_count + column + d;
      values[at] = winner.value_milli;
      known[at] = 1;
      if (columns.with_revisions) columns.revisions[at] = winner.revision;
    }
  }
  return absl::OkStatus();
}

absl::Status SeriesCut::ReadGroup(std::uint32_t group, Columns& columns) {
  columns.values_milli.assign(kTileItems * columns.day_count, 0);
  columns.known.assign(kTileItems * columns.day_count, 0);
  columns.revisions.assign(columns.with_revisions ? kTileItems * columns.day_count : 0, 0);
  const std::int32_t chunk_last =
      ChunkOf(columns.day_first + static_cast<std::int32_t>(columns.day_count) - 1);
  std::int32_t next = ChunkOf(columns.day_first);
  absl::Status status;
  // Chunks between tiles may have arrivals; in the plain case ReadTile returns at once.
  const auto read_until = [&](std::int32_t chunk) {
    for (; status.ok() && next < chunk; ++next) {
      status = ReadTile(std::nullopt, group, next, columns);
    }
  };
  const std::string tiles = Prefix(RowKind::kTile);
  rows_.Scan(TileKey(tiles, group, next), TileKey(tiles, group, chunk_last + 1),
             [&](std::string_view key, std::string_view value) {
               const std::int32_t chunk = TileOfKey(key).chunk;
               read_until(chunk);
               if (status.ok()) status = ReadTile(value, group, chunk, columns);
               next = chunk + 1;
               return status.ok();
             });
  read_until(chunk_last + 1);
  TANDEM_RETURN_IF_ERROR(status);
  return rows_.status();
}

namespace {

absl::Status CheckCell(const SeriesBlock& block, const Run& run, std::int32_t day,
                       const Statement& known) {
  if (known.arrival == 0) return absl::OkStatus();
  const std::int64_t value =
      block.values_milli[run.value_index + static_cast<std::size_t>(day - run.day_first)];
  if (block.revision > known.revision ||
      (block.revision == known.revision && value == known.value_milli)) {
    return absl::OkStatus();
  }
  return base::Refuse(base::Reason::kRevisionConflict,
                      block.revision == known.revision
                          ? "the day is known with another value of the same revision"
                          : "the day is known with a higher revision",
                      {{"item", std::string(block.registers->items.IdOf(run.item))},
                       {"day", base::Day::FromNumber(day).ToString()},
                       {"row", run.value_index + static_cast<std::size_t>(day - run.day_first)},
                       {"revision", block.revision},
                       {"value_milli", value},
                       {"known_revision", known.revision},
                       {"known_value_milli", known.value_milli}});
}

absl::Status CheckTile(const SeriesBlock& block, const Box& tile, const Grid& grid) {
  for (const Run& run : block.runs) {
    if (run.item < tile.item_first || run.item > tile.item_last) continue;
    const std::int32_t first = std::max(run.day_first, tile.day_first);
    const std::int32_t last =
        std::min(run.day_first + static_cast<std::int32_t>(run.length) - 1, tile.day_last);
    for (std::int32_t day = first; day <= last; ++day) {
      TANDEM_RETURN_IF_ERROR(CheckCell(block, run, day, grid.At(CellOf(run.item, day))));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckConflicts(const base::RowReader& rows, const Place& place,
                            const SeriesBlock& block) {
  SeriesCut cut(rows, place, block.series, {.open_batches = true, .interest = block.box});
  if (!cut.MayHoldAny()) return absl::OkStatus();
  if (block.values_milli.size() == 1) {
    TANDEM_ASSIGN_OR_RETURN(const bool fresh,
                            cut.IsFresh(block.runs[0].item, block.runs[0].day_first));
    if (fresh) return absl::OkStatus();
  }
  std::set<std::pair<std::uint32_t, std::int32_t>> tiles;
  for (const TouchedItem& one : block.touched) {
    for (std::int32_t chunk = ChunkOf(one.day_first); chunk <= ChunkOf(one.day_last); ++chunk) {
      tiles.emplace(GroupOf(one.item), chunk);
    }
  }
  Grid grid;
  for (const auto& [group, chunk] : tiles) {
    TANDEM_RETURN_IF_ERROR(cut.Fill(group, chunk, grid));
    TANDEM_RETURN_IF_ERROR(CheckTile(block, BoxOfTile(group, chunk), grid));
  }
  return rows.status();
}

}  // namespace tandem::exchange
