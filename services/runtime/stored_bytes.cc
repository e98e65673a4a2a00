#include "services/runtime/stored_bytes.h"

#include <algorithm>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/runtime/slot_rows.h"

namespace tandem::runtime {
namespace {

constexpr char kKind = 's';
constexpr std::string_view kOperator = "operator";

std::string KeyOf(std::string_view firm) { return std::string({kSlotPrefix, kKind}).append(firm); }

}  // namespace

std::atomic<std::int64_t>& StoredBytes::Of(std::string_view firm) {
  const std::lock_guard lock(mutex_);
  const auto found = firms_.find(firm);
  if (found != firms_.end()) return found->second;
  return firms_.try_emplace(std::string(firm), 0).first->second;
}

std::int64_t StoredBytes::total() const {
  const std::lock_guard lock(mutex_);
  std::int64_t total = 0;
  for (const auto& [firm, bytes] : firms_) total += bytes.load(std::memory_order_relaxed);
  return total;
}

std::int64_t StoredBytes::most() const {
  const std::lock_guard lock(mutex_);
  std::int64_t most = 0;
  for (const auto& [firm, bytes] : firms_) {
    most = std::max(most, bytes.load(std::memory_order_relaxed));
  }
  return most;
}

SlotStoredBytes::Firm& SlotStoredBytes::Of(std::string_view firm) {
  const auto found = firms_.find(firm);
  if (found != firms_.end()) return found->second;
  Firm fresh;
  if (all_ != nullptr) fresh.sum = &all_->Of(firm);
  return firms_.emplace(firm, fresh).first->second;
}

void SlotStoredBytes::Load(const base::RowReader& rows) {
  for (auto& [name, firm] : firms_) {
    if (firm.sum != nullptr) firm.sum->fetch_sub(firm.bytes, std::memory_order_relaxed);
    firm.bytes = 0;
  }
  const std::string prefix = KeyOf("");
  rows.ScanPrefix(prefix, [&](std::string_view key, std::string_view value) {
    base::ByteReader in(value);
    Firm& firm = Of(key.substr(prefix.size()));
    firm.bytes = static_cast<std::int64_t>(in.Varint());
    base::Require(in.ok() && in.AtEnd(), "a row of a firm's stored bytes is damaged");
    if (firm.sum != nullptr) firm.sum->fetch_add(firm.bytes, std::memory_order_relaxed);
    return true;
  });
}

void SlotStoredBytes::Count(base::Rows& rows, std::span<const base::FactRecord> command) {
  const std::string& name = command.front().actor.firm;
  if (name.empty() || name == kOperator) return;
  std::int64_t bytes = 0;
  for (const base::FactRecord& record : command) {
    bytes += static_cast<std::int64_t>(record.fact.payload.size()) + kFactBytes;
  }
  Firm& firm = Of(name);
  firm.bytes += bytes;
  if (firm.sum != nullptr) firm.sum->fetch_add(bytes, std::memory_order_relaxed);
  base::ByteWriter value;
  rows.Put(KeyOf(name), value.Varint(static_cast<std::uint64_t>(firm.bytes)).bytes());
}

}  // namespace tandem::runtime
