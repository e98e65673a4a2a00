#include "services/runtime/router.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/runtime/stored_bytes.h"

namespace tandem::runtime {
namespace {

// Counts calls down and answers once, with the first error that came.
class Gathered {
 public:
  Gathered(std::size_t count, absl::AnyInvocable<void(absl::Status)> done)
      : left_(count), done_(std::move(done)) {}
  void Take(const absl::Status& status) {
    {
      const std::lock_guard lock(mutex_);
      status_.Update(status);
      if (--left_ > 0) return;
    }
    done_(status_);
  }

 private:
  std::mutex mutex_;
  std::size_t left_;
  absl::Status status_;
  absl::AnyInvocable<void(absl::Status)> done_;
};

absl::Status NotServing(base::SlotId slot) {
  return base::Refuse(base::Reason::kNotServing, "this instance does not serve the slot",
                      {{"slot", slot.ToString()}});
}

}  // namespace

struct Router::Impl {
  using Slots = std::map<base::SlotId, std::shared_ptr<Slot>>;

  Impl(Log& to, const Clock& by, Executor& on, const SlotOptions& with)
      : log(to), clock(by), executor(on), options(with) {}

  std::shared_ptr<Slot> Find(base::SlotId slot) const {
    const std::lock_guard lock(*mutex);
    const auto found = slots->find(slot);
    return found == slots->end() ? nullptr : found->second;
  }
  const Domain* DomainOf(base::DomainId id) const {
    const std::lock_guard lock(*mutex);
    const auto found = domains.find(id);
    return found == domains.end() ? nullptr : found->second;
  }
  Slots All() const {
    const std::lock_guard lock(*mutex);
    return *slots;
  }

  Log& log;
  const Clock& clock;
  Executor& executor;
  const SlotOptions options;
  const std::shared_ptr<StoredBytes> stored = std::make_shared<StoredBytes>();
  // Shared with the openings under way, which may outlive the router.
  std::shared_ptr<std::mutex> mutex = std::make_shared<std::mutex>();
  std::shared_ptr<Slots> slots = std::make_shared<Slots>();
  std::map<base::DomainId, const Domain*> domains;
};

Router::Router(Log& log, const Clock& clock, Executor& executor, SlotOptions options)
    : impl_(std::make_shared<Impl>(log, clock, executor, options)) {}
Router::~Router() = default;

void Router::Serve(const Domain& domain, absl::AnyInvocable<void(absl::Status)> ready) {
  {
    const std::lock_guard lock(*impl_->mutex);
    impl_->domains[domain.id()] = &domain;
  }
  const auto gathered = std::make_shared<Gathered>(domain.slots(), std::move(ready));
  for (std::uint16_t index = 0; index < domain.slots(); ++index) {
    const base::SlotId slot{.domain = domain.id(), .index = index};
    auto opened = [gathered, slot, mutex = impl_->mutex,
                   slots = impl_->slots](absl::StatusOr<std::shared_ptr<Slot>> result) {
      if (!result.ok()) {
        absl::Status named(result.status().code(),
                           absl::StrCat("slot ", slot.ToString(), ": ", result.status().message()));
        result.status().ForEachPayload([&named](absl::string_view url, const absl::Cord& payload) {
          named.SetPayload(url, payload);
        });
        return gathered->Take(base::WithDetail(named, {"slot", slot.ToString()}));
      }
      {
        const std::lock_guard lock(*mutex);
        slots->insert_or_assign(slot, *std::move(result));
      }
      gathered->Take(absl::OkStatus());
    };
    Slot::Open(slot, {domain, impl_->log, impl_->clock, impl_->executor, impl_->stored},
               impl_->options, std::move(opened));
  }
}

base::SlotId Router::SlotOf(base::DomainId domain, std::string_view key) const {
  const Domain* known = this->domain(domain);
  base::Require(known != nullptr, "a key of a domain that is not served was routed");
  return base::SlotOf(domain, known->slots(), key);
}

void Router::Submit(base::SlotId slot, Command command, SubmitDone done) {
  const std::shared_ptr<Slot> found = impl_->Find(slot);
  if (found == nullptr) return done(NotServing(slot));
  found->Submit(std::move(command), std::move(done));
}

void Router::Audit(base::SlotId slot, AuditEntry entry) {
  const std::shared_ptr<Slot> found = impl_->Find(slot);
  if (found != nullptr) found->Audit(std::move(entry));
}

Router::AuditSink Router::audit_sink() const {
  AuditSink sink;
  sink.impl_ = impl_;
  return sink;
}

void Router::AuditSink::Add(base::DomainId domain, std::string_view key, AuditEntry entry) const {
  const std::shared_ptr<const Impl> impl = impl_.lock();
  const Domain* known = impl == nullptr ? nullptr : impl->DomainOf(domain);
  if (known == nullptr) return;
  const std::shared_ptr<Slot> slot = impl->Find(base::SlotOf(domain, known->slots(), key));
  if (slot != nullptr) slot->Audit(std::move(entry));
}

absl::StatusOr<Log::Rows> Router::Read(base::SlotId slot) const {
  const std::shared_ptr<Slot> found = impl_->Find(slot);
  if (found == nullptr) return NotServing(slot);
  return found->Read();
}

void Router::WaitFor(const base::Position& position, absl::Time deadline,
                     absl::AnyInvocable<void(absl::Status)> done) {
  std::vector<std::pair<std::shared_ptr<Slot>, std::uint64_t>> waits;
  for (const auto& [slot, number] : position.numbers()) {
    if (std::shared_ptr<Slot> found = impl_->Find(slot); found != nullptr) {
      waits.emplace_back(std::move(found), number);
    }
  }
  if (waits.empty()) return done(absl::OkStatus());
  const auto gathered = std::make_shared<Gathered>(waits.size(), std::move(done));
  for (const auto& [slot, number] : waits) {
    slot->WaitFor(number, deadline,
                  [gathered](const absl::Status& status) { gathered->Take(status); });
  }
}

base::Position Router::Durable() const {
  base::Position position;
  for (const auto& [id, slot] : impl_->All()) position.Set(id, slot->counters().last_number);
  return position;
}

void Router::Drain(absl::AnyInvocable<void()> drained) {
  const Impl::Slots slots = impl_->All();
  if (slots.empty()) return drained();
  const auto gathered = std::make_shared<Gathered>(
      slots.size(), [call = std::move(drained)](const absl::Status&) mutable { call(); });
  for (const auto& [id, slot] : slots) {
    slot->Drain([gathered] { gathered->Take(absl::OkStatus()); });
  }
}

const Domain* Router::domain(base::DomainId id) const { return impl_->DomainOf(id); }

std::vector<base::SlotId> Router::slots() const {
  std::vector<base::SlotId> ids;
  for (const auto& [id, slot] : impl_->All()) ids.push_back(id);
  return ids;
}

SlotCounters Router::counters(base::SlotId slot) const {
  const std::shared_ptr<Slot> found = impl_->Find(slot);
  return found == nullptr ? SlotCounters{} : found->counters();
}

StoredBytes& Router::stored() const { return *impl_->stored; }
Log& Router::log() const { return impl_->log; }
const Clock& Router::clock() const { return impl_->clock; }

}  // namespace tandem::runtime
