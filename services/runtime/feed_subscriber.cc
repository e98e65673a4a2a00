#include "services/runtime/feed_subscriber.h"

#include <algorithm>
#include <utility>

#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::runtime {
namespace {

// Groups that one subscriber's queue keeps alive, by their stored size; beyond, it reads the log.
constexpr std::size_t kPendingBytesMax = std::size_t{4} << 20;
// What a catch-up reads at a time (at least a group), and how often before others get their turn.
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr std::size_t kReadsPerRound = 16;
// Until a fact that waits for the grants is looked at again; a fold of the grants wakes it too.
constexpr absl::Duration kStaleRetry = absl::Milliseconds(100);
// What a record takes beside its payload and names: number, instant, actor, framing.
constexpr std::size_t kRecordOverheadBytes = 48;

std::size_t SizeOf(const FeedRecord& record) {
  return record.fact.payload.size() + record.fact.type_name.size() + record.fact.relation.size() +
         record.actor_firm.size() + kRecordOverheadBytes;
}

}  // namespace

FeedSubscriber::FeedSubscriber(std::shared_ptr<FeedHub> hub, Start start,
                               std::shared_ptr<FeedSink> sink)
    : hub_(std::move(hub)),
      id_(start.id),
      caller_(std::move(start.caller)),
      filter_(std::move(start.filter)),
      filter_hash_(FilterHash(filter_)),
      sink_(std::move(sink)),
      slots_(start.passed.size()),
      number_(start.number),
      noticed_(start.noticed),
      live_(start.passed.size()) {
  const auto& slots = hub_->world().slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots_[i].passed = start.passed[i];
    const bool wanted =
        filter_.domains.empty() ||
        std::ranges::find(filter_.domains, slots[i].id.domain) != filter_.domains.end();
    wanted_.push_back(wanted ? 1 : 0);
  }
}

bool FeedSubscriber::Push(std::size_t slot, std::shared_ptr<const Group> group, std::size_t index) {
  const std::lock_guard lock(mutex_);
  if (!live_[slot] || ended_) return false;
  const bool charged = group.get() == charged_;
  const std::size_t bytes = charged ? 0 : group->byte_size;
  const bool full = pending_refs_ >= hub_->world().options.queue_refs_max ||
                    (pending_refs_ > 0 && pending_bytes_ + bytes > kPendingBytesMax);
  if (full) {
    live_[slot] = 0;  // What is queued still comes first; the log has the rest.
    missed_ = true;
    return false;
  }
  charged_ = group.get();
  ++pending_refs_;
  pending_bytes_ += bytes;
  inbox_.push_back({slot, {std::move(group), index, bytes}});
  return true;
}

void FeedSubscriber::SetLive(std::size_t slot, bool live) {
  const std::lock_guard lock(mutex_);
  live_[slot] = live ? 1 : 0;
}

void FeedSubscriber::BeginLive(const FeedHub::Marks& routed) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].passed = routed[i];
    live_[i] = wanted_[i];
  }
}

void FeedSubscriber::AllowProgress() {
  const std::lock_guard lock(mutex_);
  allow_progress_ = !std::exchange(handed_, false);
}

void FeedSubscriber::Close(absl::Status status) {
  const std::lock_guard lock(mutex_);
  if (!close_.has_value()) close_ = std::move(status);
}

void FeedSubscriber::End() {
  std::unique_lock lock(mutex_);
  ended_ = true;
  inbox_.clear();
  pumped_.wait(lock, [this] { return !pumping_ || pump_thread_ == std::this_thread::get_id(); });
}

bool FeedSubscriber::EnterPump() {
  const std::lock_guard lock(mutex_);
  if (ended_) return false;
  if (pumping_) {
    again_ = true;
    return false;
  }
  pumping_ = true;
  again_ = false;
  pump_thread_ = std::this_thread::get_id();
  return true;
}

bool FeedSubscriber::LeavePump() {
  const std::lock_guard lock(mutex_);
  if (again_ && !ended_) {
    again_ = false;
    return false;
  }
  pumping_ = false;
  pumped_.notify_all();
  return true;
}

void FeedSubscriber::Pump(FeedViews* views) {
  const FeedHub::Busy busy(*hub_);
  if (!busy || !EnterPump()) return;
  do {
    RunRound(views);
  } while (!LeavePump());
}

