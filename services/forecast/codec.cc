#include "services/forecast/codec.h"

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"

namespace tandem::forecast {
namespace {

constexpr std::uint8_t kVersionRow = 3;
constexpr std::uint8_t kRunRow = 2;
constexpr std::uint32_t kSchemaVersion = 1;
constexpr char kOpenRunKind = 'u';

absl::Status Damaged(std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what);
}

base::ByteWriter KeyOf(char kind, std::string_view relation) {
  base::ByteWriter key;
  key.Byte(static_cast<std::uint8_t>(kind)).KeyString(relation);
  return key;
}

std::string ChunkKeyOf(char kind, std::string_view relation, std::string_view version,
                       std::int64_t chunk) {
  base::ByteWriter key = KeyOf(kind, relation);
  return key.KeyString(version).BigEndian64(static_cast<std::uint64_t>(chunk)).Take();
}

// Instants in nanoseconds; the infinite past, which no fact has, is 0.
void PutTime(base::ByteWriter& out, absl::Time time) {
  out.Signed(time == absl::InfinitePast() ? 0 : absl::ToUnixNanos(time));
}
absl::Time TakeTime(base::ByteReader& in) {
  const std::int64_t nanos = in.Signed();
  return nanos == 0 ? absl::InfinitePast() : absl::FromUnixNanos(nanos);
}

void PutStrings(base::ByteWriter& out, const std::vector<std::string>& texts) {
  out.Varint(texts.size());
  for (const std::string& text : texts) out.Sized(text);
}

std::vector<std::string> TakeStrings(base::ByteReader& in) {
  std::vector<std::string> texts;
  // The count is not believed: a reader that has run out ends the loop.
  for (std::uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    texts.emplace_back(in.Sized());
  }
  return texts;
}

void PutLevels(base::ByteWriter& out, const std::vector<std::int32_t>& levels) {
  out.Varint(levels.size());
  for (const std::int32_t level : levels) out.Signed(level);
}

std::vector<std::int32_t> TakeLevels(base::ByteReader& in) {
  std::vector<std::int32_t> levels;
  for (std::uint64_t left = in.Varint(); left > 0 && in.ok(); --left) {
    levels.push_back(static_cast<std::int32_t>(in.Signed()));
  }
  return levels;
}

const google::protobuf::Message& MessageOf(const v1::Fact& fact) {
  switch (fact.kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kVersionStaged:
      return fact.version_staged();
    case v1::Fact::kChunkUploaded:
      return fact.chunk_uploaded();
    case v1::Fact::kVersionPublished:
      return fact.version_published();
    case v1::Fact::kVersionDropped:
      return fact.version_dropped();
    case v1::Fact::kRunStarted:
      return fact.run_started();
    case v1::Fact::kRunEnded:
      return fact.run_ended();
    case v1::Fact::KIND_NOT_SET:
      break;
  }
  base::Bug("a fact of forecast without a kind");
}

// The message of the kind in `fact`, or nullptr for a kind that is not known.
google::protobuf::Message* MutableMessageOf(std::uint32_t kind, v1::Fact& fact) {
  switch (kind) {
    case v1::Fact::kVersionStaged:
      return fact.mutable_version_staged();
    case v1::Fact::kChunkUploaded:
      return fact.mutable_chunk_uploaded();
    case v1::Fact::kVersionPublished:
      return fact.mutable_version_published();
    case v1::Fact::kVersionDropped:
      return fact.mutable_version_dropped();
    case v1::Fact::kRunStarted:
      return fact.mutable_run_started();
    case v1::Fact::kRunEnded:
      return fact.mutable_run_ended();
    default:
      return nullptr;
  }
}

}  // namespace

base::Fact EncodeFact(const v1::Fact& fact) {
  base::Fact encoded;
  encoded.payload = MessageOf(fact).SerializeAsString();
  encoded.kind = static_cast<std::uint32_t>(fact.kind_case());
  encoded.schema_version = kSchemaVersion;
  return encoded;
}

