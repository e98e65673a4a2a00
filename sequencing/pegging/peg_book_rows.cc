// What a book can be asked, and what it is rebuilt from.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {
namespace {

// Plain stocks: in need order, the parts that are left in the order of their ready ticks.
std::vector<std::int32_t> LateInOrder(const RepairProblem& problem) {
  std::vector<bool> used(problem.supplies.size(), false);
  for (const RepairNeed& need : problem.needs) {
    if (need.peg != kNoSupply) used[static_cast<std::size_t>(need.peg)] = true;
  }
  std::vector<std::int32_t> late(problem.needs.size(), kNoSupply);
  std::size_t next = 0;
  for (std::size_t i = 0; i < problem.needs.size(); ++i) {
    if (problem.needs[i].peg != kNoSupply) continue;
    while (next < used.size() && used[next]) ++next;
    if (next < used.size()) late[i] = static_cast<std::int32_t>(next++);
  }
  return late;
}

// Any stocks: what is pegged is taken out with both ends, and no part is left that could serve one
// of the others on time.
std::vector<std::int32_t> LateByFlow(const RepairProblem& problem) {
  RepairProblem rest;
  std::vector<bool> used(problem.supplies.size(), false);
  std::vector<std::size_t> needs;
  std::vector<std::int32_t> supplies;
  for (std::size_t i = 0; i < problem.needs.size(); ++i) {
    if (problem.needs[i].peg != kNoSupply) {
      used[static_cast<std::size_t>(problem.needs[i].peg)] = true;
      continue;
    }
    rest.needs.push_back(problem.needs[i]);
    needs.push_back(i);
  }
  for (std::size_t j = 0; j < used.size(); ++j) {
    if (used[j]) continue;
    rest.supplies.push_back(problem.supplies[j]);
    supplies.push_back(static_cast<std::int32_t>(j));
  }
  const Repaired repaired = RepairExactly(rest);
  std::vector<std::int32_t> late(problem.needs.size(), kNoSupply);
  for (std::size_t k = 0; k < needs.size(); ++k) {
    if (repaired.late[k] == kNoSupply) continue;
    late[needs[k]] = supplies[static_cast<std::size_t>(repaired.late[k])];
  }
  return late;
}

}  // namespace

absl::Status PegBook::CheckStock(std::int32_t stock) const {
  if (stock >= 0 && std::cmp_less(stock, group_of_.size())) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat("UNKNOWN_STOCK: stock ", stock, "; the layout has ", group_of_.size()));
}

absl::StatusOr<std::int64_t> PegBook::late(std::int32_t stock) const {
  if (absl::Status status = CheckStock(stock); !status.ok()) return status;
  return std::int64_t{store_.needs.FreeIn(static_cast<std::uint32_t>(stock))};
}

absl::StatusOr<std::vector<LateNeed>> PegBook::Lateness(std::int32_t stock) const {
  if (absl::Status status = CheckStock(stock); !status.ok()) return status;
  const std::uint32_t group = group_of_[static_cast<std::size_t>(stock)];
  const Group gathered = Gather(group);
  const RepairProblem& problem = gathered.problem;
  const std::vector<std::int32_t> late =
      PlainStock(group) ? LateInOrder(problem) : LateByFlow(problem);
  std::vector<LateNeed> needs;
  for (std::size_t i = 0; i < late.size(); ++i) {
    if (problem.needs[i].peg != kNoSupply) continue;
    const std::int64_t due = problem.needs[i].due_tick;
    LateNeed need{.need = store_.IdOfNeed(gathered.needs[i]), .late_ticks = kHorizonTick - due};
    if (late[i] != kNoSupply) {
      const auto j = static_cast<std::size_t>(late[i]);
      need.supply = store_.IdOfSupply(gathered.supplies[j]);
      need.late_ticks = problem.supplies[j].ready_tick - due;
    }
    needs.push_back(need);
  }
  return needs;
}

absl::StatusOr<std::optional<std::int32_t>> PegBook::FirstUncovered(std::int32_t stock) const {
  if (absl::Status status = CheckStock(stock); !status.ok()) return status;
  if (!PlainStock(static_cast<std::uint32_t>(stock))) {
    return absl::FailedPreconditionError(
        absl::StrCat("NOT_PLAIN: stock ", stock, " has expiry or alternates"));
  }
  const Group gathered = Gather(static_cast<std::uint32_t>(stock));
  const std::vector<RepairSupply>& supplies = gathered.problem.supplies;
  std::size_t ready = 0;
  std::size_t due = 0;
  for (const RepairNeed& need : gathered.problem.needs) {
    while (ready < supplies.size() && supplies[ready].ready_tick <= need.due_tick) ++ready;
    if (++due > ready) return std::optional(need.due_tick);
  }
  return std::optional<std::int32_t>();
}

NeedRow PegBook::RowOfNeed(Place need) const {
  NeedRow row{.need = store_.IdOfNeed(need),
              .stock = static_cast<std::int32_t>(store_.needs.queue(need)),
              .due_tick = store_.needs.key(need),
              .weight = store_.needs.weight(need)};
  if (const Extra* extra = ExtraOf(need); extra != nullptr) {
    row.handling_ticks = extra->handling_ticks;
    row.acceptance = extra->acceptance;
  }
  return row;
}

SupplyRow PegBook::RowOfSupply(Place supply) const {
  return {.supply = store_.IdOfSupply(supply),
          .stock = static_cast<std::int32_t>(store_.supplies.queue(supply)),
          .ready_tick = store_.supplies.key(supply),
          .expiry_tick = ExpiryTick(supply)};
}

PegSnapshot PegBook::Snapshot() const {
  PegSnapshot snapshot;
  store_.needs.ForEach([&](Place need) {
    snapshot.needs.push_back(RowOfNeed(need));
    if (!store_.needs.HasMate(need)) return;
    snapshot.pegs.push_back(
        {.need = store_.IdOfNeed(need), .supply = store_.IdOfSupply(store_.needs.mate(need))});
  });
  store_.supplies.ForEach([&](Place supply) { snapshot.supplies.push_back(RowOfSupply(supply)); });
  for (const auto& [need, row] : fixed_) snapshot.fixed.push_back(row);
  std::sort(snapshot.needs.begin(), snapshot.needs.end());
  std::sort(snapshot.supplies.begin(), snapshot.supplies.end());
  std::sort(snapshot.pegs.begin(), snapshot.pegs.end());
  std::sort(snapshot.fixed.begin(), snapshot.fixed.end());
  return snapshot;
}

}  // namespace tandem::sequencing
