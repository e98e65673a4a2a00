#include "services/runtime/grants.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/grants_index.h"
#include "tandem/governance/v1/governance.pb.h"

namespace tandem::runtime {
namespace {

// Questions that were answered ahead of the facts; older ones could hold only shorter.
constexpr std::size_t kAnswersMax = 8;

absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

absl::Status HeardTooLittle() {
  return base::Refuse(base::Reason::kGrantsStale,
                      "this instance has not heard from governance in time: retry shortly");
}

absl::Status FollowedAnother() {
  return base::Refuse(base::Reason::kGrantsStale,
                      "governance's log is not the one that this instance has followed (was it "
                      "restored?): the operator must restart this instance");
}

absl::Status SuspendedFirm(std::string_view firm) {
  return base::Refuse(base::Reason::kFirmSuspended, "the operator has suspended the firm",
                      {{"firm", Text(firm)}});
}

absl::Status RoleMissing(std::string_view principal, std::string_view role) {
  return base::Refuse(base::Reason::kRoleMissing, "the principal lacks the role",
                      {{"principal", Text(principal)}, {"role", Text(role)}});
}

absl::Status NotGranted(std::string_view viewer, std::string_view owner) {
  return base::Refuse(base::Reason::kNotGranted, "no agreement in force grants this",
                      {{"viewer", Text(viewer)}, {"owner", Text(owner)}});
}

absl::Status NoParty(std::string_view viewer, std::string_view relation) {
  return base::Refuse(base::Reason::kNotGranted, "the firm is no party of this agreement",
                      {{"agreement", Text(relation)}, {"firm", Text(viewer)}});
}

absl::Status RetentionEnded(std::string_view relation, absl::Time until) {
  return base::Refuse(
      base::Reason::kRetentionEnded,
      "the agreement has ended, and so has the time for which its parties keep "
      "reading its records",
      {{"agreement", Text(relation)}, {"until", absl::FormatTime(until, absl::UTCTimeZone())}});
}

// The break-glass that a viewer is; nullopt for a firm.
std::optional<std::string_view> GlassIdOf(std::string_view viewer) {
  constexpr std::string_view kPrefix = base::kBreakGlassViewer;
  if (!viewer.starts_with(kPrefix)) return std::nullopt;
  return viewer.substr(kPrefix.size());
}

bool HasParty(const Relation* relation, std::string_view firm) {
  return relation != nullptr &&
         std::binary_search(relation->parties.begin(), relation->parties.end(), firm);
}

// A firm's own data.
class AllItems final : public base::GrantedItems {
 public:
  bool Contains(std::string_view) const override { return true; }
  bool empty() const override { return false; }
};

class NoItems final : public base::GrantedItems {
 public:
  bool Contains(std::string_view) const override { return false; }
  bool empty() const override { return true; }
};

class PairItems final : public base::GrantedItems {
 public:
  PairItems(std::shared_ptr<const PairGrants> grants, base::DataKind kind,
            std::string_view location)
      : grants_(std::move(grants)), kind_(kind), location_(location) {}
  bool Contains(std::string_view item) const override {
    return !item.empty() && grants_->Allows(kind_, item, location_);
  }
  bool empty() const override { return !grants_->Allows(kind_, "", location_); }

 private:
  std::shared_ptr<const PairGrants> grants_;
  base::DataKind kind_;
  std::string location_;
};

governance::v1::Role RoleNamed(std::string_view role) {
  namespace v1 = governance::v1;
  if (role == "admin") return v1::ROLE_ADMIN;
  if (role == "signer") return v1::ROLE_SIGNER;
  if (role == "editor") return v1::ROLE_EDITOR;
  if (role == "reader") return v1::ROLE_READER;
  return v1::ROLE_UNSPECIFIED;
}

}  // namespace

struct GrantsReplica::Impl : std::enable_shared_from_this<GrantsReplica::Impl> {
  struct Waiter {
    std::uint64_t number = 0;
    absl::AnyInvocable<void(absl::Status)> done{};
  };
  struct Answer {
    std::uint64_t number = 0;
    absl::Duration sent{};       // On the monotonic clock.
    std::uint64_t at_least = 0;  // What was folded when it was sent.
  };
  using Listener = std::shared_ptr<const std::function<void(std::uint64_t)>>;

