#include "services/exchange/register_replica.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/day.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/codec.h"
#include "services/exchange/facts.h"
#include "services/runtime/slot_rows.h"

namespace tandem::exchange {
namespace {

std::string_view IdOfName(std::string_view name) { return name.substr(name.rfind('/') + 1); }

std::int32_t DayOf(const google::type::Date& date) {
  const auto day = base::Day::FromCivil(date.year(), date.month(), date.day());
  base::Require(day.ok(), "a register's closing day is none");
  return day->number();
}

template <typename Entry>
void AddEntry(EntryTable& table, const Entry& entry) {
  const auto number = static_cast<std::uint32_t>(entry.register_number());
  table.Add(number, IdOfName(entry.name()));
  if (entry.has_last_date()) table.Close(number, DayOf(entry.last_date()));
}

// The owner of a register's row, from its key.
std::string OwnerOf(std::string_view key) {
  base::ByteReader reader(key.substr(1));
  return reader.KeyString();
}

absl::Status Damaged(std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what);
}

}  // namespace

struct RegisterReplica::Impl : std::enable_shared_from_this<RegisterReplica::Impl> {
  // One firm's register: changed in place, and copied only when somebody asks for it.
  struct Firm {
    FirmRegister current{};
    std::shared_ptr<const FirmRegister> shown{};  // nullptr: older than `current`.
  };
  struct Waiter {
    base::Position wanted{};
    absl::AnyInvocable<void(absl::Status)> done{};
  };

  runtime::Log& log;
  runtime::Executor& executor;
  const std::vector<base::SlotId> slots;
  mutable std::mutex mutex;
  std::map<std::string, Firm, std::less<>> firms;
  base::Position position;
  std::map<std::uint64_t, Waiter> waiters;
  std::uint64_t next_waiter = 0;
  std::vector<std::unique_ptr<runtime::LogFollower>> followers;

  Impl(runtime::Log& l, runtime::Executor& e, std::vector<base::SlotId> s)
      : log(l), executor(e), slots(std::move(s)) {}

  template <typename Entry>
  absl::Status LoadRows(const base::RowReader& rows, RowKind kind,
                        EntryTable FirmRegister::*table) {
    absl::Status status;
    const std::string prefix(1, static_cast<char>(kind));
    rows.ScanPrefix(prefix, [&](std::string_view key, std::string_view value) {
      Entry entry;
      if (!entry.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
        status = Damaged("a register's entry cannot be read");
        return false;
      }
      AddEntry(firms[OwnerOf(key)].current.*table, entry);
      return true;
    });
    return status.ok() ? rows.status() : status;
  }

  absl::Status Load(base::SlotId slot) {
    TANDEM_ASSIGN_OR_RETURN(const runtime::Log::Rows rows, log.ReadRows(slot));
    const runtime::DomainReader own(rows.rows);
    const std::lock_guard lock(mutex);
    TANDEM_RETURN_IF_ERROR(LoadRows<v1::Item>(own, RowKind::kItem, &FirmRegister::items));
    TANDEM_RETURN_IF_ERROR(
        LoadRows<v1::Location>(own, RowKind::kLocation, &FirmRegister::locations));
    position.Set(slot, rows.applied);
    return absl::OkStatus();
  }

  template <typename Message>
  static Message Parsed(const base::FactRecord& record) {
    Message message;
    base::Require(message.ParseFromString(record.fact.payload), "a register's fact is damaged");
    return message;
  }

  void Close(const std::string& owner, EntryTable FirmRegister::*table, std::string_view id,
             std::int32_t last_day) {
    Firm& firm = firms[owner];
    (firm.current.*table).Close((firm.current.*table).NumberOf(id), last_day);
    firm.shown = nullptr;
  }

  // Under the lock. Facts of other kinds say nothing of registers.
  void Fold(const base::FactRecord& record) {
    if (record.fact.kind == static_cast<std::uint32_t>(FactKind::kItemsRegistered)) {
      const auto fact = Parsed<v1::ItemsRegistered>(record);
      Firm& firm = firms[fact.owner()];
      for (const v1::Item& item : fact.items()) AddEntry(firm.current.items, item);
      firm.shown = nullptr;
    } else if (record.fact.kind == static_cast<std::uint32_t>(FactKind::kLocationsRegistered)) {
      const auto fact = Parsed<v1::LocationsRegistered>(record);
      Firm& firm = firms[fact.owner()];
      for (const v1::Location& entry : fact.locations()) AddEntry(firm.current.locations, entry);
      firm.shown = nullptr;
    } else if (record.fact.kind == static_cast<std::uint32_t>(FactKind::kItemClosed)) {
      const auto fact = Parsed<v1::ItemClosed>(record);
      Close(fact.owner(), &FirmRegister::items, fact.item(), fact.last_day());
    } else if (record.fact.kind == static_cast<std::uint32_t>(FactKind::kLocationClosed)) {
      const auto fact = Parsed<v1::LocationClosed>(record);
      Close(fact.owner(), &FirmRegister::locations, fact.location(), fact.last_day());
    }
  }

