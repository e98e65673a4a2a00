#include "services/runtime/feed_engine.h"

#include <algorithm>
#include <utility>

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/feed_subscriber.h"

namespace tandem::runtime {
namespace {

class Handle final : public Feed::Subscription {
 public:
  Handle(std::shared_ptr<FeedHub> hub, std::shared_ptr<FeedSubscriber> subscriber)
      : hub_(std::move(hub)), subscriber_(std::move(subscriber)) {}
  ~Handle() override {
    hub_->Remove(*subscriber_);
    subscriber_->End();
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

 private:
  std::shared_ptr<FeedHub> hub_;
  std::shared_ptr<FeedSubscriber> subscriber_;
};

absl::Status ResumeFrom(const FeedHub& hub, const FeedCursor& cursor,
                        FeedSubscriber::Start& start) {
  const auto& slots = hub.world().slots;
  start.number = cursor.number;
  start.noticed = cursor.noticed;
  for (const FeedCursor::Slot& slot : cursor.slots) {
    const auto found = std::ranges::find(slots, slot.slot, &FeedWorld::Slot::id);
    if (found == slots.end()) {
      return base::Refuse(base::Reason::kNotServing,
                          "the cursor covers a service that does not run here");
    }
    const auto index = static_cast<std::size_t>(found - slots.begin());
    TANDEM_ASSIGN_OR_RETURN(const FeedMark mark, hub.MarkAt(index, slot.mark.number));
    if (mark != slot.mark) {
      return base::Refuse(base::Reason::kCursorFromTheFuture,
                          "the log was restored and is not the one that the cursor comes from");
    }
    start.passed[index] = mark;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Feed::Subscription>> FollowHub(const std::shared_ptr<FeedHub>& hub,
                                                              FeedRequest request,
                                                              std::shared_ptr<FeedSink> sink) {
  const FeedHub::Busy busy(*hub);
  if (!busy) return base::Refuse(base::Reason::kNotServing, "the server is going down");
  FeedSubscriber::Start start;
  start.id = hub->NextId();
  start.passed.resize(hub->world().slots.size());
  const bool now = request.cursor.empty() && !request.from_start;
  if (request.cursor.empty()) {
    TANDEM_RETURN_IF_ERROR(hub->world().fresh());
    if (now) start.noticed = hub->world().grants->version();
  } else {
    TANDEM_ASSIGN_OR_RETURN(
        const std::string content,
        hub->world().sealer->Open(kCursorPurpose, request.caller.firm, request.cursor));
    TANDEM_ASSIGN_OR_RETURN(const FeedCursor cursor, DecodeCursor(content));
    if (cursor.filter_hash != FilterHash(request.filter)) {
      return base::RefuseField(base::Reason::kBadToken, "cursor",
                               "the cursor belongs to another filter");
    }
    TANDEM_RETURN_IF_ERROR(ResumeFrom(*hub, cursor, start));
  }
  start.caller = std::move(request.caller);
  start.filter = std::move(request.filter);
  auto subscriber = std::make_shared<FeedSubscriber>(hub, std::move(start), std::move(sink));
  TANDEM_RETURN_IF_ERROR(now ? hub->AddLive(subscriber) : hub->Add(subscriber));
  hub->Schedule(subscriber);
  return std::make_unique<Handle>(hub, std::move(subscriber));
}

}  // namespace tandem::runtime
