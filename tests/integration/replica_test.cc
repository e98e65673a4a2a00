// Goal: another instance follows governance over real gRPC, however far behind it begins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "grpcpp/impl/service_type.h"
#include "services/governance/api_domain.h"
#include "services/governance/service_replica.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/executor.h"
#include "services/runtime/map_store.h"
#include "services/runtime/remote_governance.h"
#include "services/runtime/router.h"
#include "tests/integration/loopback.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using testing::IsOk;

constexpr base::SlotId kSlot{.domain = base::DomainId::kGovernance, .index = 0};

// A log of governance on this machine, served to instances.
class ReplicaTest : public ::testing::Test {
 protected:
  ReplicaTest() {
    std::promise<absl::Status> served;
    router_.Serve(domain_, [&](absl::Status status) { served.set_value(std::move(status)); });
    EXPECT_THAT(served.get_future().get(), IsOk());
    loopback_.make_more = [this](Door& door) {
      return governance::MakeGovernanceReplicaService(door, log_);
    };
    EXPECT_THAT(loopback_.Start(identity_), IsOk());
  }
  ~ReplicaTest() override {
    std::promise<void> drained;
    router_.Drain([&] { drained.set_value(); });
    drained.get_future().wait();
  }
  // A fact that does not compress, in a group of its own.
  void Append(std::size_t bytes) {
    base::Fact fact;
    fact.kind = base::kAuditedKind;
    while (fact.payload.size() < bytes) {
      for (std::uint64_t bits = random_.Next(), i = 0; i < 8; ++i, bits >>= 8) {
        fact.payload.push_back(static_cast<char>(bits));
      }
    }
    Command command;
    command.decide = [fact](const base::RowReader&, const base::Stamp&) {
      return std::vector<base::Fact>{fact};
    };
    std::promise<absl::Status> done;
    router_.Submit(kSlot, std::move(command), [&done](const absl::StatusOr<Outcome>& outcome) {
      done.set_value(outcome.status());
    });
    EXPECT_THAT(done.get_future().get(), IsOk());
  }

  testing::Random random_;
  SystemClock clock_;
  ThreadExecutor executor_{2};
  MapStore store_{executor_};
  EmbeddedLog log_{store_, executor_, 7};
  const governance::GovernanceDomain domain_;
  Router router_{log_, clock_, executor_, SlotOptions{}};
  testing::Loopback loopback_;
  MetadataIdentity identity_{loopback_.book};
};

// The queue of one follower holds 16 MiB: a log of more was sent in pieces, a connection each, and
// a piece could be as little as a group.
TEST_F(ReplicaTest, FollowsALongLogOnOneStream) {
  constexpr std::uint64_t kGroups = 40;
  for (std::uint64_t i = 0; i < kGroups; ++i) Append(600'000);
  RemoteGovernance source(ChannelTo(loopback_.address(), std::nullopt), "exchange-1", executor_);
  std::mutex mutex;
  std::condition_variable came;
  std::uint64_t last = 0;
  const auto follower = source.Follow(1, [&](const std::shared_ptr<const Group>& group) {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(group->header.first_number, last + 1);
    last = group->last_number();
    came.notify_all();
  });
  const auto wait_for = [&](std::uint64_t number) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(came.wait_for(lock, std::chrono::minutes(2), [&] { return last >= number; }));
  };
  wait_for(kGroups);
  Append(1'000);  // And what comes.
  wait_for(kGroups + 1);
  EXPECT_THAT(loopback_.TakeAudited(), ::testing::SizeIs(1)) << "streams";
}

}  // namespace
}  // namespace tandem::runtime
