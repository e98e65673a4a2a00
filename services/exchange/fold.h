// Folding: statements of closed batches, and of single reports, move from arrivals into tiles. Says
// nothing new: what any read gives, now or as of any past fact, is the same before and after. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/exchange/model.h"

namespace tandem::exchange {

struct FoldOptions {
  // A tile is written anew by every fold that touches it. Shops send a day at a time, so a fold
  // waits until most of a tile's 128 days can have come; until then reads merge the arrivals.
  std::uint64_t rows_max = 262'144;  // Of the arrivals that one fold works through.
  std::uint32_t tiles_max = 32;      // Of one step, which takes the slot about 3 ms.
  std::uint64_t rows_min = 262'144;  // Fewer are left for later, unless `all`.
  std::uint64_t blocks_min = 128;
  bool all = false;  // Whatever is closed.
};

// A series as of the fact number `applied` of its slot.
struct FoldScope {
  const base::RowReader& rows;
  std::uint64_t applied = 0;
  const Place& place;
  const SeriesKey& series;
};

// The next step of folding a series, or nullopt where nothing is worth it. Reads only.
std::optional<v1::SeriesFolded> NextFold(const FoldScope& scope, const FoldOptions& options);

// Accepts the step if it is still the next one; ABORTED / VERSION_MOVED otherwise.
absl::StatusOr<std::vector<base::Fact>> DecideFold(const base::RowReader& rows,
                                                   const v1::SeriesFolded& step);

// Apply's part for SeriesFolded.
void ApplyFold(const v1::SeriesFolded& fact, base::Rows& rows);

}  // namespace tandem::exchange
