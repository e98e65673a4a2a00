#include "services/runtime/door.h"

#include <condition_variable>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/server_context.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/audit.h"
#include "services/runtime/logging.h"
#include "services/runtime/rpc_status.h"

namespace tandem::runtime {
namespace {

// Whether a replica that lags behind governance could be why.
bool MayBeBehind(const absl::Status& status) {
  switch (base::ReasonOf(status)) {
    case base::Reason::kUnknownCaller:
    case base::Reason::kRoleMissing:
    case base::Reason::kFirmSuspended:
      return true;
    default:
      return false;
  }
}

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

void LogCall(Method method, const absl::Status& status, absl::Duration took,
             const std::string& trace_id) {
  const LogLevel level = IsOurFault(status.code()) ? LogLevel::kWarning : LogLevel::kDebug;
  if (!Logs(level)) return;
  const std::string_view reason = base::ReasonName(base::ReasonOf(status));
  LogLine(level, "call",
          {{"method", method.name},
           {"code", absl::StatusCodeToString(status.code())},
           {"reason", absl::string_view(reason.data(), reason.size())},
           {"micros", absl::ToInt64Microseconds(took)}},
          trace_id);
}

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

absl::Status Draining() {
  return base::Refuse(base::Reason::kNotServing, "the server is stopping");
}

absl::StatusOr<FirmShares::Place> FirmShares::Take(const std::string& firm) {
  {
    const std::lock_guard lock(mutex_);
    std::size_t& taken = taken_[firm];
    if (taken >= max_) {
      return base::Refuse(base::Reason::kQuotaExceeded,
                          absl::StrCat("the firm has its share of ", what_, " in flight"),
                          {{"firm", firm}, {"max", max_}});
    }
    ++taken;
  }
  return Place(nullptr, [shares = shared_from_this(), firm](void*) {
    const std::lock_guard lock(shares->mutex_);
    const auto found = shares->taken_.find(firm);
    if (--found->second == 0) shares->taken_.erase(found);
  });
}

struct Door::Drains {
  // Counts guests, and says when the last one leaves.
  std::mutex guests_mutex;
  std::condition_variable left;
  std::size_t guests = 0;
  bool closed = false;

  bool LetIn() {
    const std::lock_guard lock(guests_mutex);
    if (!closed) ++guests;
    return !closed;
  }
  void LetOut() {
    const std::lock_guard lock(guests_mutex);
    if (--guests == 0) left.notify_all();
  }

  std::mutex mutex;  // Held while an end is called: its registration waits to go.
  bool draining = false;
  std::uint64_t last = 0;
  std::map<std::uint64_t, std::function<void()>> ends;
};

class Door::DrainRegistration final : public Door::Registration {
 public:
  DrainRegistration(std::shared_ptr<Drains> drains, std::uint64_t number)
      : drains_(std::move(drains)), number_(number) {}
  ~DrainRegistration() override {
    const std::lock_guard lock(drains_->mutex);
    drains_->ends.erase(number_);
  }

