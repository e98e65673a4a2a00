// A book from its snapshot. Every row is checked; that the pegs are the best there are is not.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {
namespace {

bool InRange(std::int64_t tick) { return tick >= -kTickMax && tick <= kTickMax; }

bool StockExists(const Layout& layout, std::int32_t stock) {
  return stock >= 0 && stock < layout.pools * layout.variants;
}

absl::Status CheckRow(const Layout& layout, const NeedRow& row) {
  const std::string name = absl::StrCat("need ", static_cast<std::uint64_t>(row.need));
  if (!StockExists(layout, row.stock)) {
    return absl::InvalidArgumentError(
        absl::StrCat("UNKNOWN_VARIANT: ", name, ", field stock: ", row.stock));
  }
  if (!InRange(row.due_tick) || !InRange(std::int64_t{row.due_tick} + row.handling_ticks)) {
    return absl::InvalidArgumentError(
        absl::StrCat("TICK_OUT_OF_RANGE: ", name, ", field due_tick: ", row.due_tick));
  }
  if (row.weight < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("WEIGHT_NOT_POSITIVE: ", name, ", field weight: ", row.weight));
  }
  if (row.acceptance == kNoAcceptance) return absl::OkStatus();
  if (row.acceptance < 0 || std::cmp_greater_equal(row.acceptance, layout.acceptances.size())) {
    return absl::InvalidArgumentError(
        absl::StrCat("UNKNOWN_ACCEPTANCE: ", name, ", field acceptance: ", row.acceptance));
  }
  const auto& stocks = layout.acceptances[static_cast<std::size_t>(row.acceptance)];
  if (std::find(stocks.begin(), stocks.end(), row.stock) == stocks.end()) {
    return absl::InvalidArgumentError(absl::StrCat("FOREIGN_ACCEPTANCE: ", name,
                                                   ", field acceptance: ", row.acceptance,
                                                   " does not hold stock ", row.stock));
  }
  return absl::OkStatus();
}

absl::Status CheckRow(const Layout& layout, const SupplyRow& row) {
  const std::string name = absl::StrCat("supply ", static_cast<std::uint64_t>(row.supply));
  if (!StockExists(layout, row.stock)) {
    return absl::InvalidArgumentError(
        absl::StrCat("UNKNOWN_VARIANT: ", name, ", field stock: ", row.stock));
  }
  if (!InRange(row.ready_tick)) {
    return absl::InvalidArgumentError(
        absl::StrCat("TICK_OUT_OF_RANGE: ", name, ", field ready_tick: ", row.ready_tick));
  }
  if (row.expiry_tick < row.ready_tick) {
    return absl::InvalidArgumentError(
        absl::StrCat("EXPIRED_BEFORE_READY: ", name, ", field expiry_tick: ", row.expiry_tick));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PegBook::RestoreNeed(const NeedRow& row) {
  absl::Status status = CheckRow(layout_, row);
  if (!status.ok()) return status;
  const auto id = static_cast<std::uint64_t>(row.need);
  if (store_.needs.Find(id) != kNowhere || fixed_.contains(id)) {
    return absl::InvalidArgumentError(absl::StrCat("DUPLICATE_NEED: need ", id));
  }
  AddNeed(row);
  touches_.clear();
  return absl::OkStatus();
}

absl::Status PegBook::RestoreSupply(const SupplyRow& row) {
  absl::Status status = CheckRow(layout_, row);
  if (!status.ok()) return status;
  const auto id = static_cast<std::uint64_t>(row.supply);
  if (store_.supplies.Find(id) != kNowhere || fixed_supplies_.contains(id)) {
    return absl::InvalidArgumentError(absl::StrCat("DUPLICATE_SUPPLY: supply ", id));
  }
  AddSupply(row);
  touches_.clear();
  return absl::OkStatus();
}

absl::Status PegBook::RestorePeg(const PegRow& row) {
  const auto need_id = static_cast<std::uint64_t>(row.need);
  const auto supply_id = static_cast<std::uint64_t>(row.supply);
  const Place need = store_.needs.Find(need_id);
  const Place supply = store_.supplies.Find(supply_id);
  if (need == kNowhere) {
    return absl::InvalidArgumentError(absl::StrCat("UNKNOWN_NEED: peg of need ", need_id));
  }
  if (supply == kNowhere) {
    return absl::InvalidArgumentError(
        absl::StrCat("UNKNOWN_SUPPLY: peg of need ", need_id, ", field supply: ", supply_id));
  }
  if (store_.needs.HasMate(need) || store_.supplies.HasMate(supply)) {
    return absl::InvalidArgumentError(
        absl::StrCat("PEGGED_TWICE: peg of need ", need_id, " to supply ", supply_id));
  }
  if (!Fits(need, supply)) {
    return absl::InvalidArgumentError(absl::StrCat("NOT_ON_TIME: peg of need ", need_id,
                                                   ", field supply: ", supply_id,
                                                   " is another stock's, late or expired"));
  }
  store_.Peg(need, supply);
  return absl::OkStatus();
}

absl::Status PegBook::RestoreFixed(const FixedRow& row) {
  absl::Status status = RestoreNeed(row.need);
  if (status.ok()) status = RestoreSupply(row.supply);
  if (!status.ok()) return status;
  const auto need = static_cast<std::uint64_t>(row.need.need);
  const auto supply = static_cast<std::uint64_t>(row.supply.supply);
  const Place need_place = store_.needs.Find(need);
  const Place supply_place = store_.supplies.Find(supply);
  if (!Accepts(need_place, store_.supplies.queue(supply_place))) {
    return absl::InvalidArgumentError(
        absl::StrCat("OTHER_STOCK: hard peg of need ", need, " to supply ", supply));
  }
  EraseNeed(need_place);
  EraseSupply(supply_place);
  fixed_.emplace(need, row);
  fixed_supplies_.emplace(supply, need);
  return absl::OkStatus();
}

absl::StatusOr<PegBook> PegBook::FromSnapshot(Layout layout, const PegSnapshot& snapshot,
                                              std::pmr::memory_resource* memory) {
  absl::StatusOr<PegBook> book = Create(std::move(layout), memory);
  if (!book.ok()) return book;
  absl::Status status = absl::OkStatus();
  for (const FixedRow& row : snapshot.fixed) {
    if (status.ok()) status = book->RestoreFixed(row);
  }
  for (const NeedRow& row : snapshot.needs) {
    if (status.ok()) status = book->RestoreNeed(row);
  }
  for (const SupplyRow& row : snapshot.supplies) {
    if (status.ok()) status = book->RestoreSupply(row);
  }
  for (const PegRow& row : snapshot.pegs) {
    if (status.ok()) status = book->RestorePeg(row);
  }
  if (!status.ok()) return status;
  return book;
}

}  // namespace tandem::sequencing
