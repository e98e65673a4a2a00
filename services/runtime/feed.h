// Feeds: each subscriber gets the facts that its agreements grant, numbered densely, with a sealed
// cursor to resume from (design, section 5). Below the gRPC shell: the shell's stream is the Sink.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/audit_head.h"
#include "services/runtime/grants.h"
#include "services/runtime/router.h"
#include "services/runtime/seal.h"

namespace tandem::runtime {

struct FeedFilter {
  std::vector<base::DomainId> domains{};  // Empty: all that this instance serves.
  std::string relation{};                 // Only facts of this agreement; "" for all.
  std::vector<std::string> type_names{};  // Only these messages; empty for all.
};

struct FeedRecord {
  std::uint64_t number = 0;  // 1, 2, 3 ... of the subscription.
  base::SlotId slot{};       // Not for firms' eyes: the shell drops it.
  std::uint64_t fact_number = 0;
  absl::Time instant{};
  std::string actor_firm{};
  ViewedFact fact{};
};

// What a stream sends at once: records, or notices of grants, or only a progress mark; always the
// cursor after them.
struct FeedMessage {
  std::vector<FeedRecord> records{};
  std::vector<GrantChange> notices{};
  base::Position cut{};  // All up to here has been seen; for the simulator's checks and snapshots.
  std::string cursor{};  // Sealed.
  std::size_t byte_size = 0;
};

// Where messages go. The feed hands over one message at a time and waits for OnSent.
class FeedSink {
 public:
  virtual ~FeedSink() = default;
  // Takes the message; calls `sent` when the transport has room for the next.
  virtual void Send(FeedMessage message, absl::AnyInvocable<void()> sent) = 0;
  // The feed ends with this status (server drains, grants gone, log damaged).
  virtual void Close(absl::Status status) = 0;
};

struct FeedOptions {
  std::size_t unsent_bytes_max = std::size_t{64} * 1024;  // Or one record.
  std::size_t queue_refs_max = 4096;  // Facts waiting a subscriber; beyond, it re-reads the log.
  absl::Duration progress_period = absl::Seconds(1);
};

class Feed {
 public:
  class Subscription {
   public:
    virtual ~Subscription() = default;  // Ends it; the sink is not called after that.
  };

  Feed(Router& router, GrantsReplica& grants, const Sealer& sealer, const Clock& clock,
       Executor& executor, FeedOptions options);
  ~Feed();
  // Begins to follow the slots of the router's domains. Once, after Router::Serve.
  void Start();

  // From the cursor on; "" begins now (`from_start`: at the log's first fact). Errors:
  // kInvalidArgument / BAD_TOKEN (forged, of another firm or another filter), kOutOfRange /
  // CURSOR_EXPIRED or CURSOR_FROM_THE_FUTURE (older than the log's start; beyond its end, or its
  // fact's hash is not the log's: a restored installation).
  absl::StatusOr<std::unique_ptr<Subscription>> Follow(const base::Caller& caller,
                                                       FeedFilter filter, std::string_view cursor,
                                                       bool from_start,
                                                       std::shared_ptr<FeedSink> sink);
  // Closes every subscription (kUnavailable / NOT_SERVING) and refuses new ones; before the server
  // stops. The destructor does the same and waits for what runs, so it must not be called from a
  // sink.
  void Drain();
  std::size_t subscriptions() const;
  // The audit chain's head for the messages that go out now; null where there is none.
  std::shared_ptr<const AuditHead> Head() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::runtime