  Impl(GovernanceSource& governance, const Clock& a_clock, Executor& an_executor)
      : source(governance), clock(a_clock), executor(an_executor) {}

  void Ask();
  void OnAnswer(Answer answer);
  void OnGroup(const Group& group);
  bool Follows(const Group& group);
  bool Fold(const base::FactRecord& record);
  void Tell();
  void Freshen();
  void SayAnother();
  // Reads the clock after the state, under the lock: what passes was current when it passed.
  bool IsFresh() const { return clock.Monotonic() < fresh_until; }
  absl::Status Stale() const { return another_log ? FollowedAnother() : HeardTooLittle(); }
  bool Stands(const GlassEntry* glass) const {
    return glass != nullptr && clock.Now() < glass->expire_time && clock.Monotonic() < glass->ends;
  }
  std::shared_ptr<const PairGrants> GrantsOf(std::string_view viewer, std::string_view owner) const;

  GovernanceSource& source;
  const Clock& clock;
  Executor& executor;
  std::unique_ptr<LogFollower> follower;

  std::mutex asking;  // Held while the source is asked, so that it is not asked after the end.
  bool stopped = false;

  mutable std::mutex mutex;  // Of what follows; held for look-ups and swaps alone.
  GrantsIndex index;         // Changed by the follower's thread alone, which reads it without.
  bool halted = false;       // A fact could not be read: nothing more is folded, so all goes stale.
  bool another_log = false;  // What was folded is not in governance's log: all is stale, for good.
  Hash last_hash{};          // Of the last group that was folded; of the follower's thread.
  absl::Duration fresh_until = -absl::InfiniteDuration();
  std::vector<Answer> answers;  // Not yet folded up to.
  std::map<std::uint64_t, Waiter> waiters;
  std::uint64_t next_waiter = 0;
  std::vector<Listener> listeners;
  Task on_another_log;
};

void GrantsReplica::Impl::Ask() {
  const std::lock_guard asked(asking);
  if (stopped) return;
  // The next question does not wait for this answer: it may be lost.
  executor.RunAfter(kGrantsAskPeriod, [weak = weak_from_this()] {
    if (const std::shared_ptr<Impl> self = weak.lock()) self->Ask();
  });
  Answer answer{.sent = clock.Monotonic()};
  {
    const std::lock_guard lock(mutex);
    answer.at_least = index.version();
  }
  source.AskPosition([weak = weak_from_this(), answer](absl::StatusOr<std::uint64_t> number) {
    const std::shared_ptr<Impl> self = weak.lock();
    if (self == nullptr || !number.ok()) return;
    Answer answered = answer;
    answered.number = *number;
    self->OnAnswer(answered);
  });
}

void GrantsReplica::Impl::OnAnswer(Answer answer) {
  const std::lock_guard lock(mutex);
  // A log never ends before what was read of it: this is one that was restored from before.
  if (answer.number < answer.at_least) SayAnother();
  if (answers.size() >= kAnswersMax) answers.erase(answers.begin());
  answers.push_back(answer);
  Freshen();
}

// Under the lock. New facts would take numbers that are folded already, and be passed over: what
// they revoke would stay granted here.
void GrantsReplica::Impl::SayAnother() {
  if (std::exchange(another_log, true)) return;
  fresh_until = -absl::InfiniteDuration();
  if (on_another_log) executor.Run(std::exchange(on_another_log, nullptr));
}

// Under the lock.
void GrantsReplica::Impl::Freshen() {
  if (another_log) return answers.clear();
  std::erase_if(answers, [this](const Answer& answer) {
    if (answer.number > index.version()) return false;
    fresh_until = std::max(fresh_until, answer.sent + kGrantsHold);
    return true;
  });
}

void GrantsReplica::Impl::OnGroup(const Group& group) {
  if (!Follows(group)) return;
  bool folded = false;
  for (const base::FactRecord& record : group.facts) {
    if (halted) break;
    halted = !Fold(record);
    folded = folded || !halted;
  }
  last_hash = group.hash;
  if (folded) Tell();
}

// Whether the group is the next; it was delivered again if it is not, or is of another log.
bool GrantsReplica::Impl::Follows(const Group& group) {
  const std::lock_guard lock(mutex);
  if (halted || another_log || group.last_number() <= index.version()) return false;
  const bool next =
      group.header.first_number == index.version() + 1 && group.header.previous == last_hash;
  if (!next) SayAnother();
  return next;
}

bool GrantsReplica::Impl::Fold(const base::FactRecord& record) {
  absl::StatusOr<GrantsIndex::Change> change = index.Prepare(record);
  if (!change.ok()) return false;
  const absl::Time now = std::max(clock.Now(), record.instant);
  for (GrantsIndex::Change::Glass& glass : change->glasses) {
    if (glass.opened) glass.entry->ends = clock.Monotonic() + (glass.entry->expire_time - now);
  }
  const std::lock_guard lock(mutex);
  index.Publish(*change);
  Freshen();
  return true;  // The lock goes first, then what was replaced.
}

// Under the lock: what the viewer may see of the owner, nullptr for nothing.
std::shared_ptr<const PairGrants> GrantsReplica::Impl::GrantsOf(std::string_view viewer,
                                                                std::string_view owner) const {
  if (const auto id = GlassIdOf(viewer); id.has_value()) {
    const std::shared_ptr<const GlassEntry> glass = index.FindGlass(*id);
    if (!Stands(glass.get())) return nullptr;
    const auto table = glass->by_owner.find(Text(owner));
    return table == glass->by_owner.end() ? nullptr : table->second;
  }
  return index.Suspended(viewer) ? nullptr : index.Pair(viewer, owner);
}

void GrantsReplica::Impl::Tell() {
  std::vector<Waiter> reached;
  std::vector<Listener> told;
  std::uint64_t version = 0;
  {
    const std::lock_guard lock(mutex);
    version = index.version();
    told = listeners;
    for (auto waiter = waiters.begin(); waiter != waiters.end();) {
      if (waiter->second.number > version) {
        ++waiter;
        continue;
      }
      reached.push_back(std::move(waiter->second));
      waiter = waiters.erase(waiter);
    }
  }
  for (Waiter& waiter : reached) waiter.done(absl::OkStatus());
  for (const Listener& listener : told) (*listener)(version);
}

GrantsReplica::GrantsReplica(GovernanceSource& source, const Clock& clock, Executor& executor)
    : impl_(std::make_shared<Impl>(source, clock, executor)) {}

GrantsReplica::~GrantsReplica() {
  {
    const std::lock_guard asked(impl_->asking);
    impl_->stopped = true;
  }
  impl_->follower.reset();
}

void GrantsReplica::Start() {
  impl_->follower = impl_->source.Follow(
      1,
      [impl = impl_.get()](const std::shared_ptr<const Group>& group) { impl->OnGroup(*group); });
  impl_->Ask();
}

absl::Status GrantsReplica::Check(std::string_view viewer, std::string_view owner,
                                  base::DataKind kind, std::string_view item,
                                  std::string_view location) const {
  if (viewer == owner) return absl::OkStatus();
  std::shared_ptr<const PairGrants> grants;
  {
    const std::lock_guard lock(impl_->mutex);
    grants = impl_->GrantsOf(viewer, owner);
    if (!impl_->IsFresh()) return impl_->Stale();
  }
  if (grants != nullptr && grants->Allows(kind, item, location)) return absl::OkStatus();
  return NotGranted(viewer, owner);
}

absl::StatusOr<std::shared_ptr<const base::GrantedItems>> GrantsReplica::ItemsAt(
    std::string_view viewer, std::string_view owner, base::DataKind kind,
    std::string_view location) const {
  static const auto kAll = std::make_shared<const AllItems>();
  static const auto kNone = std::make_shared<const NoItems>();
  if (viewer == owner) return kAll;
  std::shared_ptr<const PairGrants> grants;
  {
    const std::lock_guard lock(impl_->mutex);
    grants = impl_->GrantsOf(viewer, owner);
    if (!impl_->IsFresh()) return impl_->Stale();
  }
  if (grants == nullptr) return kNone;
  return std::make_shared<const PairItems>(std::move(grants), kind, location);
}

absl::Status GrantsReplica::CheckJoint(std::string_view viewer, std::string_view relation) const {
  const std::lock_guard lock(impl_->mutex);
  if (const auto id = GlassIdOf(viewer); id.has_value()) {
    if (!impl_->IsFresh()) return impl_->Stale();
    const std::shared_ptr<const GlassEntry> glass = impl_->index.FindGlass(*id);
    const bool may = impl_->Stands(glass.get()) && glass->relation == relation;
    return may ? absl::OkStatus() : NoParty(viewer, relation);
  }
  const std::shared_ptr<const Relation> found = impl_->index.FindRelation(relation);
  if (!HasParty(found.get(), viewer)) {
    return impl_->IsFresh() ? NoParty(viewer, relation) : impl_->Stale();
  }
  // Who was a party once stays one for as long as was signed: that is known without governance.
  const absl::Time until = ReadableUntil(*found);
  return impl_->clock.Now() < until ? absl::OkStatus() : RetentionEnded(relation, until);
}

absl::StatusOr<std::shared_ptr<const base::AgreementTerms>> GrantsReplica::TermsOf(
    std::string_view viewer, std::string_view relation) const {
  std::shared_ptr<const Relation> found;
  {
    const std::lock_guard lock(impl_->mutex);
    found = impl_->index.FindRelation(relation);
    if (!impl_->IsFresh()) return impl_->Stale();
  }
  if (!HasParty(found.get(), viewer) || found->terms == nullptr) return NoParty(viewer, relation);
  return found->terms;
}

absl::Status GrantsReplica::CheckDerivation(std::string_view relation, std::string_view owner,
                                            std::string_view derivation) const {
  std::shared_ptr<const Relation> found;
  {
    const std::lock_guard lock(impl_->mutex);
    found = impl_->index.FindRelation(relation);
    if (!impl_->IsFresh()) return impl_->Stale();
  }
  if (HasParty(found.get(), owner) && found->version > 0 && !found->revoked) {
    const std::string owner_id(owner);
    if (found->derivations.contains({owner_id, std::string(derivation)})) return absl::OkStatus();
    if (derivation == "forecast" && found->open_inputs.contains(owner_id)) return absl::OkStatus();
  }
  return base::Refuse(
      base::Reason::kNotGranted, "the inputs' owner does not grant this derivation",
      {{"agreement", Text(relation)}, {"owner", Text(owner)}, {"derivation", Text(derivation)}});
}

std::vector<std::string> GrantsReplica::ViewersOf(std::string_view owner, base::DataKind kind,
                                                  std::string_view location) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->index.ViewersOf(owner, kind, location);
}

