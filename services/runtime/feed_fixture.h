// What the tests of feeds share: a log in memory that can be taken back, a toy domain, a table of
// grants, and subscribers that keep what they got.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/base/reason.h"
#include "services/runtime/feed_engine.h"
#include "services/runtime/feed_hub.h"
#include "services/runtime/log.h"

namespace tandem::runtime {

// Groups in memory. A follower is called by whoever appends, under a lock, as a store's committer
// would.
class MemoryLog final : public Log {
 public:
  void Acquire(base::SlotId, Acquired) override {}
  absl::StatusOr<std::vector<std::shared_ptr<const Group>>> Read(
      base::SlotId slot, std::uint64_t from, std::size_t bytes_max) const override {
    const std::lock_guard lock(mutex_);
    ++reads_;
    if (!status_.ok()) return status_;
    std::vector<std::shared_ptr<const Group>> read;
    const auto found = slots_.find(slot);
    const std::uint64_t last = found == slots_.end() ? 0 : LastOf(found->second);
    if (from > last + 1) {
      return base::Refuse(base::Reason::kCursorFromTheFuture, "beyond the end of the log");
    }
    if (from == last + 1) return read;
    const auto& groups = found->second.groups;
    auto at = std::ranges::lower_bound(groups, from, {},
                                       [](const auto& group) { return group->last_number(); });
    std::size_t bytes = 0;
    for (; at != groups.end() && (read.empty() || bytes < bytes_max); ++at) {
      bytes += (*at)->byte_size;
      read.push_back(*at);
    }
    return read;
  }
  std::unique_ptr<LogFollower> Follow(base::SlotId slot, std::uint64_t from,
                                      OnGroup on_group) override {
    const std::lock_guard lock(mutex_);
    Slot& entry = slots_[slot];
    for (const auto& group : entry.groups) {
      if (group->last_number() >= from) on_group(group);
    }
    entry.followers[++last_follower_] = std::move(on_group);
    return std::make_unique<Follower>(*this, slot, last_follower_);
  }
  absl::StatusOr<SlotTail> Last(base::SlotId slot) const override {
    const std::lock_guard lock(mutex_);
    if (!status_.ok()) return status_;
    SlotTail tail;
    const auto found = slots_.find(slot);
    if (found == slots_.end() || found->second.groups.empty()) return tail;
    tail.last_number = LastOf(found->second);
    tail.hash = found->second.groups.back()->hash;
    return tail;
  }
  absl::StatusOr<Rows> ReadRows(base::SlotId) const override { return Rows{}; }
  std::uint64_t log_id() const override { return 1; }

