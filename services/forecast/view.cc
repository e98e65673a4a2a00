#include "services/forecast/view.h"

#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/forecast/codec.h"

namespace tandem::forecast {
namespace {

v1::Fact Readable(const base::FactRecord& record) {
  absl::StatusOr<v1::Fact> fact = DecodeFact(record.fact);
  base::Require(fact.ok(), "a fact that cannot be read came to a view");
  return *std::move(fact);
}

std::vector<std::string> FirmsOf(const v1::Fact& fact) {
  switch (fact.kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kVersionStaged:
      return {fact.version_staged().author()};
    case v1::Fact::kChunkUploaded:
      return {};
    case v1::Fact::kVersionPublished:
      return {fact.version_published().parties().begin(), fact.version_published().parties().end()};
    case v1::Fact::kVersionDropped:
      return {fact.version_dropped().author()};
    case v1::Fact::kRunStarted:
      return {fact.run_started().firm()};
    case v1::Fact::kRunEnded:
      return {fact.run_ended().firm()};
    case v1::Fact::KIND_NOT_SET:
      break;
  }
  base::Bug("a fact without a kind came through the codec");
}

template <typename Message>
SeenFact Seen(const Message& message) {
  return {.type_name = message.GetTypeName(),
          .payload = message.SerializeAsString(),
          .relation = message.agreement()};
}

}  // namespace

std::vector<std::string> FirmsOf(const base::FactRecord& record) {
  // Chunks are most of the log's bytes, and of no firm's feed: not parsed for nothing.
  if (record.fact.kind == v1::Fact::kChunkUploaded) return {};
  return FirmsOf(Readable(record));
}

std::optional<SeenFact> SeenBy(const base::FactRecord& record, std::string_view viewer) {
  v1::Fact fact = Readable(record);
  const std::vector<std::string> firms = FirmsOf(fact);
  if (std::find(firms.begin(), firms.end(), viewer) == firms.end()) return std::nullopt;
  switch (fact.kind_case()) {  // No default: a new kind must fail to compile here.
    case v1::Fact::kVersionStaged:
      fact.mutable_version_staged()->clear_basis();
      return Seen(fact.version_staged());
    case v1::Fact::kChunkUploaded:
      return Seen(fact.chunk_uploaded());
    case v1::Fact::kVersionPublished:
      return Seen(fact.version_published());
    case v1::Fact::kVersionDropped:
      return Seen(fact.version_dropped());
    case v1::Fact::kRunStarted:
      return Seen(fact.run_started());
    case v1::Fact::kRunEnded:
      return Seen(fact.run_ended());
    case v1::Fact::KIND_NOT_SET:
      break;
  }
  base::Bug("a fact without a kind came through the codec");
}

}  // namespace tandem::forecast