void FeedSubscriber::RunRound(FeedViews* views) {
  {
    std::unique_lock lock(mutex_);
    if (ended_) return;
    if (close_.has_value()) {
      absl::Status status = *std::move(close_);
      lock.unlock();
      return CloseSink(std::move(status));
    }
    if (sending_) {
      missed_ = true;
      return;
    }
    progress_ = std::exchange(allow_progress_, false) || progress_;
  }
  FeedViews own(hub_->world());
  Round round;
  round.views = views != nullptr ? views : &own;
  round.reads_left = kReadsPerRound;
  const absl::Status noticed = TakeNotices(round.message);
  if (!noticed.ok()) return CloseSink(noticed);
  // With notices, their place in the log must be right: whatever was routed by the old grants is
  // before it, and what comes after is routed by the new ones.
  const auto routed = round.message.notices.empty() ? hub_->Routed() : hub_->RoutedSettled();
  TakeInbox();
  const absl::Status filled = Fill(round, *routed);
  if (!filled.ok()) return CloseSink(filled);
  const bool has_content = !round.message.records.empty() || !round.message.notices.empty();
  if (has_content || (progress_ && moved_)) {
    Hand(std::move(round.message), round.full || round.more);
  } else if (round.more) {
    hub_->Schedule(shared_from_this());
  }
  if (!round.stale) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(retry_, true)) return;
  }
  hub_->world().executor->RunAfter(kStaleRetry, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    {
      const std::lock_guard lock(self->mutex_);
      self->retry_ = false;
    }
    self->Pump(nullptr);
  });
}

absl::Status FeedSubscriber::TakeNotices(FeedMessage& message) {
  const base::Grants& grants = *hub_->world().grants;
  const std::uint64_t version = grants.version();
  // The cursor knows of grants that governance does not, and its next facts would take their
  // numbers. (Asked again once they are fresh: until then the replica may only be behind.)
  if (version < noticed_ && hub_->world().fresh().ok() && grants.version() < noticed_) {
    return base::Refuse(base::Reason::kCursorFromTheFuture,
                        "the agreements were restored to before what the cursor was told of");
  }
  if (version <= noticed_) return absl::OkStatus();
  std::vector<GrantChange> changes = hub_->world().changes_since(firm(), noticed_);
  noticed_ = version;
  moved_ = true;
  for (GrantChange& change : changes) {
    // The replica may have moved on since `version` was read; it always gives all up to its own.
    noticed_ = std::max(noticed_, change.number);
    if (!filter_.relation.empty() && change.relation != filter_.relation) continue;
    message.byte_size += change.relation.size() + kRecordOverheadBytes;
    message.notices.push_back(std::move(change));
  }
  return absl::OkStatus();
}

void FeedSubscriber::TakeInbox() {
  std::vector<Arrived> inbox;
  {
    const std::lock_guard lock(mutex_);
    inbox.swap(inbox_);
    for (std::size_t i = 0; i < slots_.size(); ++i) slots_[i].live = live_[i] != 0;
  }
  for (Arrived& arrived : inbox) slots_[arrived.slot].queue.push_back(std::move(arrived.ref));
}

absl::Status FeedSubscriber::Fill(Round& round, const FeedHub::Marks& routed) {
  const std::size_t first = first_slot_++;
  for (std::size_t i = 0; i < slots_.size() && !round.full; ++i) {
    const std::size_t slot = (first + i) % slots_.size();
    if (wanted_[slot]) TANDEM_RETURN_IF_ERROR(FillSlot(slot, routed[slot], round));
  }
  return absl::OkStatus();
}

