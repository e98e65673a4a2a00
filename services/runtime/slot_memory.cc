#include "services/runtime/slot_memory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/runtime/envelope.h"
#include "services/runtime/slot_rows.h"

namespace tandem::runtime {
namespace {

constexpr std::uint8_t kRowVersion = 1;
constexpr std::size_t kDigestBytes = 16;
constexpr std::size_t kMethodBytes = 4;
constexpr std::size_t kIdBytes = 16;
// Rows are forgotten in batches: one look for the oldest costs a scan.
constexpr absl::Duration kForgetSlack = absl::Minutes(10);
// Requests of the same ten minutes whose facts' numbers agree but for the last 5 bits have one row
// of ages: a row for each would cost the store as much again as what it remembers.
constexpr std::int64_t kAgeNanos = 600'000'000'000;
constexpr unsigned kAgeShift = 5;
constexpr std::size_t kForgetMax = 256;

std::string OwnKey(char kind) { return {kSlotPrefix, kind}; }

// Who asked what under which id, in a few bytes that no two requests share.
base::ByteWriter RequestKey(const base::Caller& caller, std::string_view request_id,
                            std::string_view digest) {
  base::ByteWriter request;
  request.Sized(caller.firm).Sized(caller.principal).Raw(digest.substr(0, kMethodBytes));
  request.Raw(request_id);
  const Hash hash = HashOf(request.bytes());
  base::ByteWriter key;
  key.Raw(OwnKey('i')).Raw({reinterpret_cast<const char*>(hash.data()), kIdBytes});
  return key;
}

base::ByteWriter AgeKey(absl::Time instant, std::uint64_t first_number) {
  base::ByteWriter key;
  key.Raw(OwnKey('a'));
  key.BigEndian64(static_cast<std::uint64_t>(absl::ToUnixNanos(instant) / kAgeNanos));
  key.BigEndian64(first_number >> kAgeShift);
  return key;
}

// An age row, in parts.
struct AgeRow {
  absl::Time newest{};
  struct Entry {
    std::string_view firm{};
    std::string_view id{};  // As in its key.
  };
  std::vector<Entry> entries{};
};

AgeRow DecodeAges(std::string_view value) {
  base::ByteReader in(value);
  AgeRow row;
  base::Require(in.Byte() == kRowVersion, "a row of ages has another version");
  row.newest = absl::FromUnixNanos(static_cast<std::int64_t>(in.LittleEndian64()));
  while (in.ok() && !in.AtEnd()) {
    AgeRow::Entry entry;
    entry.firm = in.Sized();
    entry.id = in.Raw(kIdBytes);
    row.entries.push_back(entry);
  }
  base::Require(in.ok(), "a row of ages is damaged");
  return row;
}

std::string AgesHead(absl::Time newest) {
  base::ByteWriter head;
  head.Byte(kRowVersion).LittleEndian64(static_cast<std::uint64_t>(absl::ToUnixNanos(newest)));
  return head.Take();
}

}  // namespace

absl::StatusOr<std::optional<RememberedRequest>> RequestMemory::Find(
    const base::RowReader& rows, const base::Caller& caller, std::string_view request_id,
    std::string_view digest) const {
  const std::optional<std::string> row = rows.Get(RequestKey(caller, request_id, digest).bytes());
  if (!row.has_value()) return std::nullopt;
  base::ByteReader in(*row);
  const bool known = in.Byte() == kRowVersion;
  RememberedRequest request;
  request.digest = std::string(in.Raw(kDigestBytes));
  request.first_number = in.Varint();
  request.count = in.Varint();
  if (!known || !in.ok() || !in.AtEnd() || request.count == 0) {
    return base::Refuse(base::Reason::kStoredBytesDamaged, "a request id's row is damaged");
  }
  return request;
}

std::uint64_t& RequestMemory::CountOf(const base::RowReader& rows, std::string_view firm) {
  const auto cached = counts_.find(firm);
  if (cached != counts_.end()) return cached->second;
  const std::optional<std::string> row = rows.Get(OwnKey('q') + std::string(firm));
  base::ByteReader in(row.has_value() ? std::string_view(*row) : std::string_view());
  return counts_.emplace(firm, row.has_value() ? in.Varint() : 0).first->second;
}

bool RequestMemory::Full(const base::RowReader& rows, std::string_view firm) {
  return CountOf(rows, firm) >= firm_max_;
}

void RequestMemory::Remember(base::Rows& rows, std::span<const base::FactRecord> command) {
  const base::FactRecord& first = command.front();
  if (first.request_id.empty()) return;
  Forget(rows, first.instant);
  base::ByteWriter value;
  value.Byte(kRowVersion).Raw(first.request_digest).Varint(first.number).Varint(command.size());
  const base::ByteWriter key = RequestKey(first.actor, first.request_id, first.request_digest);
  rows.Put(key.bytes(), value.bytes());
  const base::ByteWriter age_key = AgeKey(first.instant, first.number);
  const std::optional<std::string> ages = rows.Get(age_key.bytes());
  const std::string head = AgesHead(first.instant);
  base::ByteWriter aged;
  aged.Raw(head);
  if (ages.has_value()) aged.Raw(std::string_view(*ages).substr(head.size()));
  aged.Sized(first.actor.firm).Raw(key.bytes().substr(OwnKey('i').size()));
  rows.Put(age_key.bytes(), aged.bytes());
  std::uint64_t& count = CountOf(rows, first.actor.firm);
  base::ByteWriter quota;
  quota.Varint(++count);
  rows.Put(OwnKey('q') + first.actor.firm, quota.bytes());
  if (oldest_ == absl::InfiniteFuture()) oldest_ = first.instant;
}

void RequestMemory::Forget(base::Rows& rows, absl::Time now) {
  const std::string start = OwnKey('a');
  if (!oldest_.has_value()) {
    oldest_ = absl::InfiniteFuture();
    rows.ScanPrefix(start, [&](std::string_view, std::string_view value) {
      oldest_ = DecodeAges(value).newest;
      return false;
    });
  }
  if (*oldest_ >= now - age_ - kForgetSlack) return;
  std::vector<std::pair<std::string, std::string>> old;
  std::size_t found = 0;
  rows.ScanPrefix(start, [&](std::string_view key, std::string_view value) {
    const AgeRow row = DecodeAges(value);
    if (row.newest >= now - age_) return false;
    found += row.entries.size();
    old.emplace_back(key, value);
    return found < kForgetMax;
  });
  std::map<std::string, std::uint64_t, std::less<>> gone;
  for (const auto& [key, value] : old) {
    rows.Delete(key);
    for (const AgeRow::Entry& entry : DecodeAges(value).entries) {
      rows.Delete(OwnKey('i').append(entry.id));
      ++gone.try_emplace(std::string(entry.firm), 0).first->second;
    }
  }
  for (const auto& [name, ids] : gone) {
    std::uint64_t& count = CountOf(rows, name);
    count -= std::min(count, ids);
    base::ByteWriter quota;
    quota.Varint(count);
    rows.Put(OwnKey('q') + name, quota.bytes());
  }
  oldest_.reset();
}

void RequestMemory::DropCaches() {
  counts_.clear();
  oldest_.reset();
}

std::span<const base::FactRecord> NextCommand(std::span<const base::FactRecord> facts) {
  std::size_t count = 1;
  // Each command has an instant of its own.
  while (count < facts.size() && facts[count].instant == facts[0].instant) ++count;
  return facts.first(count);
}

}  // namespace tandem::runtime
