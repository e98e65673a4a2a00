#include "tests/simulation/kafka_model_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/runtime/log_rules.h"

namespace tandem::simulation {
namespace {

using runtime::AppendOutcome;
using runtime::LogRules;

// How long a writer waits for an acknowledgement before it calls the outcome unknown.
constexpr absl::Duration kAckPatience = absl::Seconds(2);
constexpr absl::Duration kFetchPeriod = absl::Milliseconds(20);

}  // namespace

struct KafkaModelLog::State : std::enable_shared_from_this<State> {
  // What this instance has read of a slot.
  struct Seen {
    explicit Seen(LogRules r) : rules(std::move(r)) {}
    LogRules rules;
    std::uint64_t next_offset = 0;
    std::vector<std::shared_ptr<const runtime::Group>> groups{};
  };

  std::uint64_t log_id = 0;
  Node* node = nullptr;
  Network* network = nullptr;
  Broker* broker = nullptr;
  LocalRows* rows = nullptr;
  std::map<base::SlotId, Seen> seen{};

  Seen& Of(base::SlotId slot) {
    return seen.try_emplace(slot, LogRules(log_id, slot)).first->second;
  }

  // The next record in offset order.
  LogRules::Verdict Take(base::SlotId slot, const std::string& bytes);
  // Reads what the broker has, then calls back. Lost questions are asked again.
  void Fetch(base::SlotId slot, const std::function<void()>& then);
  // Appends term records until one of the caller's counts.
  void Claim(base::SlotId slot, std::shared_ptr<std::vector<std::string>> own_ids, Acquired done);
  void AwaitClaim(base::SlotId slot, std::shared_ptr<std::vector<std::string>> own_ids,
                  std::shared_ptr<Producer> producer, std::shared_ptr<Acquired> done, int polls);
};

class KafkaModelLog::Follower final : public runtime::LogFollower {
 public:
  Follower(std::shared_ptr<State> state, base::SlotId slot, std::uint64_t from, OnGroup on_group)
      : state_(std::move(state)), slot_(slot), next_(from), on_group_(std::move(on_group)) {
    Poll(state_, slot_, self_);
  }
  ~Follower() override { *self_ = nullptr; }

  // Hands over what is known and was not yet handed over.
  void Deliver() {
    const std::shared_ptr<Follower*> self = self_;
    // By index: the callback may cause more groups to be read.
    for (std::size_t i = taken_; i < state_->Of(slot_).groups.size(); i = taken_) {
      const std::shared_ptr<const runtime::Group> group = state_->Of(slot_).groups[i];
      taken_ = i + 1;
      if (group->last_number() < next_) continue;
      next_ = group->last_number() + 1;
      on_group_(group);
    }
  }

 private:
  static void Poll(const std::shared_ptr<State>& state, base::SlotId slot,
                   const std::shared_ptr<Follower*>& self) {
    state->Fetch(slot, [state, slot, self] {
      if (*self == nullptr) return;
      (*self)->Deliver();
      state->node->RunAfter(kFetchPeriod, [state, slot, self] {
        if (*self != nullptr) Poll(state, slot, self);
      });
    });
  }

  std::shared_ptr<State> state_;
  base::SlotId slot_;
  std::uint64_t next_;
  std::size_t taken_ = 0;
  OnGroup on_group_;
  std::shared_ptr<Follower*> self_ = std::make_shared<Follower*>(this);
};

class KafkaModelLog::Writer final : public runtime::LogWriter {
 public:
  Writer(std::shared_ptr<State> state, base::SlotId slot)
      : state_(std::move(state)),
        slot_(slot),
        tail_(state_->Of(slot).rules.tail()),
        producer_(*state_->network, *state_->broker, *state_->node, slot) {}
  ~Writer() override { *alive_ = false; }

  const runtime::SlotTail& tail() const override { return tail_; }

  void Append(std::string group, const base::OverlayRows::Changes& rows, Done done) override {
    base::Require(!done_, "one group in flight a slot");
    done_ = std::move(done);
    bytes_ = std::move(group);
    rows_ = rows;
    const std::uint64_t append = ++append_;
    const std::uint64_t expected = state_->Of(slot_).next_offset;
    producer_.Produce(bytes_, [this, append, expected](Delivery delivery) {
      if (append != append_ || !done_) return;
      if (delivery.kind == Delivery::Kind::kFatal) return Finish(AppendOutcome::kUnknown);
      ReadUpTo(append, expected, delivery.offset);
    });
    state_->node->RunAfter(kAckPatience, [this, alive = alive_, append] {
      if (*alive && append == append_ && done_) Finish(AppendOutcome::kUnknown);
    });
  }

