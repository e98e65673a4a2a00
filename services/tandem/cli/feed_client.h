// Following a feed on a thread of its own, from cursor to cursor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "services/tandem/cli/client.h"
#include "tandem/feed/v1/feed.pb.h"

namespace tandem::cli {

// Follows until `use` returns false or an error that a new call does not heal; a broken stream goes
// on from the last cursor. Returns OK where `use` ended it. `on_call` (may be empty) gets each call
// before it begins, so that another thread may cancel it, and null once it has ended; where it
// returns false, nothing is called any more.
absl::Status FollowFeed(Client& client, feed::v1::FollowRequest request,
                        const std::function<bool(const feed::v1::FollowResponse&)>& use,
                        const std::function<bool(grpc::ClientContext*)>& on_call = {});

// Counts what comes: a firm's view of the feed.
class FeedWatcher {
 public:
  struct Seen {
    std::int64_t records = 0;
    std::int64_t gaps = 0;                          // Numbers that did not follow the last.
    std::map<std::string, std::int64_t> by_type{};  // "tandem.exchange.v1.ItemsRegistered".
    std::map<std::string, std::int64_t> by_agreement{};
    std::int64_t opened = 0;
    std::map<std::string, absl::Time> revoked{};  // Agreement: when the notice came.
    absl::Status status{};                        // Why it ended, where it did.
  };
  // Follows all that the client's firm may see, from the first fact on. `inspect` (may be empty)
  // sees each record on the watcher's thread.
  FeedWatcher(Client& client, std::function<void(const feed::v1::Record&)> inspect);
  ~FeedWatcher();
  FeedWatcher(const FeedWatcher&) = delete;
  FeedWatcher& operator=(const FeedWatcher&) = delete;
  Seen seen() const;

 private:
  void Take(const feed::v1::FollowResponse& message);

  std::function<void(const feed::v1::Record&)> inspect_;
  mutable std::mutex mutex_;
  grpc::ClientContext* call_ = nullptr;
  bool stopped_ = false;
  std::int64_t last_number_ = 0;
  Seen seen_;
  std::jthread thread_;
};

}  // namespace tandem::cli
