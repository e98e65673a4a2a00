// The rules of a shared log over any records: terms rise by one, seqs and numbers are dense, and
// two readers of the same records come to the same verdicts.
#include <string>

#include "services/runtime/log_rules.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::base::DomainId;
using tandem::base::SlotId;
using tandem::fuzz::Check;
using tandem::fuzz::Input;
using tandem::runtime::LogRules;
namespace runtime = tandem::runtime;

constexpr std::uint64_t kLogId = 7;
constexpr SlotId kSlot{DomainId::kExchange, 3};

std::string TermRecordFrom(Input& input, const LogRules& rules) {
  // Mostly the standing term: otherwise nearly every claim is void.
  const std::uint64_t off = input.Byte() / 192u;
  return runtime::EncodeTermRecord({.log_id = kLogId,
                                    .slot = kSlot,
                                    .supersedes = rules.tail().term + off,
                                    .unique_id = std::string(16, static_cast<char>(input.Byte()))});
}

std::string GroupFrom(Input& input, const LogRules& rules) {
  const runtime::SlotTail& tail = rules.tail();
  runtime::GroupHeader header{.log_id = kLogId,
                              .slot = kSlot,
                              .term = tail.term - input.Byte() / 192u,
                              .seq = tail.seq + 1 + input.Byte() / 192u,
                              .first_number = tail.last_number + 1,
                              .count = 1,
                              .previous = tail.hash};
  header.previous[0] = static_cast<std::uint8_t>(header.previous[0] ^ (input.Byte() / 192u));
  const tandem::base::FactRecord fact{
      .slot = kSlot,
      .number = header.first_number,
      .instant = absl::FromUnixNanos(static_cast<std::int64_t>(header.first_number)),
      .actor = {.firm = "acme", .principal = "bot"},
      .fact = {.kind = 16, .payload = std::string(input.Part(4))}};
  const std::string encoded = runtime::EncodeFact(fact);
  return runtime::EncodeGroup(header, {&encoded, 1});
}

void CheckStep(LogRules::Verdict verdict, const runtime::SlotTail& before,
               const runtime::SlotTail& after) {
  switch (verdict) {
    case LogRules::Verdict::kTermTaken:
      Check(after.term == before.term + 1 && after.seq == before.seq, "a term is one more");
      break;
    case LogRules::Verdict::kGroupValid:
      Check(after.term == before.term && after.seq == before.seq + 1, "a seq is one more");
      Check(after.last_number > before.last_number, "numbers go on");
      break;
    case LogRules::Verdict::kVoid:
      Check(after.term == before.term && after.seq == before.seq &&
                after.last_number == before.last_number && after.hash == before.hash,
            "what is void changes nothing");
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  LogRules rules(kLogId, kSlot);
  LogRules other(kLogId, kSlot);
  while (!input.AtEnd()) {
    const std::uint8_t kind = input.Byte() % 4;
    std::string record;
    if (kind == 0) record = std::string(input.Sized());
    if (kind == 1) record = TermRecordFrom(input, rules);
    if (kind >= 2) record = GroupFrom(input, rules);
    if (const auto term = runtime::DecodeTermRecord(record); term.ok()) {
      Check(runtime::EncodeTermRecord(*term) == record, "a term record has one encoding");
    }
    const runtime::SlotTail before = rules.tail();
    const LogRules::Verdict verdict = rules.Take(record);
    CheckStep(verdict, before, rules.tail());
    Check(other.Take(record) == verdict, "two readers agree");
  }
  Check(rules.owner_id() == other.owner_id(), "two readers agree on the owner");
  return 0;
}