  void PutReplayed(std::uint64_t applied, const base::OverlayRows::Changes& rows,
                   absl::AnyInvocable<void(absl::Status)> done) override {
    PutRows(applied, rows);
    state_->node->Run([done = std::move(done)]() mutable { done(absl::OkStatus()); });
  }

 private:
  // The acknowledgement names our record's offset: its verdict is the outcome. At the expected
  // offset nothing lies between, else what lies between is read first.
  void ReadUpTo(std::uint64_t append, std::uint64_t expected, std::uint64_t offset) {
    State::Seen& seen = state_->Of(slot_);
    if (offset == expected && seen.next_offset == expected) {
      return Judge(state_->Take(slot_, bytes_));
    }
    state_->Fetch(slot_, [this, alive = alive_, append] {
      if (!*alive || append != append_ || !done_) return;
      // Not the tail's hash alone: a later owner's groups may have been read with ours.
      const runtime::Hash own = runtime::HashOf(bytes_);
      const auto& groups = state_->Of(slot_).groups;
      const bool valid = std::any_of(groups.rbegin(), groups.rend(),
                                     [&](const auto& group) { return group->hash == own; });
      Judge(valid ? LogRules::Verdict::kGroupValid : LogRules::Verdict::kVoid);
    });
  }

  void Judge(LogRules::Verdict verdict) {
    if (verdict != LogRules::Verdict::kGroupValid) return Finish(AppendOutcome::kFenced);
    const absl::StatusOr<runtime::GroupHeader> header = runtime::DecodeGroupHeader(bytes_);
    base::Require(header.ok(), "a group that was appended has a header");
    PutRows(header->first_number + header->count - 1, rows_);
    Finish(AppendOutcome::kCommitted);
  }

  void PutRows(std::uint64_t applied, const base::OverlayRows::Changes& rows) {
    LocalRows::Slot& local = state_->rows->now[slot_];
    local.rows = std::make_shared<base::MapRows>(*local.rows);  // Readers hold the old one.
    for (const auto& [key, value] : rows) {
      if (value.has_value()) {
        local.rows->Put(key, *value);
      } else {
        local.rows->Delete(key);
      }
    }
    local.applied = applied;
    if (state_->node->world().random().OneIn(4)) state_->rows->Sync();
  }

  void Finish(AppendOutcome outcome) {
    Done done = std::exchange(done_, nullptr);
    done(outcome);
  }

