// grant_check: one look-up in a replica that holds 10,000 agreements.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "services/base/fact.h"
#include "services/runtime/grants.h"
#include "tandem/governance/v1/facts.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

namespace gv1 = governance::v1;
constexpr int kAgreements = 10'000;
constexpr int kOwners = 100;  // Each with 100 partners.
constexpr int kItems = 50;    // In an agreement.
constexpr int kLocations = 10;

// Time stands still: the replica stays fresh after its first answer.
class StillClock final : public runtime::Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() const override { return absl::Seconds(1); }
};

// Runs at once what is due at once, never what is for later.
class AtOnce final : public runtime::Executor {
 public:
  void Run(runtime::Task task) override { task(); }
  void RunAfter(absl::Duration, runtime::Task) override {}
};

template <typename Message>
base::FactRecord Record(std::uint64_t number, int kind, const Message& fact) {
  base::FactRecord record;
  record.slot = {.domain = base::DomainId::kGovernance, .index = 0};
  record.number = number;
  record.fact.kind = static_cast<std::uint32_t>(kind);
  record.fact.payload = fact.SerializeAsString();
  return record;
}

std::string OwnerId(int a) { return "owner-" + std::to_string(a % kOwners); }
std::string ReaderId(int a) { return "reader-" + std::to_string(a / kOwners); }
std::string ItemOf(int a, int i) { return "item-" + std::to_string(a / kOwners * kItems + i); }
std::string LocationOf(int l) { return "store-" + std::to_string(l); }

gv1::Terms TermsOf(int a) {
  gv1::Terms terms;
  terms.add_parties("firms/" + OwnerId(a));
  terms.add_parties("firms/" + ReaderId(a));
  gv1::Scope& scope = *terms.add_scopes();
  scope.set_owner("firms/" + OwnerId(a));
  for (int i = 0; i < kItems; ++i) scope.add_items(ItemOf(a, i));
  for (int l = 0; l < kLocations; ++l) scope.add_locations(LocationOf(l));
  gv1::Grant& grant = *terms.add_grants();
  grant.set_owner("firms/" + OwnerId(a));
  grant.set_reader("firms/" + ReaderId(a));
  grant.add_kinds(gv1::DATA_KIND_SALES);
  return terms;
}

// Governance as one group with all the agreements.
class MadeSource final : public runtime::GovernanceSource {
 public:
  void AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) override {
    done(std::uint64_t{2} * kAgreements);
  }
  std::unique_ptr<runtime::LogFollower> Follow(std::uint64_t,
                                               runtime::Log::OnGroup on_group) override {
    auto group = std::make_shared<runtime::Group>();
    group->header.first_number = 1;
    group->header.count = 2 * kAgreements;
    for (int a = 0; a < kAgreements; ++a) Add(a, *group);
    on_group(group);
    return std::make_unique<runtime::LogFollower>();
  }

 private:
  // Offered, and in force.
  static void Add(int a, runtime::Group& group) {
    const auto number = 2 * static_cast<std::uint64_t>(a) + 1;
    gv1::AgreementOffered offered;
    offered.set_agreement("agreement-" + std::to_string(a));
    offered.set_version(1);
    offered.set_terms(TermsOf(a).SerializeAsString());
    offered.set_party(OwnerId(a));
    gv1::AgreementInForce in_force;
    in_force.set_agreement(offered.agreement());
    in_force.set_version(1);
    in_force.set_terms(offered.terms());
    group.facts.push_back(Record(number, gv1::Fact::kAgreementOfferedFieldNumber, offered));
    group.facts.push_back(Record(number + 1, gv1::Fact::kAgreementInForceFieldNumber, in_force));
  }
};

}  // namespace

void GrantCheck() {
  MadeSource source;
  const StillClock clock;
  AtOnce executor;
  runtime::GrantsReplica replica(source, clock, executor);
  replica.Start();
  constexpr int kChecks = 2'000'000;
  std::vector<std::string> owners, readers, items, locations;
  for (int i = 0; i < 4096; ++i) {
    const int a = i * 7919 % kAgreements;
    owners.push_back(OwnerId(a));
    readers.push_back(ReaderId(a));
    items.push_back(ItemOf(a, i % kItems));
    locations.push_back(LocationOf(i % kLocations));
  }
  const std::string elsewhere = "store-99";  // Not granted: refusals count too.
  int allowed = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kChecks; ++i) {
    const std::size_t at = static_cast<std::size_t>(i) % owners.size();
    const std::string& location = i % 4 == 0 ? elsewhere : locations[at];
    allowed +=
        replica.Check(readers[at], owners[at], base::DataKind::kSales, items[at], location).ok();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Print({.name = "grant_check",
         .value = seconds / kChecks * 1e6,
         .unit = "us",
         .goal = 5.0,
         .better = Better::kLower,
         .note = "10,000 agreements of 50 items and 10 locations; " + std::to_string(allowed) +
                 " of 2000000 allowed"});
}

}  // namespace tandem::bench
