// A service's state: rows of bytes by key, in the order of the keys. Decide reads them, Apply
// changes them; what lies behind (a store's snapshot, the slot's pending overlay, a map in a test)
// is not theirs to know. Reading rows is not I/O in the sense of the design's first section.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace tandem::base {

// Sees one row; returns false to stop the scan. The views last for the call only.
using RowVisitor = absl::FunctionRef<bool(std::string_view key, std::string_view value)>;

// What can be read. Safe for several readers at once unless an implementation says otherwise.
class RowReader {
 public:
  virtual ~RowReader() = default;
  // The value, or nullopt for a row that is not there.
  virtual std::optional<std::string> Get(std::string_view key) const = 0;
  // Visits the rows with first <= key < limit in ascending order; an empty limit is the end.
  virtual void Scan(std::string_view first, std::string_view limit, RowVisitor visit) const = 0;

  // The first error that reading met (rotten bytes, say). Once it is not OK, nothing that was read
  // counts: who reads for an answer or a decision asks at the end.
  virtual absl::Status status() const { return absl::OkStatus(); }

  // Visits the rows whose key starts with `prefix`.
  void ScanPrefix(std::string_view prefix, RowVisitor visit) const;
};

// What can be changed too. One thread at a time.
class Rows : public RowReader {
 public:
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;
};

// Rows in a map: for tests and for what-if overlays' base.
class MapRows final : public Rows {
 public:
  std::optional<std::string> Get(std::string_view key) const override;
  void Scan(std::string_view first, std::string_view limit, RowVisitor visit) const override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;
  const std::map<std::string, std::string, std::less<>>& map() const { return rows_; }

 private:
  std::map<std::string, std::string, std::less<>> rows_;
};

// Changes (nullopt: deleted) over a base that does not change while they are read: the slot's
// pending rows, and scenarios. The base must outlive the overlay.
class OverlayRows final : public Rows {
 public:
  using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;

  explicit OverlayRows(const RowReader& base) : base_(&base) {}
  // Not copied, so that an overlay's own name is never mistaken for a base; to lay one over
  // another, pass the lower one as a `const RowReader&`.
  OverlayRows(const OverlayRows&) = delete;
  OverlayRows& operator=(const OverlayRows&) = delete;
  std::optional<std::string> Get(std::string_view key) const override;
  void Scan(std::string_view first, std::string_view limit, RowVisitor visit) const override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;
  absl::Status status() const override { return base_->status(); }
  // Everything put or deleted since the overlay was made or Clear was called.
  const Changes& changes() const { return changes_; }
  Changes TakeChanges();
  void Clear() { changes_.clear(); }

 private:
  const RowReader* base_;
  Changes changes_;
};

}  // namespace tandem::base