  std::shared_ptr<State> state_;
  base::SlotId slot_;
  runtime::SlotTail tail_;
  Producer producer_;
  std::uint64_t append_ = 0;
  std::string bytes_;
  base::OverlayRows::Changes rows_;
  Done done_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

LogRules::Verdict KafkaModelLog::State::Take(base::SlotId slot, const std::string& bytes) {
  Seen& of = Of(slot);
  ++of.next_offset;
  const LogRules::Verdict verdict = of.rules.Take(bytes);
  if (verdict == LogRules::Verdict::kGroupValid) {
    absl::StatusOr<runtime::Group> group = runtime::DecodeGroup(bytes);
    base::Require(group.ok(), "a valid group decodes");
    of.groups.push_back(std::make_shared<const runtime::Group>(*std::move(group)));
  }
  return verdict;
}

void KafkaModelLog::State::Fetch(base::SlotId slot, const std::function<void()>& then) {
  const auto answered = std::make_shared<bool>(false);
  const auto self = shared_from_this();
  network->Send(broker->node(), [self, slot, then, answered, life = node->life()] {
    const std::vector<std::string> records = self->broker->records(slot);
    self->network->Answer(*self->node, life, [self, slot, then, answered, records] {
      if (std::exchange(*answered, true)) return;
      while (self->Of(slot).next_offset < records.size()) {
        self->Take(slot, records[self->Of(slot).next_offset]);
      }
      then();
    });
  });
  node->RunAfter(absl::Milliseconds(200), [self, slot, then, answered] {
    if (!std::exchange(*answered, true)) self->Fetch(slot, then);
  });
}

void KafkaModelLog::State::Claim(base::SlotId slot,
                                 std::shared_ptr<std::vector<std::string>> own_ids, Acquired done) {
  const auto self = shared_from_this();
  const auto shared_done = std::make_shared<Acquired>(std::move(done));
  Fetch(slot, [self, slot, own_ids = std::move(own_ids), shared_done] {
    runtime::TermRecord record{.log_id = self->log_id, .slot = slot};
    record.supersedes = self->Of(slot).rules.tail().term;
    while (record.unique_id.size() < 16) {
      record.unique_id.push_back(static_cast<char>(self->node->world().random().Next()));
    }
    own_ids->push_back(record.unique_id);
    auto producer = std::make_shared<Producer>(*self->network, *self->broker, *self->node, slot);
    producer->Produce(EncodeTermRecord(record), [](Delivery) {});
    self->AwaitClaim(slot, own_ids, producer, shared_done, 0);
  });
}

void KafkaModelLog::State::AwaitClaim(base::SlotId slot,
                                      std::shared_ptr<std::vector<std::string>> own_ids,
                                      std::shared_ptr<Producer> producer,
                                      std::shared_ptr<Acquired> done, int polls) {
  const auto self = shared_from_this();
  node->RunAfter(kFetchPeriod, [self, slot, own_ids = std::move(own_ids),
                                producer = std::move(producer), done = std::move(done), polls] {
    self->Fetch(slot, [self, slot, own_ids, producer, done, polls] {
      const std::string& owner = self->Of(slot).rules.owner_id();
      if (std::find(own_ids->begin(), own_ids->end(), owner) != own_ids->end()) {
        (*done)(std::unique_ptr<runtime::LogWriter>(std::make_unique<Writer>(self, slot)));
      } else if (polls < 50) {
        self->AwaitClaim(slot, own_ids, producer, done, polls + 1);
      } else {
        // Lost, or void because another's came first: a new record names the term that stands now.
        self->Claim(slot, own_ids, std::move(*done));
      }
    });
  });
}

KafkaModelLog::KafkaModelLog(std::uint64_t log_id, Node& node, Network& network, Broker& broker,
                             LocalRows& rows)
    : state_(std::make_shared<State>()) {
  state_->log_id = log_id;
  state_->node = &node;
  state_->network = &network;
  state_->broker = &broker;
  state_->rows = &rows;
}

KafkaModelLog::~KafkaModelLog() = default;

void KafkaModelLog::Acquire(base::SlotId slot, Acquired done) {
  state_->Claim(slot, std::make_shared<std::vector<std::string>>(), std::move(done));
}

absl::StatusOr<std::vector<std::shared_ptr<const runtime::Group>>> KafkaModelLog::Read(
    base::SlotId slot, std::uint64_t from, std::size_t bytes_max) const {
  const State::Seen& seen = state_->Of(slot);
  if (from > seen.rules.tail().last_number + 1) {
    return base::Refuse(base::Reason::kCursorFromTheFuture, "the log ends before this fact",
                        {{"from", from}, {"last", seen.rules.tail().last_number}});
  }
  std::vector<std::shared_ptr<const runtime::Group>> groups;
  std::size_t bytes = 0;
  for (const auto& group : seen.groups) {
    if (group->last_number() < from) continue;
    if (!groups.empty() && bytes + group->byte_size > bytes_max) break;
    bytes += group->byte_size;
    groups.push_back(group);
  }
  return groups;
}

std::unique_ptr<runtime::LogFollower> KafkaModelLog::Follow(base::SlotId slot, std::uint64_t from,
                                                            OnGroup on_group) {
  return std::make_unique<Follower>(state_, slot, from, std::move(on_group));
}

absl::StatusOr<runtime::SlotTail> KafkaModelLog::Last(base::SlotId slot) const {
  return state_->Of(slot).rules.tail();
}

absl::StatusOr<runtime::Log::Rows> KafkaModelLog::ReadRows(base::SlotId slot) const {
  const LocalRows::Slot& local = state_->rows->now[slot];
  return Rows{.rows = local.rows, .applied = local.applied};
}

std::uint64_t KafkaModelLog::log_id() const { return state_->log_id; }

}  // namespace tandem::simulation