absl::StatusOr<v1::Fact> DecodeFact(const base::Fact& fact) {
  if (fact.schema_version != kSchemaVersion) {
    return Damaged(absl::StrCat("forecast's fact of kind ", fact.kind, " has schema version ",
                                fact.schema_version, ", which this build cannot read"));
  }
  v1::Fact decoded;
  google::protobuf::Message* message = MutableMessageOf(fact.kind, decoded);
  if (message == nullptr) {
    return Damaged(absl::StrCat("forecast knows no kind of fact ", fact.kind));
  }
  if (!message->ParseFromString(fact.payload)) {
    return Damaged(absl::StrCat("forecast's fact of kind ", fact.kind, " does not parse"));
  }
  if (decoded.has_version_staged() &&
      !base::Position::Decode(decoded.version_staged().basis()).ok()) {
    return Damaged("a version's basis is no position");
  }
  return decoded;
}

std::string VersionKey(std::string_view relation, std::string_view version) {
  return KeyOf('v', relation).KeyString(version).Take();
}
std::string VersionOrderPrefix(std::string_view relation) { return KeyOf('n', relation).Take(); }
std::string VersionOrderKey(std::string_view relation, std::uint64_t number) {
  return KeyOf('n', relation).BigEndian64(~number).Take();
}
std::string StagedPrefix(std::string_view relation, std::string_view author) {
  return KeyOf('s', relation).KeyString(author).Take();
}
std::string StagedKey(std::string_view relation, std::string_view author,
                      std::string_view version) {
  return KeyOf('s', relation).KeyString(author).KeyString(version).Take();
}
std::string ChunkKey(std::string_view relation, std::string_view version, std::int64_t chunk) {
  return ChunkKeyOf('c', relation, version, chunk);
}
std::string QuantilesKey(std::string_view relation, std::string_view version, std::int64_t chunk) {
  return ChunkKeyOf('q', relation, version, chunk);
}
std::string ChunkHashKey(std::string_view relation, std::string_view version, std::int64_t chunk) {
  return ChunkKeyOf('h', relation, version, chunk);
}
std::string BasisKey(std::string_view relation, v1::Purpose purpose, std::string_view author) {
  return KeyOf('b', relation).Byte(static_cast<std::uint8_t>(purpose)).KeyString(author).Take();
}
std::string RunKey(std::string_view relation, std::string_view run) {
  return KeyOf('r', relation).KeyString(run).Take();
}
std::string OpenRunPrefix(std::string_view relation) {
  return KeyOf(kOpenRunKind, relation).Take();
}
std::string OpenRunKey(std::string_view relation, std::string_view run) {
  return KeyOf(kOpenRunKind, relation).KeyString(run).Take();
}

std::string EncodeVersion(const Version& version) {
  base::ByteWriter out;
  out.Byte(kVersionRow).Sized(version.relation).Sized(version.id);
  out.Byte(static_cast<std::uint8_t>(version.state)).Sized(version.author);
  out.Byte(static_cast<std::uint8_t>(version.purpose)).Sized(version.method);
  out.Sized(version.basis.Encode());
  PutStrings(out, version.parents);
  out.Sized(version.reason).Signed(version.start_day).Signed(version.bucket_count);
  out.Signed(version.bucket_days);
  PutStrings(out, version.parties);
  out.Signed(version.series_count).Signed(version.chunk_count).Sized(version.content_hash);
  PutTime(out, version.create_time);
  PutTime(out, version.publish_time);
  out.Varint(version.agreement_version).Varint(version.number).Sized(version.drop_reason);
  out.Varint(version.revision).Sized(version.lead);
  PutLevels(out, version.quantile_levels);
  return out.Take();
}

absl::StatusOr<Version> DecodeVersion(std::string_view value) {
  base::ByteReader in(value);
  const std::uint8_t row_version = in.Byte();
  Version version;
  version.relation = std::string(in.Sized());
  version.id = std::string(in.Sized());
  version.state = static_cast<v1::Version::State>(in.Byte());
  version.author = std::string(in.Sized());
  version.purpose = static_cast<v1::Purpose>(in.Byte());
  version.method = std::string(in.Sized());
  const absl::StatusOr<base::Position> basis = base::Position::Decode(in.Sized());
  version.parents = TakeStrings(in);
  version.reason = std::string(in.Sized());
  version.start_day = static_cast<std::int32_t>(in.Signed());
  version.bucket_count = static_cast<std::int32_t>(in.Signed());
  version.bucket_days = static_cast<std::int32_t>(in.Signed());
  version.parties = TakeStrings(in);
  version.series_count = in.Signed();
  version.chunk_count = in.Signed();
  version.content_hash = std::string(in.Sized());
  version.create_time = TakeTime(in);
  version.publish_time = TakeTime(in);
  version.agreement_version = static_cast<std::uint32_t>(in.Varint());
  version.number = in.Varint();
  version.drop_reason = std::string(in.Sized());
  version.revision = in.Varint();
  if (row_version >= 2) version.lead = std::string(in.Sized());
  if (row_version >= 3) version.quantile_levels = TakeLevels(in);
  if (!in.ok() || !in.AtEnd() || row_version < 1 || row_version > kVersionRow || !basis.ok() ||
      !v1::Version::State_IsValid(version.state) || !v1::Purpose_IsValid(version.purpose) ||
      version.content_hash.size() != kHashBytes) {
    return Damaged("a version's row is damaged");
  }
  version.basis = *basis;
  return version;
}

