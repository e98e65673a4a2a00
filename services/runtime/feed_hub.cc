#include "services/runtime/feed_hub.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/feed_subscriber.h"

namespace tandem::runtime {
namespace {

// Groups that wait to be routed; beyond, feeds read them from the log instead.
constexpr std::size_t kInboxBytesMax = std::size_t{64} << 20;
// Subscribers that one task pumps, so that a fact for many is sent on several threads.
constexpr std::size_t kPumpsPerTask = 64;
// Groups that a slot keeps in mind, and how many of them whole.
constexpr std::size_t kRecentGroups = 256;
constexpr std::size_t kRecentBytes = std::size_t{1} << 20;
// Answers about the grants that are kept; beyond, they are asked again.
constexpr std::size_t kViewersMax = 100'000;
// What a check of the grants in one delivery may be old; far below the second of design, section 6.
constexpr absl::Duration kViewsAge = absl::Milliseconds(20);
// After a round of deliveries the next one waits, the longer the more there were: what comes in the
// meantime goes out together, for fewer awakenings on both sides, and between rounds the processors
// are the writers'. One reader waits for nothing that it would notice.
constexpr absl::Duration kRestPerSubscriber = absl::Microseconds(200);
constexpr absl::Duration kRestMax = absl::Milliseconds(20);

}  // namespace

absl::StatusOr<FeedViews::Viewed> FeedViews::View(const Domain& domain,
                                                  const base::FactRecord& record,
                                                  const std::string& firm) {
  const std::uint64_t version = world_.grants->version();
  const absl::Duration now = world_.clock->Monotonic();
  if (views_.empty() || version != version_ || now - since_ > kViewsAge) {
    views_.clear();
    version_ = version;
    since_ = now;
  }
  Key key{record.slot, record.number, firm};
  const auto found = views_.find(key);
  if (found != views_.end()) return found->second;
  TANDEM_ASSIGN_OR_RETURN(std::optional<ViewedFact> fact,
                          domain.View(record, firm, *world_.grants));
  auto viewed = std::make_shared<const std::optional<ViewedFact>>(std::move(fact));
  views_.emplace(std::move(key), viewed);
  return viewed;
}

FeedHub::Busy::Busy(FeedHub& hub) : hub_(hub) {
  const std::lock_guard lock(hub_.busy_mutex_);
  entered_ = !hub_.stopped_;
  if (entered_) ++hub_.busy_;
}

FeedHub::Busy::~Busy() {
  if (!entered_) return;
  const std::lock_guard lock(hub_.busy_mutex_);
  if (--hub_.busy_ == 0) hub_.idle_.notify_all();
}

FeedHub::FeedHub(FeedWorld world)
    : world_(std::move(world)),
      any_live_(world_.slots.size()),
      routed_(std::make_shared<const Marks>(world_.slots.size())),
      recent_(world_.slots.size()) {}

FeedHub::~FeedHub() = default;

absl::Status FeedHub::Start() {
  for (std::size_t slot = 0; slot < world_.slots.size(); ++slot) {
    TANDEM_ASSIGN_OR_RETURN(const SlotTail tail, world_.log->Last(world_.slots[slot].id));
    SetRouted(slot, {tail.last_number, tail.last_number == 0 ? 0 : HashPrefix(tail.hash)});
    followers_.push_back(world_.log->FollowBriefly(
        world_.slots[slot].id, tail.last_number + 1,
        [this, slot](std::shared_ptr<const Group> group) { OnGroup(slot, std::move(group)); }));
  }
  for (std::size_t phase = 0; phase < kPhases; ++phase) ArmTick(phase);
  return absl::OkStatus();
}

void FeedHub::Drain(const absl::Status& status) {
  {
    const std::lock_guard lock(index_mutex_);
    drained_ = status;
  }
  CloseAll(status);
}

void FeedHub::Stop(const absl::Status& status) {
  Drain(status);
  followers_.clear();
  std::unique_lock lock(busy_mutex_);
  stopped_ = true;
  idle_.wait(lock, [this] { return busy_ == 0; });
}

void FeedHub::CloseAll(const absl::Status& status) {
  for (const auto& subscriber : All()) {
    subscriber->Close(status);
    subscriber->Pump(nullptr);
  }
}

std::uint64_t FeedHub::NextId() {
  const std::lock_guard lock(index_mutex_);
  return ++last_id_;
}

absl::Status FeedHub::Add(std::shared_ptr<FeedSubscriber> subscriber) {
  const std::lock_guard lock(index_mutex_);
  TANDEM_RETURN_IF_ERROR(drained_);
  by_id_[subscriber->id() % kPhases].emplace(subscriber->id(), subscriber);
  size_.fetch_add(1, std::memory_order_relaxed);
  by_firm_[subscriber->firm()].push_back(std::move(subscriber));
  return absl::OkStatus();
}

absl::Status FeedHub::AddLive(std::shared_ptr<FeedSubscriber> subscriber) {
  const std::lock_guard lock(route_mutex_);
  subscriber->BeginLive(*Routed());
  std::ranges::fill(any_live_, 1);
  return Add(std::move(subscriber));
}

void FeedHub::Remove(const FeedSubscriber& subscriber) {
  const std::lock_guard lock(index_mutex_);
  size_ -= by_id_[subscriber.id() % kPhases].erase(subscriber.id());
  const auto found = by_firm_.find(subscriber.firm());
  if (found == by_firm_.end()) return;
  std::erase_if(found->second, [&](const auto& other) { return other->id() == subscriber.id(); });
  if (found->second.empty()) by_firm_.erase(found);
}

FeedHub::Subscribers FeedHub::All() const {
  const std::lock_guard lock(index_mutex_);
  Subscribers all;
  for (const auto& phase : by_id_) {
    for (const auto& [id, subscriber] : phase) all.push_back(subscriber);
  }
  return all;
}

std::shared_ptr<const FeedHub::Marks> FeedHub::Routed() const {
  const std::lock_guard lock(routed_mutex_);
  return routed_;
}

std::shared_ptr<const FeedHub::Marks> FeedHub::RoutedSettled() const {
  const std::lock_guard lock(route_mutex_);
  return Routed();
}

void FeedHub::SetRouted(std::size_t slot, FeedMark mark) {
  const std::lock_guard lock(routed_mutex_);
  auto marks = std::make_shared<Marks>(*routed_);
  (*marks)[slot] = mark;
  routed_ = std::move(marks);
}

void FeedHub::Remember(std::size_t slot, const std::shared_ptr<const Group>& group) {
  const FeedMark last{group->last_number(), HashPrefix(group->hash)};
  const std::lock_guard lock(routed_mutex_);
  Recent& recent = recent_[slot];
  auto& entries = recent.entries;
  // After a gap (groups left out by routing) nothing before it helps who reads on.
  if (!entries.empty() && entries.back().last.number + 1 != group->header.first_number) recent = {};
  entries.push_back({group->header.first_number, last, group});
  ++recent.held;
  recent.held_bytes += group->byte_size;
  const auto let_go = [&] {
    FeedHub::Recent::Entry& oldest = entries[entries.size() - recent.held];
    recent.held_bytes -= oldest.group->byte_size;
    oldest.group.reset();
    --recent.held;
  };
  while (recent.held > 1 && recent.held_bytes > kRecentBytes) let_go();
  if (entries.size() <= kRecentGroups) return;
  if (recent.held == entries.size()) let_go();
  entries.pop_front();
}

FeedHub::Groups FeedHub::RecentFrom(std::size_t slot, std::uint64_t from,
                                    std::size_t bytes_max) const {
  Groups groups;
  const std::lock_guard lock(routed_mutex_);
  const Recent& recent = recent_[slot];
  const auto first = recent.entries.end() - static_cast<std::ptrdiff_t>(recent.held);
  auto entry = std::lower_bound(
      first, recent.entries.end(), from,
      [](const Recent::Entry& each, std::uint64_t number) { return each.last.number < number; });
  if (entry == recent.entries.end() || entry->first > from) return groups;
  std::size_t bytes = 0;
  for (; entry != recent.entries.end(); ++entry) {
    bytes += entry->group->byte_size;
    if (!groups.empty() && bytes > bytes_max) break;
    groups.push_back(entry->group);
  }
  return groups;
}

bool FeedHub::TryLive(FeedSubscriber& subscriber, std::size_t slot, std::uint64_t passed) {
  const std::lock_guard lock(route_mutex_);
  if (passed < (*Routed())[slot].number) return false;
  any_live_[slot] = 1;
  subscriber.SetLive(slot, true);
  return true;
}

absl::StatusOr<FeedMark> FeedHub::MarkAt(std::size_t slot, std::uint64_t number) const {
  if (number == 0) return FeedMark{};
  {
    const std::lock_guard lock(routed_mutex_);
    for (const Recent::Entry& entry : recent_[slot].entries) {
      if (entry.first <= number && number <= entry.last.number) {
        return FeedMark{number, entry.last.hash_prefix};
      }
    }
  }
  const base::SlotId id = world_.slots[slot].id;
  TANDEM_ASSIGN_OR_RETURN(const SlotTail tail, world_.log->Last(id));
  if (number == tail.last_number) return FeedMark{number, HashPrefix(tail.hash)};
  TANDEM_ASSIGN_OR_RETURN(const auto groups, world_.log->Read(id, number, 1));
  if (groups.empty() || groups[0]->last_number() < number) {
    return base::Refuse(base::Reason::kCursorFromTheFuture,
                        "the cursor is beyond the end of the log");
  }
  if (groups[0]->header.first_number > number) {
    return base::Refuse(base::Reason::kCursorExpired, "the cursor is older than the log's start");
  }
  return FeedMark{number, HashPrefix(groups[0]->hash)};
}

void FeedHub::Schedule(const std::shared_ptr<FeedSubscriber>& subscriber, absl::Duration delay) {
  Task task = [weak = std::weak_ptr(subscriber)] {
    if (const auto self = weak.lock()) self->Pump(nullptr);
  };
  if (delay > absl::ZeroDuration()) {
    world_.executor->RunAfter(delay, std::move(task));
  } else {
    world_.executor->Run(std::move(task));
  }
}

// The writer's own thread may run this, so where anyone follows it only puts the group down.
void FeedHub::OnGroup(std::size_t slot, std::shared_ptr<const Group> group) {
  const FeedMark mark{group->last_number(), HashPrefix(group->hash)};
  std::unique_lock lock(inbox_mutex_);
  if (inbox_bytes_ + group->byte_size > kInboxBytesMax && !inbox_.empty()) {
    // Routing is far behind. It learns how far it would have come, and feeds read the log.
    for (Arrived& arrived : inbox_) arrived.group.reset();
    std::map<std::size_t, FeedMark> last;
    for (const Arrived& arrived : inbox_) last[arrived.slot] = arrived.mark;
    last[slot] = mark;
    inbox_.clear();
    for (const auto& [each, end] : last) inbox_.push_back({each, nullptr, end});
    inbox_bytes_ = 0;
  } else {
    inbox_bytes_ += group->byte_size;
    inbox_.push_back({slot, std::move(group), mark});
  }
  if (std::exchange(routing_, true)) return;
  if (size_.load(std::memory_order_relaxed) > 0) return ScheduleRoute();
  lock.unlock();
  Route();  // There is nobody to send it to.
}

void FeedHub::ScheduleRoute() {
  const absl::Duration rest = rested_ - world_.clock->Monotonic();
  world_.executor->RunAfter(std::max(rest, absl::ZeroDuration()), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Route();
  });
}

