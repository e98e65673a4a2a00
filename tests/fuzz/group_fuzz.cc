// Groups of the log. Size and checksum are put right in the fuzzer's bytes, so that it gets past
// them; what decodes is encoded again and decodes to the same.
#include <string>
#include <vector>

#include "services/runtime/envelope.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::fuzz::Check;
namespace runtime = tandem::runtime;

// FORMAT.md: the size stands at 4, the checksum is the last 8 bytes.
std::string WithRightFrame(std::string bytes) {
  if (bytes.size() < 16) return bytes;
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[4 + i] = static_cast<char>(bytes.size() >> (8 * i) & 0xff);
  }
  const std::size_t end = bytes.size() - 8;
  const runtime::Hash hash = runtime::HashOf(std::string_view(bytes).substr(0, end));
  for (std::size_t i = 0; i < 8; ++i) bytes[end + i] = static_cast<char>(hash[i]);
  return bytes;
}

void CheckSame(const tandem::base::FactRecord& a, const tandem::base::FactRecord& b) {
  Check(a.slot == b.slot && a.number == b.number && a.instant == b.instant, "a fact's place");
  Check(a.actor == b.actor && a.request_id == b.request_id, "a fact's actor");
  Check(a.request_digest == b.request_digest, "a fact's digest");
  Check(a.fact.kind == b.fact.kind && a.fact.schema_version == b.fact.schema_version &&
            a.fact.agreement_version == b.fact.agreement_version &&
            a.fact.key_id == b.fact.key_id && a.fact.cause == b.fact.cause,
        "a fact's kind and cause");
  Check(a.fact.payload == b.fact.payload, "a fact's payload");
}

void Decode(std::string_view bytes) {
  const auto header = runtime::DecodeGroupHeader(bytes);
  const auto group = runtime::DecodeGroup(bytes);
  if (!group.ok()) return;
  Check(header.ok(), "a group's header can be read");
  Check(header->seq == group->header.seq && header->count == group->header.count, "one header");
  Check(group->facts.size() == group->header.count, "as many facts as counted");
  Check(runtime::LastInstantOf(bytes).ok(), "a group has a last instant");
  std::vector<std::string> facts;
  for (const auto& fact : group->facts) facts.push_back(runtime::EncodeFact(fact));
  const auto again = runtime::DecodeGroup(runtime::EncodeGroup(group->header, facts));
  Check(again.ok() && again->facts.size() == facts.size(), "a group reads back");
  for (std::size_t i = 0; i < facts.size(); ++i) CheckSame(group->facts[i], again->facts[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  Decode(bytes);
  Decode(WithRightFrame(bytes));
  return 0;
}
