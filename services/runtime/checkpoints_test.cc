#include "services/runtime/checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/runtime/backup.h"
#include "tests/integration/store_fixtures.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

namespace fs = std::filesystem;
using testing::HasCode;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::IsOk;

std::string Id(int number) { return absl::StrCat("00000000-0000-4000-8000-00000000000", number); }

class CheckpointsTest : public ::testing::Test {
 protected:
  CheckpointsTest() { Open(); }
  void Open() {
    checkpoints_.reset();
    store_.reset();
    store_ = *RocksStore::Open({.path = folder_ / "store"});
    checkpoints_ = std::make_unique<Checkpoints>(*store_, folder_ / "checkpoints", clock_);
  }
  absl::StatusOr<CheckpointInfo> Create(int number) {
    std::promise<absl::StatusOr<CheckpointInfo>> made;
    checkpoints_->Create(Id(number), [&](auto info) { made.set_value(std::move(info)); });
    return made.get_future().get();
  }
  absl::Status Delete(const std::string& id) {
    std::promise<absl::Status> deleted;
    checkpoints_->Delete(id, [&](absl::Status status) { deleted.set_value(std::move(status)); });
    return deleted.get_future().get();
  }
  void Write(const std::string& key) {
    std::promise<absl::Status> written;
    store_->Write({{Space::kState, key, "1"}},
                  [&](absl::Status status) { written.set_value(std::move(status)); });
    EXPECT_THAT(written.get_future().get(), IsOk());
  }
  // How many rows a store's folder holds.
  static std::int64_t RowsIn(const std::string& folder) {
    const auto store = RocksStore::Open({.path = folder, .read_only = true});
    EXPECT_THAT(store, IsOk());
    std::int64_t rows = 0;
    (*store)->Snapshot()->Scan(Space::kState, "", "", [&](std::string_view, std::string_view) {
      ++rows;
      return true;
    });
    return rows;
  }

  TemporaryFolder folder_;
  testing::FakeClock clock_;
  std::unique_ptr<RocksStore> store_;
  std::unique_ptr<Checkpoints> checkpoints_;
};

TEST_F(CheckpointsTest, HoldsAllThatWasAcknowledgedWhileTheStoreGoesOn) {
  std::atomic<std::int64_t> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::thread load([&] {
    while (!stop) {
      Write(absl::StrCat("row", acknowledged.load()));
      ++acknowledged;
    }
  });
  for (int number = 1; number <= 3; ++number) {
    while (acknowledged < std::int64_t{100} * number) std::this_thread::yield();
    const std::int64_t before = acknowledged;
    const auto made = Create(number);
    const std::int64_t after = acknowledged + 1;  // One may be durable and not yet counted.
    ASSERT_THAT(made, IsOk());
    ASSERT_THAT(CopyCheckpoint(made->folder, folder_ / absl::StrCat("copy", number)), IsOk());
    EXPECT_THAT(VerifyBackup(folder_ / absl::StrCat("copy", number)), IsOk());
    const std::int64_t rows = RowsIn(folder_ / absl::StrCat("copy", number, "/store"));
    EXPECT_GE(rows, before);
    EXPECT_LE(rows, after);
  }
  stop = true;
  load.join();
}

TEST_F(CheckpointsTest, ARepeatGetsTheFirstOne) {
  Write("a");
  TANDEM_ASSERT_OK_AND_ASSIGN(const CheckpointInfo first, Create(1));
  Write("b");
  clock_.Advance(absl::Minutes(1));
  TANDEM_ASSERT_OK_AND_ASSIGN(const CheckpointInfo again, Create(1));
  EXPECT_EQ(again.folder, first.folder);
  EXPECT_EQ(again.create_time, first.create_time);
  EXPECT_EQ(RowsIn(again.folder), 1);
  ASSERT_THAT(Delete(Id(1)), IsOk());
  EXPECT_FALSE(fs::exists(first.folder));
  TANDEM_ASSERT_OK_AND_ASSIGN(const CheckpointInfo anew, Create(1));
  EXPECT_EQ(RowsIn(anew.folder), 2);
}

TEST_F(CheckpointsTest, AreFewAndGoWithTime) {
  for (int number = 1; number <= 4; ++number) ASSERT_THAT(Create(number), IsOk());
  const auto fifth = Create(5);
  EXPECT_THAT(fifth, HasReason(base::Reason::kQuotaExceeded));
  EXPECT_THAT(fifth.status().ToString(), HasSubstr("checkpoints/" + Id(4)));
  clock_.Advance(Checkpoints::kAgeMax);
  EXPECT_THAT(Create(5), HasReason(base::Reason::kQuotaExceeded));  // Just not old enough.
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Create(5), IsOk());
  EXPECT_FALSE(fs::exists(folder_ / ("checkpoints/" + Id(1))));
}

TEST_F(CheckpointsTest, AreGoneWithTheNextStart) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const CheckpointInfo made, Create(1));
  Open();
  EXPECT_FALSE(fs::exists(made.folder));
  EXPECT_THAT(Create(1), IsOk());
}

TEST_F(CheckpointsTest, DeletingTouchesNothingElse) {
  std::ofstream(folder_ / "mine") << "x";
  ASSERT_THAT(Create(1), IsOk());
  for (const char* name : {"..", "../mine", "../store", "", "."}) EXPECT_THAT(Delete(name), IsOk());
  EXPECT_TRUE(fs::exists(folder_ / "mine"));
  EXPECT_TRUE(fs::exists(folder_ / "store/CURRENT"));
  EXPECT_TRUE(fs::exists(folder_ / ("checkpoints/" + Id(1))));
}

TEST_F(CheckpointsTest, ADiskThatRefusesIsAnError) {
  std::ofstream(folder_ / "checkpoints") << "a file where the folder should be";
  EXPECT_THAT(Create(1), HasCode(absl::StatusCode::kUnavailable));
  fs::remove(folder_ / "checkpoints");
  EXPECT_THAT(Create(1), IsOk());
}

}  // namespace
}  // namespace tandem::runtime
