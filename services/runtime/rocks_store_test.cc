#include "services/runtime/rocks_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <latch>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/store_fixtures.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using testing::HasCode;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::IsOk;

absl::Status WriteAndWait(Store& store, StoreBatch batch) {
  absl::Status status;
  std::latch answered(1);
  store.Write(std::move(batch), [&](absl::Status result) {
    status = std::move(result);
    answered.count_down();
  });
  answered.wait();
  return status;
}

TEST(RocksStoreTest, AFolderInUseIsSaidToBe) {
  TemporaryFolder folder;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto store, RocksStore::Open({.path = folder / "data"}));
  const auto second = RocksStore::Open({.path = folder / "data"});
  EXPECT_THAT(second, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(second.status().ToString(), HasSubstr("in use by another process"));
}

TEST(RocksStoreTest, AFolderThatCannotBeMadeIsAnError) {
  TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  EXPECT_THAT(RocksStore::Open({.path = folder / "file/data"}),
              HasCode(absl::StatusCode::kUnavailable));
}

TEST(RocksStoreTest, AHintWithoutAWriteOrBesideManyLosesNothing) {
  TemporaryFolder folder;
  TANDEM_ASSERT_OK_AND_ASSIGN(auto store, RocksStore::Open({.path = folder / "data"}));
  constexpr int kThreads = 4;
  constexpr int kWrites = 100;
  std::latch answered(std::ptrdiff_t{kThreads} * kWrites);
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kWrites; ++i) {
          store->Expect();
          if (i % 3 == 0) store->Expect();
          // Now and then the write comes when nobody waits for it any more, or sleeps already.
          if (i % 10 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100 * t));
          store->Write({{Space::kState, absl::StrCat("k", t), absl::StrCat(i)}},
                       [&](const absl::Status& status) {
                         failed += status.ok() ? 0 : 1;
                         answered.count_down();
                       });
        }
      });
    }
  }
  answered.wait();
  EXPECT_EQ(failed, 0);
  for (int t = 0; t < kThreads; ++t) {
    EXPECT_EQ(store->Snapshot()->Get(Space::kState, absl::StrCat("k", t)),
              absl::StrCat(kWrites - 1));
  }
  store->Expect();
  store.reset();  // Ends though a write was told of that never comes.
}

TEST(RocksStoreTest, RefusesWritesWithoutRoomAndGoesOnAfterwards) {
  TemporaryFolder folder;
  TANDEM_ASSERT_OK_AND_ASSIGN(
      const auto store,
      RocksStore::Open({.path = folder / "data", .free_bytes_min = std::uint64_t{1} << 60}));
  EXPECT_THAT(store->Room(), HasReason(base::Reason::kDiskFull));
  EXPECT_THAT(WriteAndWait(*store, {{Space::kState, "k", "1"}}),
              HasReason(base::Reason::kDiskFull));
  EXPECT_EQ(store->Snapshot()->Get(Space::kState, "k"), std::nullopt);
}

// No file of this process grows beyond `bytes` while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(RocksStoreTest, AFailedWriteIsToldOfByRocksDbTooAndNotInAFileOfItsOwn) {
  TemporaryFolder folder;
  std::mutex mutex;
  std::vector<std::string> warnings;
  absl::Status fatal;
  RocksStoreOptions options{.path = folder / "data"};
  options.on_fatal = [&](const absl::Status& status) { fatal = status; };
  options.on_warning = [&](std::string_view message) {
    const std::lock_guard lock(mutex);
    warnings.emplace_back(message);
  };
  {
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto store, RocksStore::Open(options));
    ASSERT_THAT(WriteAndWait(*store, {{Space::kState, "k", "1"}}), IsOk());
    EXPECT_TRUE(warnings.empty()) << warnings.front();
    const FileSizeLimit limit(64 << 10);
    EXPECT_THAT(WriteAndWait(*store, {{Space::kState, "k", std::string(256 << 10, 'v')}}),
                HasCode(absl::StatusCode::kUnavailable));
    EXPECT_EQ(store->Snapshot()->Get(Space::kState, "k"), "1");
  }
  EXPECT_THAT(fatal.ToString(), HasSubstr("File too large"));
  EXPECT_THAT(warnings, Contains(HasSubstr("File too large")));
  for (const std::string& warning : warnings) EXPECT_FALSE(warning.ends_with('\n'));
  for (const auto& entry : fs::directory_iterator(folder / "data")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("LOG")) << entry.path();
  }
}

