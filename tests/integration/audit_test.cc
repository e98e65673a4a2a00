// Goal: `tandem audit verify`, as whoever doubts a log runs it, tells by exit code and words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "services/base/bytes.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/executor.h"
#include "services/runtime/network.h"
#include "services/runtime/rocks_store.h"
#include "services/runtime/router.h"
#include "tests/integration/store_fixtures.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::Add;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr base::SlotId kSlot{.domain = base::DomainId::kExchange, .index = 0};

template <typename Result, typename Begin>
Result Await(Begin begin) {
  std::promise<Result> promise;
  begin([&](Result result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

std::string KeyOf(std::uint64_t number) {
  base::ByteWriter key;
  key.BigEndian16(static_cast<std::uint16_t>(kSlot.domain)).BigEndian16(kSlot.index);
  key.BigEndian64(number);
  return key.Take();
}

class AuditTest : public ::testing::Test {
 protected:
  // An installation of ten facts, a group each.
  AuditTest() {
    const auto store = Open();
    SystemRandom random;
    SystemClock clock;
    ThreadExecutor executor(1);
    const auto network = Await<absl::StatusOr<Network>>(
        [&](auto done) { OpenNetwork(*store, random, std::move(done)); });
    EmbeddedLog log(*store, executor, network->log_id);
    const testing::ToyDomain domain;
    Router router(log, clock, executor, SlotOptions{});
    EXPECT_THAT(Await<absl::Status>([&](auto done) { router.Serve(domain, std::move(done)); }),
                IsOk());
    for (int i = 0; i < 10; ++i) {
      EXPECT_THAT(Await<absl::StatusOr<Outcome>>([&](auto done) {
                    router.Submit(kSlot, Add("acme", "beans", 1), std::move(done));
                  }),
                  IsOk());
    }
    Await<bool>(
        [&](auto done) { router.Drain([done = std::move(done)]() mutable { done(true); }); });
    executor.Shutdown();
  }
  std::unique_ptr<RocksStore> Open() { return *RocksStore::Open({.path = folder_ / "data/store"}); }
  // Changes the stored group of a fact as RocksDB itself would: its own checksums are right.
  void Change(std::uint64_t number, std::optional<std::string> group) {
    const auto store = Open();
    EXPECT_THAT(Await<absl::Status>([&](auto done) {
                  store->Write({{Space::kLog, KeyOf(number), std::move(group)}}, std::move(done));
                }),
                IsOk());
  }
  std::string GroupAt(std::uint64_t number) {
    return *Open()->Snapshot()->Get(Space::kLog, KeyOf(number));
  }
  // Its exit code; `said_` gets what it says.
  int Verify() {
    const std::string command =
        std::string(TANDEM_PROGRAM) + " audit verify --data " + (folder_ / "data") + " 2>&1";
    said_.clear();
    FILE* const out = popen(command.c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t size = 0; (size = fread(buffer.data(), 1, buffer.size(), out)) > 0;) {
      said_.append(buffer.data(), size);
    }
    return WEXITSTATUS(pclose(out));
  }

  TemporaryFolder folder_;
  std::string said_;
};

TEST_F(AuditTest, ProvesAWholeLog) {
  EXPECT_EQ(Verify(), 0);
  EXPECT_THAT(said_, HasSubstr(kSlot.ToString()));
  EXPECT_THAT(said_, HasSubstr("10"));
}

TEST_F(AuditTest, NamesSlotAndGroupOfWhatWasChanged) {
  const std::string fifth = GroupAt(5);
  const std::string sixth = GroupAt(6);
  std::string flipped = fifth;
  flipped.back() ^= 1;
  struct Case {
    const char* name;
    std::optional<std::string> fifth;
    std::string sixth;
  };
  const Case cases[] = {
      {"flipped", flipped, sixth}, {"missing", std::nullopt, sixth}, {"swapped", sixth, fifth}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Change(5, c.fifth);
    Change(6, c.sixth);
    EXPECT_EQ(Verify(), 5);
    EXPECT_THAT(said_, HasSubstr("STORED_BYTES_DAMAGED"));
    EXPECT_THAT(said_, HasSubstr("slot: " + kSlot.ToString()));
    EXPECT_THAT(said_, HasSubstr("number: 5"));
    EXPECT_THAT(said_, HasSubstr("restore from a backup"));
  }
  Change(5, fifth);
  Change(6, sixth);
  EXPECT_EQ(Verify(), 0);
}

TEST_F(AuditTest, SaysWhereThereIsNoLog) {
  const std::string command =
      std::string(TANDEM_PROGRAM) + " audit verify --data " + (folder_ / "absent") + " 2>/dev/null";
  EXPECT_EQ(WEXITSTATUS(system(command.c_str())), 2);
}

}  // namespace
}  // namespace tandem::runtime
