#include "services/runtime/rocks_wal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <latch>
#include <sstream>

#include "services/runtime/rocks_store.h"
#include "tests/integration/store_fixtures.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

namespace fs = std::filesystem;
using testing::HasReason;
using testing::IsOk;

constexpr int kCommits = 60;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// A store of kCommits commits, copied while it was open: as kill -9 leaves it.
class RocksWalTest : public ::testing::Test {
 protected:
  RocksWalTest() {
    testing::Random random(1);
    const auto store = *RocksStore::Open({.path = folder_ / "live"});
    for (int i = 0; i < kCommits; ++i) {
      if (i + 1 == kCommits) fs::copy(folder_ / "live", folder_ / "but_one");
      std::latch answered(1);
      store->Write({{Space::kLog, std::to_string(i), random.Bytes(random.Below(3'000))}},
                   [&](const absl::Status&) { answered.count_down(); });
      answered.wait();
    }
    fs::copy(folder_ / "live", folder_ / "killed");
    wal_ = WalOf(folder_ / "killed");
    bytes_ = ReadFile(wal_);
    last_commit_ = WrittenInWal(ReadFile(WalOf(folder_ / "but_one")));
    end_ = WrittenInWal(bytes_);
  }
  static fs::path WalOf(const fs::path& folder) {
    fs::path wal;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".log" && entry.file_size() > 0) wal = entry.path();
    }
    return wal;
  }
  // Opens a copy whose WAL has these bytes; the number of commits in it.
  absl::StatusOr<int> CommitsWith(const std::string& bytes) {
    const std::string copy = folder_ / "copy";
    fs::remove_all(copy);
    fs::copy(folder_ / "killed", copy);
    WriteFile(fs::path(copy) / wal_.filename(), bytes);
    return CommitsIn({.path = copy});
  }
  static absl::StatusOr<int> CommitsIn(const RocksStoreOptions& options) {
    const auto store = RocksStore::Open(options);
    if (!store.ok()) return store.status();
    int commits = 0;
    const auto snapshot = (*store)->Snapshot();
    snapshot->Scan(Space::kLog, "", "",
                   [&](std::string_view, std::string_view) { return ++commits > 0; });
    return commits;
  }

  TemporaryFolder folder_;
  fs::path wal_;
  std::string bytes_;
  std::size_t last_commit_ = 0;  // Where it begins,
  std::size_t end_ = 0;          // and ends; zeros laid out ahead follow.
};

TEST_F(RocksWalTest, AnUndamagedLogOpensWhole) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const int commits, CommitsWith(bytes_));
  EXPECT_EQ(commits, kCommits);
  EXPECT_EQ(DamageInWal(bytes_), std::nullopt);
}

// Goal: whatever rots before the last commit, nothing acknowledged is dropped in silence.
TEST_F(RocksWalTest, DamageBeforeTheLastCommitIsAnError) {
  testing::Random random;
  for (int round = 0; round < 60; ++round) {
    std::string damaged = bytes_;
    const std::size_t at = random.Below(last_commit_);
    SCOPED_TRACE(at);
    if (random.OneIn(3)) {  // A sector of zeros.
      const std::size_t end = std::min(at + 512, last_commit_);
      std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(at),
                damaged.begin() + static_cast<std::ptrdiff_t>(end), '\0');
      if (damaged == bytes_) continue;
    } else {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.Below(8)));
    }
    EXPECT_THAT(CommitsWith(damaged), HasReason(base::Reason::kStoredBytesDamaged));
  }
}

// Lengths are what RocksDB alone is silent about: each bit of each record's in the first block.
TEST_F(RocksWalTest, DamagedLengthsAreErrors) {
  std::size_t offset = 0;
  for (int record = 0; record < 5; ++record) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes_[offset + 4])) |
                        static_cast<std::size_t>(static_cast<unsigned char>(bytes_[offset + 5]))
                            << 8;
    for (int bit = 0; bit < 16; bit += 3) {
      std::string damaged = bytes_;
      char& byte = damaged[offset + 4 + static_cast<std::size_t>(bit / 8)];
      byte = static_cast<char>(byte ^ (1 << (bit % 8)));
      EXPECT_THAT(CommitsWith(damaged), HasReason(base::Reason::kStoredBytesDamaged)) << bit;
    }
    offset += 7 + length;
  }
}