void FeedHub::Route() {
  const Busy busy(*this);
  if (!busy) return;
  std::vector<Arrived> inbox;
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox.swap(inbox_);
    inbox_bytes_ = 0;
  }
  Subscribers touched;
  for (const Arrived& arrived : inbox) RouteOne(arrived, touched);
  const std::size_t pumped = PumpAll(std::move(touched));
  const absl::Duration rest =
      std::min(kRestMax, kRestPerSubscriber * static_cast<std::int64_t>(pumped));
  const std::lock_guard lock(inbox_mutex_);
  rested_ = world_.clock->Monotonic() + rest;
  routing_ = !inbox_.empty();
  if (routing_) ScheduleRoute();
}

void FeedHub::RouteOne(const Arrived& arrived, Subscribers& touched) {
  const std::lock_guard lock(route_mutex_);
  if (arrived.group == nullptr || !RouteFacts(arrived, touched)) {
    Lapse(arrived.slot);
    // They read the log from now on; with stale grants, as soon as those are known again.
    for (const auto& subscriber : All()) touched.push_back(subscriber);
  }
  if (arrived.group != nullptr) Remember(arrived.slot, arrived.group);
  SetRouted(arrived.slot, arrived.mark);
}

// Nobody is live in the slot any more: all read the log from where they are.
void FeedHub::Lapse(std::size_t slot) {
  if (!std::exchange(any_live_[slot], 0)) return;
  for (const auto& subscriber : All()) subscriber->SetLive(slot, false);
}

