// The rows under a slot's keys: a domain sees its own only, and what is decided but not yet durable
// lies in layers over the durable rows.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "services/base/rows.h"

namespace tandem::runtime {

// The first byte of a slot's keys. Stored: never change (FORMAT.md).
inline constexpr char kSlotPrefix = '\x00';    // The slot's own rows.
inline constexpr char kDomainPrefix = '\x01';  // The domain's.

// A domain's view of a slot's rows.
class DomainReader final : public base::RowReader {
 public:
  // `rows` must outlive the reader.
  explicit DomainReader(const base::RowReader& rows) : rows_(&rows) {}
  // Keeps the rows.
  explicit DomainReader(std::shared_ptr<const base::RowReader> rows)
      : kept_(std::move(rows)), rows_(kept_.get()) {}
  std::optional<std::string> Get(std::string_view key) const override;
  void Scan(std::string_view first, std::string_view limit, base::RowVisitor visit) const override;
  absl::Status status() const override { return rows_->status(); }

 private:
  std::shared_ptr<const base::RowReader> kept_;
  const base::RowReader* rows_;
};

// The same, to change them.
class DomainRows final : public base::Rows {
 public:
  explicit DomainRows(base::Rows& rows) : rows_(&rows), reader_(rows) {}
  std::optional<std::string> Get(std::string_view key) const override { return reader_.Get(key); }
  void Scan(std::string_view first, std::string_view limit, base::RowVisitor visit) const override {
    reader_.Scan(first, limit, visit);
  }
  absl::Status status() const override { return rows_->status(); }
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;

 private:
  base::Rows* rows_;
  DomainReader reader_;
};

// Durable rows at the bottom, a layer of changes for each pending group above. One thread at a
// time.
class RowStack {
 public:
  RowStack();
  ~RowStack();
  // Drops every layer and stands on `durable`.
  void Reset(std::shared_ptr<const base::RowReader> durable);
  // A new layer on top, empty.
  void Push();
  // The lowest layer has become durable: `durable` holds its changes.
  void Settle(std::shared_ptr<const base::RowReader> durable);
  // All that is decided.
  const base::RowReader& Top() const;
  // The top layer; there must be one.
  base::Rows& TopLayer();
  const base::OverlayRows::Changes& LowestChanges() const;

 private:
  class Bottom;
  struct Layer;
  std::unique_ptr<Bottom> bottom_;
  std::deque<std::unique_ptr<Layer>> layers_;
};

}  // namespace tandem::runtime
