// A hub of feeds over a log in memory, and readers of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "services/base/reason.h"
#include "services/runtime/feed.h"
#include "services/runtime/feed_fixture.h"
#include "services/runtime/feed_hub.h"
#include "tests/support/fake_time.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {

inline constexpr base::SlotId kFirst{base::DomainId::kExchange, 0};
inline constexpr base::SlotId kSecond{base::DomainId::kExchange, 1};
inline constexpr base::SlotId kOther{base::DomainId::kForecast, 0};
// No round of deliveries waits longer for its turn.
inline constexpr absl::Duration kRestMax = absl::Milliseconds(20);

// A hub over a log in memory: two slots of one domain, one of another.
class FeedTest : public ::testing::Test {
 protected:
  FeedTest() { Build({}); }
  ~FeedTest() override { hub_->Stop(absl::UnavailableError("the test ends")); }

  void Build(FeedOptions options) {
    if (hub_ != nullptr) hub_->Stop(absl::UnavailableError("a restart"));
    FeedWorld world;
    world.log = &log_;
    world.slots = {{kFirst, &exchange_}, {kSecond, &exchange_}, {kOther, &forecast_}};
    world.grants = &grants_;
    world.fresh = [this] { return grants_.Fresh(); };
    world.changes_since = [this](std::string_view firm, std::uint64_t after) {
      return grants_.ChangesSince(firm, after);
    };
    world.admits = [this](const base::Caller& caller) -> absl::Status {
      if (caller.firm == suspended_) return base::Refuse(base::Reason::kFirmSuspended, "suspended");
      if (caller.principal == removed_) return base::Refuse(base::Reason::kRoleMissing, "removed");
      return absl::OkStatus();
    };
    world.sealer = &sealer_;
    world.clock = &clock_;
    world.executor = &executor_;
    world.options = options;
    hub_ = std::make_shared<FeedHub>(std::move(world));
    ASSERT_THAT(hub_->Start(), testing::IsOk());
  }
  struct Reader {
    std::shared_ptr<KeepingSink> sink{};
    std::unique_ptr<Feed::Subscription> subscription{};
  };
  absl::StatusOr<Reader> TryFollow(FeedRequest request, bool slow = false) {
    Reader reader;
    reader.sink = std::make_shared<KeepingSink>(slow);
    auto subscription = FollowHub(hub_, std::move(request), reader.sink);
    if (!subscription.ok()) return subscription.status();
    reader.subscription = *std::move(subscription);
    executor_.RunDue();
    return reader;
  }
  Reader Follow(FeedRequest request, bool slow = false) {
    auto reader = TryFollow(std::move(request), slow);
    EXPECT_THAT(reader, testing::IsOk());
    return reader.ok() ? *std::move(reader) : Reader{std::make_shared<KeepingSink>(), nullptr};
  }
  void Say(base::SlotId slot, const std::string& who, const std::string& text) {
    log_.Append(slot, {ToyFact(who, text)});
    executor_.Advance(kRestMax);
  }
  void Fold() {
    hub_->OnGrants();
    executor_.RunDue();
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  CountingRandom random_;
  Sealer sealer_{std::string(32, 'k'), random_};
  MemoryLog log_;
  GrantTable grants_;
  ToyDomain exchange_{base::DomainId::kExchange, 2};
  ToyDomain forecast_{base::DomainId::kForecast, 1};
  std::string suspended_ = "-";
  std::string removed_ = "-";
  std::shared_ptr<FeedHub> hub_;
};

}  // namespace tandem::runtime