  void OnGroup(const runtime::Group& group) {
    std::vector<Waiter> reached;
    {
      const std::lock_guard lock(mutex);
      for (const base::FactRecord& record : group.facts) {
        if (record.number > position.At(group.header.slot)) Fold(record);
      }
      const std::uint64_t number = std::max(group.last_number(), position.At(group.header.slot));
      position.Set(group.header.slot, number);
      for (auto waiter = waiters.begin(); waiter != waiters.end();) {
        if (!position.Covers(waiter->second.wanted)) {
          ++waiter;
          continue;
        }
        reached.push_back(std::move(waiter->second));
        waiter = waiters.erase(waiter);
      }
    }
    for (Waiter& waiter : reached) Tell(std::move(waiter), absl::OkStatus());
  }

  // On the executor: a follower's callback must not wait, and blocks are checked in what follows.
  void Tell(Waiter waiter, absl::Status status) {
    executor.Run([done = std::move(waiter.done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
  }

  void Expire(std::uint64_t id) {
    std::optional<Waiter> waiter;
    {
      const std::lock_guard lock(mutex);
      const auto found = waiters.find(id);
      if (found == waiters.end()) return;
      waiter = std::move(found->second);
      waiters.erase(found);
    }
    waiter->done(base::Refuse(base::Reason::kPositionNotReached,
                              "the registers are not yet as new as the position named"));
  }

  // The part of a position that this replica follows.
  base::Position Followed(const base::Position& wanted) const {
    base::Position followed;
    for (const base::SlotId slot : slots) {
      if (wanted.At(slot) > 0) followed.Set(slot, wanted.At(slot));
    }
    return followed;
  }
};

RegisterReplica::RegisterReplica(runtime::Log& log, runtime::Executor& executor,
                                 std::vector<base::SlotId> slots)
    : impl_(std::make_shared<Impl>(log, executor, std::move(slots))) {}

RegisterReplica::~RegisterReplica() { impl_->followers.clear(); }

absl::Status RegisterReplica::Start() {
  for (const base::SlotId slot : impl_->slots) TANDEM_RETURN_IF_ERROR(impl_->Load(slot));
  for (const base::SlotId slot : impl_->slots) {
    const std::uint64_t from = position().At(slot) + 1;
    impl_->followers.push_back(impl_->log.FollowBriefly(
        slot, from, [impl = impl_.get()](const std::shared_ptr<const runtime::Group>& group) {
          impl->OnGroup(*group);
        }));
  }
  return absl::OkStatus();
}

std::shared_ptr<const FirmRegister> RegisterReplica::Of(std::string_view firm) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->firms.find(firm);
  if (found == impl_->firms.end()) {
    static const auto& kEmpty = *new std::shared_ptr<const FirmRegister>(new FirmRegister());
    return kEmpty;
  }
  if (found->second.shown == nullptr) {
    found->second.shown = std::make_shared<const FirmRegister>(found->second.current);
  }
  return found->second.shown;
}

base::Position RegisterReplica::position() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->position;
}

bool RegisterReplica::Reached(const base::Position& wanted) const {
  if (wanted.numbers().empty()) return true;
  const std::lock_guard lock(impl_->mutex);
  return impl_->position.Covers(impl_->Followed(wanted));
}

void RegisterReplica::WaitFor(const base::Position& wanted, absl::Duration timeout,
                              absl::AnyInvocable<void(absl::Status)> done) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(impl_->mutex);
    id = impl_->next_waiter++;
    Impl::Waiter waiter{impl_->Followed(wanted), std::move(done)};
    if (impl_->position.Covers(waiter.wanted)) {
      impl_->Tell(std::move(waiter), absl::OkStatus());
      return;
    }
    impl_->waiters.emplace(id, std::move(waiter));
  }
  impl_->executor.RunAfter(std::max(timeout, absl::ZeroDuration()),
                           [weak = std::weak_ptr<Impl>(impl_), id] {
                             if (const auto impl = weak.lock()) impl->Expire(id);
                           });
}

}  // namespace tandem::exchange