absl::Status FeedSubscriber::FillSlot(std::size_t slot, const FeedMark& routed, Round& round) {
  Slot& state = slots_[slot];
  while (true) {
    TANDEM_ASSIGN_OR_RETURN(const std::optional<Fact> fact, Next(slot, routed, round));
    if (!fact.has_value()) break;
    if (fact->record->number > state.passed.number) {
      TANDEM_ASSIGN_OR_RETURN(const Step step, Offer(slot, *fact, round));
      if (step == Step::kFull) round.full = true;
      if (step == Step::kStale) round.stale = true;
      if (step != Step::kPassed) return absl::OkStatus();
      state.passed = {fact->record->number, HashPrefix(fact->group->hash)};
      moved_ = true;
    }
    Pop(state);
  }
  // Live, and all that was queued is done: whatever else was routed did not concern the firm.
  if (state.live && state.head == state.queue.size() && routed.number > state.passed.number) {
    state.passed = routed;
    moved_ = true;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<FeedSubscriber::Fact>> FeedSubscriber::Next(std::size_t slot,
                                                                         const FeedMark& routed,
                                                                         Round& round) {
  Slot& state = slots_[slot];
  if (state.head < state.queue.size()) {
    const Ref& ref = state.queue[state.head];
    return Fact{ref.group.get(), &ref.group->facts[ref.index], true};
  }
  if (state.live) return std::nullopt;
  return NextRead(slot, routed, round);
}

absl::StatusOr<std::optional<FeedSubscriber::Fact>> FeedSubscriber::NextRead(std::size_t slot,
                                                                             const FeedMark& routed,
                                                                             Round& round) {
  Slot& state = slots_[slot];
  while (true) {
    if (state.read_group < state.read.size()) {
      const Group& group = *state.read[state.read_group];
      if (state.read_index < group.facts.size()) {
        return Fact{&group, &group.facts[state.read_index], false};
      }
      ++state.read_group;
      state.read_index = 0;
      continue;
    }
    state.read.clear();
    state.read_group = 0;
    if (state.passed.number >= routed.number && hub_->TryLive(*this, slot, state.passed.number)) {
      return std::nullopt;
    }
    if (round.reads_left == 0) {
      round.more = true;
      return std::nullopt;
    }
    --round.reads_left;
    state.read = hub_->RecentFrom(slot, state.passed.number + 1, kReadBytes);
    if (!state.read.empty()) continue;
    const base::SlotId id = hub_->world().slots[slot].id;
    TANDEM_ASSIGN_OR_RETURN(state.read,
                            hub_->world().log->Read(id, state.passed.number + 1, kReadBytes));
    if (state.read.empty()) {
      round.more = true;  // Routing was ahead of the end that Read saw.
      return std::nullopt;
    }
  }
}

void FeedSubscriber::Pop(Slot& slot) {
  if (slot.head == slot.queue.size()) {
    ++slot.read_index;
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    --pending_refs_;
    pending_bytes_ -= slot.queue[slot.head].charged_bytes;
    if (pending_refs_ == 0) charged_ = nullptr;  // Another group may come to lie at its address.
  }
  slot.queue[slot.head].group.reset();
  if (++slot.head == slot.queue.size()) {
    slot.queue.clear();
    slot.head = 0;
  }
}

absl::StatusOr<FeedSubscriber::Step> FeedSubscriber::Offer(std::size_t slot, const Fact& fact,
                                                           Round& round) {
  const base::FactRecord& record = *fact.record;
  if (record.fact.kind < base::kDomainKindFirst) return Step::kPassed;
  const Domain& domain = *hub_->world().slots[slot].domain;
  if (!fact.routed) {
    const std::optional<bool> concerns = Concerns(domain, record);
    if (!concerns.has_value()) return Step::kStale;
    if (!*concerns) return Step::kPassed;
  }
  FeedMessage& message = round.message;
  const std::size_t bytes_max = hub_->world().options.unsent_bytes_max;
  const bool empty = message.records.empty();
  if (!empty && message.byte_size + record.fact.payload.size() > bytes_max) return Step::kFull;
  const auto viewed = round.views->View(domain, record, firm());
  if (base::ReasonOf(viewed.status()) == base::Reason::kGrantsStale) return Step::kStale;
  TANDEM_RETURN_IF_ERROR(viewed.status());
  if (!(*viewed)->has_value() || !Matches(***viewed)) return Step::kPassed;
  FeedRecord made{number_ + 1,    record.slot,       record.number,
                  record.instant, record.actor.firm, ***viewed};
  const std::size_t bytes = SizeOf(made);
  if (!empty && message.byte_size + bytes > bytes_max) return Step::kFull;
  message.byte_size += bytes;
  message.records.push_back(std::move(made));
  ++number_;
  return Step::kPassed;
}

std::optional<bool> FeedSubscriber::Concerns(const Domain& domain,
                                             const base::FactRecord& record) const {
  const Audience audience = domain.AudienceOf(record);
  if (audience.owner == firm()) return true;
  if (std::ranges::find(audience.parties, firm()) != audience.parties.end()) return true;
  const FeedHub::Firms firms = hub_->FirmsOf(audience);
  if (firms == nullptr) return std::nullopt;
  return std::ranges::binary_search(*firms, firm());
}

bool FeedSubscriber::Matches(const ViewedFact& fact) const {
  if (!filter_.relation.empty() && fact.relation != filter_.relation) return false;
  return filter_.type_names.empty() ||
         std::ranges::find(filter_.type_names, fact.type_name) != filter_.type_names.end();
}

void FeedSubscriber::Hand(FeedMessage message, bool left) {
  const auto& slots = hub_->world().slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (wanted_[i] && slots_[i].passed.number > 0) {
      message.cut.Set(slots[i].id, slots_[i].passed.number);
    }
  }
  message.cursor = SealedCursor();
  const bool progress_alone = message.records.empty() && message.notices.empty();
  moved_ = false;
  progress_ = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    sending_ = true;
    left_ = left;
    if (!progress_alone) handed_ = true;
  }
  sink_->Send(std::move(message), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    {
      const std::lock_guard lock(self->mutex_);
      self->sending_ = false;
      // Mostly all had gone out: whatever comes pumps.
      if (!std::exchange(self->missed_, false) && !self->left_) return;
    }
    self->Pump(nullptr);
  });
}

void FeedSubscriber::CloseSink(absl::Status status) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
  }
  sink_->Close(std::move(status));
}

std::string FeedSubscriber::SealedCursor() const {
  FeedCursor cursor;
  cursor.filter_hash = filter_hash_;
  cursor.number = number_;
  cursor.noticed = noticed_;
  const auto& slots = hub_->world().slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (wanted_[i] && slots_[i].passed.number > 0) {
      cursor.slots.push_back({slots[i].id, slots_[i].passed});
    }
  }
  return hub_->world().sealer->Seal(kCursorPurpose, firm(), EncodeCursor(cursor));
}

}  // namespace tandem::runtime
