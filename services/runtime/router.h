// The slots of this instance: which slot a key belongs to, submitting to it, reading at it.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "services/runtime/slot.h"

namespace tandem::runtime {

class Router {
  struct Impl;

 public:
  Router(Log& log, const Clock& clock, Executor& executor, SlotOptions options);
  ~Router();

  // Opens every slot of the domain; `ready` gets OK when all serve, or the first error, which names
  // the slot. The domain must outlive the router.
  void Serve(const Domain& domain, absl::AnyInvocable<void(absl::Status)> ready);

  // The slot of a key in a domain that this instance serves.
  base::SlotId SlotOf(base::DomainId domain, std::string_view key) const;

  // As Slot's, for the slot named; kUnavailable / NOT_SERVING where this instance does not own it.
  void Submit(base::SlotId slot, Command command, SubmitDone done);
  void Audit(base::SlotId slot, AuditEntry entry);
  // Takes audit lines for as long as the router is there, and drops them afterwards: replies that
  // hold one may be called, or dropped, later than that.
  class AuditSink {
   public:
    // In the key's slot of a domain that is served here.
    void Add(base::DomainId domain, std::string_view key, AuditEntry entry) const;

   private:
    friend class Router;
    std::weak_ptr<const Impl> impl_;
  };
  AuditSink audit_sink() const;
  absl::StatusOr<Log::Rows> Read(base::SlotId slot) const;
  // Waits for the slots of `position` that this instance serves (others are not its to know).
  void WaitFor(const base::Position& position, absl::Time deadline,
               absl::AnyInvocable<void(absl::Status)> done);
  // The durable numbers of all slots served.
  base::Position Durable() const;

  // Every slot's Drain.
  void Drain(absl::AnyInvocable<void()> drained);

  const Domain* domain(base::DomainId id) const;
  std::vector<base::SlotId> slots() const;
  SlotCounters counters(base::SlotId slot) const;
  // What firms have stored in the slots served. Lives for as long as the router.
  StoredBytes& stored() const;
  Log& log() const;
  const Clock& clock() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::runtime
