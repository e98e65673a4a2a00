#include "services/forecast/model.h"

#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/forecast/codec.h"

namespace tandem::forecast {
namespace {

Version Known(const base::RowReader& rows, std::string_view relation, std::string_view id) {
  std::optional<Version> version = VersionIn(rows, relation, id);
  base::Require(version.has_value(), "a fact names a version that is not there");
  return *std::move(version);
}

void Put(base::Rows& rows, Version version) {
  ++version.revision;
  rows.Put(VersionKey(version.relation, version.id), EncodeVersion(version));
}

void ApplyStaged(const base::FactRecord& record, const v1::VersionStaged& fact, base::Rows& rows) {
  const Version version = BegunBy(record, fact);
  rows.Put(VersionKey(version.relation, version.id), EncodeVersion(version));
  rows.Put(VersionOrderKey(version.relation, version.number), version.id);
  rows.Put(StagedKey(version.relation, version.author, version.id), "");
}

void ApplyChunk(const v1::ChunkUploaded& fact, base::Rows& rows) {
  Version version = Known(rows, fact.agreement(), fact.version());
  rows.Put(ChunkKey(version.relation, version.id, fact.chunk()), fact.series());
  if (!fact.quantiles().empty()) {
    rows.Put(QuantilesKey(version.relation, version.id, fact.chunk()), fact.quantiles());
  }
  const std::string hash = fact.series_hash() + fact.quantiles_hash();
  rows.Put(ChunkHashKey(version.relation, version.id, fact.chunk()), hash);
  version.content_hash = NextContentHash(version.content_hash, hash);
  version.series_count += fact.series_count();
  version.chunk_count = fact.chunk();
  Put(rows, std::move(version));
}

void ApplyPublished(const base::FactRecord& record, const v1::VersionPublished& fact,
                    base::Rows& rows) {
  Version version = Known(rows, fact.agreement(), fact.version());
  version.state = v1::Version::STATE_PUBLISHED;
  version.publish_time = record.instant;
  version.lead = fact.lead();
  rows.Delete(StagedKey(version.relation, version.author, version.id));
  // Slot by slot the latest: a version that claims no basis, or no longer reads a slot, leaves what
  // stands there.
  if (!version.basis.numbers().empty()) {
    base::Position stands = BasisIn(rows, version.relation, version.purpose, version.author);
    stands.Merge(version.basis);
    rows.Put(BasisKey(version.relation, version.purpose, version.author), stands.Encode());
  }
  Put(rows, std::move(version));
}

void ApplyDropped(const v1::VersionDropped& fact, base::Rows& rows) {
  Version version = Known(rows, fact.agreement(), fact.version());
  version.state = v1::Version::STATE_DROPPED;
  version.drop_reason = fact.reason();
  rows.Delete(StagedKey(version.relation, version.author, version.id));
  for (std::int64_t chunk = 1; chunk <= version.chunk_count; ++chunk) {
    rows.Delete(ChunkKey(version.relation, version.id, chunk));
    rows.Delete(QuantilesKey(version.relation, version.id, chunk));
    rows.Delete(ChunkHashKey(version.relation, version.id, chunk));
  }
  Put(rows, std::move(version));
}

void ApplyRunStarted(const v1::RunStarted& fact, base::Rows& rows) {
  Run run;
  run.relation = fact.agreement();
  run.id = fact.run();
  run.state = v1::Run::STATE_RUNNING;
  run.firm = fact.firm();
  run.principal = fact.principal();
  run.method = fact.method();
  run.origin_day = fact.origin_day();
  run.horizon_days = fact.horizon_days();
  run.bucket_days = std::max(1, fact.bucket_days());
  rows.Put(RunKey(run.relation, run.id), EncodeRun(run));
  rows.Put(OpenRunKey(run.relation, run.id), "");
}

void ApplyRunEnded(const v1::RunEnded& fact, base::Rows& rows) {
  std::optional<Run> run = RunIn(rows, fact.agreement(), fact.run());
  base::Require(run.has_value(), "a fact names a run that is not there");
  run->version = fact.version();
  run->error = fact.error();
  run->state = run->version.empty() ? v1::Run::STATE_FAILED : v1::Run::STATE_SUCCEEDED;
  rows.Put(RunKey(run->relation, run->id), EncodeRun(*run));
  rows.Delete(OpenRunKey(run->relation, run->id));
}

}  // namespace

bool Version::VisibleTo(std::string_view firm) const {
  if (firm == author) return true;
  return state == v1::Version::STATE_PUBLISHED &&
         std::find(parties.begin(), parties.end(), firm) != parties.end();
}

std::string Sha256(std::string_view bytes) {
  std::string hash(kHashBytes, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

std::string NextContentHash(std::string_view before, std::string_view chunk_hash) {
  return Sha256(std::string(before) + std::string(chunk_hash));
}

Version BegunBy(const base::FactRecord& record, const v1::VersionStaged& fact) {
  Version version;
  version.relation = fact.agreement();
  version.id = fact.version();
  version.state = v1::Version::STATE_STAGED;
  version.author = fact.author();
  version.purpose = fact.purpose();
  version.method = fact.method();
  const absl::StatusOr<base::Position> basis = base::Position::Decode(fact.basis());
  base::Require(basis.ok(), "a fact came through the codec with a basis that is none");
  version.basis = *basis;
  version.parents = {fact.parents().begin(), fact.parents().end()};
  version.reason = fact.reason();
  version.start_day = fact.start_day();
  version.bucket_count = fact.bucket_count();
  version.bucket_days = fact.bucket_days();
  version.parties = {fact.parties().begin(), fact.parties().end()};
  version.lead = fact.lead();
  version.quantile_levels = {fact.quantile_level_millionths().begin(),
                             fact.quantile_level_millionths().end()};
  version.content_hash = std::string(kHashBytes, '\0');
  version.create_time = record.instant;
  version.agreement_version = record.fact.agreement_version;
  version.number = record.number;
  version.revision = 1;
  return version;
}

void Apply(const base::FactRecord& record, base::Rows& rows) {
  const absl::StatusOr<v1::Fact> fact = DecodeFact(record.fact);
  base::Require(fact.ok(), "a fact that cannot be read came to Apply");
  switch (fact->kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kVersionStaged:
      return ApplyStaged(record, fact->version_staged(), rows);
    case v1::Fact::kChunkUploaded:
      return ApplyChunk(fact->chunk_uploaded(), rows);
    case v1::Fact::kVersionPublished:
      return ApplyPublished(record, fact->version_published(), rows);
    case v1::Fact::kVersionDropped:
      return ApplyDropped(fact->version_dropped(), rows);
    case v1::Fact::kRunStarted:
      return ApplyRunStarted(fact->run_started(), rows);
    case v1::Fact::kRunEnded:
      return ApplyRunEnded(fact->run_ended(), rows);
    case v1::Fact::KIND_NOT_SET:
      break;
  }
  base::Bug("a fact without a kind came through the codec");
}

}  // namespace tandem::forecast