// False if the grants cannot say now whom a fact concerns; what has been queued by then stands.
bool FeedHub::RouteFacts(const Arrived& arrived, Subscribers& touched) {
  if (!any_live_[arrived.slot]) return true;  // All are catching up: the log has it for them.
  const Domain& domain = *world_.slots[arrived.slot].domain;
  const auto& facts = arrived.group->facts;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].fact.kind < base::kDomainKindFirst) continue;
    const Firms firms = FirmsOf(domain.AudienceOf(facts[i]));
    if (firms == nullptr) return false;
    const std::lock_guard lock(index_mutex_);
    for (const std::string& firm : *firms) {
      const auto found = by_firm_.find(firm);
      if (found == by_firm_.end()) continue;
      for (const auto& subscriber : found->second) {
        if (!subscriber->Wants(arrived.slot)) continue;
        if (subscriber->Push(arrived.slot, arrived.group, i)) touched.push_back(subscriber);
      }
    }
  }
  return true;
}

FeedHub::Firms FeedHub::FirmsOf(const Audience& audience) const {
  const bool shared = !audience.owner.empty() && audience.kind != base::DataKind::kUnspecified;
  const auto sorted = [](std::vector<std::string> firms) {
    std::ranges::sort(firms);
    firms.erase(std::unique(firms.begin(), firms.end()), firms.end());
    return std::make_shared<const std::vector<std::string>>(std::move(firms));
  };
  std::vector<std::string> firms = audience.parties;
  if (!audience.owner.empty()) firms.push_back(audience.owner);
  if (!shared) return sorted(std::move(firms));
  // An empty answer of a replica that is behind would be a loss, not a refusal.
  if (!world_.fresh().ok()) return nullptr;
  std::string key =
      absl::StrCat(audience.owner, "/", static_cast<int>(audience.kind), "/", audience.location);
  for (const std::string& party : audience.parties) absl::StrAppend(&key, "+", party);
  const std::uint64_t version = world_.grants->version();
  const std::lock_guard lock(viewers_mutex_);
  if (version != viewers_version_ || viewers_.size() >= kViewersMax) viewers_.clear();
  viewers_version_ = version;
  Firms& known = viewers_[key];
  if (known == nullptr) {
    for (std::string& viewer :
         world_.grants->ViewersOf(audience.owner, audience.kind, audience.location)) {
      firms.push_back(std::move(viewer));
    }
    known = sorted(std::move(firms));
  }
  return known;
}

