// Forecast's bytes: facts, and typed rows to and from keys and values.
//
// Stored, never renumber; what changes gets a new version byte, and the old one stays readable.
//   'v' relation, version          a version
//   'n' relation, ~number          the version's id, newest first: the complement of the number of
//                                  the fact that began it, 8 bytes big-endian
//   's' relation, author, version  "": the version is staged
//   'c' relation, version, chunk   a chunk's series: a serialized v1::SeriesColumns
//   'q' relation, version, chunk   their quantiles: a serialized v1::QuantileColumns; none where
//                                  the version has none
//   'h' relation, version, chunk   the chunk's hash: SHA-256 of the series' bytes and, where there
//                                  are quantiles, that of theirs behind it
//   'b' relation, purpose, author  the newest published basis: base::Position::Encode
//   'r' relation, run              a run
//   'u' relation, run              "": the run has not ended
// Ids are key strings (base::ByteWriter::KeyString), chunks 8 bytes big-endian, a purpose one byte.
// A version's value begins with version byte 3; 1 had no lead, 2 no levels of quantiles. A run's
// begins with 2; 1 had no bucket_days.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/base/rows.h"
#include "services/forecast/model.h"
#include "tandem/forecast/v1/facts.pb.h"

namespace tandem::forecast {

// The fact's kind (its field's number in v1::Fact) and that message's bytes. A fact without a kind
// is a bug.
base::Fact EncodeFact(const v1::Fact& fact);
// kDataLoss / STORED_BYTES_DAMAGED for an unknown kind or schema version, or a payload that is no
// such message.
absl::StatusOr<v1::Fact> DecodeFact(const base::Fact& fact);

std::string VersionKey(std::string_view relation, std::string_view version);
// What all of a relation's VersionOrderKeys begin with.
std::string VersionOrderPrefix(std::string_view relation);
std::string VersionOrderKey(std::string_view relation, std::uint64_t number);
std::string StagedPrefix(std::string_view relation, std::string_view author);
std::string StagedKey(std::string_view relation, std::string_view author, std::string_view version);
std::string ChunkKey(std::string_view relation, std::string_view version, std::int64_t chunk);
std::string QuantilesKey(std::string_view relation, std::string_view version, std::int64_t chunk);
std::string ChunkHashKey(std::string_view relation, std::string_view version, std::int64_t chunk);
std::string BasisKey(std::string_view relation, v1::Purpose purpose, std::string_view author);
std::string RunKey(std::string_view relation, std::string_view run);
std::string OpenRunPrefix(std::string_view relation);
std::string OpenRunKey(std::string_view relation, std::string_view run);

std::string EncodeVersion(const Version& version);
std::string EncodeRun(const Run& run);
// Both return kDataLoss / STORED_BYTES_DAMAGED for bytes that Encode did not make.
absl::StatusOr<Version> DecodeVersion(std::string_view value);
absl::StatusOr<Run> DecodeRun(std::string_view value);

// Rows as values; nullopt where there is none. Rotten bytes stop the program: they are ours.
std::optional<Version> VersionIn(const base::RowReader& rows, std::string_view relation,
                                 std::string_view version);
std::optional<Run> RunIn(const base::RowReader& rows, std::string_view relation,
                         std::string_view run);
// The newest published basis; empty where none was.
base::Position BasisIn(const base::RowReader& rows, std::string_view relation, v1::Purpose purpose,
                       std::string_view author);
// Ids of the author's versions in the relation that are neither published nor dropped, ascending.
std::vector<std::string> StagedIn(const base::RowReader& rows, std::string_view relation,
                                  std::string_view author);
// Every run of the slot that has not ended, as (relation, run), ascending.
std::vector<std::pair<std::string, std::string>> OpenRunsIn(const base::RowReader& rows);

}  // namespace tandem::forecast