std::vector<std::string> GrantsReplica::PartiesOf(std::string_view relation) const {
  const std::lock_guard lock(impl_->mutex);
  const std::shared_ptr<const Relation> found = impl_->index.FindRelation(relation);
  return found == nullptr ? std::vector<std::string>() : found->parties;
}

std::uint64_t GrantsReplica::version() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->index.version();
}

absl::Status GrantsReplica::Fresh() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->IsFresh() ? absl::OkStatus() : impl_->Stale();
}

std::optional<KnownFirm> GrantsReplica::Firm(std::string_view firm) const {
  std::shared_ptr<const FirmEntry> entry;
  {
    const std::lock_guard lock(impl_->mutex);
    entry = impl_->index.FindFirm(firm);
  }
  if (entry == nullptr) return std::nullopt;
  return entry->firm;
}

std::vector<KnownFirm> GrantsReplica::Firms() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->index.Firms();
}

bool GrantsReplica::HasRole(std::string_view firm, std::string_view principal,
                            std::string_view role) const {
  std::shared_ptr<const FirmEntry> entry;
  {
    const std::lock_guard lock(impl_->mutex);
    entry = impl_->index.FindFirm(firm);
  }
  const governance::v1::Role wanted = RoleNamed(role);
  if (entry == nullptr || wanted == governance::v1::ROLE_UNSPECIFIED) return false;
  const auto roles = entry->roles.find(principal);
  if (roles == entry->roles.end()) return false;
  return wanted == governance::v1::ROLE_READER || roles->second.contains(wanted) ||
         roles->second.contains(governance::v1::ROLE_ADMIN);
}

