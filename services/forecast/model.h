// The state of forecast's first room: versions, their chunks, and runs; and Apply, which folds
// facts into it. All of a relation's is in one slot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "tandem/forecast/v1/facts.pb.h"
#include "tandem/forecast/v1/forecast.pb.h"

namespace tandem::forecast {

// One version of a relation's forecast, without its series.
struct Version {
  std::string relation{};
  std::string id{};
  v1::Version::State state = v1::Version::STATE_UNSPECIFIED;
  std::string author{};  // Firm id.
  v1::Purpose purpose = v1::PURPOSE_UNSPECIFIED;
  std::string method{};
  base::Position basis{};              // What it was computed from; empty: it claims nothing.
  std::vector<std::string> parents{};  // Ids of versions.
  std::string reason{};
  std::int32_t start_day = 0;  // Days since 1970-01-01.
  std::int32_t bucket_count = 0;
  std::int32_t bucket_days = 0;
  std::vector<std::string> parties{};  // Firm ids; who sees it once it is published.
  std::int64_t series_count = 0;
  std::int64_t chunk_count = 0;
  std::string content_hash{};  // 32 bytes; see NextContentHash.
  absl::Time create_time{};
  absl::Time publish_time = absl::InfinitePast();
  std::uint32_t agreement_version = 0;  // It was staged under.
  std::uint64_t number = 0;             // Of the fact that began it: the order of lists.
  std::string drop_reason{};            // "BASIS_STALE" or "GIVEN_UP".
  std::string lead{};                   // Firm id; "": nobody was named, or before that was kept.
  std::uint64_t revision = 0;           // Facts folded so far; the etag.
  // The levels of the quantiles beside each mean, in millionths, ascending; empty: it has none.
  std::vector<std::int32_t> quantile_levels{};

  // Whether the firm may see it: a published one every party, others the author alone.
  bool VisibleTo(std::string_view firm) const;
};

// One computation.
struct Run {
  std::string relation{};
  std::string id{};
  v1::Run::State state = v1::Run::STATE_UNSPECIFIED;
  std::string firm{};
  std::string principal{};
  std::string method{};
  std::int32_t origin_day = 0;
  std::int32_t horizon_days = 0;
  std::int32_t bucket_days = 1;
  std::string version{};  // The published version's id.
  std::string error{};
};

inline constexpr std::size_t kHashBytes = 32;

// The content hash after one more chunk: SHA-256(hash before, the chunk's hash), which is the
// SHA-256 of its series' bytes and, where it has quantiles, that of theirs behind it. Before the
// first chunk it is 32 zero bytes.
std::string NextContentHash(std::string_view before, std::string_view chunk_hash);
// SHA-256 of the bytes, 32 bytes.
std::string Sha256(std::string_view bytes);

// A version as it is right after the fact that began it.
Version BegunBy(const base::FactRecord& record, const v1::VersionStaged& fact);

// Folds one fact into the rows. It has been accepted, and replay must rebuild the same rows: so no
// clock, no rule, no refusal. A fact that names what is not there is a bug.
void Apply(const base::FactRecord& record, base::Rows& rows);

}  // namespace tandem::forecast
