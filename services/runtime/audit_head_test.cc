// Goal: a head holds for the log that it was made of and whatever goes on from it, and for no
// other.
#include "services/runtime/audit_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/base/reason.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "services/runtime/router.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::HasReason;
using testing::IsOk;

constexpr base::SlotId kSlotA{.domain = base::DomainId::kExchange, .index = 0};
constexpr base::SlotId kSlotB{.domain = base::DomainId::kExchange, .index = 1};

class CountingRandom final : public Random {
 public:
  std::uint64_t Next() override { return ++count_; }

 private:
  std::uint64_t count_ = 0;
};

// An installation, made in a moment: the same commands make the same log.
struct World {
  World() {
    router.Serve(domain, [](const absl::Status& status) { EXPECT_THAT(status, IsOk()); });
    executor.RunDue();
  }
  void Add(base::SlotId slot, const std::string& counter, std::int64_t delta) {
    router.Submit(slot, testing::Add("acme", counter, delta),
                  [](const absl::StatusOr<Outcome>& outcome) { EXPECT_THAT(outcome, IsOk()); });
    executor.Advance(absl::Seconds(1));
  }
  SealedHead Head() {
    const std::shared_ptr<const AuditHead> head = heads.Current();
    EXPECT_NE(head, nullptr);
    const absl::StatusOr<SealedHead> opened = OpenHead(sealer, head->seal);
    EXPECT_THAT(opened, IsOk());
    EXPECT_EQ(opened->hash, head->hash);
    return *opened;
  }

  testing::FakeClock clock;
  testing::ManualExecutor executor{clock};
  CountingRandom random;
  Sealer sealer{std::string(32, 'k'), random};
  MapStore store{executor};
  EmbeddedLog log{store, executor, 7};
  testing::ToyDomain domain{4};
  Router router{log, clock, executor, {}};
  AuditHeads heads{log, {kSlotA, kSlotB}, sealer, clock};
};

TEST(AuditHeadTest, HoldsForItsLogAndWhateverGoesOnFromIt) {
  World world;
  EXPECT_EQ(world.heads.Current(), nullptr);  // Nothing to stand for.
  world.Add(kSlotA, "beans", 1);
  world.Add(kSlotB, "peas", 2);
  const SealedHead head = world.Head();
  EXPECT_THAT(VerifyHead(world.log, head), IsOk());
  world.Add(kSlotA, "beans", 3);
  EXPECT_THAT(VerifyHead(world.log, head), IsOk());
  const SealedHead later = world.Head();
  EXPECT_NE(later.hash, head.hash);
  EXPECT_THAT(VerifyHead(world.log, later), IsOk());
  // A seal of one cut with the hash of another.
  EXPECT_THAT(VerifyHead(world.log, {.hash = head.hash, .cut = later.cut}),
              HasReason(base::Reason::kStoredBytesDamaged));
}

// The same number of facts, each group whole and chained: only what one of them says is another.
TEST(AuditHeadTest, FailsOnALogThatWasWrittenAnew) {
  World honest;
  World forged;
  for (World* world : {&honest, &forged}) {
    world->Add(kSlotA, "beans", world == &forged ? 2 : 1);
    world->Add(kSlotA, "beans", 5);
    world->Add(kSlotB, "peas", 5);
  }
  const SealedHead head = honest.Head();
  EXPECT_EQ(forged.Head().cut, head.cut);
  EXPECT_THAT(VerifyHead(forged.log, head), HasReason(base::Reason::kStoredBytesDamaged));
}

// A head from before: the log was restored from a backup that is older.
TEST(AuditHeadTest, FailsOnALogThatWasRestoredFromBefore) {
  World now;
  World restored;
  for (World* world : {&now, &restored}) world->Add(kSlotA, "beans", 1);
  const SealedHead before = now.Head();
  now.Add(kSlotA, "beans", 2);
  const SealedHead one_more = now.Head();
  now.Add(kSlotA, "beans", 3);
  now.Add(kSlotB, "peas", 3);
  const SealedHead two_more = now.Head();
  EXPECT_THAT(VerifyHead(restored.log, before), IsOk());
  EXPECT_THAT(VerifyHead(restored.log, one_more), HasReason(base::Reason::kCursorFromTheFuture));
  EXPECT_THAT(VerifyHead(restored.log, two_more), HasReason(base::Reason::kCursorFromTheFuture));
  // And where it went on from there by another way.
  for (int i = 0; i < 5; ++i) restored.Add(kSlotA, "beans", 9);
  restored.Add(kSlotB, "peas", 9);
  EXPECT_THAT(VerifyHead(restored.log, two_more), HasReason(base::Reason::kStoredBytesDamaged));
}

TEST(AuditHeadTest, IsMadeOnceAPeriodForAll) {
  World world;
  world.Add(kSlotA, "beans", 1);
  const auto first = world.heads.Current();
  EXPECT_EQ(world.heads.Current(), first);
  world.clock.Advance(AuditHeads::kPeriod - absl::Nanoseconds(1));
  EXPECT_EQ(world.heads.Current(), first);
  world.clock.Advance(absl::Nanoseconds(1));
  EXPECT_NE(world.heads.Current(), first);
  EXPECT_EQ(world.heads.Current()->hash, first->hash);  // Nothing has come since.
}

TEST(AuditHeadTest, ASealIsTheNetworksAlone) {
  World world;
  world.Add(kSlotA, "beans", 1);
  const std::string seal = world.heads.Current()->seal;
  const Sealer other(std::string(32, 'x'), world.random);
  EXPECT_THAT(OpenHead(other, seal), HasReason(base::Reason::kBadToken));
  std::string bent = seal;
  bent.back() = static_cast<char>(bent.back() ^ 1);
  EXPECT_THAT(OpenHead(world.sealer, bent), HasReason(base::Reason::kBadToken));
  EXPECT_THAT(OpenHead(world.sealer, SealPosition(world.sealer, "", {})),
              HasReason(base::Reason::kBadToken));
}

// Worked by hand, so that heads that partners keep stay verifiable:
//   printf 'tandem audit head 1\n\2\0\3\40' + 32 bytes 0xab | sha256sum
TEST(AuditHeadTest, TheFormIsFixed) {
  SlotHead slot{.number = 3};
  slot.hash.fill(0xab);
  const Hash hash = HeadHashOf({{kSlotA, slot}});
  std::string bytes = "tandem audit head 1\n";
  bytes += static_cast<char>(base::DomainId::kExchange);
  bytes += std::string("\0\3\x20", 3) + std::string(32, '\xab');
  EXPECT_EQ(hash, HashOf(bytes));
}

}  // namespace
}  // namespace tandem::runtime
