// Terms as a firm may offer them: any bytes that parse are whole or refused with a field, and whole
// ones have one form that is signed.
#include "services/base/reason.h"
#include "services/governance/terms.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  namespace governance = tandem::governance;

  governance::v1::Terms terms;
  if (!terms.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::Status status = governance::CheckTerms(terms);
  if (!status.ok()) {
    const auto refusal = tandem::base::RefusalOf(status);
    Check(refusal.has_value() && refusal->field.starts_with("terms"), "a refusal names the field");
    return 0;
  }
  const std::string bytes = governance::TermsBytes(terms);
  governance::v1::Terms again;
  Check(again.ParseFromString(bytes), "what is signed parses");
  Check(governance::CheckTerms(again).ok(), "what is signed is whole");
  Check(governance::TermsBytes(again) == bytes, "what is signed has one form");
  const auto parties = governance::PartyIds(terms);
  Check(parties.size() == static_cast<std::size_t>(terms.parties_size()), "every party has an id");
  return 0;
}
