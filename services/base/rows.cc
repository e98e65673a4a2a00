#include "services/base/rows.h"

#include <utility>

#include "services/base/bytes.h"

namespace tandem::base {

void RowReader::ScanPrefix(std::string_view prefix, RowVisitor visit) const {
  Scan(prefix, PrefixEnd(prefix), visit);
}

std::optional<std::string> MapRows::Get(std::string_view key) const {
  const auto found = rows_.find(key);
  if (found == rows_.end()) return std::nullopt;
  return found->second;
}

void MapRows::Scan(std::string_view first, std::string_view limit, RowVisitor visit) const {
  for (auto row = rows_.lower_bound(first); row != rows_.end(); ++row) {
    if (!limit.empty() && row->first >= limit) return;
    if (!visit(row->first, row->second)) return;
  }
}

void MapRows::Put(std::string_view key, std::string_view value) {
  rows_.insert_or_assign(std::string(key), std::string(value));
}

void MapRows::Delete(std::string_view key) {
  const auto found = rows_.find(key);
  if (found != rows_.end()) rows_.erase(found);
}

std::optional<std::string> OverlayRows::Get(std::string_view key) const {
  const auto found = changes_.find(key);
  if (found != changes_.end()) return found->second;
  return base_->Get(key);
}

void OverlayRows::Scan(std::string_view first, std::string_view limit, RowVisitor visit) const {
  auto change = changes_.lower_bound(first);
  const auto in_range = [&] {
    return change != changes_.end() && (limit.empty() || change->first < limit);
  };
  bool stopped = false;
  // The changes that come before the base's next row (or its end: no key), in order.
  const auto visit_changes = [&](std::optional<std::string_view> before) {
    while (!stopped && in_range() && (!before.has_value() || change->first < *before)) {
      if (change->second.has_value()) stopped = !visit(change->first, *change->second);
      ++change;
    }
  };
  base_->Scan(first, limit, [&](std::string_view key, std::string_view value) {
    visit_changes(key);
    if (stopped) return false;
    if (in_range() && change->first == key) {
      if (change->second.has_value()) stopped = !visit(key, *change->second);
      ++change;
    } else {
      stopped = !visit(key, value);
    }
    return !stopped;
  });
  if (!stopped) visit_changes(std::nullopt);
}

void OverlayRows::Put(std::string_view key, std::string_view value) {
  const auto place = changes_.lower_bound(key);
  if (place == changes_.end() || place->first != key) {
    changes_.emplace_hint(place, key, value);
  } else if (place->second.has_value()) {
    // Into the memory that is there: some rows change again and again.
    place->second->assign(value);
  } else {
    place->second.emplace(value);
  }
}

void OverlayRows::Delete(std::string_view key) {
  changes_.insert_or_assign(std::string(key), std::nullopt);
}

OverlayRows::Changes OverlayRows::TakeChanges() { return std::exchange(changes_, {}); }

}  // namespace tandem::base
