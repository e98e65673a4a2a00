#include "services/exchange/fold.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/exchange/block.h"
#include "services/exchange/codec.h"
#include "services/exchange/facts.h"
#include "services/exchange/series.h"
#include "services/exchange/tile.h"

namespace tandem::exchange {
namespace {

using base::Require;

// Where in the rows a series is, and what a fold of it has read.
struct Series {
  Place place{};
  SeriesKey key{};
  std::string Prefix(RowKind kind) const { return SeriesPrefix(kind, place, key); }
};

// A block of a closed batch.
struct Closed {
  ArrivalRow row{};
  std::uint64_t arrival = 0;
};

// The close number of each batch, 0 for an open one.
class CloseNumbers {
 public:
  CloseNumbers(const base::RowReader& rows, const Place& place) : rows_(rows), place_(place) {}
  std::uint64_t Of(std::uint64_t batch) {
    const auto [found, fresh] = numbers_.try_emplace(batch, 0);
    if (fresh) {
      const std::optional<BatchRow> row = BatchIn(rows_, place_, batch);
      Require(row.has_value(), "an arrival's batch is missing");
      found->second = row->close_number;
    }
    return found->second;
  }

 private:
  const base::RowReader& rows_;
  const Place& place_;
  std::map<std::uint64_t, std::uint64_t> numbers_;
};

// Closed blocks with a number in first..last (0: any), of batches closed before `cut`, until their
// rows exceed rows_max.
std::vector<Closed> ClosedBlocks(const base::RowReader& rows, const Series& series,
                                 const FoldRow& fold, std::uint64_t rows_max) {
  std::vector<Closed> blocks;
  CloseNumbers close_numbers(rows, series.place);
  std::uint64_t row_count = 0;
  const std::string prefix = series.Prefix(RowKind::kArrival);
  const auto visit = [&](std::string_view key, std::string_view value) {
    if (NumberOfKey(key) > fold.last_number) return false;
    const ArrivalRow row = DecodeArrival(key, value);
    const std::uint64_t close = close_numbers.Of(row.batch);
    if (close == 0 || close >= fold.cut) return true;
    if (!blocks.empty() && row_count + row.row_count > rows_max) return false;
    row_count += row.row_count;
    blocks.push_back({row, close});
    return true;
  };
  rows.Scan(NumberKey(prefix, fold.first_number), base::PrefixEnd(prefix), visit);
  return blocks;
}

std::uint32_t GroupLast(const std::vector<Closed>& blocks) {
  std::uint32_t last = 0;
  for (const Closed& block : blocks) last = std::max(last, GroupOf(block.row.box.item_last));
  return last;
}

// New statements by tile, then their merge into the tile's row and its history.
class Merger {
 public:
  Merger(base::Rows& rows, const Series& series)
      : rows_(rows),
        tiles_(series.Prefix(RowKind::kTile)),
        history_(series.Prefix(RowKind::kHistory)) {}

  void Add(std::uint32_t item, std::int32_t day, const Statement& statement) {
    const auto cell = static_cast<std::uint32_t>(ItemInTile(item) * kTileDays + DayInTile(day));
    const std::pair at(GroupOf(item), ChunkOf(day));
    if (latest_ == nullptr || at != latest_at_) {
      latest_at_ = at;
      latest_ = &by_tile_[at];
    }
    latest_->push_back({cell, statement});
    day_last_ = std::max(day_last_, day);
  }

  // Writes all; returns the latest day.
  std::int32_t Finish() {
    for (const auto& [at, statements] : by_tile_) Merge(at.first, at.second, statements);
    return day_last_;
  }

