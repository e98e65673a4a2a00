// The middle of the feeds: follows each slot once, routes every new fact to the subscribers of the
// firms it concerns, and knows how far that has come. Internal to feed.h.
//
// Locks, outer before inner: route, index, a subscriber's own. None is held while a sink is called.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "services/base/grants.h"
#include "services/runtime/domain.h"
#include "services/runtime/feed.h"
#include "services/runtime/feed_cursor.h"
#include "services/runtime/log.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

class FeedSubscriber;

// All that feeds need of the world; feed.cc makes it of Router and GrantsReplica, tests of less.
struct FeedWorld {
  struct Slot {
    base::SlotId id{};
    const Domain* domain = nullptr;
  };
  Log* log = nullptr;
  std::vector<Slot> slots{};  // Ascending.
  const base::Grants* grants = nullptr;
  // OK if the grants are known to be current.
  std::function<absl::Status()> fresh{};
  std::function<std::vector<GrantChange>(std::string_view firm, std::uint64_t after)>
      changes_since{};
  // OK while this caller may follow; FIRM_SUSPENDED, ROLE_MISSING once it may not.
  std::function<absl::Status(const base::Caller& caller)> admits{};
  const Sealer* sealer = nullptr;
  const Clock* clock = nullptr;
  Executor* executor = nullptr;
  FeedOptions options{};
};

// Views made in one delivery, shared by the subscriptions of a firm. They count only as long as the
// grants have not changed, and for an instant: the check belongs to the step that hands over.
class FeedViews {
 public:
  using Viewed = std::shared_ptr<const std::optional<ViewedFact>>;
  explicit FeedViews(const FeedWorld& world) : world_(world) {}
  // The fact as `firm` may see it now; GRANTS_STALE as Domain::View.
  absl::StatusOr<Viewed> View(const Domain& domain, const base::FactRecord& record,
                              const std::string& firm);

 private:
  struct Key {
    base::SlotId slot{};
    std::uint64_t number = 0;
    std::string firm{};
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  const FeedWorld& world_;
  std::uint64_t version_ = 0;
  absl::Duration since_ = absl::InfiniteDuration();
  std::map<Key, Viewed> views_;
};

class FeedHub : public std::enable_shared_from_this<FeedHub> {
 public:
  // By place in FeedWorld::slots.
  using Marks = std::vector<FeedMark>;
  using Groups = std::vector<std::shared_ptr<const Group>>;

  explicit FeedHub(FeedWorld world);
  ~FeedHub();
  absl::Status Start();
  // Ends all subscriptions with `status` and takes no more.
  void Drain(const absl::Status& status);
  // The same, and waits for what runs. Nothing runs any more then.
  void Stop(const absl::Status& status);

  const FeedWorld& world() const { return world_; }
  std::uint64_t NextId();
  // The status of Drain once that was called.
  absl::Status Add(std::shared_ptr<FeedSubscriber> subscriber);
  void Remove(const FeedSubscriber& subscriber);
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }

  // How far routing has come. Take them before a subscriber's inbox: what they cover is in there.
  std::shared_ptr<const Marks> Routed() const;
  // The same, once no routing is under way that asked the grants before this call.
  std::shared_ptr<const Marks> RoutedSettled() const;
  // Adds a subscriber that begins now: live in every slot, right behind what is routed. Nothing has
  // to be read for it, however many begin at once.
  absl::Status AddLive(std::shared_ptr<FeedSubscriber> subscriber);
  // Groups routed lately, from the one that holds fact `from` on, at most about `bytes_max` of them
  // but at least one; empty where they are no longer in memory. What many subscribers catch up on
  // together is so read and decoded once.
  Groups RecentFrom(std::size_t slot, std::uint64_t from, std::size_t bytes_max) const;
  using Firms = std::shared_ptr<const std::vector<std::string>>;
  // Firms that may see some of what the audience names, ascending; nullptr where the grants cannot
  // say now. Kept for as long as the grants stand.
  Firms FirmsOf(const Audience& audience) const;
  // Whether the subscriber is live in the slot from now on: it has passed all that is routed.
  bool TryLive(FeedSubscriber& subscriber, std::size_t slot, std::uint64_t passed);
  // The mark of the group that holds the slot's fact. kOutOfRange / CURSOR_EXPIRED,
  // CURSOR_FROM_THE_FUTURE where the log does not have it.
  absl::StatusOr<FeedMark> MarkAt(std::size_t slot, std::uint64_t number) const;

