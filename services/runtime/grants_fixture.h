// For tests of the grants: facts of governance made in a line, and a source that a test pulls the
// strings of. Headers only; not linked into the library.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/runtime/grants.h"
#include "services/runtime/grants_index.h"
#include "tandem/governance/v1/facts.pb.h"

namespace tandem::runtime {

namespace gv1 = ::tandem::governance::v1;

inline std::string FirmName(const std::string& firm) { return "firms/" + firm; }

inline gv1::Scope& AddScope(gv1::Terms& terms, const std::string& owner,
                            const std::vector<std::string>& items,
                            const std::vector<std::string>& locations) {
  gv1::Scope& scope = *terms.add_scopes();
  scope.set_owner(FirmName(owner));
  for (const std::string& item : items) scope.add_items(item);
  for (const std::string& location : locations) scope.add_locations(location);
  return scope;
}

inline gv1::Grant& AddGrant(gv1::Terms& terms, const std::string& owner, const std::string& reader,
                            const std::vector<gv1::DataKind>& kinds) {
  gv1::Grant& grant = *terms.add_grants();
  grant.set_owner(FirmName(owner));
  grant.set_reader(FirmName(reader));
  for (const gv1::DataKind kind : kinds) grant.add_kinds(kind);
  return grant;
}

// Parties; then scope and grant as most tests need them: the first party shares with the second.
inline gv1::Terms TermsBetween(const std::vector<std::string>& parties) {
  gv1::Terms terms;
  for (const std::string& party : parties) terms.add_parties(FirmName(party));
  terms.set_horizon_days(28);
  terms.set_bucket_days(1);
  return terms;
}
inline gv1::Terms SalesShared(const std::string& owner, const std::string& reader,
                              const std::vector<std::string>& items,
                              const std::vector<std::string>& locations) {
  gv1::Terms terms = TermsBetween({owner, reader});
  AddScope(terms, owner, items, locations);
  AddGrant(terms, owner, reader, {gv1::DATA_KIND_SALES});
  return terms;
}

template <typename Message>
base::Fact FactOf(std::uint32_t kind, const Message& message) {
  base::Fact fact;
  fact.kind = kind;
  fact.payload = message.SerializeAsString();
  return fact;
}

inline base::Fact Admitted(const std::string& firm, const std::string& admin = "admin") {
  gv1::FirmAdmitted fact;
  fact.set_firm(firm);
  fact.add_authority_pems("pem of " + firm);
  fact.set_admin_principal(admin);
  return FactOf(gv1::Fact::kFirmAdmittedFieldNumber, fact);
}
inline base::Fact Suspended(const std::string& firm, bool suspended) {
  gv1::FirmSuspendedSet fact;
  fact.set_firm(firm);
  fact.set_suspended(suspended);
  return FactOf(gv1::Fact::kFirmSuspendedSetFieldNumber, fact);
}
inline base::Fact Offered(const std::string& relation, const gv1::Terms& terms, int version = 1) {
  gv1::AgreementOffered fact;
  fact.set_agreement(relation);
  fact.set_version(version);
  fact.set_terms(terms.SerializeAsString());
  return FactOf(gv1::Fact::kAgreementOfferedFieldNumber, fact);
}
inline base::Fact InForce(const std::string& relation, const gv1::Terms& terms, int version = 1) {
  gv1::AgreementInForce fact;
  fact.set_agreement(relation);
  fact.set_version(version);
  fact.set_terms(terms.SerializeAsString());
  return FactOf(gv1::Fact::kAgreementInForceFieldNumber, fact);
}
inline base::Fact Revoked(const std::string& relation) {
  gv1::AgreementRevoked fact;
  fact.set_agreement(relation);
  return FactOf(gv1::Fact::kAgreementRevokedFieldNumber, fact);
}

inline base::Fact GlassOpened(const std::string& relation, const std::string& glass,
                              const std::string& principal, absl::Time expire_time) {
  gv1::BreakGlassOpened fact;
  fact.set_agreement(relation);
  fact.set_break_glass(glass);
  fact.set_principal(principal);
  const std::int64_t nanos = absl::ToUnixNanos(expire_time);
  fact.mutable_expire_time()->set_seconds(nanos / 1'000'000'000);
  fact.mutable_expire_time()->set_nanos(static_cast<std::int32_t>(nanos % 1'000'000'000));
  return FactOf(gv1::Fact::kBreakGlassOpenedFieldNumber, fact);
}
inline base::Fact GlassClosed(const std::string& relation, const std::string& glass) {
  gv1::BreakGlassClosed fact;
  fact.set_agreement(relation);
  fact.set_break_glass(glass);
  return FactOf(gv1::Fact::kBreakGlassClosedFieldNumber, fact);
}

// Governance as a test plays it: facts become durable by Append, and reach the replica, or answer
// its questions, only when the test lets them.
class PlayedGovernance final : public GovernanceSource {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)>;

  void AskPosition(Done done) override {
    ++asked;
    if (answering) return done(durable);
    if (holding) held.push_back({durable, std::move(done)});
  }
  std::unique_ptr<LogFollower> Follow(std::uint64_t, Log::OnGroup on_group) override {
    on_group_ = std::move(on_group);
    return std::make_unique<Follower>();
  }

  // Durable from now on; delivered at once while `delivering`. Returns the last fact's number.
  std::uint64_t Append(std::vector<base::Fact> facts) {
    auto group = std::make_shared<Group>();
    group->header.first_number = durable + 1;
    group->header.previous = last;
    group->hash = last = HashOf(absl::StrCat(salt, " group from ", durable + 1));
    group->header.count = static_cast<std::uint32_t>(facts.size());
    for (base::Fact& fact : facts) {
      base::FactRecord& record = group->facts.emplace_back();
      record.number = ++durable;
      record.instant = now;
      record.fact = std::move(fact);
    }
    waiting.push_back(std::move(group));
    if (delivering) Deliver();
    return durable;
  }
  void Deliver() {
    for (const std::shared_ptr<const Group>& group : std::exchange(waiting, {})) on_group_(group);
  }
  // Answers the held questions with what was durable when they came.
  void AnswerHeld() {
    for (auto& [number, done] : std::exchange(held, {})) done(number);
  }

  bool answering = true;   // At once; otherwise questions are held or lost.
  bool holding = false;    // Rather than lost.
  bool delivering = true;  // Groups at once; otherwise they wait for Deliver.
  int asked = 0;
  absl::Time now{};  // The instant of what is appended.
  std::uint64_t durable = 0;
  Hash last{};         // Of the last group.
  std::string salt{};  // Of the hashes: another one makes another log.
  std::vector<std::shared_ptr<const Group>> waiting{};
  std::vector<std::pair<std::uint64_t, Done>> held{};

 private:
  class Follower final : public LogFollower {};
  Log::OnGroup on_group_;
};

}  // namespace tandem::runtime
