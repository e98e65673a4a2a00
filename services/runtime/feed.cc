#include "services/runtime/feed.h"

#include <algorithm>
#include <utility>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/feed_engine.h"

namespace tandem::runtime {

struct Feed::Impl {
  Router& router;
  GrantsReplica& grants;
  const Sealer& sealer;
  const Clock& clock;
  Executor& executor;
  FeedOptions options;
  std::shared_ptr<FeedHub> hub{};
  std::unique_ptr<AuditHeads> heads{};
};

Feed::Feed(Router& router, GrantsReplica& grants, const Sealer& sealer, const Clock& clock,
           Executor& executor, FeedOptions options)
    : impl_(std::make_shared<Impl>(Impl{router, grants, sealer, clock, executor, options})) {}

Feed::~Feed() {
  if (impl_->hub == nullptr) return;
  impl_->hub->Stop(base::Refuse(base::Reason::kNotServing, "the server is going down"));
}

void Feed::Start() {
  base::Require(impl_->hub == nullptr, "a feed was started twice");
  FeedWorld world;
  world.log = &impl_->router.log();
  for (const base::SlotId slot : impl_->router.slots()) {
    world.slots.push_back({slot, impl_->router.domain(slot.domain)});
  }
  std::ranges::sort(world.slots, {}, &FeedWorld::Slot::id);
  world.grants = &impl_->grants;
  world.fresh = [&grants = impl_->grants] { return grants.Fresh(); };
  world.changes_since = [&grants = impl_->grants](std::string_view firm, std::uint64_t after) {
    return grants.ChangesSince(firm, after);
  };
  world.admits = [&grants = impl_->grants](const base::Caller& caller) {
    return grants.Admits(caller);
  };
  world.sealer = &impl_->sealer;
  world.clock = &impl_->clock;
  world.executor = &impl_->executor;
  world.options = impl_->options;
  impl_->heads = std::make_unique<AuditHeads>(impl_->router.log(), impl_->router.slots(),
                                              impl_->sealer, impl_->clock);
  impl_->hub = std::make_shared<FeedHub>(std::move(world));
  const absl::Status status = impl_->hub->Start();
  // A log that cannot tell its end now will not deliver either; subscribers learn it at once.
  if (!status.ok()) impl_->hub->Drain(status);
  impl_->grants.OnFold([weak = std::weak_ptr(impl_->hub)](std::uint64_t) {
    if (const auto hub = weak.lock()) hub->OnGrants();
  });
}

absl::StatusOr<std::unique_ptr<Feed::Subscription>> Feed::Follow(const base::Caller& caller,
                                                                 FeedFilter filter,
                                                                 std::string_view cursor,
                                                                 bool from_start,
                                                                 std::shared_ptr<FeedSink> sink) {
  if (impl_->hub == nullptr) {
    return base::Refuse(base::Reason::kNotServing, "the feed has not begun yet");
  }
  return FollowHub(impl_->hub, {caller, std::move(filter), std::string(cursor), from_start},
                   std::move(sink));
}

void Feed::Drain() {
  if (impl_->hub == nullptr) return;
  impl_->hub->Drain(base::Refuse(base::Reason::kNotServing, "the server is going down"));
}

std::shared_ptr<const AuditHead> Feed::Head() const {
  return impl_->heads == nullptr ? nullptr : impl_->heads->Current();
}

std::size_t Feed::subscriptions() const { return impl_->hub == nullptr ? 0 : impl_->hub->size(); }

}  // namespace tandem::runtime