absl::Status GrantsReplica::CheckRole(std::string_view firm, std::string_view principal,
                                      std::string_view role) const {
  if (IsSuspended(firm)) return SuspendedFirm(firm);
  if (HasRole(firm, principal, role)) return absl::OkStatus();
  TANDEM_RETURN_IF_ERROR(Fresh());
  return RoleMissing(principal, role);
}

absl::Status GrantsReplica::Admits(const base::Caller& caller) const {
  if (caller.operator_role || caller.instance) return absl::OkStatus();
  if (IsSuspended(caller.firm)) return SuspendedFirm(caller.firm);
  if (HasRole(caller.firm, caller.principal, "reader")) return absl::OkStatus();
  return RoleMissing(caller.principal, "reader");
}

bool GrantsReplica::IsSuspended(std::string_view firm) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->index.Suspended(firm);
}

std::string GrantsReplica::BreakGlassOf(std::string_view principal) const {
  const std::lock_guard lock(impl_->mutex);
  const std::shared_ptr<const GlassEntry> glass = impl_->index.GlassOf(principal);
  return impl_->IsFresh() && impl_->Stands(glass.get()) ? glass->id : std::string();
}

std::vector<GrantChange> GrantsReplica::ChangesSince(std::string_view firm,
                                                     std::uint64_t after) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->index.ChangesSince(firm, after);
}

