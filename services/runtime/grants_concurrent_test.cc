// Readers on several threads while agreements come and go: run under TSan. Every answer must fit
// one state of the replica: the two agreements of a change are both there or both gone.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "services/runtime/grants_fixture.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using base::DataKind;

TEST(GrantsConcurrentTest, ReadersNeverSeeHalfAChange) {
  testing::FakeClock clock;
  testing::ManualExecutor executor(clock);
  PlayedGovernance governance;
  GrantsReplica grants(governance, clock, executor);
  std::atomic<std::uint64_t> folds = 0;
  grants.OnFold([&folds](std::uint64_t) { ++folds; });
  grants.Start();
  governance.Append({Admitted("shop"), Admitted("maker")});
  executor.Advance(kGrantsAskPeriod);

  std::vector<std::string> even, odd;
  for (int i = 0; i < 200; ++i) (i % 2 == 0 ? even : odd).push_back(absl::StrCat("i", i));
  // A version holds the even items or the odd ones, never both, never some.
  const gv1::Terms terms[] = {SalesShared("shop", "maker", even, {"l1"}),
                              SalesShared("shop", "maker", odd, {"l1"})};
  std::atomic<bool> stop = false;
  std::atomic<int> broken = 0;
  const auto read = [&] {
    while (!stop) {
      const auto items = grants.ItemsAt("maker", "shop", DataKind::kSales, "l1");
      if (items.ok() && !(*items)->empty()) {
        const bool evens = (*items)->Contains("i0");
        for (int i = 0; i < 200; i += 7) {
          const bool want = (i % 2 == 0) == evens;
          if ((*items)->Contains(absl::StrCat("i", i)) != want) ++broken;
        }
      }
      (void)grants.Check("maker", "shop", DataKind::kSales, "i1", "l1");
      (void)grants.TermsOf("maker", "a1");
      (void)grants.ViewersOf("shop", DataKind::kSales, "");
      (void)grants.ChangesSince("maker", grants.version() / 2);
      (void)grants.HasRole("maker", "admin", "reader");
      grants.WaitFor(grants.version() + 1, absl::InfiniteFuture(), [](const absl::Status&) {});
    }
  };
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  for (int version = 1; version <= 300; ++version) {
    governance.Append(
        {Offered("a1", terms[version % 2], version), InForce("a1", terms[version % 2], version)});
    executor.Advance(absl::Milliseconds(10));
  }
  governance.Append({Revoked("a1")});
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(broken, 0);
  EXPECT_EQ(folds, 302u);
  EXPECT_THAT(grants.Check("maker", "shop", DataKind::kSales, "i0", "l1"),
              testing::HasReason(base::Reason::kNotGranted));
}

}  // namespace
}  // namespace tandem::runtime
