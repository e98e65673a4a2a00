// The registers of all firms in memory: ids to register numbers and back, and closing days. Follows
// the exchange's own facts, so what a command has just registered is here a moment later; who
// cannot wait for that moment names the position (WaitFor).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/exchange/registers.h"
#include "services/runtime/log.h"
#include "services/runtime/seams.h"

namespace tandem::exchange {

// Safe on any thread.
class RegisterReplica final : public Registers {
 public:
  // `slots` are all slots of the domain. The log and the executor must outlive it.
  RegisterReplica(runtime::Log& log, runtime::Executor& executor, std::vector<base::SlotId> slots);
  ~RegisterReplica() override;
  // Reads the rows as they stand and follows from there; not the whole log. Once, when the log is
  // open; error: kDataLoss where rows cannot be read.
  absl::Status Start();

  std::shared_ptr<const FirmRegister> Of(std::string_view firm) const override;

  // What is in.
  base::Position position() const;
  // Whether position() covers what `wanted` names of the slots followed.
  bool Reached(const base::Position& wanted) const;
  // Calls back, on the executor, when Reached(wanted); kUnavailable / POSITION_NOT_REACHED after
  // `timeout`. Those that wait when the replica goes are not called.
  void WaitFor(const base::Position& wanted, absl::Duration timeout,
               absl::AnyInvocable<void(absl::Status)> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::exchange
