// A version's series as columns: what a chunk must be, and cutting one to what is asked for.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "services/base/grants.h"
#include "tandem/forecast/v1/forecast.pb.h"

namespace tandem::forecast {

inline constexpr int kSeriesMax = 4'000;  // A chunk.
inline constexpr std::size_t kChunkBytesMax = std::size_t{512} * 1024;

// OK for 1 to 4,000 series and at most 512 KiB: an owner's name, ids without a repeat, indexes
// within them, no series twice, values that fill the series evenly and lie within Quantity's
// bounds. Otherwise kInvalidArgument (BAD_COLUMNS, BAD_NAME, BLOCK_TOO_LARGE, DUPLICATE_ROW,
// QUANTITY_OUT_OF_RANGE) with field and row. Safe for any message. O(size).
absl::Status CheckSeries(const v1::SeriesColumns& series);

// OK where there are none, or the quantiles fill the values of `series` evenly, at most 19 for
// each, ascending, within Quantity's bounds, and both together are at most 512 KiB. Otherwise
// kInvalidArgument (BAD_COLUMNS, BLOCK_TOO_LARGE, QUANTITY_OUT_OF_RANGE) with field and row. The
// series must have passed CheckSeries. O(size).
absl::Status CheckQuantiles(const v1::SeriesColumns& series, const v1::QuantileColumns& quantiles);

// OK if every series' item and location lie in one scope of the owner's in the agreement; otherwise
// kPermissionDenied / NOT_GRANTED with the first series that does not. The series must have passed
// CheckSeries. O(series * log scope).
absl::Status CheckScope(const v1::SeriesColumns& series, const base::AgreementTerms& terms);

// What a reader asks for; empty: all.
struct SeriesChoice {
  absl::flat_hash_set<std::string> items{};
  absl::flat_hash_set<std::string> locations{};
};
// The series chosen, in their order, with dictionaries of what they use.
v1::SeriesColumns Chosen(const v1::SeriesColumns& series, const SeriesChoice& choice);
// Their quantiles; none where the chunk has none.
v1::QuantileColumns ChosenQuantiles(const v1::SeriesColumns& series,
                                    const v1::QuantileColumns& quantiles,
                                    const SeriesChoice& choice);

// Whether a series stands twice in a version: takes its chunks one after the other.
class DistinctSeries {
 public:
  // INVALID_ARGUMENT / DUPLICATE_ROW, naming chunk, item and location, for a series that an earlier
  // chunk has too.
  absl::Status Add(std::int64_t chunk, const v1::SeriesColumns& series);

 private:
  absl::flat_hash_set<absl::uint128> seen_;  // Half of a SHA-256 each.
};

}  // namespace tandem::forecast