 private:
  void Merge(std::uint32_t group, std::int32_t chunk, const std::vector<PastStatement>& news) {
    const std::string key = TileKey(tiles_, group, chunk);
    Tile tile;
    if (const std::optional<std::string> bytes = rows_.Get(key); bytes.has_value()) {
      auto decoded = Tile::Decode(*bytes);
      Require(decoded.ok(), "a tile is damaged");
      tile = *std::move(decoded);
    }
    std::vector<PastStatement> past;
    for (const PastStatement& one : news) {
      const std::size_t item = one.cell / kTileDays;
      const std::size_t day = one.cell % kTileDays;
      const std::optional<Cell> cell = tile.Get(item, day);
      Statement winner = one.statement;
      if (cell.has_value()) {
        Statement loser{cell->value_milli, cell->revision, cell->arrival};
        if (loser == winner) continue;
        if (loser.Beats(winner)) std::swap(winner, loser);
        past.push_back({one.cell, loser});
      }
      tile.Set(item, day, {winner.value_milli, winner.revision, winner.arrival});
    }
    rows_.Put(key, tile.Encode());
    if (!past.empty()) AddHistory(TileKey(history_, group, chunk), std::move(past));
  }

  void AddHistory(const std::string& key, std::vector<PastStatement> past) {
    if (const std::optional<std::string> bytes = rows_.Get(key); bytes.has_value()) {
      const std::vector<PastStatement> old = DecodeHistory(*bytes);
      past.insert(past.end(), old.begin(), old.end());
    }
    const auto order = [](const PastStatement& one) {
      return std::tuple(one.cell, one.statement.revision, one.statement.arrival);
    };
    std::sort(past.begin(), past.end(),
              [&](const PastStatement& a, const PastStatement& b) { return order(a) < order(b); });
    rows_.Put(key, EncodeHistory(past));
  }