// A disk of its own, as large as said; `mounted` is false where that is not permitted.
class SmallDisk {
 public:
  SmallDisk(const fs::path& folder, std::string_view size) : folder_(folder) {
    fs::create_directories(folder);
    const std::string options = absl::StrCat("size=", std::string(size));
    mounted = mount("tmpfs", folder.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted = false;

 private:
  const fs::path folder_;
};

// RocksDB would start to recover meanwhile, and end the process by an assertion of its own.
TEST(RocksStoreTest, AFullDiskLeavesTimeToSayWhatToDo) {
  TemporaryFolder folder;
  const SmallDisk disk(folder / "disk", "4m");
  if (!disk.mounted) GTEST_SKIP() << "a file system cannot be mounted here";
  RocksStoreOptions options{.path = folder / "disk/data", .free_bytes_min = 0};
  absl::Status fatal;
  options.on_fatal = [&](const absl::Status& status) {
    fatal = status;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  };
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto store, RocksStore::Open(options));
  // A few large writes: within a second the store does not look for room itself.
  int written = 0;
  const std::string value(200'000, 'v');
  while (fatal.ok() && written < 100) {
    const absl::Status status =
        WriteAndWait(*store, {{Space::kState, absl::StrCat("k", written), value}});
    if (status.ok()) ++written;
  }
  EXPECT_THAT(fatal.ToString(), HasSubstr("No space left"));
  EXPECT_GT(written, 5);
  EXPECT_EQ(store->Snapshot()->Get(Space::kState, absl::StrCat("k", written - 1)), value);
}

TEST(RocksStoreTest, AStoreForReadingTakesNoLockAndNoWrites) {
  TemporaryFolder folder;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto store, RocksStore::Open({.path = folder / "data"}));
  ASSERT_THAT(WriteAndWait(*store, {{Space::kState, "k", "1"}}), IsOk());
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto reader,
                              RocksStore::Open({.path = folder / "data", .read_only = true}));
  EXPECT_EQ(reader->Snapshot()->Get(Space::kState, "k"), "1");
}

// Goal: rotten bytes in a table file are an error that names the file, never another value.
TEST(RocksStoreTest, RottenBytesInATableAreNamed) {
  TemporaryFolder folder;
  testing::Random random;
  {
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto store, RocksStore::Open({.path = folder / "data"}));
    for (int i = 0; i < 100; ++i) {
      ASSERT_THAT(WriteAndWait(*store, {{Space::kState, std::to_string(i), random.Bytes(2'000)}}),
                  IsOk());
    }
    ASSERT_THAT(store->Compact(), IsOk());
  }
  fs::path table;
  for (const auto& entry : fs::directory_iterator(folder / "data")) {
    if (entry.path().extension() == ".sst" &&
        (table.empty() || entry.file_size() > fs::file_size(table))) {
      table = entry.path();
    }
  }
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(20'000);
  file.write("rotten bytes", 12);
  file.close();
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto store, RocksStore::Open({.path = folder / "data"}));
  const auto snapshot = store->Snapshot();
  snapshot->Scan(Space::kState, "", "", [](std::string_view, std::string_view) { return true; });
  EXPECT_THAT(snapshot->status(), HasReason(base::Reason::kStoredBytesDamaged));
  EXPECT_THAT(snapshot->status().ToString(), HasSubstr(table.filename().string()));
}

// Writes from several threads, many at once: every answer in order, nothing lost.
TEST(RocksStoreTest, ManyWritersShareSyncs) {
  TemporaryFolder folder;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto store, RocksStore::Open({.path = folder / "data"}));
  constexpr int kWrites = 2'000;
  std::latch answered(std::ptrdiff_t{2} * kWrites);
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kWrites; ++i) {
        store->Write({{Space::kState, absl::StrCat(t, "/", i), "x"}},
                     [&](const absl::Status& status) {
                       EXPECT_THAT(status, IsOk());
                       answered.count_down();
                     });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  answered.wait();
  int rows = 0;
  store->Snapshot()->Scan(Space::kState, "", "",
                          [&](std::string_view, std::string_view) { return ++rows > 0; });
  EXPECT_EQ(rows, 2 * kWrites);
}

}  // namespace
}  // namespace tandem::runtime