  // Pumps the subscriber soon.
  void Schedule(const std::shared_ptr<FeedSubscriber>& subscriber,
                absl::Duration delay = absl::ZeroDuration());
  // The grants have folded governance's facts.
  void OnGrants();

  // While one exists, Stop waits. Not for use after Stop has returned.
  class Busy {
   public:
    explicit Busy(FeedHub& hub);
    ~Busy();
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    explicit operator bool() const { return entered_; }

   private:
    FeedHub& hub_;
    bool entered_ = false;
  };

 private:
  using Subscribers = std::vector<std::shared_ptr<FeedSubscriber>>;
  // Progress marks of all subscribers fall evenly into this many steps of the period.
  static constexpr std::size_t kPhases = 16;

  struct Arrived {
    std::size_t slot = 0;
    std::shared_ptr<const Group> group{};  // Null: groups were left out up to `mark`.
    FeedMark mark{};
  };
  // A slot's groups that were routed last, oldest first: cursors that end there are checked without
  // a read, and who catches up reads them here. The oldest may be known by their marks alone.
  struct Recent {
    struct Entry {
      std::uint64_t first = 0;
      FeedMark last{};
      std::shared_ptr<const Group> group{};
    };
    std::deque<Entry> entries{};
    std::size_t held = 0;        // Entries with a group, at the end.
    std::size_t held_bytes = 0;  // Of those.
  };

  void OnGroup(std::size_t slot, std::shared_ptr<const Group> group);
  void Route();
  // Holding the inbox's lock, which executors do not take: Route, as soon as the last round's rest
  // is over.
  void ScheduleRoute();
  void RouteOne(const Arrived& arrived, Subscribers& touched);
  bool RouteFacts(const Arrived& arrived, Subscribers& touched);
  void Lapse(std::size_t slot);
  // How many they are, each counted once.
  std::size_t PumpAll(Subscribers touched);
  void Tick(std::size_t phase);
  void ArmTick(std::size_t phase);
  void CloseAll(const absl::Status& status);
  Subscribers All() const;
  void SetRouted(std::size_t slot, FeedMark mark);
  void Remember(std::size_t slot, const std::shared_ptr<const Group>& group);

  const FeedWorld world_;
  std::vector<std::unique_ptr<LogFollower>> followers_;

  mutable std::mutex inbox_mutex_;
  std::vector<Arrived> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool routing_ = false;                          // A round is under way or waits for its time.
  absl::Duration rested_ = absl::ZeroDuration();  // When the next may begin, by the steady clock.

  mutable std::mutex route_mutex_;  // Held while one group is routed.
  std::vector<char> any_live_;      // By slot: some subscriber may be live in it.

  mutable std::mutex routed_mutex_;
  std::shared_ptr<const Marks> routed_;
  std::vector<Recent> recent_;  // By slot.

  mutable std::mutex viewers_mutex_;
  mutable std::map<std::string, Firms, std::less<>> viewers_;  // By owner, kind and location.
  mutable std::uint64_t viewers_version_ = 0;                  // Of the grants.

  mutable std::mutex index_mutex_;
  absl::flat_hash_map<std::string, Subscribers> by_firm_;
  std::array<std::map<std::uint64_t, std::shared_ptr<FeedSubscriber>>, kPhases> by_id_;
  std::atomic<std::size_t> size_{0};  // Of by_id_; changed under its lock.
  std::uint64_t last_id_ = 0;
  absl::Status drained_;      // Not OK once Drain was called.
  std::uint64_t folded_ = 0;  // Governance's fact up to which OnGrants has looked.

  mutable std::mutex busy_mutex_;
  std::condition_variable idle_;
  std::size_t busy_ = 0;
  bool stopped_ = false;
};

}  // namespace tandem::runtime