 private:
  const std::shared_ptr<Drains> drains_;
  const std::uint64_t number_;
};

Door::Door(Parts parts, DoorOptions options)
    : parts_(std::move(parts)),
      options_(options),
      calls_(std::make_shared<FirmShares>("calls", options.calls_firm_max)),
      streams_(std::make_shared<FirmShares>("streams", options.streams_firm_max)),
      rates_(options.rates),
      read_rates_(options.read_rates),
      drains_(std::make_shared<Drains>()),
      trace_high_(parts_.random->Next()),
      trace_low_(parts_.random->Next()) {}

std::unique_ptr<Door::Registration> Door::EndOnDrain(std::function<void()> end) {
  const std::lock_guard lock(drains_->mutex);
  const std::uint64_t number = ++drains_->last;
  if (drains_->draining) {
    end();  // It came in while the door was closing.
  } else {
    drains_->ends.emplace(number, std::move(end));
  }
  return std::make_unique<DrainRegistration>(drains_, number);
}

void Door::Drain() {
  {
    const std::lock_guard lock(drains_->guests_mutex);
    drains_->closed = true;
  }
  const std::lock_guard lock(drains_->mutex);
  drains_->draining = true;
  for (const auto& [number, end] : drains_->ends) end();
  drains_->ends.clear();
}

bool Door::WaitUntilEmpty(absl::Duration limit) {
  std::unique_lock lock(drains_->guests_mutex);
  return drains_->left.wait_for(lock, absl::ToChronoMilliseconds(limit),
                                [this] { return drains_->guests == 0; });
}

std::string Door::TraceIdOf(const grpc::CallbackServerContext& context) {
  // W3C Trace Context: version, trace id, parent id, flags.
  const auto found = context.client_metadata().find("traceparent");
  if (found != context.client_metadata().end() && found->second.size() >= 55) {
    const std::string_view text(found->second.data(), found->second.size());
    const std::string_view id = text.substr(3, 32);
    if (text[2] == '-' && text[35] == '-' && IsHex(id) && id != std::string(32, '0')) {
      return std::string(id);
    }
  }
  // A Weyl sequence: no two of a door's agree, and their low bits change as random ones do.
  constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  const std::uint64_t low = trace_low_.fetch_add(kStep, std::memory_order_relaxed);
  return absl::StrCat(absl::Hex(trace_high_, absl::kZeroPad16), absl::Hex(low, absl::kZeroPad16));
}

std::string Door::Sealed(const std::string& firm, const base::Position& position) {
  const std::lock_guard lock(seal_mutex_);
  if (sealed_.empty() || sealed_firm_ != firm || sealed_position_ != position) {
    sealed_ = SealPosition(*parts_.sealer, firm, position);
    sealed_firm_ = firm;
    sealed_position_ = position;
  }
  return sealed_;
}

absl::StatusOr<Guest> Door::Admit(const Peer& peer, Method method) {
  Guest guest{.method = method};
  TANDEM_ASSIGN_OR_RETURN(guest.call.caller, parts_.identity->CallerOf(peer));
  TANDEM_RETURN_IF_ERROR(CheckRole(*parts_.book, guest.call.caller, method.role));
  if (guest.call.caller.operator_role && parts_.break_glass) {
    guest.call.break_glass = parts_.break_glass(guest.call.caller.principal);
  }
  // Instances carry many firms' calls; each counts as its own firm's where it is forwarded.
  const std::shared_ptr<FirmShares>& shares = method.stream ? streams_ : calls_;
  TANDEM_ASSIGN_OR_RETURN(guest.place, shares->Take(guest.call.caller.firm));
  // Signing, revoking and reading are never refused for what is stored.
  const bool adds = method.role == Role::kEditor && !method.ends && !guest.call.caller.instance;
  if (adds && parts_.stored != nullptr && options_.stored_bytes_firm_max > 0) {
    guest.stored = &parts_.stored->Of(guest.call.caller.firm);
  }
  return guest;
}

absl::Status Door::Refused(const Peer& peer, Method method, const std::string& trace_id,
                           absl::Status status) {
  AuditEntry entry{.method = method.name, .reason = AuditReason(status)};
  const absl::StatusOr<base::Caller> caller = parts_.identity->CallerOf(peer);
  if (caller.ok()) {
    entry.caller = *caller;
  } else if (base::ReasonOf(caller.status()) == base::Reason::kFirmSuspended) {
    entry.caller = SuspendedCaller(caller.status());
  } else {
    entry.claimed = ClaimOf(peer);
  }
  Audit(std::move(entry));
  parts_.telemetry->CountCall(method.name, status, absl::ZeroDuration());
  LogCall(method, status, absl::ZeroDuration(), trace_id);
  return status;
}

void Door::Enter(const grpc::CallbackServerContext& context, Method method, Then then) {
  const absl::Time now = parts_.clock->Now();
  const absl::Time asked = absl::FromChrono(context.deadline());
  const bool ours = asked > now + absl::Hours(24 * 365);  // gRPC's "never", whatever its bits.
  Peer peer = PeerOf(context);
  absl::StatusOr<Guest> guest = Admit(peer, method);
  auto complete = [this, method, ours, began = parts_.clock->Monotonic(),
                   trace_id = TraceIdOf(context),
                   deadline = ours ? now + options_.deadline_default : asked](
                      absl::StatusOr<Guest> made, const Peer& of, Then& next) mutable {
    if (made.ok() && !drains_->LetIn()) made = Draining();
    if (!made.ok()) return next(Refused(of, method, trace_id, std::move(made).status()));
    made->deadline_is_ours = ours;
    made->began = began;
    made->call.deadline = deadline;
    made->call.trace_id = std::move(trace_id);
    parts_.telemetry->CallBegan();
    next(std::move(made));
  };
  if (guest.ok() || !parts_.catch_up || !MayBeBehind(guest.status())) {
    return complete(std::move(guest), peer, then);
  }
  parts_.catch_up([this, complete = std::move(complete), method, peer = std::move(peer),
                   then = std::move(then)](const absl::Status& caught) mutable {
    // Without governance nobody knows whether this is a stranger.
    if (caught.ok()) return complete(Admit(peer, method), peer, then);
    complete(base::Refuse(base::Reason::kGrantsStale,
                          "governance cannot be asked who calls at the moment; retry"),
             peer, then);
  });
}

absl::Status Door::Charge(const Guest& guest, const Load& load) {
  if (guest.call.caller.instance) return absl::OkStatus();
  const absl::Duration now = parts_.clock->Monotonic();
  absl::Status status = CheckStored(guest);
  if (status.ok()) status = rates_.Take(guest.call.caller.firm, load, now);
  if (status.ok() && guest.method.role == Role::kReader) {
    status = read_rates_.Take(guest.call.caller.firm, {}, now);
  }
  if (!status.ok()) {
    Audit(
        {.caller = guest.call.caller, .method = guest.method.name, .reason = AuditReason(status)});
  }
  return status;
}

void Door::Owe(const Guest& guest, std::size_t answer_bytes) {
  if (guest.call.caller.instance) return;
  read_rates_.Owe(guest.call.caller.firm, {.bytes = answer_bytes}, parts_.clock->Monotonic());
}

absl::Status Door::CheckStored(const Guest& guest) const {
  if (guest.stored == nullptr) return absl::OkStatus();
  const std::int64_t stored = guest.stored->load(std::memory_order_relaxed);
  if (stored < options_.stored_bytes_firm_max) return absl::OkStatus();
  return base::Refuse(base::Reason::kStorageExceeded,
                      "the firm has stored as much as it may here: ask the operator to raise "
                      "stored_bytes_firm_max; what is there stays readable, and can be taken back",
                      {{"firm", guest.call.caller.firm},
                       {"stored_bytes", stored},
                       {"stored_bytes_max", options_.stored_bytes_firm_max}});
}

grpc::Status Door::Leave(grpc::CallbackServerContext& context, const Guest& guest,
                         const absl::Status& status, const base::Position& position) {
  if (status.ok() && !position.numbers().empty()) {
    context.AddTrailingMetadata(kPositionKey, Sealed(guest.call.caller.firm, position));
  }
  const absl::Duration took = parts_.clock->Monotonic() - guest.began;
  drains_->LetOut();
  parts_.telemetry->CallEnded();
  parts_.telemetry->CountCall(guest.method.name, status, took);
  LogCall(guest.method, status, took, guest.call.trace_id);
  return ToGrpcStatus(status);
}

}  // namespace tandem::runtime
