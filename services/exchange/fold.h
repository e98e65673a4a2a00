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
  std::uint64_t rows_max = 65'536;  // Of the arrivals that one fold works through.
  std::uint32_t tiles_max = 8;      // Of one step.
  std::uint64_t rows_min = 65'536;  // Fewer are left for later, unless `all`.
  std::uint64_t blocks_min = 64;
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