  // Appends one group; `seed` goes into its hash. Returns the number of its last fact.
  std::uint64_t Append(base::SlotId slot, std::vector<base::Fact> facts, std::uint64_t seed = 0) {
    const std::lock_guard lock(mutex_);
    Slot& entry = slots_[slot];
    auto group = std::make_shared<Group>();
    group->header.slot = slot;
    group->header.first_number = LastOf(entry) + 1;
    group->header.count = static_cast<std::uint32_t>(facts.size());
    std::string content = absl::StrCat(slot.ToString(), "/", group->header.first_number, "/", seed);
    for (base::Fact& fact : facts) {
      group->byte_size += fact.payload.size() + 32;
      absl::StrAppend(&content, "/", fact.payload);
      base::FactRecord record;
      record.slot = slot;
      record.number = group->header.first_number + group->facts.size();
      record.actor.firm = "someone";
      record.fact = std::move(fact);
      group->facts.push_back(std::move(record));
    }
    group->hash = HashOf(content);
    entry.groups.push_back(group);
    for (auto& [id, follower] : entry.followers) follower(group);
    return group->last_number();
  }
  // Forgets all but the first `groups` groups, as a restore from an old backup does.
  void TakeBack(base::SlotId slot, std::size_t groups) {
    const std::lock_guard lock(mutex_);
    slots_[slot].groups.resize(groups);
  }
  void Damage(absl::Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  std::uint64_t reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

 private:
  struct Slot {
    std::vector<std::shared_ptr<const Group>> groups{};
    std::map<std::uint64_t, OnGroup> followers{};
  };
  class Follower final : public LogFollower {
   public:
    Follower(MemoryLog& log, base::SlotId slot, std::uint64_t id)
        : log_(log), slot_(slot), id_(id) {}
    ~Follower() override {
      const std::lock_guard lock(log_.mutex_);
      log_.slots_[slot_].followers.erase(id_);
    }

   private:
    MemoryLog& log_;
    base::SlotId slot_;
    std::uint64_t id_;
  };
  static std::uint64_t LastOf(const Slot& slot) {
    return slot.groups.empty() ? 0 : slot.groups.back()->last_number();
  }

  mutable std::mutex mutex_;
  mutable std::uint64_t reads_ = 0;
  absl::Status status_;
  std::uint64_t last_follower_ = 0;
  std::map<base::SlotId, Slot> slots_;
};

// Who may read whose data, and since when it is not certain.
class GrantTable final : public base::Grants {
 public:
  void Open(const std::string& viewer, const std::string& owner) {
    Change(viewer, owner, GrantChange::Kind::kOpened);
  }
  void Revoke(const std::string& viewer, const std::string& owner) {
    Change(viewer, owner, GrantChange::Kind::kRevoked);
  }
  // Back to before the last change, as governance restored from a backup.
  void TakeBack() {
    const std::lock_guard lock(mutex_);
    changes_.pop_back();
    --version_;
  }
  void SetStale(bool stale) {
    const std::lock_guard lock(mutex_);
    stale_ = stale;
  }
  absl::Status Fresh() const {
    const std::lock_guard lock(mutex_);
    if (!stale_) return absl::OkStatus();
    return base::Refuse(base::Reason::kGrantsStale, "the grants are not known to be current");
  }
  std::vector<GrantChange> ChangesSince(std::string_view firm, std::uint64_t after) const {
    const std::lock_guard lock(mutex_);
    std::vector<GrantChange> changes;
    for (const GrantChange& change : changes_) {
      if (change.firm == firm && change.number > after) changes.push_back(change);
    }
    return changes;
  }

  absl::Status Check(std::string_view viewer, std::string_view owner, base::DataKind,
                     std::string_view, std::string_view) const override {
    if (viewer == owner) return absl::OkStatus();
    const std::lock_guard lock(mutex_);
    if (stale_) return base::Refuse(base::Reason::kGrantsStale, "not known to be current");
    if (open_.contains({std::string(owner), std::string(viewer)})) return absl::OkStatus();
    return base::Refuse(base::Reason::kNotGranted, "not granted");
  }
  absl::StatusOr<std::shared_ptr<const base::GrantedItems>> ItemsAt(
      std::string_view, std::string_view, base::DataKind, std::string_view) const override {
    return absl::UnimplementedError("feeds do not ask");
  }
  absl::Status CheckJoint(std::string_view, std::string_view) const override {
    return base::Refuse(base::Reason::kNotGranted, "no agreements here");
  }
  absl::StatusOr<std::shared_ptr<const base::AgreementTerms>> TermsOf(
      std::string_view, std::string_view) const override {
    return absl::UnimplementedError("feeds do not ask");
  }
  absl::Status CheckDerivation(std::string_view, std::string_view,
                               std::string_view) const override {
    return absl::UnimplementedError("feeds do not ask");
  }
  std::vector<std::string> ViewersOf(std::string_view owner, base::DataKind,
                                     std::string_view) const override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> viewers;
    for (auto at = open_.lower_bound({std::string(owner), ""});
         at != open_.end() && at->first == owner; ++at) {
      viewers.push_back(at->second);
    }
    return viewers;
  }
  std::vector<std::string> PartiesOf(std::string_view) const override { return {}; }
  std::uint64_t version() const override {
    const std::lock_guard lock(mutex_);
    return version_;
  }

 private:
  void Change(const std::string& viewer, const std::string& owner, GrantChange::Kind kind) {
    const std::lock_guard lock(mutex_);
    std::pair<std::string, std::string> pair(owner, viewer);
    if (kind == GrantChange::Kind::kOpened) {
      open_.insert(std::move(pair));
    } else {
      open_.erase(pair);
    }
    changes_.push_back({kind, ++version_, viewer, absl::StrCat("of-", owner), 1});
  }

