// The replica of governance that every service keeps: firms, principals, agreements in force. It
// follows governance's facts and asks for its position every 200 ms; what it says holds until 700
// ms after the question was sent, on its own monotonic clock (design, section 6). It holds for the
// log that was followed alone: a group that does not name the hash of the one before it, or a log
// that ends before what was read of it, makes the replica stale for good.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "services/base/grants.h"
#include "services/runtime/log.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

inline constexpr absl::Duration kGrantsAskPeriod = absl::Milliseconds(200);
inline constexpr absl::Duration kGrantsHold = absl::Milliseconds(700);

// Governance as a replica reaches it: in the same process, or over gRPC between instances.
class GovernanceSource {
 public:
  virtual ~GovernanceSource() = default;
  // The number of governance's last durable fact. Lost questions are never answered; that is
  // allowed.
  virtual void AskPosition(absl::AnyInvocable<void(absl::StatusOr<std::uint64_t>)> done) = 0;
  // Governance's groups from fact `from` on, as Log::Follow. A broken source starts again by
  // itself.
  virtual std::unique_ptr<LogFollower> Follow(std::uint64_t from, Log::OnGroup on_group) = 0;
};

// A firm as the door knows it.
struct KnownFirm {
  std::string firm{};
  bool suspended = false;
  std::vector<std::string> ca_pems{};  // A certificate counts under one of these alone.
};

// A change of what one firm may see, for feeds.
struct GrantChange {
  enum class Kind { kOpened, kRevoked };
  Kind kind = Kind::kOpened;
  std::uint64_t number = 0;  // Governance's fact.
  std::string firm{};        // Who sees more or less from now on.
  std::string relation{};
  std::uint32_t version = 0;
};

class GrantsReplica final : public base::Grants {
 public:
  GrantsReplica(GovernanceSource& source, const Clock& clock, Executor& executor);
  ~GrantsReplica() override;
  // Begins to follow and to ask. Once.
  void Start();

  absl::Status Check(std::string_view viewer, std::string_view owner, base::DataKind kind,
                     std::string_view item, std::string_view location) const override;
  absl::StatusOr<std::shared_ptr<const base::GrantedItems>> ItemsAt(
      std::string_view viewer, std::string_view owner, base::DataKind kind,
      std::string_view location) const override;
  absl::Status CheckJoint(std::string_view viewer, std::string_view relation) const override;
  absl::StatusOr<std::shared_ptr<const base::AgreementTerms>> TermsOf(
      std::string_view viewer, std::string_view relation) const override;
  absl::Status CheckDerivation(std::string_view relation, std::string_view owner,
                               std::string_view derivation) const override;
  std::vector<std::string> ViewersOf(std::string_view owner, base::DataKind kind,
                                     std::string_view location) const override;
  std::vector<std::string> PartiesOf(std::string_view relation) const override;
  std::uint64_t version() const override;

  // kUnavailable / GRANTS_STALE unless the replica was known to be current within the hold.
  absl::Status Fresh() const;
  // nullopt for a firm that was never admitted. Does not ask for freshness: the door checks it
  // apart.
  std::optional<KnownFirm> Firm(std::string_view firm) const;
  std::vector<KnownFirm> Firms() const;
  // Whether the principal has the role ("admin", "signer", "editor", "reader"); "admin" has all,
  // and each of signer and editor can read.
  bool HasRole(std::string_view firm, std::string_view principal, std::string_view role) const;
  // OK if it has; PERMISSION_DENIED / ROLE_MISSING if it has not; GRANTS_STALE where the replica
  // may not have heard of the role yet; FAILED_PRECONDITION / FIRM_SUSPENDED for a suspended
  // firm's.
  absl::Status CheckRole(std::string_view firm, std::string_view principal,
                         std::string_view role) const;

  // Whether a caller that came through the door may go on reading on a stream that stays open, by
  // what is folded: FIRM_SUSPENDED; ROLE_MISSING for a principal without a role that reads. The
  // operator's may.
  absl::Status Admits(const base::Caller& caller) const;

  // The id of the break-glass that stands for a principal of the operator's; "" for none, and while
  // the replica may not be relied on.
  std::string BreakGlassOf(std::string_view principal) const;

  // The firm's grant changes with a number above `after`, ascending.
  std::vector<GrantChange> ChangesSince(std::string_view firm, std::uint64_t after) const;
  // Called after every fold, outside locks, on the executor or the follower's thread.
  void OnFold(std::function<void(std::uint64_t version)> listener);
  // Called once, on the executor, where governance's log turns out to be another than the one that
  // was followed (it was restored from a backup, or begun anew, while this process went on).
  // Nothing is folded then and all is stale until a new process follows it from the first fact.
  void OnAnotherLog(Task listener);
  // Calls back when version() >= number; kUnavailable / GRANTS_STALE at the deadline.
  void WaitFor(std::uint64_t number, absl::Time deadline,
               absl::AnyInvocable<void(absl::Status)> done);

 private:
  bool IsSuspended(std::string_view firm) const;

  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::runtime