// A write that a crash cut off was never acknowledged: it goes, all before it stays.
TEST_F(RocksWalTest, ATornLastCommitIsDropped) {
  for (std::size_t cut = last_commit_; cut < end_; cut += 97) {
    TANDEM_ASSERT_OK_AND_ASSIGN(const int commits, CommitsWith(bytes_.substr(0, cut)));
    EXPECT_EQ(commits, kCommits - 1);
  }
}

// Where the file is laid out ahead a power cut leaves zeros for the sectors that were not written
// yet, any of them.
TEST_F(RocksWalTest, ALastCommitThatLacksSectorsIsDropped) {
  constexpr std::size_t kSector = 512;
  ASSERT_GT(bytes_.size(), end_ + kSector) << "the file is not laid out ahead";
  EXPECT_EQ(bytes_.find_first_not_of('\0', end_), std::string::npos);
  testing::Random random;
  const std::size_t first = last_commit_ / kSector;
  const std::size_t sectors = (end_ - 1) / kSector - first + 1;
  ASSERT_GT(sectors, 2u);
  for (int round = 0; round < 30; ++round) {
    std::string torn = bytes_;
    std::size_t lost = 0;
    for (std::size_t sector = first; sector < first + sectors; ++sector) {
      if (random.OneIn(2) && (lost > 0 || sector + 1 < first + sectors)) continue;
      const std::size_t begin = std::max(sector * kSector, last_commit_);
      const std::size_t end = std::min((sector + 1) * kSector, end_);
      std::fill(torn.begin() + static_cast<std::ptrdiff_t>(begin),
                torn.begin() + static_cast<std::ptrdiff_t>(end), '\0');
      ++lost;
    }
    SCOPED_TRACE(lost);
    TANDEM_ASSERT_OK_AND_ASSIGN(const int commits, CommitsWith(torn));
    EXPECT_EQ(commits, kCommits - 1);
  }
}

// No tear leaves a whole sector with another bit in it.
TEST_F(RocksWalTest, ALastCommitThatRottedIsAnError) {
  constexpr std::size_t kHeader = 7;
  testing::Random random;
  for (int round = 0; round < 30; ++round) {
    std::string damaged = bytes_;
    const std::size_t at = last_commit_ + kHeader + random.Below(end_ - last_commit_ - kHeader);
    SCOPED_TRACE(at);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.Below(8)));
    EXPECT_THAT(CommitsWith(damaged), HasReason(base::Reason::kStoredBytesDamaged));
  }
}

// What is written after a crash goes on behind what was written before it.
TEST_F(RocksWalTest, ACrashAfterACrashLosesNothing) {
  constexpr int kCrashes = 3;
  std::string folder = folder_ / "killed";
  for (int crash = 0; crash < kCrashes; ++crash) {
    const auto store = RocksStore::Open({.path = folder});
    ASSERT_THAT(store.status(), IsOk());
    std::latch answered(1);
    (*store)->Write({{Space::kLog, "again " + std::to_string(crash), "x"}},
                    [&](const absl::Status&) { answered.count_down(); });
    answered.wait();
    const std::string copy = folder + "+";
    fs::copy(folder, copy);
    folder = copy;
  }
  TANDEM_ASSERT_OK_AND_ASSIGN(const int commits, CommitsIn({.path = folder}));
  EXPECT_EQ(commits, kCommits + kCrashes);
}

TEST_F(RocksWalTest, AReaderLeavesTheFileAsItIs) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const int commits,
                              CommitsIn({.path = folder_ / "killed", .read_only = true}));
  EXPECT_EQ(commits, kCommits);
  EXPECT_EQ(ReadFile(wal_), bytes_);
}

// A second server on a folder in use must not touch the log that the first one writes.
TEST_F(RocksWalTest, AFolderInUseKeepsItsLog) {
  const std::string folder = folder_ / "used";
  const auto store = RocksStore::Open({.path = folder});
  ASSERT_THAT(store.status(), IsOk());
  std::latch answered(1);
  (*store)->Write({{Space::kLog, "key", "value"}},
                  [&](const absl::Status&) { answered.count_down(); });
  answered.wait();
  const std::string before = ReadFile(WalOf(folder));
  ASSERT_LT(WrittenInWal(before), before.size());
  EXPECT_EQ(RocksStore::Open({.path = folder}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadFile(WalOf(folder)), before);
}

TEST(CheckWalsTest, AFolderThatIsNotThereIsFine) {
  EXPECT_THAT(CheckWals("/nowhere", false), IsOk());
}

}  // namespace
}  // namespace tandem::runtime