std::string EncodeRun(const Run& run) {
  base::ByteWriter out;
  out.Byte(kRunRow).Sized(run.relation).Sized(run.id);
  out.Byte(static_cast<std::uint8_t>(run.state)).Sized(run.firm).Sized(run.principal);
  out.Sized(run.method).Signed(run.origin_day).Signed(run.horizon_days);
  return out.Sized(run.version).Sized(run.error).Signed(run.bucket_days).Take();
}

absl::StatusOr<Run> DecodeRun(std::string_view value) {
  base::ByteReader in(value);
  const std::uint8_t row_version = in.Byte();
  Run run;
  run.relation = std::string(in.Sized());
  run.id = std::string(in.Sized());
  run.state = static_cast<v1::Run::State>(in.Byte());
  run.firm = std::string(in.Sized());
  run.principal = std::string(in.Sized());
  run.method = std::string(in.Sized());
  run.origin_day = static_cast<std::int32_t>(in.Signed());
  run.horizon_days = static_cast<std::int32_t>(in.Signed());
  run.version = std::string(in.Sized());
  run.error = std::string(in.Sized());
  if (row_version >= 2) run.bucket_days = static_cast<std::int32_t>(in.Signed());
  if (!in.ok() || !in.AtEnd() || row_version < 1 || row_version > kRunRow ||
      !v1::Run::State_IsValid(run.state) || run.bucket_days < 1) {
    return Damaged("a run's row is damaged");
  }
  return run;
}

std::optional<Version> VersionIn(const base::RowReader& rows, std::string_view relation,
                                 std::string_view version) {
  const std::optional<std::string> value = rows.Get(VersionKey(relation, version));
  if (!value.has_value()) return std::nullopt;
  absl::StatusOr<Version> decoded = DecodeVersion(*value);
  base::Require(decoded.ok(), "a version's row is damaged");
  return *std::move(decoded);
}

std::optional<Run> RunIn(const base::RowReader& rows, std::string_view relation,
                         std::string_view run) {
  const std::optional<std::string> value = rows.Get(RunKey(relation, run));
  if (!value.has_value()) return std::nullopt;
  absl::StatusOr<Run> decoded = DecodeRun(*value);
  base::Require(decoded.ok(), "a run's row is damaged");
  return *std::move(decoded);
}

base::Position BasisIn(const base::RowReader& rows, std::string_view relation, v1::Purpose purpose,
                       std::string_view author) {
  const std::optional<std::string> value = rows.Get(BasisKey(relation, purpose, author));
  if (!value.has_value()) return {};
  absl::StatusOr<base::Position> decoded = base::Position::Decode(*value);
  base::Require(decoded.ok(), "a basis' row is damaged");
  return *std::move(decoded);
}

std::vector<std::string> StagedIn(const base::RowReader& rows, std::string_view relation,
                                  std::string_view author) {
  const std::string prefix = StagedPrefix(relation, author);
  std::vector<std::string> versions;
  rows.ScanPrefix(prefix, [&](std::string_view key, std::string_view) {
    versions.push_back(base::ByteReader(key.substr(prefix.size())).KeyString());
    return true;
  });
  return versions;
}

std::vector<std::pair<std::string, std::string>> OpenRunsIn(const base::RowReader& rows) {
  std::vector<std::pair<std::string, std::string>> runs;
  rows.ScanPrefix(std::string(1, kOpenRunKind), [&runs](std::string_view key, std::string_view) {
    base::ByteReader in(key.substr(1));
    std::string relation = in.KeyString();
    std::string run = in.KeyString();
    runs.emplace_back(std::move(relation), std::move(run));
    return true;
  });
  return runs;
}

}  // namespace tandem::forecast