  mutable std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> open_;  // Owner, viewer.
  std::vector<GrantChange> changes_;
  std::uint64_t version_ = 0;
  bool stale_ = false;
};

// Facts of the toy domain: shared data "owner|text", joint records "+a+b|text".
inline base::Fact ToyFact(const std::string& who, const std::string& text) {
  base::Fact fact;
  fact.kind = base::kDomainKindFirst;
  fact.payload = absl::StrCat(who, "|", text);
  return fact;
}

class ToyDomain final : public Domain {
 public:
  explicit ToyDomain(base::DomainId id, std::uint16_t slots) : id_(id), slots_(slots) {}
  base::DomainId id() const override { return id_; }
  std::uint16_t slots() const override { return slots_; }
  absl::Status CheckReadable(const base::FactRecord&) const override { return absl::OkStatus(); }
  void Apply(const base::FactRecord&, base::Rows&) const override {}
  Audience AudienceOf(const base::FactRecord& record) const override {
    const auto [who, text] = Split(record);
    Audience audience;
    if (who.starts_with('+')) {
      audience.parties = absl::StrSplit(who.substr(1), '+');
    } else {
      audience.owner = who;
      audience.kind = base::DataKind::kSales;
    }
    return audience;
  }
  absl::StatusOr<std::optional<ViewedFact>> View(const base::FactRecord& record,
                                                 std::string_view viewer,
                                                 const base::Grants& grants) const override {
    const auto [who, text] = Split(record);
    ViewedFact viewed{"toy.Said", text, ""};
    if (who.starts_with('+')) {
      viewed.type_name = "toy.Agreed";
      return viewed;
    }
    const absl::Status status = grants.Check(viewer, who, base::DataKind::kSales, "", "");
    if (base::ReasonOf(status) == base::Reason::kNotGranted) return std::nullopt;
    if (!status.ok()) return status;
    if (viewer != who) viewed.relation = absl::StrCat("of-", who);
    return viewed;
  }

 private:
  static std::pair<std::string, std::string> Split(const base::FactRecord& record) {
    return absl::StrSplit(record.fact.payload, absl::MaxSplits('|', 1));
  }
  base::DomainId id_;
  std::uint16_t slots_;
};

// Keeps what it gets. Where `slow`, the transport has room for one message and no more until
// Release.
class KeepingSink final : public FeedSink {
 public:
  explicit KeepingSink(bool slow = false) : slow_(slow) {}
  void Send(FeedMessage message, absl::AnyInvocable<void()> sent) override {
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
      if (slow_) {
        sent_ = std::move(sent);
        return;
      }
    }
    sent();
  }
  void Close(absl::Status status) override {
    const std::lock_guard lock(mutex_);
    closed_.push_back(std::move(status));
  }
  void Release() {
    absl::AnyInvocable<void()> sent;
    {
      const std::lock_guard lock(mutex_);
      sent = std::exchange(sent_, nullptr);
    }
    if (sent != nullptr) sent();
  }
  std::vector<FeedMessage> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  std::vector<absl::Status> closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::vector<FeedRecord> records() const {
    std::vector<FeedRecord> records;
    for (FeedMessage& message : messages()) {
      for (FeedRecord& record : message.records) records.push_back(std::move(record));
    }
    return records;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const FeedRecord& record : records()) texts.push_back(record.fact.payload);
    return texts;
  }
  std::vector<GrantChange> notices() const {
    std::vector<GrantChange> notices;
    for (FeedMessage& message : messages()) {
      for (GrantChange& notice : message.notices) notices.push_back(std::move(notice));
    }
    return notices;
  }
  std::string cursor() const {
    const std::lock_guard lock(mutex_);
    return messages_.empty() ? "" : messages_.back().cursor;
  }

 private:
  const bool slow_;
  mutable std::mutex mutex_;
  std::vector<FeedMessage> messages_;
  std::vector<absl::Status> closed_;
  absl::AnyInvocable<void()> sent_;
};

class CountingRandom final : public Random {
 public:
  std::uint64_t Next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace tandem::runtime