void GrantsReplica::OnFold(std::function<void(std::uint64_t version)> listener) {
  auto shared = std::make_shared<const std::function<void(std::uint64_t)>>(std::move(listener));
  const std::lock_guard lock(impl_->mutex);
  impl_->listeners.push_back(std::move(shared));
}

void GrantsReplica::OnAnotherLog(Task listener) {
  const std::lock_guard lock(impl_->mutex);
  impl_->on_another_log = std::move(listener);
}

void GrantsReplica::WaitFor(std::uint64_t number, absl::Time deadline,
                            absl::AnyInvocable<void(absl::Status)> done) {
  std::unique_lock held(impl_->mutex);
  if (impl_->index.version() >= number) {
    held.unlock();
    return done(absl::OkStatus());
  }
  const std::uint64_t id = ++impl_->next_waiter;
  impl_->waiters.emplace(id, Impl::Waiter{.number = number, .done = std::move(done)});
  held.unlock();
  if (deadline == absl::InfiniteFuture()) return;
  const absl::Duration left = std::max(deadline - impl_->clock.Now(), absl::ZeroDuration());
  impl_->executor.RunAfter(left, [weak = std::weak_ptr<Impl>(impl_), id] {
    const std::shared_ptr<Impl> self = weak.lock();
    if (self == nullptr) return;
    Impl::Waiter waiter;
    absl::Status stale;
    {
      const std::lock_guard lock(self->mutex);
      const auto found = self->waiters.find(id);
      if (found == self->waiters.end()) return;
      waiter = std::move(found->second);
      self->waiters.erase(found);
      stale = self->Stale();
    }
    waiter.done(stale);
  });
}

}  // namespace tandem::runtime
