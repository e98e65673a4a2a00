#include "services/runtime/embedded_log.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/embedded_follow.h"

namespace tandem::runtime {
namespace {

constexpr std::uint8_t kRowVersion = 1;
constexpr std::size_t kFollowReadBytes = std::size_t{1} << 20;
// A group that the committer itself hands to who follows briefly: it is decoded there.
constexpr std::size_t kTellBytesMax = std::size_t{16} << 10;

std::string SlotKey(std::string_view start, base::SlotId slot) {
  base::ByteWriter key;
  key.Raw(start).BigEndian16(static_cast<std::uint16_t>(slot.domain)).BigEndian16(slot.index);
  return key.Take();
}
std::string TailKey(base::SlotId slot) { return SlotKey("t", slot); }
std::string OwnerKey(base::SlotId slot) { return SlotKey("o", slot); }
std::string GroupKey(base::SlotId slot, std::uint64_t first_number) {
  base::ByteWriter key;
  key.Raw(SlotKey("", slot)).BigEndian64(first_number);
  return key.Take();
}

// The slot's changed rows, with room for a tail and a group.
StoreBatch StateBatch(base::SlotId slot, const base::OverlayRows::Changes& rows) {
  StoreBatch batch;
  batch.reserve(rows.size() + 2);
  const std::string prefix = SlotKey("", slot);
  for (const auto& [key, value] : rows) {
    std::string prefixed;
    prefixed.reserve(prefix.size() + key.size());
    prefixed.append(prefix).append(key);
    batch.push_back({Space::kState, std::move(prefixed), value});
  }
  return batch;
}

std::string EncodeTail(const SlotTail& tail) {
  base::ByteWriter out;
  out.Byte(kRowVersion).Varint(tail.seq).Varint(tail.last_number);
  out.LittleEndian64(static_cast<std::uint64_t>(absl::ToUnixNanos(tail.last_instant)));
  out.Raw({reinterpret_cast<const char*>(tail.hash.data()), tail.hash.size()});
  return out.Take();
}

absl::Status Damaged(base::SlotId slot, std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      absl::StrCat("the log of slot ", slot.ToString(), ": ",
                                   absl::string_view(what.data(), what.size()),
                                   "; restore the data folder from a backup"),
                      {{"slot", slot.ToString()}});
}

// The same of the group that should hold fact `number` first.
absl::Status DamagedGroup(base::SlotId slot, std::uint64_t number, std::string_view what) {
  const absl::Status status =
      Damaged(slot, absl::StrCat("the group from fact ", number, " on: ", std::string(what)));
  return base::WithDetail(status, {"number", number});
}

// The tail as a snapshot has it, but for the term.
absl::StatusOr<SlotTail> ReadEnd(const StoreSnapshot& snapshot, base::SlotId slot) {
  SlotTail tail;
  const std::optional<std::string> row = snapshot.Get(Space::kMeta, TailKey(slot));
  TANDEM_RETURN_IF_ERROR(snapshot.status());
  if (row.has_value()) {
    base::ByteReader in(*row);
    const bool known = in.Byte() == kRowVersion;
    tail.seq = in.Varint();
    tail.last_number = in.Varint();
    tail.last_instant = absl::FromUnixNanos(static_cast<std::int64_t>(in.LittleEndian64()));
    const std::string_view hash = in.Raw(tail.hash.size());
    std::copy(hash.begin(), hash.end(), tail.hash.begin());
    if (!known || !in.ok() || !in.AtEnd()) return Damaged(slot, "its tail's row is damaged");
  }
  return tail;
}

// The tail as a snapshot has it; the term is the owner's.
absl::StatusOr<SlotTail> ReadTail(const StoreSnapshot& snapshot, base::SlotId slot) {
  TANDEM_ASSIGN_OR_RETURN(SlotTail tail, ReadEnd(snapshot, slot));
  const std::optional<std::string> owner = snapshot.Get(Space::kMeta, OwnerKey(slot));
  TANDEM_RETURN_IF_ERROR(snapshot.status());
  if (owner.has_value()) {
    base::ByteReader in(*owner);
    const bool known = in.Byte() == kRowVersion;
    tail.term = in.Varint();
    if (!known || !in.ok() || !in.AtEnd()) return Damaged(slot, "its owner's row is damaged");
  }
  return tail;
}

// The key and bytes of the last group whose first number is at most `number`.
std::optional<std::pair<std::string, std::string>> GroupAt(const StoreSnapshot& snapshot,
                                                           base::SlotId slot,
                                                           std::uint64_t number) {
  std::optional<std::pair<std::string, std::string>> found;
  snapshot.ScanBack(Space::kLog, GroupKey(slot, 0), GroupKey(slot, number) + '\0',
                    [&](std::string_view key, std::string_view value) {
                      found.emplace(key, value);
                      return false;
                    });
  return found;
}

// The tail must be the last stored group's; otherwise something was lost or rotted.
absl::Status CheckEnd(const StoreSnapshot& snapshot, base::SlotId slot, const SlotTail& tail) {
  const auto last = GroupAt(snapshot, slot, ~std::uint64_t{0} - 1);
  TANDEM_RETURN_IF_ERROR(snapshot.status());
  if (!last.has_value()) {
    if (tail.seq == 0) return absl::OkStatus();
    return Damaged(slot, "its tail names groups that are not there");
  }
  absl::StatusOr<Group> group = DecodeGroup(last->second);
  if (!group.ok()) {
    return Damaged(slot, "its last group cannot be read: " + std::string(group.status().message()));
  }
  if (group->hash != tail.hash || group->header.seq != tail.seq ||
      group->last_number() != tail.last_number) {
    return Damaged(slot, "its tail does not fit its last group");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::pair<base::SlotId, SlotTail>>> ReadTails(
    const StoreSnapshot& snapshot) {
  std::vector<base::SlotId> slots;
  snapshot.Scan(Space::kMeta, "t", "u", [&](std::string_view key, std::string_view) {
    base::ByteReader in(key.substr(1));
    const auto domain = static_cast<base::DomainId>(in.BigEndian16());
    slots.push_back({.domain = domain, .index = in.BigEndian16()});
    return true;
  });
  TANDEM_RETURN_IF_ERROR(snapshot.status());
  std::vector<std::pair<base::SlotId, SlotTail>> tails;
  for (const base::SlotId slot : slots) {
    TANDEM_ASSIGN_OR_RETURN(const SlotTail tail, ReadTail(snapshot, slot));
    TANDEM_RETURN_IF_ERROR(CheckEnd(snapshot, slot, tail));
    tails.emplace_back(slot, tail);
  }
  return tails;
}

// What is shared by the log, its writers and its followers.
class EmbeddedLogCore : public std::enable_shared_from_this<EmbeddedLogCore> {
 public:
  struct SlotState {
    std::mutex mutex;
    bool loaded = false;
    absl::Status damage;  // The first that was met; it stays.
    SlotTail tail{};
    std::vector<std::weak_ptr<FollowPump>> followers;
  };
  using Groups = std::vector<std::shared_ptr<const Group>>;

  EmbeddedLogCore(Store& to, Executor& on, std::uint64_t id)
      : store(to), executor(on), log_id(id) {}

  // The slot's state, loaded and checked at the first call. Addresses stay.
  SlotState& StateOf(base::SlotId slot);
  absl::Status DamageOf(SlotState& state) {
    const std::lock_guard lock(state.mutex);
    return state.damage;
  }
  absl::StatusOr<Groups> Read(base::SlotId slot, std::uint64_t from, std::size_t bytes_max);
  std::shared_ptr<FollowPump> Follow(base::SlotId slot, FollowPump::Start start,
                                     Log::OnGroup on_group);
  void Append(base::SlotId slot, std::string group, const base::OverlayRows::Changes& rows,
              std::uint64_t term, LogWriter::Done done);

  Store& store;
  Executor& executor;
  const std::uint64_t log_id;

 private:
  struct Commit {  // What an append leaves behind once it is durable.
    SlotTail tail{};
    std::shared_ptr<LiveGroup> live{};
  };
  // What is durable has this tail; returns who follows.
  std::vector<std::shared_ptr<FollowPump>> Settle(SlotState& state, const SlotTail& tail);
  void Tell(std::vector<std::shared_ptr<FollowPump>> followers, const Commit& commit);
  absl::StatusOr<Groups> ReadGroups(base::SlotId slot, std::uint64_t from, std::size_t bytes_max);

  std::mutex mutex_;
  std::map<base::SlotId, std::unique_ptr<SlotState>> slots_;
};

EmbeddedLogCore::SlotState& EmbeddedLogCore::StateOf(base::SlotId slot) {
  SlotState* state = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<SlotState>& entry = slots_[slot];
    if (entry == nullptr) entry = std::make_unique<SlotState>();
    state = entry.get();
  }
  {
    const std::lock_guard lock(state->mutex);
    if (state->loaded) return *state;
  }
  // Read without the lock. Two threads may both do it, the first to finish counts.
  const std::shared_ptr<const StoreSnapshot> snapshot = store.Snapshot();
  const absl::StatusOr<SlotTail> tail = ReadTail(*snapshot, slot);
  const absl::Status damage = tail.ok() ? CheckEnd(*snapshot, slot, *tail) : tail.status();
  const std::lock_guard lock(state->mutex);
  if (!std::exchange(state->loaded, true)) {
    state->damage = damage;
    if (tail.ok()) state->tail = *tail;
  }
  return *state;
}

absl::StatusOr<EmbeddedLogCore::Groups> EmbeddedLogCore::Read(base::SlotId slot, std::uint64_t from,
                                                              std::size_t bytes_max) {
  SlotState& state = StateOf(slot);
  TANDEM_RETURN_IF_ERROR(DamageOf(state));
  absl::StatusOr<Groups> groups = ReadGroups(slot, std::max<std::uint64_t>(from, 1), bytes_max);
  if (absl::IsDataLoss(groups.status())) {
    const std::lock_guard lock(state.mutex);
    state.damage.Update(groups.status());
  }
  return groups;
}

absl::StatusOr<EmbeddedLogCore::Groups> EmbeddedLogCore::ReadGroups(base::SlotId slot,
                                                                    std::uint64_t from,
                                                                    std::size_t bytes_max) {
  const std::shared_ptr<const StoreSnapshot> snapshot = store.Snapshot();
  TANDEM_ASSIGN_OR_RETURN(const SlotTail tail, ReadTail(*snapshot, slot));
  Groups groups;
  if (from == tail.last_number + 1) return groups;
  if (from > tail.last_number) {
    return base::Refuse(base::Reason::kCursorFromTheFuture, "the log ends before this fact",
                        {{"slot", slot.ToString()}});
  }
  const auto first = GroupAt(*snapshot, slot, from);
  TANDEM_RETURN_IF_ERROR(snapshot->status());
  if (!first.has_value()) return Damaged(slot, "its start is missing");
  std::size_t bytes = 0;
  std::uint64_t next = 0;  // 0: the first group may begin before `from`.
  absl::Status status;
  snapshot->Scan(Space::kLog, first->first, GroupKey(slot, ~std::uint64_t{0}),
                 [&](std::string_view key, std::string_view value) {
                   absl::StatusOr<Group> group = DecodeGroup(value);
                   const std::uint64_t number = base::ByteReader(key.substr(4)).BigEndian64();
                   if (!group.ok()) {
                     status = DamagedGroup(slot, number, std::string(group.status().message()));
                   } else if (group->header.first_number != number) {
                     status = DamagedGroup(slot, number, "another group is in its place");
                   } else if (next == 0 ? from > group->last_number() : next != number) {
                     status = DamagedGroup(slot, next == 0 ? from : next, "it is missing");
                   }
                   if (!status.ok()) return false;
                   next = group->last_number() + 1;
                   bytes += value.size();
                   groups.push_back(std::make_shared<const Group>(*std::move(group)));
                   return bytes < bytes_max;
                 });
  TANDEM_RETURN_IF_ERROR(snapshot->status());
  TANDEM_RETURN_IF_ERROR(status);
  return groups;
}

void EmbeddedLogCore::Append(base::SlotId slot, std::string group,
                             const base::OverlayRows::Changes& rows, std::uint64_t term,
                             LogWriter::Done done) {
  const absl::StatusOr<GroupHeader> header = DecodeGroupHeader(group);
  const absl::StatusOr<absl::Time> last_instant = LastInstantOf(group);
  base::Require(header.ok() && last_instant.ok() && header->slot == slot &&
                    header->log_id == log_id && header->term == term,
                "a group that is not this writer's was appended");
  Commit commit{.tail = {.term = term,
                         .seq = header->seq,
                         .last_number = header->first_number + header->count - 1,
                         .last_instant = *last_instant,
                         .hash = HashOf(group)},
                .live = {}};
  StoreBatch batch = StateBatch(slot, rows);
  batch.push_back({Space::kMeta, TailKey(slot), EncodeTail(commit.tail)});
  SlotState& state = StateOf(slot);
  // The store only queues the batch here. It must be queued under the lock: an Acquire that raises
  // the term after the check must find this group before its own row.
  const std::lock_guard lock(state.mutex);
  if (state.tail.term != term) {
    executor.Run([done = std::move(done)]() mutable { done(AppendOutcome::kFenced); });
    return;
  }
  base::Require(header->seq == state.tail.seq + 1 && header->previous == state.tail.hash &&
                    header->first_number == state.tail.last_number + 1,
                "a group that does not follow the last was appended");
  if (!state.followers.empty()) commit.live = std::make_shared<LiveGroup>(group, *header);
  batch.push_back({Space::kLog, GroupKey(slot, header->first_number), std::move(group)});
  store.Write(std::move(batch), [self = shared_from_this(), &state, commit = std::move(commit),
                                 done = std::move(done)](const absl::Status& status) mutable {
    if (!status.ok()) return done(AppendOutcome::kUnknown);
    // Callers first: who follows can wait for them.
    std::vector<std::shared_ptr<FollowPump>> followers = self->Settle(state, commit.tail);
    done(AppendOutcome::kCommitted);
    self->Tell(std::move(followers), commit);
  });
}

std::shared_ptr<FollowPump> EmbeddedLogCore::Follow(base::SlotId slot, FollowPump::Start start,
                                                    Log::OnGroup on_group) {
  SlotState& state = StateOf(slot);
  const auto read = [core = shared_from_this(), slot](std::uint64_t next) {
    return core->Read(slot, next, kFollowReadBytes);
  };
  auto pump = std::make_shared<FollowPump>(executor, start, read, std::move(on_group));
  std::uint64_t last_number = 0;
  {
    const std::lock_guard lock(state.mutex);
    state.followers.push_back(pump);
    last_number = state.tail.last_number;
  }
  if (pump->Offer(nullptr, last_number)) executor.Run([pump] { pump->Pump(); });
  return pump;
}

void EmbeddedLogCore::Tell(std::vector<std::shared_ptr<FollowPump>> followers,
                           const Commit& commit) {
  std::erase_if(followers, [&](const auto& follower) {
    return !follower->Offer(commit.live, commit.tail.last_number);
  });
  if (commit.live != nullptr && commit.live->byte_size() <= kTellBytesMax) {
    std::erase_if(followers, [](const auto& follower) {
      if (!follower->brief()) return false;
      follower->Pump();
      return true;
    });
  }
  if (followers.empty()) return;
  // One task for all: what each does with a group is short, and a thread's waking costs more.
  executor.Run([followers = std::move(followers)] {
    for (const auto& follower : followers) follower->Pump();
  });
}

std::vector<std::shared_ptr<FollowPump>> EmbeddedLogCore::Settle(SlotState& state,
                                                                 const SlotTail& tail) {
  std::vector<std::shared_ptr<FollowPump>> followers;
  const std::lock_guard lock(state.mutex);
  const std::uint64_t term = state.tail.term;  // A new owner may have raised it meanwhile.
  state.tail = tail;
  state.tail.term = term;
  std::erase_if(state.followers, [](const auto& follower) { return follower.expired(); });
  for (const auto& follower : state.followers) {
    if (auto pump = follower.lock()) followers.push_back(std::move(pump));
  }
  return followers;
}

namespace {

class EmbeddedWriter final : public LogWriter {
 public:
  EmbeddedWriter(std::shared_ptr<EmbeddedLogCore> core, base::SlotId slot, const SlotTail& tail)
      : core_(std::move(core)), slot_(slot), tail_(tail) {}
  const SlotTail& tail() const override { return tail_; }
  void Append(std::string group, const base::OverlayRows::Changes& rows, Done done) override {
    core_->Append(slot_, std::move(group), rows, tail_.term, std::move(done));
  }
  // One batch writes group and rows, so there is never anything to replay; what is written here
  // stands under the tail that is there.
  void PutReplayed(std::uint64_t applied, const base::OverlayRows::Changes& rows,
                   absl::AnyInvocable<void(absl::Status)> done) override {
    base::Require(applied == tail_.last_number, "the embedded log's rows are never behind");
    core_->store.Write(StateBatch(slot_, rows), std::move(done));
  }

 private:
  std::shared_ptr<EmbeddedLogCore> core_;
  base::SlotId slot_;
  SlotTail tail_;
};

class EmbeddedFollower final : public LogFollower {
 public:
  explicit EmbeddedFollower(std::shared_ptr<FollowPump> pump) : pump_(std::move(pump)) {}
  ~EmbeddedFollower() override { pump_->Close(); }
  EmbeddedFollower(const EmbeddedFollower&) = delete;
  EmbeddedFollower& operator=(const EmbeddedFollower&) = delete;

 private:
  std::shared_ptr<FollowPump> pump_;
};

}  // namespace

EmbeddedLog::EmbeddedLog(Store& store, Executor& executor, std::uint64_t log_id)
    : core_(std::make_shared<EmbeddedLogCore>(store, executor, log_id)) {}
EmbeddedLog::~EmbeddedLog() = default;

void EmbeddedLog::Acquire(base::SlotId slot, Acquired done) {
  EmbeddedLogCore::SlotState& state = core_->StateOf(slot);
  const std::lock_guard lock(state.mutex);  // As in Append: raised and queued in one step.
  if (!state.damage.ok()) {
    core_->executor.Run(
        [done = std::move(done), damage = state.damage]() mutable { done(damage); });
    return;
  }
  const std::uint64_t term = ++state.tail.term;
  base::ByteWriter row;
  row.Byte(kRowVersion).Varint(term);
  core_->store.Write(
      {{Space::kMeta, OwnerKey(slot), row.Take()}},
      [core = core_, slot, term, &state,
       done = std::move(done)](const absl::Status& status) mutable {
        if (!status.ok()) {
          return done(base::Refuse(base::Reason::kLogAway, std::string(status.message())));
        }
        // Earlier appends were queued, and so answered, before this.
        SlotTail tail;
        {
          const std::lock_guard hold(state.mutex);
          tail = state.tail;
        }
        tail.term = term;
        done(std::make_unique<EmbeddedWriter>(core, slot, tail));
      });
}

absl::StatusOr<std::vector<std::shared_ptr<const Group>>> EmbeddedLog::Read(
    base::SlotId slot, std::uint64_t from, std::size_t bytes_max) const {
  return core_->Read(slot, from, bytes_max);
}

std::unique_ptr<LogFollower> EmbeddedLog::Follow(base::SlotId slot, std::uint64_t from,
                                                 OnGroup on_group) {
  return std::make_unique<EmbeddedFollower>(
      core_->Follow(slot, {.from = from}, std::move(on_group)));
}

std::unique_ptr<LogFollower> EmbeddedLog::FollowBriefly(base::SlotId slot, std::uint64_t from,
                                                        OnGroup on_group) {
  return std::make_unique<EmbeddedFollower>(
      core_->Follow(slot, {.from = from, .brief = true}, std::move(on_group)));
}

absl::StatusOr<SlotTail> EmbeddedLog::Last(base::SlotId slot) const {
  TANDEM_RETURN_IF_ERROR(core_->DamageOf(core_->StateOf(slot)));
  return ReadTail(*core_->store.Snapshot(), slot);
}

absl::StatusOr<Log::Rows> EmbeddedLog::ReadRows(base::SlotId slot) const {
  std::shared_ptr<const StoreSnapshot> snapshot = core_->store.Snapshot();
  TANDEM_ASSIGN_OR_RETURN(const SlotTail tail, ReadEnd(*snapshot, slot));
  return Rows{.rows = std::make_shared<SnapshotRows>(std::move(snapshot), SlotKey("", slot)),
              .applied = tail.last_number};
}

std::uint64_t EmbeddedLog::log_id() const { return core_->log_id; }
absl::Status EmbeddedLog::Room() const { return core_->store.Room(); }
void EmbeddedLog::Expect() { core_->store.Expect(); }

}  // namespace tandem::runtime
