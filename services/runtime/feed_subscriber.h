// One subscription: what waits for it, what it has passed, and the pump that turns the one into the
// other. Internal to feed.h.
//
// In each slot a subscriber is either live (the hub hands it every fact that concerns its firm) or
// catching up (it reads the log from where it is). It becomes live in the moment in which it has
// passed all that the hub has routed, and catches up again when its queue overflows.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "services/runtime/feed.h"
#include "services/runtime/feed_cursor.h"
#include "services/runtime/feed_hub.h"

namespace tandem::runtime {

class FeedSubscriber : public std::enable_shared_from_this<FeedSubscriber> {
 public:
  struct Start {
    std::uint64_t id = 0;
    base::Caller caller{};
    FeedFilter filter{};
    std::uint64_t number = 0;
    std::uint64_t noticed = 0;
    FeedHub::Marks passed{};  // By place in FeedWorld::slots.
  };
  FeedSubscriber(std::shared_ptr<FeedHub> hub, Start start, std::shared_ptr<FeedSink> sink);

  std::uint64_t id() const { return id_; }
  const base::Caller& caller() const { return caller_; }
  const std::string& firm() const { return caller_.firm; }
  // Whether the filter lets the slot's domain through.
  bool Wants(std::size_t slot) const { return wanted_[slot]; }

  // From the hub, while it routes. Queues the fact; false if the subscriber is not live in the slot
  // (or ceases to be, its queue being full).
  bool Push(std::size_t slot, std::shared_ptr<const Group> group, std::size_t index);
  // From the hub, while it routes.
  void SetLive(std::size_t slot, bool live);
  // From the hub, before the first pump: live everywhere, with all up to these marks passed.
  void BeginLive(const FeedHub::Marks& routed);

  // Sends what can be sent. Any thread; calls do not overlap, a second one makes the first go round
  // again. `views` may be null.
  void Pump(FeedViews* views);
  // A progress mark may go out with the next pump, unless records or notices, whose cursor says as
  // much, have gone out since the last call.
  void AllowProgress();
  // The next pump closes the sink.
  void Close(absl::Status status);
  // The sink is not called once this has returned (unless it is called from the sink itself, where
  // the call under way is the last).
  void End();

 private:
  struct Ref {
    std::shared_ptr<const Group> group{};
    std::size_t index = 0;
    std::size_t charged_bytes = 0;
  };
  struct Arrived {
    std::size_t slot = 0;
    Ref ref{};
  };
  struct Slot {
    FeedMark passed{};
    bool live = false;         // As of the last look into the inbox.
    std::vector<Ref> queue{};  // From the hub; `head` of them are done.
    std::size_t head = 0;
    std::vector<std::shared_ptr<const Group>> read{};  // From the log, while catching up.
    std::size_t read_group = 0;
    std::size_t read_index = 0;
  };
  // What one round makes.
  struct Round {
    FeedMessage message{};
    FeedViews* views = nullptr;
    std::size_t reads_left = 0;
    bool full = false;   // The message holds all it may.
    bool stale = false;  // A slot waits for the grants.
    bool more = false;   // There is more to read.
  };
  enum class Step { kPassed, kFull, kStale };
  struct Fact {
    const Group* group = nullptr;
    const base::FactRecord* record = nullptr;
    bool routed = false;  // By the hub: it concerns the firm.
  };

  bool EnterPump();
  bool LeavePump();
  void RunRound(FeedViews* views);
  absl::Status TakeNotices(FeedMessage& message);
  void TakeInbox();
  absl::Status Fill(Round& round, const FeedHub::Marks& routed);
  absl::Status FillSlot(std::size_t slot, const FeedMark& routed, Round& round);
  // The next fact to look at: of the queue, or of the log; nullopt: none for now.
  absl::StatusOr<std::optional<Fact>> Next(std::size_t slot, const FeedMark& routed, Round& round);
  absl::StatusOr<std::optional<Fact>> NextRead(std::size_t slot, const FeedMark& routed,
                                               Round& round);
  void Pop(Slot& slot);
  absl::StatusOr<Step> Offer(std::size_t slot, const Fact& fact, Round& round);
  // Whether the fact concerns the firm; nullopt: the grants cannot tell now. What came from the hub
  // does.
  std::optional<bool> Concerns(const Domain& domain, const base::FactRecord& record) const;
  bool Matches(const ViewedFact& fact) const;
  // `left`: there is more, for when this has been sent.
  void Hand(FeedMessage message, bool left);
  void CloseSink(absl::Status status);
  std::string SealedCursor() const;

  const std::shared_ptr<FeedHub> hub_;
  const std::uint64_t id_;
  const base::Caller caller_;
  const FeedFilter filter_;
  const std::uint64_t filter_hash_;
  std::vector<char> wanted_;
  const std::shared_ptr<FeedSink> sink_;

  // The pump's own: whoever set pumping_ may touch it.
  std::vector<Slot> slots_;
  std::size_t first_slot_ = 0;  // Takes turns, so that no slot starves the others.
  std::uint64_t number_ = 0;
  std::uint64_t noticed_ = 0;
  bool moved_ = false;  // The cursor differs from the one sent last.
  bool progress_ = false;

  std::mutex mutex_;
  std::condition_variable pumped_;
  std::vector<Arrived> inbox_;
  std::vector<char> live_;
  std::size_t pending_refs_ = 0;  // In the inbox and the queues.
  std::size_t pending_bytes_ = 0;
  const Group* charged_ = nullptr;  // The last group whose bytes were counted; compared only.
  bool allow_progress_ = false;
  bool pumping_ = false;
  bool again_ = false;
  bool sending_ = false;
  bool missed_ = false;  // A pump came while it was sending, or the log has more.
  bool left_ = false;    // There is more than went into the message that is sent.
  bool handed_ = false;  // Records or notices, since the last AllowProgress.
  bool retry_ = false;   // A pump is due after a while.
  bool ended_ = false;
  std::optional<absl::Status> close_;
  std::thread::id pump_thread_;
};

}  // namespace tandem::runtime
