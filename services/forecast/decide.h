// Forecast's rules. Each Decide reads rows and returns the facts of one command, or the refusal; it
// changes nothing. Whether the caller may act in the agreement at all has been asked before, of the
// grants (api.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/day.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/forecast/model.h"

namespace tandem::forecast {

using Facts = std::vector<base::Fact>;

inline constexpr std::int32_t kBucketCountMax = 400;
inline constexpr std::size_t kParentsMax = 16;
inline constexpr std::size_t kMethodBytesMax = 64;
inline constexpr std::size_t kReasonBytesMax = 200;
inline constexpr std::int64_t kChunksMax = 10'000;  // A version.
inline constexpr std::size_t kStagedMax = 64;       // An author's in one agreement.
inline constexpr std::size_t kOpenRunsMax = 4;      // A firm's in one agreement.
inline constexpr std::size_t kErrorBytesMax = 500;
inline constexpr std::size_t kQuantileLevelsMax = 19;
inline constexpr std::int32_t kMillionths = 1'000'000;  // Of a probability.

// Who leads the forecasts of an agreement: firm ids, "" for any party.
struct Leads {
  std::string sales{};
  std::string order{};
  // Whoever leads what is forecast.
  const std::string& Of(v1::Purpose purpose) const {
    return purpose == v1::PURPOSE_ORDER ? order : sales;
  }
};
// OK unless it is an order forecast that another firm leads: NOT_LEAD naming who does. What
// shoppers will buy every party may forecast, since two sales forecasts are there to be compared;
// what will be ordered is planned by one.
absl::Status CheckLead(v1::Purpose purpose, const Leads& leads, std::string_view firm);
// OK if a version's buckets are as long as the agreement's; else FIELD_OUT_OF_RANGE naming both.
absl::Status CheckBuckets(std::int32_t bucket_days, std::int32_t bucket_days_agreed);
// OK if the buckets are within the days that the agreement looks ahead; FIELD_OUT_OF_RANGE naming
// the version's last day within them and the last that it has.
absl::Status CheckHorizon(base::Day start, std::int64_t days, std::int32_t horizon_days_max);

struct StageVersion {
  std::string relation{};
  std::string version{};  // A new id.
  v1::Purpose purpose = v1::PURPOSE_UNSPECIFIED;
  std::string method{};
  base::Position basis{};
  std::vector<std::string> parents{};  // Ids.
  std::string reason{};
  base::Day start{};
  std::int32_t bucket_count = 0;
  std::int32_t bucket_days = 0;
  std::int32_t bucket_days_agreed = 0;  // The agreement's.
  std::int32_t horizon_days_max = 0;    // The agreement's.
  Leads leads{};
  std::vector<std::string> parties{};
  std::uint32_t agreement_version = 0;
  std::vector<std::int32_t> quantile_levels{};  // Millionths.
};
// UNKNOWN_ENUM, FIELD_MISSING, FIELD_OUT_OF_RANGE (also CheckBuckets' and CheckHorizon's),
// DAY_OUT_OF_RANGE by field; CheckLead's; UNKNOWN_VERSION for a parent that is not published, since
// not all who will see this version could see it; QUOTA_EXCEEDED beyond kStagedMax; ALREADY_EXISTS.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const StageVersion& command,
                             const base::Stamp& stamp);

// Series that series.h has checked. A chunk that is there with the same bytes is accepted without a
// fact, whatever has become of the version since.
struct UploadChunk {
  std::string relation{};
  std::string version{};
  std::int64_t chunk = 0;
  std::string series{};       // Bytes of a v1::SeriesColumns.
  std::string series_hash{};  // Their SHA-256.
  std::int64_t series_count = 0;
  std::int64_t value_count = 0;
  std::string quantiles{};       // Bytes of a v1::QuantileColumns; "": none.
  std::string quantiles_hash{};  // Their SHA-256; "": none.
  std::int64_t quantile_count = 0;
};
// FIELD_OUT_OF_RANGE (the chunk's number); UNKNOWN_VERSION (or not the caller's); CONTENT_DIFFERS,
// NOT_STAGED, STREAM_GAP; BAD_COLUMNS (not bucket_count values a series, or not one quantile a
// value and level of the version).
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const UploadChunk& command,
                             const base::Stamp& stamp);

struct PublishVersion {
  std::string relation{};
  std::string version{};
  std::int64_t chunk_count = 0;
  // A look at so many durable chunks found no series twice. False: they were not all durable yet.
  bool distinct = true;
  Leads leads{};
};
// UNKNOWN_VERSION; NOT_STAGED; CheckLead's; STREAM_GAP (another number of chunks is there, or none,
// or they were not durable yet when they were looked at). Where a published version of the same
// purpose and author has a later basis in a slot that this one's names, the fact is VersionDropped
// / BASIS_STALE. In a slot that this one does not name it cannot be older: the agreement may have
// been superseded with less scope. A version that claims no basis is never overtaken.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PublishVersion& command,
                             const base::Stamp& stamp);

struct DropVersion {
  std::string relation{};
  std::string version{};
};
// UNKNOWN_VERSION; NOT_STAGED.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const DropVersion& command,
                             const base::Stamp& stamp);
// The fact that a staged version is dropped.
base::Fact DroppedFact(const Version& version, std::string_view reason);

struct StartRun {
  std::string relation{};
  std::string run{};  // A new id.
  std::string method{};
  base::Day origin{};
  std::int32_t horizon_days = 0;
  std::int32_t bucket_days = 0;       // The agreement's.
  std::int32_t horizon_days_max = 0;  // The agreement's.
  std::uint32_t agreement_version = 0;
};
// FIELD_OUT_OF_RANGE (also for days that are no whole weeks where the buckets are),
// DAY_OUT_OF_RANGE by field; QUOTA_EXCEEDED beyond kOpenRunsMax; ALREADY_EXISTS.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const StartRun& command,
                             const base::Stamp& stamp);

struct EndRun {
  std::string relation{};
  std::string run{};
  std::string version{};  // "": it failed.
  std::string error{};    // Cut to kErrorBytesMax.
};
// What a run says as the reason of a version that it stages: "run ID".
std::string ReasonOfRun(std::string_view run);
// UNKNOWN_RECORD. Accepted without a fact where the run has ended already. What the run has staged
// and neither published nor dropped (it failed, or was begun anew on other data) is dropped with
// it: GIVEN_UP.
absl::StatusOr<Facts> Decide(const base::RowReader& rows, const EndRun& command,
                             const base::Stamp& stamp);

}  // namespace tandem::forecast
