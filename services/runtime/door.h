// The door every call comes through, whatever its service: who calls, in which role, until when,
// within its firm's share; and out again, with the answer's status, position and metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"
#include "services/runtime/call.h"
#include "services/runtime/firm_rates.h"
#include "services/runtime/identity.h"
#include "services/runtime/seal.h"
#include "services/runtime/seams.h"
#include "services/runtime/stored_bytes.h"
#include "services/runtime/telemetry.h"

namespace grpc {
class CallbackServerContext;
}  // namespace grpc

namespace tandem::runtime {

// The trailer that carries an answer's sealed position.
inline constexpr char kPositionKey[] = "tandem-position-bin";

struct DoorOptions {
  // For unary calls whose client set no deadline, and for a stream's first answer.
  absl::Duration deadline_default = absl::Seconds(60);
  // How long a read that is streamed may stand still, its reader taking nothing, before what it
  // holds (a snapshot of the store, which keeps all that was overwritten since) is let go.
  absl::Duration read_stall_max = absl::Minutes(5);
  // Each firm's share; generous, since the slots' queues are fair by firm too.
  std::size_t calls_firm_max = 8192;
  std::size_t streams_firm_max = 4096;
  FirmRateOptions rates{};
  // What a firm reads: the bytes of answers. Rows are not counted apart.
  FirmRateOptions read_rates{.verb = "reads"};
  std::int64_t stored_bytes_firm_max = 0;  // 0: no bound.
};

struct Method {
  const char* name = "";  // "SignAgreement": for metrics, logs and audit.
  Role role = Role::kReader;
  bool stream = false;
  // Ends or takes back what was begun, and adds little: an editor's, let in where the firm has
  // stored its share.
  bool ends = false;
};

// Counts what each firm has in flight. Safe on any thread.
class FirmShares : public std::enable_shared_from_this<FirmShares> {
 public:
  // Gives its place back when it goes.
  using Place = std::shared_ptr<void>;
  FirmShares(std::string what, std::size_t firm_max) : what_(std::move(what)), max_(firm_max) {}
  // RESOURCE_EXHAUSTED / QUOTA_EXCEEDED if the firm has its share in flight.
  absl::StatusOr<Place> Take(const std::string& firm);

 private:
  const std::string what_;
  const std::size_t max_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> taken_;
};

// A call that was let in. Its place is free again when this goes.
struct Guest {
  Call call{};
  Method method{};
  bool deadline_is_ours = false;  // The client set none: the shell keeps it.
  absl::Duration began{};         // On the clock's Monotonic().
  FirmShares::Place place{};
  const std::atomic<std::int64_t>* stored = nullptr;  // What the firm has stored, where it counts.
};

// Safe on any thread; never waits.
class Door {
 public:
  // Asks governance for its position and calls back once the book has it; OK if it does.
  using CatchUp = std::function<void(absl::AnyInvocable<void(absl::Status)>)>;
  struct Parts {
    Identity* identity = nullptr;
    const FirmBook* book = nullptr;
    const Sealer* sealer = nullptr;
    const Clock* clock = nullptr;
    Random* random = nullptr;  // For trace ids.
    Telemetry* telemetry = nullptr;
    StoredBytes* stored = nullptr;  // Optional.
    CatchUp catch_up{};             // Optional.
    // Optional: the id of the break-glass that stands for one of the operator's principals, or "".
    std::function<std::string(std::string_view principal)> break_glass{};
    std::function<void(AuditEntry)> audit{};  // Optional: takes the door's lines, and the shells'.
  };
  using Then = absl::AnyInvocable<void(absl::StatusOr<Guest>)>;

  // The parts must outlive the door.
  Door(Parts parts, DoorOptions options);

  // Calls `then` once: at once for whoever the book knows, else after catching up with governance,
  // so that a firm admitted a moment ago is not a stranger. Errors: UNAUTHENTICATED /
  // UNKNOWN_CALLER, FAILED_PRECONDITION / FIRM_SUSPENDED, PERMISSION_DENIED / ROLE_MISSING,
  // RESOURCE_EXHAUSTED / QUOTA_EXCEEDED. They are counted. The context must stay alive until then.
  void Enter(const grpc::CallbackServerContext& context, Method method, Then then);

  // Takes what a message of the guest's asks for from its firm's share of a second. OK, or
  // RESOURCE_EXHAUSTED: QUOTA_EXCEEDED (firm_rates.h), also for a reader whose firm has read more
  // than its share; STORAGE_EXCEEDED for what an editor sends where its firm has stored its share.
  // Other instances' calls are not counted.
  absl::Status Charge(const Guest& guest, const Load& load);
  // Takes what a reader is answered from its firm's share: the firm owes it, and its later reads
  // are refused while it owes too much. What is being read is never cut off.
  void Owe(const Guest& guest, std::size_t answer_bytes);

  // The status to finish with. Lets the guest out, counts and logs the call, and puts the position,
  // sealed for the caller's firm, into the trailer. Before Finish; once a guest.
  grpc::Status Leave(grpc::CallbackServerContext& context, const Guest& guest,
                     const absl::Status& status, const base::Position& position);

  // Streams without an end register how they are ended; `end` is called at most once, on the
  // drainer's thread or, while the door drains, at once; never after the registration is gone.
  class Registration {
   public:
    virtual ~Registration() = default;
  };
  std::unique_ptr<Registration> EndOnDrain(std::function<void()> end);
  // Ends all of them, and lets nobody in any more.
  void Drain();
  // Waits until every guest has left, for at most the limit; false if some are still there. For the
  // orderly end of the program alone.
  bool WaitUntilEmpty(absl::Duration limit);

  const Sealer& sealer() const { return *parts_.sealer; }
  const DoorOptions& options() const { return options_; }
  const Clock& clock() const { return *parts_.clock; }
  // Leaves an audit line, for shells without handlers of their own. What Enter refuses has one.
  void Audit(AuditEntry entry) const {
    if (parts_.audit) parts_.audit(std::move(entry));
  }

 private:
  struct Drains;
  class DrainRegistration;

  absl::Status CheckStored(const Guest& guest) const;
  absl::StatusOr<Guest> Admit(const Peer& peer, Method method);
  absl::Status Refused(const Peer& peer, Method method, const std::string& trace_id,
                       absl::Status status);
  std::string TraceIdOf(const grpc::CallbackServerContext& context);
  std::string Sealed(const std::string& firm, const base::Position& position);

  const Parts parts_;
  const DoorOptions options_;
  const std::shared_ptr<FirmShares> calls_;
  const std::shared_ptr<FirmShares> streams_;
  FirmRates rates_;
  FirmRates read_rates_;
  const std::shared_ptr<Drains> drains_;
  std::mutex seal_mutex_;
  // The last position that was sealed, and for whom: commands answered together share it.
  std::string sealed_firm_{};
  base::Position sealed_position_{};
  std::string sealed_{};
  // Trace ids: drawn once, and numbered on.
  const std::uint64_t trace_high_;
  std::atomic<std::uint64_t> trace_low_;
};

// What a stream gets when the server stops: retry, elsewhere or later.
absl::Status Draining();

}  // namespace tandem::runtime
