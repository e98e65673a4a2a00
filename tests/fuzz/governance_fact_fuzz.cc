// Governance's facts. Two promises:
// - A fact of any bytes is read or refused, and one that is read is stored, or, where Decide can
// never
//   have made it (an agreement that nobody offered), stops the program by name. It never reads or
//   writes what it should not, and never passes for something else.
// - What Decide made is always readable and always stored.
#include <optional>
#include <string>
#include <vector>

#include "services/base/bytes.h"
#include "services/base/rows.h"
#include "services/governance/codec.h"
#include "services/governance/decide.h"
#include "services/governance/terms.h"
#include "services/governance/view.h"
#include "tests/fuzz/bug_exception.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::fuzz::Check;
using tandem::fuzz::Input;
namespace base = tandem::base;
namespace governance = tandem::governance;
namespace v1 = tandem::governance::v1;

constexpr const char* kFirms[] = {"acme", "bolt", "crate", "operator"};
constexpr const char* kPrincipals[] = {"ann", "bot"};

class Network {
 public:
  explicit Network(Input& input) : input_(input) {}

  void Step() {
    switch (input_.Byte() % 10) {
      case 0:
        return Run(governance::AdmitFirm{
            .firm = Firm(), .display_name = Text(input_.Part(3)), .admin_principal = Principal()});
      case 1:
        return Run(governance::SetFirmSuspended{.firm = Firm(),
                                                .suspended = input_.Byte() % 2 == 0,
                                                .explanation = Text(input_.Part(2))});
      case 2:
        return Run(governance::SetPrincipal{
            .firm = Firm(),
            .principal = Principal(),
            .roles = std::vector<v1::Role>(input_.Byte() % 3,
                                           static_cast<v1::Role>(input_.Byte() % 6))});
      case 3:
        return Offer();
      case 4:
        return Sign();
      case 5:
        return Run(governance::RevokeAgreement{.agreement = Relation(), .explanation = "done"});
      case 6:
        return SetAuthorities();
      case 8:
        return Run(governance::OpenBreakGlass{.agreement = Relation(),
                                              .break_glass = Glass(),
                                              .explanation = "why",
                                              .duration = absl::Minutes(input_.Byte())});
      case 9:
        return Run(governance::CloseBreakGlass{
            .agreement = Relation(), .break_glass = Glass(), .explanation = Text(input_.Part(2))});
      default:
        return ApplyAny();
    }
  }

 private:
  void SetAuthorities() {
    const std::string pem = Text(input_.Sized());
    Run(governance::SetFirmAuthorities{.firm = Firm(),
                                       .authorities = {{.pem = pem, .subject = pem}}});
  }
  // ASCII: a request's text is UTF-8, or its message does not parse.
  static std::string Text(std::string_view bytes) {
    std::string text(bytes);
    for (char& c : text) c = static_cast<char>(c & 0x7f);
    return text;
  }

  std::string Firm() { return kFirms[input_.Byte() % 4]; }
  std::string Principal() { return kPrincipals[input_.Byte() % 2]; }
  std::string Relation() { return std::string("r") + static_cast<char>('0' + input_.Byte() % 3); }

  std::string Glass() { return std::string("g") + static_cast<char>('0' + input_.Byte() % 3); }

  base::Stamp Stamp() {
    const std::string firm = Firm();
    return {
        .instant = absl::FromUnixNanos(static_cast<std::int64_t>(number_)),
        .first_number = number_,
        .caller = {.firm = firm, .principal = Principal(), .operator_role = firm == "operator"}};
  }

  void Offer() {
    v1::Terms terms;
    if (!terms.ParseFromString(std::string(input_.Sized()))) return;
    if (terms.parties().empty()) {
      terms.add_parties("firms/acme");
      terms.add_parties("firms/bolt");
      terms.set_horizon_days(28);
      terms.set_bucket_days(7);
      v1::Scope& scope = *terms.add_scopes();
      scope.set_owner("firms/acme");
      scope.add_items("i1");
      scope.add_locations("l1");
    }
    if (!governance::CheckTerms(terms).ok()) return;
    const std::string bytes = governance::TermsBytes(terms);
    // Any 32 bytes will do for a hash; one that follows from the terms can be signed below.
    hash_ = std::string(32, static_cast<char>(base::StableHash(bytes) & 0x7f));
    Run(governance::OfferAgreement{.agreement = Relation(),
                                   .new_relation = input_.Byte() % 2 == 0,
                                   .etag = std::string(input_.Part(input_.Byte() % 2)),
                                   .terms = bytes,
                                   .terms_hash = hash_,
                                   .parties = governance::PartyIds(terms)});
  }

  void Sign() { Run(governance::SignAgreement{.agreement = Relation(), .terms_hash = hash_}); }

  template <typename Command>
  void Run(const Command& command) {
    const base::Stamp stamp = Stamp();
    const auto facts = governance::Decide(rows_, command, stamp);
    if (!facts.ok()) return;
    for (const base::Fact& fact : *facts) {
      Check(governance::DecodeFact(fact).ok(), "what was decided is readable");
      Store({.number = number_++, .instant = stamp.instant, .actor = stamp.caller, .fact = fact});
    }
  }

  static void View(const base::FactRecord& record) {
    (void)governance::FirmsOf(record);
    for (const char* firm : kFirms) (void)governance::SeenBy(record, firm);
  }

  void Store(const base::FactRecord& record) {
    View(record);
    governance::Apply(record, rows_);
  }

  // On rows of its own: what was never decided would spoil those of the rest.
  void ApplyAny() {
    const base::FactRecord record{
        .number = 1,
        .instant = absl::FromUnixNanos(1),
        .actor = {.firm = "acme", .principal = "ann"},
        .fact = {.kind = 16u + input_.Byte() % 10u, .payload = std::string(input_.Sized())}};
    if (!governance::DecodeFact(record.fact).ok()) return;
    base::OverlayRows rows(static_cast<const base::RowReader&>(rows_));
    try {
      View(record);
      governance::Apply(record, rows);
    } catch (const tandem::fuzz::StoppedByName&) {
      // Said above.
    }
  }

  Input& input_;
  base::MapRows rows_;
  std::uint64_t number_ = 1;
  std::string hash_ = std::string(32, 'h');
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Network network(input);
  while (!input.AtEnd()) network.Step();
  return 0;
}
