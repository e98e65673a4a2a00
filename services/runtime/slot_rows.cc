#include "services/runtime/slot_rows.h"

#include <array>
#include <utility>

#include "services/base/bytes.h"

namespace tandem::runtime {
namespace {

// A key of the domain's, as the slot's rows have it.
class DomainKey {
 public:
  explicit DomainKey(std::string_view key) {
    out_.Byte(static_cast<std::uint8_t>(kDomainPrefix)).Raw(key);
  }
  std::string_view bytes() const { return out_.bytes(); }

 private:
  base::ByteWriter out_;
};

// Rows that can be told to stand on others, which hold the same.
class Below final : public base::RowReader {
 public:
  explicit Below(const base::RowReader& rows) : rows_(&rows) {}
  void StandOn(const base::RowReader& rows) { rows_ = &rows; }
  std::optional<std::string> Get(std::string_view key) const override { return rows_->Get(key); }
  void Scan(std::string_view first, std::string_view limit, base::RowVisitor visit) const override {
    rows_->Scan(first, limit, visit);
  }
  absl::Status status() const override { return rows_->status(); }

 private:
  const base::RowReader* rows_;
};

}  // namespace

std::optional<std::string> DomainReader::Get(std::string_view key) const {
  return rows_->Get(DomainKey(key).bytes());
}

void DomainReader::Scan(std::string_view first, std::string_view limit,
                        base::RowVisitor visit) const {
  const std::string end = limit.empty() ? base::PrefixEnd(std::string(1, kDomainPrefix))
                                        : std::string(DomainKey(limit).bytes());
  rows_->Scan(DomainKey(first).bytes(), end, [&](std::string_view key, std::string_view value) {
    return visit(key.substr(1), value);
  });
}

void DomainRows::Put(std::string_view key, std::string_view value) {
  rows_->Put(DomainKey(key).bytes(), value);
}

void DomainRows::Delete(std::string_view key) { rows_->Delete(DomainKey(key).bytes()); }

// The durable rows. The last look-ups are kept, so that the store is asked once for what Decide and
// Apply both read; and rows that were found for longer, since some are changed by each command.
class RowStack::Bottom final : public base::RowReader {
 public:
  void StandOn(std::shared_ptr<const base::RowReader> rows) {
    rows_ = std::move(rows);
    for (Kept& kept : found_) kept.key.clear();
    for (Kept& kept : last_) kept.key.clear();
  }
  // The same with `changes`.
  void Advance(std::shared_ptr<const base::RowReader> rows,
               const base::OverlayRows::Changes& changes) {
    rows_ = std::move(rows);
    for (Kept& kept : last_) kept.key.clear();
    for (const auto& [key, value] : changes) {
      Kept& kept = PlaceOf(key);
      if (kept.key != key) continue;
      if (IsSmall(value)) {
        kept.value = value;
      } else {
        kept.key.clear();
      }
    }
  }
  std::optional<std::string> Get(std::string_view key) const override {
    Kept& place = PlaceOf(key);
    if (place.key == key) return place.value;
    for (const Kept& kept : last_) {
      if (kept.key == key) return kept.value;
    }
    std::optional<std::string> value = rows_->Get(key);
    Kept& kept = value.has_value() && IsSmall(value) ? place : last_[next_++ % last_.size()];
    kept.key = key;
    kept.value = value;
    return value;
  }
  void Scan(std::string_view first, std::string_view limit, base::RowVisitor visit) const override {
    rows_->Scan(first, limit, visit);
  }
  absl::Status status() const override { return rows_->status(); }

 private:
  static constexpr std::size_t kPlaces = 64;

  struct Kept {
    std::string key{};  // "": nothing; no row has such a key.
    std::optional<std::string> value{};
  };
  // What is larger is kept for the next command only.
  static bool IsSmall(const std::optional<std::string>& value) {
    return !value.has_value() || value->size() <= 1024;
  }
  // The same in every process, so that a simulation's seed gives the same run again.
  Kept& PlaceOf(std::string_view key) const { return found_[base::StableHash(key) % kPlaces]; }

  std::shared_ptr<const base::RowReader> rows_ = std::make_shared<base::MapRows>();
  mutable std::array<Kept, kPlaces> found_{};  // By the key's hash; small rows.
  mutable std::array<Kept, 4> last_{};
  mutable std::size_t next_ = 0;
};

struct RowStack::Layer {
  explicit Layer(const base::RowReader& on) : below(on), rows(below) {}
  Below below;
  base::OverlayRows rows;
};

RowStack::RowStack() : bottom_(std::make_unique<Bottom>()) {}
RowStack::~RowStack() = default;

void RowStack::Reset(std::shared_ptr<const base::RowReader> durable) {
  layers_.clear();
  bottom_->StandOn(std::move(durable));
}

void RowStack::Push() { layers_.push_back(std::make_unique<Layer>(Top())); }

void RowStack::Settle(std::shared_ptr<const base::RowReader> durable) {
  bottom_->Advance(std::move(durable), layers_.front()->rows.changes());
  if (layers_.size() > 1) layers_[1]->below.StandOn(*bottom_);
  layers_.pop_front();
}

const base::RowReader& RowStack::Top() const {
  if (layers_.empty()) return *bottom_;
  return layers_.back()->rows;
}

base::Rows& RowStack::TopLayer() { return layers_.back()->rows; }

const base::OverlayRows::Changes& RowStack::LowestChanges() const {
  return layers_.front()->rows.changes();
}

}  // namespace tandem::runtime
