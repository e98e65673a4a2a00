#include "services/runtime/slot_memory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/runtime/slot_rows.h"

namespace tandem::runtime {
namespace {

constexpr std::uint8_t kRowVersion = 1;
constexpr std::size_t kDigestBytes = 16;
constexpr std::size_t kMethodBytes = 4;
// Rows are forgotten in batches: one look for the oldest costs a scan.
constexpr absl::Duration kForgetSlack = absl::Minutes(10);
constexpr std::size_t kForgetMax = 256;

std::string OwnKey(char kind) { return {kSlotPrefix, kind}; }

std::string RequestKey(const base::Caller& caller, std::string_view request_id,
                       std::string_view digest) {
  base::ByteWriter key;
  key.Raw(OwnKey('r')).KeyString(caller.firm).KeyString(caller.principal);
  key.Raw(digest.substr(0, kMethodBytes)).Raw(request_id);
  return key.Take();
}

std::string FirmOfKey(std::string_view request_key) {
  return base::ByteReader(request_key.substr(2)).KeyString();
}

std::string AgeKey(absl::Time instant, std::uint64_t number) {
  base::ByteWriter key;
  key.Raw(OwnKey('e')).BigEndian64(static_cast<std::uint64_t>(absl::ToUnixNanos(instant)));
  key.BigEndian64(number);
  return key.Take();
}

absl::Time InstantOfAgeKey(std::string_view key) {
  base::ByteReader in(key.substr(2));
  return absl::FromUnixNanos(static_cast<std::int64_t>(in.BigEndian64()));
}

}  // namespace

absl::StatusOr<std::optional<RememberedRequest>> RequestMemory::Find(
    const base::RowReader& rows, const base::Caller& caller, std::string_view request_id,
    std::string_view digest) const {
  const std::optional<std::string> row = rows.Get(RequestKey(caller, request_id, digest));
  if (!row.has_value()) return std::nullopt;
  base::ByteReader in(*row);
  const bool known = in.Byte() == kRowVersion;
  RememberedRequest request;
  request.digest = std::string(in.Raw(kDigestBytes));
  request.first_number = in.Varint();
  request.count = in.Varint();
  in.LittleEndian64();
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
  value.LittleEndian64(static_cast<std::uint64_t>(absl::ToUnixNanos(first.instant)));
  const std::string key = RequestKey(first.actor, first.request_id, first.request_digest);
  rows.Put(key, value.bytes());
  rows.Put(AgeKey(first.instant, first.number), key);
  std::uint64_t& count = CountOf(rows, first.actor.firm);
  base::ByteWriter quota;
  quota.Varint(++count);
  rows.Put(OwnKey('q') + first.actor.firm, quota.bytes());
  if (oldest_ == absl::InfiniteFuture()) oldest_ = first.instant;
}

void RequestMemory::Forget(base::Rows& rows, absl::Time now) {
  const std::string start = OwnKey('e');
  if (!oldest_.has_value()) {
    oldest_ = absl::InfiniteFuture();
    rows.ScanPrefix(start, [&](std::string_view key, std::string_view) {
      oldest_ = InstantOfAgeKey(key);
      return false;
    });
  }
  if (*oldest_ >= now - age_ - kForgetSlack) return;
  std::vector<std::pair<std::string, std::string>> old;
  rows.Scan(start, AgeKey(now - age_, 0), [&](std::string_view key, std::string_view value) {
    old.emplace_back(key, value);
    return old.size() < kForgetMax;
  });
  std::map<std::string, std::uint64_t> gone;
  for (const auto& [age_key, request_key] : old) {
    rows.Delete(age_key);
    rows.Delete(request_key);
    ++gone[FirmOfKey(request_key)];
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
