#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/forecast/codec.h"
#include "services/forecast/decide.h"

namespace tandem::forecast {
namespace {

using base::Reason;

Facts One(const v1::Fact& fact, std::uint32_t agreement_version) {
  Facts facts;
  facts.push_back(EncodeFact(fact));
  facts.back().agreement_version = agreement_version;
  return facts;
}

absl::Status OutOfRange(std::string_view field, std::string_view rule, std::int64_t value) {
  return base::RefuseField(Reason::kFieldOutOfRange, field, rule, {{"value", value}});
}

absl::Status CheckLevels(const std::vector<std::int32_t>& levels) {
  constexpr std::string_view kField = "version.quantile_level_millionths";
  if (levels.size() > kQuantileLevelsMax) {
    return OutOfRange(kField, "at most 19 levels", static_cast<std::int64_t>(levels.size()));
  }
  std::int32_t before = 0;
  for (const std::int32_t level : levels) {
    if (level <= before || level >= kMillionths) {
      return OutOfRange(kField, "1 to 999,999 millionths, each level above the one before", level);
    }
    before = level;
  }
  return absl::OkStatus();
}

absl::Status CheckFields(const StageVersion& command) {
  if (command.purpose == v1::PURPOSE_UNSPECIFIED || !v1::Purpose_IsValid(command.purpose)) {
    return base::RefuseField(Reason::kUnknownEnum, "version.purpose", "say what is forecast");
  }
  if (command.method.empty()) {
    return base::RefuseField(Reason::kFieldMissing, "version.method", "say how it was made");
  }
  if (command.method.size() > kMethodBytesMax) {
    return base::RefuseField(Reason::kFieldOutOfRange, "version.method", "at most 64 bytes");
  }
  if (command.reason.size() > kReasonBytesMax) {
    return base::RefuseField(Reason::kFieldOutOfRange, "version.reason", "at most 200 bytes");
  }
  if (command.bucket_count < 1 || command.bucket_count > kBucketCountMax) {
    return OutOfRange("version.bucket_count", "1 to 400 buckets", command.bucket_count);
  }
  if (command.bucket_days != 1 && command.bucket_days != 7) {
    return OutOfRange("version.bucket_days", "a bucket is 1 or 7 days", command.bucket_days);
  }
  TANDEM_RETURN_IF_ERROR(CheckBuckets(command.bucket_days, command.bucket_days_agreed));
  if (!command.start.InRange() ||
      !(command.start + command.bucket_count * command.bucket_days).InRange()) {
    return base::RefuseField(Reason::kDayOutOfRange, "version.start_date",
                             "the days must lie in 1990 to 2099",
                             {{"day", command.start.ToString()}});
  }
  TANDEM_RETURN_IF_ERROR(CheckHorizon(command.start,
                                      std::int64_t{command.bucket_count} * command.bucket_days,
                                      command.horizon_days_max));
  if (command.bucket_days == 7 && command.start.Weekday() != 0) {
    return base::RefuseField(Reason::kFieldOutOfRange, "version.start_date",
                             "weeks start on Monday", {{"day", command.start.ToString()}});
  }
  if (command.parents.size() > kParentsMax) {
    return base::RefuseField(Reason::kFieldOutOfRange, "version.parents", "at most 16 parents");
  }
  return CheckLevels(command.quantile_levels);
}

absl::Status Unknown(std::string_view version) {
  return base::Refuse(Reason::kUnknownVersion, "there is no such version",
                      {{"version", absl::string_view(version.data(), version.size())}});
}

// The caller's own version.
absl::StatusOr<Version> Own(const base::RowReader& rows, std::string_view relation,
                            std::string_view id, const base::Caller& caller) {
  std::optional<Version> version = VersionIn(rows, relation, id);
  if (!version.has_value() || version->author != caller.firm) return Unknown(id);
  return *std::move(version);
}

absl::Status CheckStaged(const Version& version) {
  if (version.state == v1::Version::STATE_STAGED) return absl::OkStatus();
  return base::Refuse(Reason::kNotStaged, "the version was published or dropped",
                      {{"version", version.id}});
}

absl::Status Gap(const Version& version, std::int64_t chunk) {
  return base::Refuse(
      Reason::kStreamGap, "the version has another number of chunks",
      {{"version", version.id}, {"chunk_count", version.chunk_count}, {"chunk", chunk}});
}

// Whether the basis is older than what stands in a slot that it names.
bool Overtaken(const base::Position& basis, const base::Position& stands) {
  return std::ranges::any_of(basis.numbers(), [&stands](const auto& entry) {
    return entry.second < stands.At(entry.first);
  });
}

}  // namespace

base::Fact DroppedFact(const Version& version, std::string_view reason) {
  v1::Fact fact;
  v1::VersionDropped& dropped = *fact.mutable_version_dropped();
  dropped.set_agreement(version.relation);
  dropped.set_version(version.id);
  dropped.set_author(version.author);
  dropped.set_reason(std::string(reason));
  base::Fact encoded = EncodeFact(fact);
  encoded.agreement_version = version.agreement_version;
  return encoded;
}

absl::Status CheckLead(v1::Purpose purpose, const Leads& leads, std::string_view firm) {
  const std::string& lead = leads.Of(purpose);
  if (purpose != v1::PURPOSE_ORDER || lead.empty() || lead == firm) return absl::OkStatus();
  return base::Refuse(
      Reason::kNotLead,
      absl::StrCat("the agreement's order forecast is led by ", lead, ", which alone publishes it"),
      {{"lead", lead}, {"firm", absl::string_view(firm.data(), firm.size())}});
}

absl::Status CheckBuckets(std::int32_t bucket_days, std::int32_t bucket_days_agreed) {
  if (bucket_days == bucket_days_agreed) return absl::OkStatus();
  return base::RefuseField(
      Reason::kFieldOutOfRange, "version.bucket_days",
      absl::StrCat("the agreement forecasts in buckets of ", bucket_days_agreed,
                   bucket_days_agreed == 1 ? " day" : " days"),
      {{"bucket_days", bucket_days}, {"agreed_days", bucket_days_agreed}});
}

absl::Status CheckHorizon(base::Day start, std::int64_t days, std::int32_t horizon_days_max) {
  if (days <= horizon_days_max) return absl::OkStatus();
  const std::string agreed = (start + (horizon_days_max - 1)).ToString();
  const std::string last = (start + static_cast<std::int32_t>(days - 1)).ToString();
  return base::RefuseField(
      Reason::kFieldOutOfRange, "version.bucket_count",
      absl::StrCat("the agreement looks ", horizon_days_max, " days ahead: every series ends by ",
                   agreed, ", not on ", last),
      {{"agreed_days", horizon_days_max}, {"last_day_agreed", agreed}, {"last_day", last}});
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const StageVersion& command,
                             const base::Stamp& stamp) {
  TANDEM_RETURN_IF_ERROR(CheckFields(command));
  TANDEM_RETURN_IF_ERROR(CheckLead(command.purpose, command.leads, stamp.caller.firm));
  for (const std::string& parent : command.parents) {
    const std::optional<Version> found = VersionIn(rows, command.relation, parent);
    if (!found.has_value() || !found->VisibleTo(stamp.caller.firm)) return Unknown(parent);
    if (found->state != v1::Version::STATE_PUBLISHED) {
      return base::Refuse(Reason::kUnknownVersion,
                          "a parent must be published: the other parties could not see it",
                          {{"version", parent}});
    }
  }
  if (rows.Get(VersionKey(command.relation, command.version)).has_value()) {
    return base::Refuse(Reason::kAlreadyExists, "this request id made a version long ago",
                        {{"version", command.version}});
  }
  std::size_t staged = 0;
  rows.ScanPrefix(StagedPrefix(command.relation, stamp.caller.firm),
                  [&staged](std::string_view, std::string_view) { return ++staged < kStagedMax; });
  if (staged >= kStagedMax) {
    return base::Refuse(Reason::kQuotaExceeded, "publish or drop staged versions first",
                        {{"staged", staged}});
  }
  v1::Fact fact;
  v1::VersionStaged& begun = *fact.mutable_version_staged();
  begun.set_agreement(command.relation);
  begun.set_version(command.version);
  begun.set_author(stamp.caller.firm);
  begun.set_purpose(command.purpose);
  begun.set_method(command.method);
  begun.set_basis(command.basis.Encode());
  for (const std::string& parent : command.parents) begun.add_parents(parent);
  begun.set_reason(command.reason);
  begun.set_start_day(command.start.number());
  begun.set_bucket_count(command.bucket_count);
  begun.set_bucket_days(command.bucket_days);
  for (const std::string& party : command.parties) begun.add_parties(party);
  begun.set_lead(command.leads.Of(command.purpose));
  for (const std::int32_t level : command.quantile_levels) {
    begun.add_quantile_level_millionths(level);
  }
  return One(fact, command.agreement_version);
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const UploadChunk& command,
                             const base::Stamp& stamp) {
  if (command.chunk < 1 || command.chunk > kChunksMax) {
    return OutOfRange("chunk", "chunks count from 1 to 10,000", command.chunk);
  }
  TANDEM_ASSIGN_OR_RETURN(const Version version,
                          Own(rows, command.relation, command.version, stamp.caller));
  if (version.state != v1::Version::STATE_DROPPED && command.chunk <= version.chunk_count) {
    const auto hash = rows.Get(ChunkHashKey(command.relation, command.version, command.chunk));
    base::Require(hash.has_value(), "a chunk's hash is not there");
    if (*hash == command.series_hash + command.quantiles_hash) return Facts();
    TANDEM_RETURN_IF_ERROR(CheckStaged(version));
    return base::Refuse(Reason::kContentDiffers, "the chunk is there with other content",
                        {{"version", version.id}, {"chunk", command.chunk}});
  }
  TANDEM_RETURN_IF_ERROR(CheckStaged(version));
  if (command.chunk != version.chunk_count + 1) return Gap(version, command.chunk);
  if (command.value_count != command.series_count * version.bucket_count) {
    return base::RefuseField(Reason::kBadColumns, "series.mean_milli",
                             "one value a series and bucket",
                             {{"values", command.value_count},
                              {"series", command.series_count},
                              {"buckets", version.bucket_count}});
  }
  const auto levels = static_cast<std::int64_t>(version.quantile_levels.size());
  if (command.quantile_count != command.value_count * levels) {
    return base::RefuseField(Reason::kBadColumns, "quantiles.value_milli",
                             "one value a series, bucket and level of the version",
                             {{"values", command.quantile_count},
                              {"series", command.series_count},
                              {"buckets", version.bucket_count},
                              {"levels", levels}});
  }
  v1::Fact fact;
  v1::ChunkUploaded& chunk = *fact.mutable_chunk_uploaded();
  chunk.set_agreement(command.relation);
  chunk.set_version(command.version);
  chunk.set_chunk(command.chunk);
  chunk.set_series(command.series);
  chunk.set_series_hash(command.series_hash);
  chunk.set_series_count(command.series_count);
  chunk.set_quantiles(command.quantiles);
  chunk.set_quantiles_hash(command.quantiles_hash);
  return One(fact, version.agreement_version);
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const PublishVersion& command,
                             const base::Stamp& stamp) {
  TANDEM_ASSIGN_OR_RETURN(const Version version,
                          Own(rows, command.relation, command.version, stamp.caller));
  TANDEM_RETURN_IF_ERROR(CheckStaged(version));
  TANDEM_RETURN_IF_ERROR(CheckLead(version.purpose, command.leads, version.author));
  if (command.chunk_count != version.chunk_count || version.chunk_count == 0) {
    return Gap(version, command.chunk_count);
  }
  if (!command.distinct) {
    return base::Refuse(Reason::kStreamGap,
                        "the last chunks had no answer yet: publish once they have",
                        {{"version", version.id}, {"chunk_count", version.chunk_count}});
  }
  const base::Position stands = BasisIn(rows, version.relation, version.purpose, version.author);
  if (Overtaken(version.basis, stands)) {
    return Facts{DroppedFact(version, base::ReasonName(Reason::kBasisStale))};
  }
  v1::Fact fact;
  v1::VersionPublished& published = *fact.mutable_version_published();
  published.set_agreement(version.relation);
  published.set_version(version.id);
  published.set_author(version.author);
  published.set_purpose(version.purpose);
  published.set_method(version.method);
  published.set_series_count(version.series_count);
  published.set_chunk_count(version.chunk_count);
  published.set_content_hash(version.content_hash);
  for (const std::string& party : version.parties) published.add_parties(party);
  published.set_start_day(version.start_day);
  published.set_bucket_count(version.bucket_count);
  published.set_bucket_days(version.bucket_days);
  published.set_lead(command.leads.Of(version.purpose));
  for (const std::int32_t level : version.quantile_levels) {
    published.add_quantile_level_millionths(level);
  }
  return One(fact, version.agreement_version);
}

absl::StatusOr<Facts> Decide(const base::RowReader& rows, const DropVersion& command,
                             const base::Stamp& stamp) {
  TANDEM_ASSIGN_OR_RETURN(const Version version,
                          Own(rows, command.relation, command.version, stamp.caller));
  TANDEM_RETURN_IF_ERROR(CheckStaged(version));
  return Facts{DroppedFact(version, "GIVEN_UP")};
}

}  // namespace tandem::forecast
