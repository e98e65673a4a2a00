#include "services/runtime/stored_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "services/runtime/router.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::IsOk;

std::vector<base::FactRecord> Facts(const std::string& firm, const std::vector<int>& sizes) {
  std::vector<base::FactRecord> facts;
  for (const int size : sizes) {
    base::FactRecord& record = facts.emplace_back();
    record.actor.firm = firm;
    record.fact.payload = std::string(static_cast<std::size_t>(size), 'x');
  }
  return facts;
}

// By hand: payloads of 10 and 20 bytes, and 64 for each of the two facts.
TEST(SlotStoredBytesTest, CountsPayloadsAndAConstantByFirm) {
  const auto all = std::make_shared<StoredBytes>();
  SlotStoredBytes slot(all);
  base::MapRows rows;
  slot.Count(rows, Facts("acme", {10, 20}));
  EXPECT_EQ(all->Of("acme"), 10 + 20 + 2 * 64);
  slot.Count(rows, Facts("bolt", {0}));
  slot.Count(rows, Facts("acme", {1}));
  EXPECT_EQ(all->Of("acme"), 158 + 65);
  EXPECT_EQ(all->Of("bolt"), 64);
  EXPECT_EQ(all->total(), 223 + 64);
  EXPECT_EQ(all->most(), 223);
  slot.Count(rows, Facts("", {100}));          // Audit.
  slot.Count(rows, Facts("operator", {100}));  // Folding.
  EXPECT_EQ(all->total(), 223 + 64);
  EXPECT_EQ(rows.map().size(), 2u);
}

TEST(SlotStoredBytesTest, SumsSlotsAndTakesWhatRowsSay) {
  const auto all = std::make_shared<StoredBytes>();
  SlotStoredBytes first(all);
  SlotStoredBytes second(all);
  base::MapRows rows_of_first;
  base::MapRows rows_of_second;
  first.Count(rows_of_first, Facts("acme", {10}));
  const base::MapRows durable = rows_of_first;
  second.Count(rows_of_second, Facts("acme", {20}));
  first.Count(rows_of_first, Facts("acme", {1'000}));
  EXPECT_EQ(all->Of("acme"), 74 + 84 + 1'064);
  // The last command of the first slot did not become durable.
  first.Load(durable);
  EXPECT_EQ(all->Of("acme"), 74 + 84);
  first.Count(rows_of_first, Facts("acme", {1}));
  EXPECT_EQ(all->Of("acme"), 74 + 84 + 65);
  // And one that starts anew.
  const auto again = std::make_shared<StoredBytes>();
  SlotStoredBytes restarted(again);
  restarted.Load(rows_of_first);
  EXPECT_EQ(again->Of("acme"), 74 + 65);
  SlotStoredBytes alone(nullptr);
  base::MapRows rows;
  alone.Count(rows, Facts("acme", {10}));
  EXPECT_EQ(rows.map(), durable.map());
}

// Goal: what was counted is the same after a restart, over all slots.
TEST(StoredBytesTest, SurviveARestart) {
  testing::FakeClock clock;
  testing::ManualExecutor executor(clock);
  MapStore store(executor);
  EmbeddedLog log(store, executor, 7);
  const testing::ToyDomain domain(4);
  std::int64_t before = 0;
  for (const bool restarted : {false, true}) {
    SCOPED_TRACE(restarted);
    Router router(log, clock, executor, SlotOptions{});
    std::optional<absl::Status> ready;
    router.Serve(domain, [&](absl::Status status) { ready = std::move(status); });
    executor.RunDue();
    ASSERT_TRUE(ready.has_value());
    ASSERT_THAT(*ready, IsOk());
    EXPECT_EQ(router.stored().Of("acme"), before);
    for (std::uint16_t index = 0; index < 4; ++index) {
      router.Submit({.domain = base::DomainId::kExchange, .index = index},
                    testing::Add("acme", "beans", 1),
                    [](const absl::StatusOr<Outcome>& outcome) { EXPECT_THAT(outcome, IsOk()); });
    }
    executor.RunDue();
    const std::int64_t more = router.stored().Of("acme") - before;
    const auto payload = static_cast<std::int64_t>(testing::Added("beans", 1).payload.size());
    EXPECT_EQ(more, 4 * (payload + SlotStoredBytes::kFactBytes));
    before += more;
    bool drained = false;
    router.Drain([&] { drained = true; });
    executor.RunDue();
    EXPECT_TRUE(drained);
  }
}

}  // namespace
}  // namespace tandem::runtime
