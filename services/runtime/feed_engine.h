// A feed without Router and GrantsReplica: what Feed and the tests share. Internal to feed.h.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/runtime/feed.h"
#include "services/runtime/feed_hub.h"

namespace tandem::runtime {

struct FeedRequest {
  base::Caller caller{};
  FeedFilter filter{};
  std::string cursor{};
  bool from_start = false;
};

// Feed::Follow on a hub that has been started; the same errors, and GRANTS_STALE where a
// subscription without a cursor begins before the grants are known (else it would be told all of
// their past).
absl::StatusOr<std::unique_ptr<Feed::Subscription>> FollowHub(const std::shared_ptr<FeedHub>& hub,
                                                              FeedRequest request,
                                                              std::shared_ptr<FeedSink> sink);

}  // namespace tandem::runtime