  base::Rows& rows_;
  std::string tiles_;
  std::string history_;
  std::map<std::pair<std::uint32_t, std::int32_t>, std::vector<PastStatement>> by_tile_;
  // The tile of the last statement: the next is mostly of the same.
  std::pair<std::uint32_t, std::int32_t> latest_at_{};
  std::vector<PastStatement>* latest_ = nullptr;
  std::int32_t day_last_ = SeriesMark::kNone;
};

// Items of the groups that a step folds.
struct ItemSpan {
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // Included.
};
ItemSpan ItemsOf(const v1::SeriesFolded& fact) {
  constexpr auto kItems = static_cast<std::uint32_t>(kTileItems);
  const auto group = static_cast<std::uint32_t>(fact.item_group());
  const auto count = static_cast<std::uint32_t>(fact.item_group_count());
  return {group * kItems, (group + count) * kItems - 1};
}

void AddBlock(const base::RowReader& rows, const Series& series, const Closed& block,
              const ItemSpan& items, Merger& merger) {
  if (block.row.box.item_last < items.first || block.row.box.item_first > items.last) return;
  const auto bytes = rows.Get(NumberKey(series.Prefix(RowKind::kArrivalColumns), block.row.number));
  v1::SeriesReported fact;
  Require(bytes.has_value() && fact.ParseFromString(*bytes), "an arrival's columns are missing");
  const auto columns = DecodeSeriesOf(fact, items.first, items.last);
  Require(columns.ok(), "an arrival's columns are damaged");
  for (const Run& run : columns->runs) {
    for (std::uint32_t d = 0; d < run.length; ++d) {
      merger.Add(run.item, run.day_first + static_cast<std::int32_t>(d),
                 {columns->values_milli[run.value_index + d], block.row.revision, block.arrival});
    }
  }
}

void FoldBlocks(const v1::SeriesFolded& fact, const Series& series, base::Rows& rows,
                SeriesMark& mark) {
  std::optional<FoldRow> fold = FoldIn(rows, series.place, series.key);
  if (!fold.has_value()) {
    fold = FoldRow{.first_number = static_cast<std::uint64_t>(fact.first_fact_number()),
                   .last_number = static_cast<std::uint64_t>(fact.last_fact_number()),
                   .cut = static_cast<std::uint64_t>(fact.cut())};
  }
  const std::vector<Closed> blocks = ClosedBlocks(rows, series, *fold, kNow);
  const ItemSpan items = ItemsOf(fact);
  Merger merger(rows, series);
  for (const Closed& block : blocks) AddBlock(rows, series, block, items, merger);
  mark.folded_day_last = std::max(mark.folded_day_last, merger.Finish());
  fold->next_group = static_cast<std::uint32_t>(fact.item_group() + fact.item_group_count());
  const std::string fold_key = series.Prefix(RowKind::kFold);
  if (fold->next_group <= GroupLast(blocks)) {
    rows.Put(fold_key, EncodeFold(*fold));
    return;
  }
  rows.Delete(fold_key);
  for (const Closed& block : blocks) {
    rows.Delete(NumberKey(series.Prefix(RowKind::kArrival), block.row.number));
    rows.Delete(NumberKey(series.Prefix(RowKind::kArrivalColumns), block.row.number));
    --mark.arrival_blocks;
    mark.arrival_rows -= block.row.row_count;
  }
  if (mark.arrival_blocks == 0) mark.arrival_days = {};
}

// Single reports up to a number, of the step's items. Each row goes as it is folded.
void FoldSingles(const v1::SeriesFolded& fact, const Series& series, base::Rows& rows,
                 SeriesMark& mark) {
  const auto last_number = static_cast<std::uint64_t>(fact.last_fact_number());
  const std::string prefix = series.Prefix(RowKind::kSingle);
  const ItemSpan items = ItemsOf(fact);
  constexpr std::int32_t kFirstDay = std::numeric_limits<std::int32_t>::min();
  Merger merger(rows, series);
  std::vector<std::pair<std::string, std::vector<Statement>>> left;  // Rows and what stays.
  rows.Scan(SingleKey(prefix, items.first, kFirstDay), SingleKey(prefix, items.last + 1, kFirstDay),
            [&](std::string_view key, std::string_view value) {
              const SinglePlace place = SingleOfKey(key);
              std::vector<Statement> later;
              for (const Statement& statement : DecodeStatements(value)) {
                if (statement.arrival > last_number) {
                  later.push_back(statement);
                  continue;
                }
                merger.Add(place.item, place.day, statement);
                ++mark.singles_folded;
              }
              left.emplace_back(key, std::move(later));
              return true;
            });
  mark.folded_day_last = std::max(mark.folded_day_last, merger.Finish());
  for (const auto& [key, later] : left) {
    if (later.empty()) {
      rows.Delete(key);
    } else {
      rows.Put(key, EncodeStatements(later));
    }
  }
}

// Groups of one step, so that about tiles_max tiles are written.
std::uint32_t GroupsAStep(std::int32_t day_first, std::int32_t day_last, std::uint32_t tiles_max) {
  const auto chunks = static_cast<std::uint32_t>(ChunkOf(day_last) - ChunkOf(day_first) + 1);
  return std::max(1u, tiles_max / chunks);
}

v1::SeriesFolded StepOf(const Series& series, const FoldRow& fold, std::uint32_t group,
                        std::uint32_t count) {
  v1::SeriesFolded step;
  step.set_owner(series.place.owner);
  step.set_location(series.place.location);
  step.set_series(EncodeSeries(series.key));
  step.set_item_group(static_cast<std::int32_t>(group));
  step.set_item_group_count(static_cast<std::int32_t>(count));
  step.set_first_fact_number(static_cast<std::int64_t>(fold.first_number));
  step.set_last_fact_number(static_cast<std::int64_t>(fold.last_number));
  step.set_cut(static_cast<std::int64_t>(fold.cut));
  return step;
}

// A step over the blocks, from the first group to be done that any of them has.
v1::SeriesFolded BlocksStep(const Series& series, const FoldRow& fold,
                            const std::vector<Closed>& blocks, std::uint32_t tiles_max) {
  std::uint32_t group = std::numeric_limits<std::uint32_t>::max();
  Box box = blocks.front().row.box;
  for (const Closed& block : blocks) {
    box.Include(block.row.box);
    if (GroupOf(block.row.box.item_last) < fold.next_group) continue;
    group = std::min(group, std::max(fold.next_group, GroupOf(block.row.box.item_first)));
  }
  return StepOf(series, fold, group, GroupsAStep(box.day_first, box.day_last, tiles_max));
}

// One group's single reports, all that there are.
std::optional<v1::SeriesFolded> SinglesStep(const base::RowReader& rows, const Series& series) {
  std::optional<std::uint32_t> group;
  std::uint64_t last_number = 0;
  rows.ScanPrefix(series.Prefix(RowKind::kSingle),
                  [&](std::string_view key, std::string_view value) {
                    const std::uint32_t of_row = GroupOf(SingleOfKey(key).item);
                    if (!group.has_value()) group = of_row;
                    if (of_row > *group) return false;
                    for (const Statement& statement : DecodeStatements(value)) {
                      last_number = std::max(last_number, statement.arrival);
                    }
                    return true;
                  });
  if (!group.has_value()) return std::nullopt;
  return StepOf(series, {.first_number = 0, .last_number = last_number}, *group, 1);
}

}  // namespace

std::optional<v1::SeriesFolded> NextFold(const FoldScope& scope, const FoldOptions& options) {
  const Series series{scope.place, scope.series};
  const base::RowReader& rows = scope.rows;
  const SeriesMark mark = MarkIn(rows, series.place, series.key);
  if (const auto fold = FoldIn(rows, series.place, series.key); fold.has_value()) {
    const std::vector<Closed> blocks = ClosedBlocks(rows, series, *fold, kNow);
    return BlocksStep(series, *fold, blocks, options.tiles_max);
  }
  if (mark.arrival_blocks > 0 && (options.all || mark.arrival_rows >= options.rows_min ||
                                  mark.arrival_blocks >= options.blocks_min)) {
    FoldRow fold{.first_number = 0, .last_number = kNow, .cut = scope.applied + 1};
    const std::vector<Closed> blocks = ClosedBlocks(rows, series, fold, options.rows_max);
    if (!blocks.empty()) {
      fold.first_number = blocks.front().row.number;
      fold.last_number = blocks.back().row.number;
      return BlocksStep(series, fold, blocks, options.tiles_max);
    }
  }
  const std::uint64_t singles = mark.singles - mark.singles_folded;
  if (singles == 0 || (!options.all && singles < options.rows_min)) return std::nullopt;
  return SinglesStep(rows, series);
}

absl::StatusOr<std::vector<base::Fact>> DecideFold(const base::RowReader& rows,
                                                   const v1::SeriesFolded& step) {
  const std::optional<SeriesKey> key = DecodeSeries(step.series());
  Require(key.has_value(), "a fold names no series");
  const Place place{step.owner(), step.location()};
  const std::optional<FoldRow> fold = FoldIn(rows, place, *key);
  const bool blocks = step.first_fact_number() != 0;
  const bool fits = !fold.has_value() ||
                    (fold->first_number == static_cast<std::uint64_t>(step.first_fact_number()) &&
                     fold->last_number == static_cast<std::uint64_t>(step.last_fact_number()) &&
                     fold->next_group <= static_cast<std::uint32_t>(step.item_group()));
  bool stands = !blocks || fold.has_value();
  if (!stands) {
    // A new fold's first block must still be there: it goes with the fold's last step.
    const std::string prefix = SeriesPrefix(RowKind::kArrival, place, *key);
    stands = rows.Get(NumberKey(prefix, static_cast<std::uint64_t>(step.first_fact_number())))
                 .has_value();
  }
  if (!fits || !stands) {
    return base::Refuse(base::Reason::kVersionMoved, "the series has been folded meanwhile");
  }
  return std::vector<base::Fact>{MakeFact(FactKind::kSeriesFolded, step)};
}

void ApplyFold(const v1::SeriesFolded& fact, base::Rows& rows) {
  const std::optional<SeriesKey> key = DecodeSeries(fact.series());
  Require(key.has_value(), "a fold names no series");
  const Series series{{fact.owner(), fact.location()}, *key};
  SeriesMark mark = MarkIn(rows, series.place, series.key);
  if (fact.first_fact_number() == 0) {
    FoldSingles(fact, series, rows, mark);
  } else {
    FoldBlocks(fact, series, rows, mark);
  }
  rows.Put(series.Prefix(RowKind::kSeriesMark), EncodeMark(mark));
}

}  // namespace tandem::exchange
