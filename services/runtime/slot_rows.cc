#include "services/runtime/slot_rows.h"

#include <array>
#include <utility>

#include "services/base/bytes.h"

namespace tandem::runtime {
namespace {

std::string DomainKey(std::string_view key) {
  std::string prefixed;
  prefixed.reserve(key.size() + 1);
  prefixed.push_back(kDomainPrefix);
  prefixed.append(key);
  return prefixed;
}

// Rows that can be told to stand on others, which hold the same. The last few look-ups are kept:
// what Decide has read, Apply reads again, and the store is asked once.
class Below final : public base::RowReader {
 public:
  explicit Below(const base::RowReader& rows) : rows_(&rows) {}
  void StandOn(const base::RowReader& rows) { rows_ = &rows; }
  std::optional<std::string> Get(std::string_view key) const override {
    for (const Kept& kept : kept_) {
      if (kept.key == key) return kept.value;
    }
    Kept& kept = kept_[next_++ % kept_.size()];
    kept.value = rows_->Get(key);
    kept.key = key;
    return kept.value;
  }
  void Scan(std::string_view first, std::string_view limit, base::RowVisitor visit) const override {
    rows_->Scan(first, limit, visit);
  }
  absl::Status status() const override { return rows_->status(); }

 private:
  struct Kept {
    std::string key{};  // "": nothing; no row has such a key.
    std::optional<std::string> value{};
  };
  const base::RowReader* rows_;
  mutable std::array<Kept, 4> kept_{};
  mutable std::size_t next_ = 0;
};

}  // namespace

std::optional<std::string> DomainReader::Get(std::string_view key) const {
  return rows_->Get(DomainKey(key));
}

void DomainReader::Scan(std::string_view first, std::string_view limit,
                        base::RowVisitor visit) const {
  const std::string end =
      limit.empty() ? base::PrefixEnd(std::string(1, kDomainPrefix)) : DomainKey(limit);
  rows_->Scan(DomainKey(first), end, [&](std::string_view key, std::string_view value) {
    return visit(key.substr(1), value);
  });
}

void DomainRows::Put(std::string_view key, std::string_view value) {
  rows_->Put(DomainKey(key), value);
}

void DomainRows::Delete(std::string_view key) { rows_->Delete(DomainKey(key)); }

struct RowStack::Layer {
  explicit Layer(const base::RowReader& on) : below(on), rows(below) {}
  Below below;
  base::OverlayRows rows;
};

RowStack::RowStack() : durable_(std::make_shared<base::MapRows>()) {}
RowStack::~RowStack() = default;

void RowStack::Reset(std::shared_ptr<const base::RowReader> durable) {
  layers_.clear();
  durable_ = std::move(durable);
}

void RowStack::Push() { layers_.push_back(std::make_unique<Layer>(Top())); }

void RowStack::Settle(std::shared_ptr<const base::RowReader> durable) {
  if (layers_.size() > 1) layers_[1]->below.StandOn(*durable);
  layers_.pop_front();
  durable_ = std::move(durable);
}

const base::RowReader& RowStack::Top() const {
  if (layers_.empty()) return *durable_;
  return layers_.back()->rows;
}

base::Rows& RowStack::TopLayer() { return layers_.back()->rows; }

const base::OverlayRows::Changes& RowStack::LowestChanges() const {
  return layers_.front()->rows.changes();
}

}  // namespace tandem::runtime
