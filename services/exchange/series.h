// Reading series: what the cells of one series at one place hold at a cut, from tiles, from what
// past statements stand beside them, and from arrivals that are not yet folded. Pure, over rows.
//
//   SeriesCut cut(rows, place, series, {.as_of = number, .interest = box});
//   TANDEM_RETURN_IF_ERROR(cut.ReadGroup(group, first_day, columns));
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/rows.h"
#include "services/exchange/block.h"
#include "services/exchange/codec.h"
#include "services/exchange/model.h"
#include "services/exchange/tile.h"

namespace tandem::exchange {

inline constexpr std::uint64_t kNow = std::numeric_limits<std::uint64_t>::max();

// Which tile a cell is in, and where in it.
inline std::uint32_t GroupOf(std::uint32_t item) {
  return item / static_cast<std::uint32_t>(kTileItems);
}
inline std::int32_t ChunkOf(std::int32_t day) {
  constexpr auto kDays = static_cast<std::int32_t>(kTileDays);
  return day >= 0 ? day / kDays : -((-day + kDays - 1) / kDays);
}
inline std::int32_t ChunkFirstDay(std::int32_t chunk) {
  return chunk * static_cast<std::int32_t>(kTileDays);
}
inline std::uint32_t ItemInTile(std::uint32_t item) {
  return item % static_cast<std::uint32_t>(kTileItems);
}
inline std::uint32_t DayInTile(std::int32_t day) {
  return static_cast<std::uint32_t>(day - ChunkFirstDay(ChunkOf(day)));
}
// What a tile covers.
Box BoxOfTile(std::uint32_t group, std::int32_t chunk);

// Batches of a place that were taken back: close number -> number of the retraction.
using Retractions = std::map<std::uint64_t, std::uint64_t>;
Retractions RetractionsIn(const base::RowReader& rows, const Place& place);

// Whether a statement counts at a cut.
class Visibility {
 public:
  Visibility(Retractions retractions, std::uint64_t as_of)
      : retractions_(std::move(retractions)), as_of_(as_of) {}
  bool Shows(std::uint64_t arrival) const {
    if (arrival > as_of_) return false;
    if (retractions_.empty()) return true;
    const auto found = retractions_.find(arrival);
    return found == retractions_.end() || found->second > as_of_;
  }
  // Whether a tile's cells always count.
  bool All() const { return as_of_ == kNow && retractions_.empty(); }

 private:
  Retractions retractions_;
  std::uint64_t as_of_;
};

// The winning statements of one tile's cells; arrival 0 is a cell without any.
class Grid {
 public:
  // Before the first use, too: most cuts never need the memory.
  void Clear() { cells_.assign(kTileCells, Statement{}); }
  void Offer(std::size_t cell, const Statement& statement) {
    Statement& current = cells_[cell];
    if (current.arrival == 0 || statement.Beats(current)) current = statement;
  }
  const Statement& At(std::size_t cell) const { return cells_[cell]; }

 private:
  std::vector<Statement> cells_;
};

struct CutOptions {
  std::uint64_t as_of = kNow;  // What was visible after this fact number of the place's slot.
  bool open_batches = false;   // Statements of open batches count too (for conflicts).
  Box interest{};              // What will be read: arrivals outside are left out.
};

// The rows must outlive it and not change meanwhile. Not for several threads.
class SeriesCut {
 public:
  SeriesCut(const base::RowReader& rows, const Place& place, const SeriesKey& series,
            const CutOptions& options);

  // Days day_first, day_first + 1, ... of a group's items: row i of `values_milli` and `known` is
  // the item with number group * 64 + i, of day_count values each; 0 where not known. The days must
  // be within the interest. kDataLoss where stored bytes make no sense. With revisions a whole tile
  // is decoded where values alone are read from its first part.
  struct Columns {
    std::int32_t day_first = 0;
    std::size_t day_count = 0;
    bool with_revisions = false;
    std::vector<std::int64_t> values_milli{};
    std::vector<std::uint8_t> known{};
    std::vector<std::uint32_t> revisions{};  // As values_milli; empty where not asked for.
  };
  absl::Status ReadGroup(std::uint32_t group, Columns& columns);

  // False if nothing at all can be in the interest: no look-up is needed then.
  bool MayHoldAny() const;
  // Whether only a tile could hold anything, and none holds the cell. Cheap: for single reports.
  absl::StatusOr<bool> IsFresh(std::uint32_t item, std::int32_t day) const;
  // The winners of one tile.
  absl::Status Fill(std::uint32_t group, std::int32_t chunk, Grid& grid);

 private:
  struct Pending {
    ArrivalRow row{};
    std::uint64_t arrival = 0;  // From when on it is visible.
    std::optional<SeriesColumns> columns{};
  };
  // A tile without pending statements, all of whose cells count.
  bool IsPlain(std::uint32_t group, std::int32_t chunk) const;
  absl::Status FillFrom(std::optional<std::string_view> tile, std::uint32_t group,
                        std::int32_t chunk, Grid& grid);
  absl::Status OfferTile(std::string_view bytes, Grid& grid) const;
  void OfferHistory(std::uint32_t group, std::int32_t chunk, Grid& grid) const;
  absl::Status OfferPending(Pending& pending, const Box& tile, Grid& grid);
  void OfferSingles(const Box& tile, Grid& grid) const;
  absl::Status ReadTile(std::optional<std::string_view> bytes, std::uint32_t group,
                        std::int32_t chunk, Columns& columns);
  void LoadPending(const CutOptions& options);
  const Visibility& Visible() const;

  std::string Prefix(RowKind kind) const;

  const base::RowReader& rows_;
  const Place place_;
  const SeriesKey series_;
  Box interest_;
  std::uint64_t as_of_;
  mutable std::optional<Visibility>
      visibility_;  // Read at first need: most single reports have none.
  SeriesMark mark_;
  std::vector<Pending> pending_;
  Grid grid_;
};

// Refuses a block that another statement contradicts: one of a higher revision, or of the same with
// another value. kFailedPrecondition / REVISION_CONFLICT naming item and day, both revisions and
// both values. Costs one look-up for a block of fresh days, one decoded tile for each tile touched
// that holds anything.
absl::Status CheckConflicts(const base::RowReader& rows, const Place& place,
                            const SeriesBlock& block);

}  // namespace tandem::exchange
