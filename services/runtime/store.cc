#include "services/runtime/store.h"

#include <utility>

#include "services/base/bytes.h"

namespace tandem::runtime {

SnapshotRows::SnapshotRows(std::shared_ptr<const StoreSnapshot> snapshot, std::string prefix)
    : snapshot_(std::move(snapshot)), prefix_(std::move(prefix)) {}

std::optional<std::string> SnapshotRows::Get(std::string_view key) const {
  base::ByteWriter prefixed;
  prefixed.Raw(prefix_).Raw(key);
  return snapshot_->Get(Space::kState, prefixed.bytes());
}

void SnapshotRows::Scan(std::string_view first, std::string_view limit,
                        base::RowVisitor visit) const {
  const std::string end = limit.empty() ? base::PrefixEnd(prefix_) : prefix_ + std::string(limit);
  snapshot_->Scan(Space::kState, prefix_ + std::string(first), end,
                  [&](std::string_view key, std::string_view value) {
                    return visit(key.substr(prefix_.size()), value);
                  });
}

}  // namespace tandem::runtime
