#include "services/runtime/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <latch>

#include "services/runtime/chain.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/executor.h"
#include "services/runtime/router.h"
#include "tests/integration/store_fixtures.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

namespace fs = std::filesystem;
using testing::Add;
using testing::CounterIn;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

constexpr base::SlotId kSlot{.domain = base::DomainId::kExchange, .index = 0};

// A serving installation on a folder.
class Installation {
 public:
  explicit Installation(const std::string& folder)
      : store_(*RocksStore::Open({.path = folder})), log_(*store_, executor_, 7) {
    std::latch ready(1);
    router_.Serve(domain_, [&](const absl::Status& status) {
      EXPECT_THAT(status, IsOk());
      ready.count_down();
    });
    ready.wait();
  }
  void AddOne() {
    std::latch answered(1);
    router_.Submit(kSlot, Add("acme", "beans", 1), [&](const absl::StatusOr<Outcome>& outcome) {
      EXPECT_THAT(outcome, IsOk());
      answered.count_down();
    });
    answered.wait();
  }
  std::int64_t Count() { return CounterIn(*router_.Read(kSlot)->rows, "beans"); }
  RocksStore& store() { return *store_; }
  Log& log() { return log_; }

 private:
  SystemClock clock_;
  ThreadExecutor executor_{1};
  std::unique_ptr<RocksStore> store_;
  EmbeddedLog log_;
  testing::ToyDomain domain_;
  Router router_{log_, clock_, executor_, SlotOptions{}};
};

TEST(BackupTest, RestoresWhatWasThereWhenItWasTaken) {
  TemporaryFolder folder;
  {
    Installation first(folder / "data");
    for (int i = 0; i < 20; ++i) first.AddOne();
    TANDEM_ASSERT_OK_AND_ASSIGN(const BackupSummary made,
                                CreateBackup(first.store(), folder / "backup"));
    EXPECT_EQ(made.slots, 1u);
    EXPECT_EQ(made.last_numbers, 20u);
    for (int i = 0; i < 5; ++i) first.AddOne();
    EXPECT_THAT(CreateBackup(first.store(), folder / "backup"),
                HasCode(absl::StatusCode::kFailedPrecondition));
  }
  TANDEM_ASSERT_OK_AND_ASSIGN(const BackupSummary verified, VerifyBackup(folder / "backup"));
  EXPECT_EQ(verified.last_numbers, 20u);
  EXPECT_THAT(RestoreBackup(folder / "backup", folder / "data"),
              HasCode(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(RestoreBackup(folder / "backup", folder / "restored"), IsOk());
  Installation restored(folder / "restored");
  EXPECT_EQ(restored.Count(), 20);
  restored.AddOne();
  EXPECT_EQ(restored.Count(), 21);
  EXPECT_THAT(VerifyChain(restored.log(), kSlot), IsOk());
  // The backup itself was only read.
  EXPECT_THAT(VerifyBackup(folder / "backup"), IsOk());
}

// A copy that cannot be finished leaves nothing that could be taken for a backup.
TEST(BackupTest, ACopyThatFailsLeavesItsFolderEmpty) {
  TemporaryFolder folder;
  EXPECT_THAT(CopyCheckpoint(folder / "absent", folder / "backup"),
              HasCode(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(fs::is_empty(folder / "backup"));
  {
    Installation first(folder / "data");
    for (int i = 0; i < 20; ++i) first.AddOne();
    ASSERT_THAT(first.store().Checkpoint(folder / "checkpoint"), IsOk());
  }
  fs::remove(folder / "checkpoint/CURRENT");
  EXPECT_THAT(CopyCheckpoint(folder / "checkpoint", folder / "backup"), ::testing::Not(IsOk()));
  EXPECT_TRUE(fs::is_empty(folder / "backup"));
  EXPECT_THAT(VerifyBackup(folder / "backup"), HasCode(absl::StatusCode::kNotFound));
}

TEST(BackupTest, ProgressEndsWithAllThatIsThere) {
  TemporaryFolder folder;
  Installation first(folder / "data");
  for (int i = 0; i < 20; ++i) first.AddOne();
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  const auto progress = [&](std::uint64_t now, std::uint64_t all) {
    EXPECT_GE(now, done);
    done = now;
    total = all;
  };
  TANDEM_ASSERT_OK_AND_ASSIGN(const BackupSummary made,
                              CreateBackup(first.store(), folder / "backup", progress));
  EXPECT_EQ(done, made.bytes);
  EXPECT_EQ(total, made.bytes);
}

TEST(BackupTest, EveryChangeIsFound) {
  TemporaryFolder folder;
  {
    Installation first(folder / "data");
    for (int i = 0; i < 20; ++i) first.AddOne();
    ASSERT_THAT(CreateBackup(first.store(), folder / "backup"), IsOk());
  }
  EXPECT_THAT(VerifyBackup(folder / "data"), HasCode(absl::StatusCode::kNotFound));
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "backup/store")) {
    names.push_back(entry.path().filename().string());
  }
  ASSERT_GE(names.size(), 3u);
  for (const std::string& name : names) {
    for (const bool remove : {true, false}) {
      SCOPED_TRACE(name);
      fs::remove_all(folder / "copy");
      fs::copy(folder / "backup", folder / "copy", fs::copy_options::recursive);
      const fs::path file = fs::path(folder / "copy/store") / name;
      if (remove) {
        fs::remove(file);
      } else {
        std::ofstream(file, std::ios::app) << 'x';
      }
      EXPECT_THAT(VerifyBackup(folder / "copy"), HasReason(base::Reason::kStoredBytesDamaged));
      EXPECT_THAT(RestoreBackup(folder / "copy", folder / "restored"),
                  HasReason(base::Reason::kStoredBytesDamaged));
    }
  }
}

}  // namespace
}  // namespace tandem::runtime