// A firm's subscribers side by side, so that they share views; in the order of ids, never of
// addresses, so that a simulation can be repeated.
std::size_t FeedHub::PumpAll(Subscribers touched) {
  std::ranges::sort(touched, [](const auto& a, const auto& b) {
    return std::forward_as_tuple(a->firm(), a->id()) < std::forward_as_tuple(b->firm(), b->id());
  });
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  const std::size_t count = touched.size();
  while (touched.size() > kPumpsPerTask) {
    Subscribers part(touched.end() - kPumpsPerTask, touched.end());
    touched.resize(touched.size() - kPumpsPerTask);
    world_.executor->Run([weak = weak_from_this(), part = std::move(part)] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      const Busy busy(*self);
      if (!busy) return;
      FeedViews views(self->world_);
      for (const auto& subscriber : part) subscriber->Pump(&views);
    });
  }
  FeedViews views(world_);
  for (const auto& subscriber : touched) subscriber->Pump(&views);
  return count;
}

void FeedHub::ArmTick(std::size_t phase) {
  const absl::Duration period = world_.options.progress_period;
  // The first round is spread over one period; each then comes again after a whole one.
  world_.executor->RunAfter(period * static_cast<double>(phase + 1) / kPhases,
                            [weak = weak_from_this(), phase] {
                              if (const auto self = weak.lock()) self->Tick(phase);
                            });
}

void FeedHub::Tick(std::size_t phase) {
  const Busy busy(*this);
  if (!busy) return;
  Subscribers due;
  {
    const std::lock_guard lock(index_mutex_);
    for (const auto& [id, subscriber] : by_id_[phase]) due.push_back(subscriber);
  }
  for (const auto& subscriber : due) {
    subscriber->AllowProgress();
    subscriber->Pump(nullptr);
  }
  if (phase == 0) {
    // A follower that met rotten bytes has gone quiet; the log says so.
    for (const FeedWorld::Slot& slot : world_.slots) {
      const absl::Status status = world_.log->Last(slot.id).status();
      if (status.code() == absl::StatusCode::kDataLoss) CloseAll(status);
    }
  }
  world_.executor->RunAfter(world_.options.progress_period, [weak = weak_from_this(), phase] {
    if (const auto self = weak.lock()) self->Tick(phase);
  });
}

void FeedHub::OnGrants() {
  const Busy busy(*this);
  if (!busy) return;
  const std::uint64_t version = world_.grants->version();
  std::uint64_t folded = 0;
  std::map<std::string, Subscribers> by_firm;
  {
    const std::lock_guard lock(index_mutex_);
    folded = std::exchange(folded_, std::max(folded_, version));
    for (const auto& phase : by_id_) {
      for (const auto& [id, subscriber] : phase) by_firm[subscriber->firm()].push_back(subscriber);
    }
  }
  Subscribers touched;
  for (auto& [firm, subscribers] : by_firm) {
    const bool changed = !world_.changes_since(firm, folded).empty();
    for (auto& subscriber : subscribers) {
      absl::Status admitted = world_.admits(subscriber->caller());
      if (admitted.ok() && !changed) continue;
      if (!admitted.ok()) subscriber->Close(std::move(admitted));
      touched.push_back(std::move(subscriber));
    }
  }
  PumpAll(std::move(touched));
}

}  // namespace tandem::runtime
