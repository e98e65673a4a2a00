#include "sequencing/pegging/peg_world.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tandem::sequencing {

PegWorld::PegWorld(const WorldRules& rules, std::uint64_t seed)
    : rules_(rules), random_(seed), book_(PegBook::Create(rules.layout).value()) {
  std::vector<Event> events;
  const auto some = [&](int about) { return Random(rules_.long_line ? about : 0, about); };
  for (int k = some(rules_.needs_start); k > 0; --k) events.push_back(NewNeed());
  for (int k = some(rules_.parts_start); k > 0; --k) events.push_back(NewPart());
  // From nothing, every peg is new: only who is on time and who late can be wrong.
  for (const Event& event : events) MakeInWorld(event);
  PegOutcome outcome;
  if (!events.empty()) book_.Apply(events, outcome).IgnoreError();
  TakePegs();
}

Event PegWorld::NewNeed() {
  Event event{.kind = EventKind::kNeedAdded,
              .need = NeedId{next_id_++},
              .location = Random(0, static_cast<int>(rules_.layout.locations.size()) - 1),
              .variant = Random(0, rules_.layout.variants - 1),
              .tick = Random(0, rules_.tick_range),
              .weight = Random(1, rules_.weight_max)};
  const Location& location = rules_.layout.locations[static_cast<std::size_t>(event.location)];
  const std::int32_t own = StockOf(rules_.layout, location.pool, event.variant);
  std::vector<std::int32_t> fitting = {kNoAcceptance};
  for (std::size_t a = 0; a < rules_.layout.acceptances.size(); ++a) {
    const auto& stocks = rules_.layout.acceptances[a];
    if (std::find(stocks.begin(), stocks.end(), own) != stocks.end()) {
      fitting.push_back(static_cast<std::int32_t>(a));
    }
  }
  event.acceptance =
      fitting[static_cast<std::size_t>(Random(0, static_cast<int>(fitting.size()) - 1))];
  return event;
}

Event PegWorld::NewPart() {
  Event event{.kind = EventKind::kSupplyAdded,
              .supply = SupplyId{next_id_++},
              .pool = Random(0, rules_.layout.pools - 1),
              .variant = Random(0, rules_.layout.variants - 1),
              .tick = Random(-2, rules_.tick_range + 2)};
  if (rules_.expiry && Random(0, 2) > 0) {
    event.expiry_tick = event.tick + Random(0, rules_.tick_range / 2);
  }
  return event;
}

std::optional<std::uint64_t> PegWorld::AnyNeed() {
  if (needs_.empty()) return std::nullopt;
  const auto at = std::next(needs_.begin(), Random(0, static_cast<int>(needs_.size()) - 1));
  if (!named_.insert(at->first).second) return std::nullopt;
  return at->first;
}

std::optional<std::uint64_t> PegWorld::AnyPart() {
  if (parts_.empty()) return std::nullopt;
  const auto at = std::next(parts_.begin(), Random(0, static_cast<int>(parts_.size()) - 1));
  if (!named_.insert(at->first).second) return std::nullopt;
  return at->first;
}

Event PegWorld::RandomEvent() {
  const int shift = static_cast<int>(rules_.shift_share * 100);
  if (Random(0, 99) < shift) {
    if (Random(0, 1) == 0) {
      const auto need = AnyNeed();
      if (!need.has_value()) return NewNeed();
      if (rules_.weight_max > 1 && Random(0, 4) == 0) {
        return {.kind = EventKind::kNeedWeighed,
                .need = NeedId{*need},
                .weight = Random(1, rules_.weight_max)};
      }
      return {.kind = EventKind::kNeedMoved,
              .need = NeedId{*need},
              .tick = Random(0, rules_.tick_range)};
    }
    const auto part = AnyPart();
    if (!part.has_value()) return NewPart();
    const std::int32_t to = Random(-2, rules_.tick_range + 2);
    return {.kind = EventKind::kSupplyMoved,
            .supply = SupplyId{*part},
            .tick = std::min(to, parts_.at(*part).expiry)};
  }
  switch (Random(0, 4)) {
    case 0:
      return NewNeed();
    case 1:
      return NewPart();
    case 2:
      if (const auto need = AnyNeed(); need.has_value()) {
        return {.kind = EventKind::kNeedCancelled, .need = NeedId{*need}};
      }
      return NewNeed();
    case 3:
      if (const auto part = AnyPart(); part.has_value()) {
        return {.kind = EventKind::kSupplyLost, .supply = SupplyId{*part}};
      }
      return NewPart();
    default: {
      const auto need = AnyNeed();
      const auto part = AnyPart();
      if (!need.has_value() || !part.has_value() ||
          !needs_.at(*need).accepted.contains(parts_.at(*part).stock)) {
        return NewPart();
      }
      return {.kind = EventKind::kFitted, .need = NeedId{*need}, .supply = SupplyId{*part}};
    }
  }
}

std::vector<Event> PegWorld::RandomEvents() {
  std::vector<Event> events;
  named_.clear();
  for (int k = Random(1, rules_.batch_max); k > 0; --k) events.push_back(RandomEvent());
  return events;
}

void PegWorld::MakeInWorld(const Event& event) {
  const auto need = static_cast<std::uint64_t>(event.need);
  const auto part = static_cast<std::uint64_t>(event.supply);
  switch (event.kind) {
    case EventKind::kNeedAdded: {
      const Location& location = rules_.layout.locations[static_cast<std::size_t>(event.location)];
      Need added{.stock = StockOf(rules_.layout, location.pool, event.variant),
                 .due = event.tick - location.handling_ticks,
                 .handling = location.handling_ticks,
                 .weight = event.weight};
      added.accepted = {added.stock};
      if (event.acceptance != kNoAcceptance) {
        const auto& stocks = rules_.layout.acceptances[static_cast<std::size_t>(event.acceptance)];
        added.accepted = {stocks.begin(), stocks.end()};
      }
      needs_.emplace(need, added);
      return;
    }
    case EventKind::kNeedMoved:
      needs_.at(need).due = event.tick - needs_.at(need).handling;
      return;
    case EventKind::kNeedWeighed:
      needs_.at(need).weight = event.weight;
      return;
    case EventKind::kNeedCancelled:
      needs_.erase(need);
      return;
    case EventKind::kSupplyAdded:
      parts_.emplace(part, Part{.stock = StockOf(rules_.layout, event.pool, event.variant),
                                .ready = event.tick,
                                .expiry = event.expiry_tick});
      return;
    case EventKind::kSupplyMoved:
      parts_.at(part).ready = event.tick;
      return;
    case EventKind::kSupplyLost:
      parts_.erase(part);
      return;
    case EventKind::kFitted:
      needs_.erase(need);
      parts_.erase(part);
      return;
    case EventKind::kFixed:
    case EventKind::kReleased:
      return;  // Not drawn.
  }
}

bool PegWorld::Good(const Need& need, const Part& part) const {
  return need.accepted.contains(part.stock) && part.ready <= need.due && need.due <= part.expiry;
}

std::string PegWorld::Change() { return Change(RandomEvents()); }

std::string PegWorld::Change(const std::vector<Event>& events) {
  for (const Event& event : events) MakeInWorld(event);
  std::map<std::uint64_t, std::uint64_t> before;  // What is still good of the pegs there were.
  for (const auto& [need, part] : pegs_) {
    const auto n = needs_.find(need);
    const auto p = parts_.find(part);
    if (n == needs_.end() || p == parts_.end() || !Good(n->second, p->second)) continue;
    before.emplace(need, part);
  }
  PegOutcome outcome;
  const absl::Status status = book_.Apply(events, outcome);
  if (!status.ok()) return absl::StrCat("refused: ", std::string(status.message()));
  std::string wrong = TakePegs();
  if (wrong.empty()) wrong = CheckTold(before, outcome);
  if (wrong.empty()) wrong = CheckAgainstOracle(before, outcome);
  return wrong;
}

std::string PegWorld::TakePegs() {
  pegs_.clear();
  std::set<std::uint64_t> used;
  for (const auto& [id, need] : needs_) {
    const auto peg = book_.PegOf(NeedId{id});
    if (!peg.has_value()) continue;
    const auto part = parts_.find(static_cast<std::uint64_t>(*peg));
    if (part == parts_.end()) return absl::StrCat("need ", id, " is pegged to no part");
    if (!Good(need, part->second)) return absl::StrCat("need ", id, " has a peg that is not good");
    if (!used.insert(part->first).second) return absl::StrCat("part ", part->first, " twice");
    pegs_.emplace(id, part->first);
  }
  if (std::cmp_not_equal(needs_.size(), book_.needs())) return "another number of needs";
  if (std::cmp_not_equal(parts_.size(), book_.supplies())) return "another number of parts";
  if (std::cmp_not_equal(needs_.size() - pegs_.size(), book_.late())) {
    return "another number of late needs";
  }
  return {};
}

// The book tells every need whose peg is not what was left of the pegs before, once, and no other.
std::string PegWorld::CheckTold(const std::map<std::uint64_t, std::uint64_t>& before,
                                const PegOutcome& outcome) const {
  std::map<std::uint64_t, PegChange> told;
  for (const PegChange& change : outcome.changes) {
    const auto id = static_cast<std::uint64_t>(change.need);
    if (!told.emplace(id, change).second) return absl::StrCat("need ", id, " is told twice");
  }
  for (const auto& [id, need] : needs_) {
    const auto now = pegs_.find(id);
    const auto was = before.find(id);
    const bool same = (now == pegs_.end() && was == before.end()) ||
                      (now != pegs_.end() && was != before.end() && now->second == was->second);
    const auto change = told.find(id);
    if (change == told.end()) {
      if (!same) return absl::StrCat("need ", id, " is not told");
      continue;
    }
    if (same && now != pegs_.end()) return absl::StrCat("need ", id, " is told without a change");
    if (change->second.on_time != (now != pegs_.end())) return absl::StrCat("need ", id, " late?");
    if (now != pegs_.end() && static_cast<std::uint64_t>(change->second.supply) != now->second) {
      return absl::StrCat("need ", id, " is told another part");
    }
    if (change->second.voluntary != (was != before.end())) {
      return absl::StrCat("need ", id, ": voluntary?");
    }
  }
  return {};
}

std::int64_t PegWorld::LatenessOfBook(std::string& wrong) const {
  std::set<std::uint64_t> used;
  for (const auto& [need, part] : pegs_) used.insert(part);
  std::int64_t total = 0;
  std::set<std::uint64_t> late;
  for (std::int32_t stock = 0; stock < rules_.layout.pools * rules_.layout.variants; ++stock) {
    const std::vector<LateNeed> told = book_.Lateness(stock).value();
    for (const LateNeed& need : told) {
      const auto id = static_cast<std::uint64_t>(need.need);
      if (!late.insert(id).second) continue;  // Of a group that an earlier stock has told.
      if (pegs_.contains(id)) wrong = absl::StrCat("need ", id, " is not late");
      total += need.late_ticks;
      if (!need.supply.has_value()) continue;
      const auto part = static_cast<std::uint64_t>(*need.supply);
      const bool possible = used.insert(part).second && parts_.contains(part) &&
                            needs_.at(id).accepted.contains(parts_.at(part).stock) &&
                            parts_.at(part).ready - needs_.at(id).due == need.late_ticks;
      if (!possible) wrong = absl::StrCat("need ", id, " cannot get part ", part);
    }
  }
  if (late.size() != needs_.size() - pegs_.size()) wrong = "a late need is missing";
  return total;
}

// The library's own exact repair, which small worlds hold against the oracle: the dense one is too
// slow for long lines.
OracleCost PegWorld::BestByRepair(const std::vector<OracleNeed>& needs) const {
  RepairProblem problem;
  std::vector<std::vector<std::int32_t>> stocks;
  for (const auto& [id, need] : needs_) {
    stocks.emplace_back(need.accepted.begin(), need.accepted.end());
  }
  for (const auto& [id, need] : needs_) {
    const std::size_t i = problem.needs.size();
    problem.needs.push_back(
        {.due_tick = need.due, .weight = need.weight, .stocks = stocks[i], .peg = needs[i].peg});
  }
  for (const auto& [id, part] : parts_) {
    problem.supplies.push_back(
        {.ready_tick = part.ready, .expiry_tick = part.expiry, .stock = part.stock});
  }
  const Repaired repaired = RepairExactly(problem);
  OracleCost cost;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    if (needs[i].peg != -1 && repaired.on_time[i] != needs[i].peg) ++cost.repegs;
    if (repaired.on_time[i] != kNoSupply) continue;
    cost.weight_late += needs[i].weight;
    const std::int32_t late = repaired.late[i];
    const std::int64_t served = late == kNoSupply
                                    ? kHorizonTick
                                    : problem.supplies[static_cast<std::size_t>(late)].ready_tick;
    cost.lateness += served - needs[i].due;
  }
  return cost;
}

std::string PegWorld::CheckAgainstOracle(const std::map<std::uint64_t, std::uint64_t>& before,
                                         const PegOutcome& outcome) {
  std::vector<OraclePart> parts;
  std::map<std::uint64_t, int> index;
  for (const auto& [id, part] : parts_) {
    index.emplace(id, static_cast<int>(parts.size()));
    parts.push_back({.ready = part.ready, .expiry = part.expiry});
  }
  std::vector<OracleNeed> needs;
  OracleCost got;
  for (const auto& [id, need] : needs_) {
    OracleNeed asked{.due = need.due, .weight = need.weight};
    const auto was = before.find(id);
    const auto now = pegs_.find(id);
    if (was != before.end()) asked.peg = index.at(was->second);
    for (const auto& [part_id, part] : parts_) {
      asked.accepts.push_back(need.accepted.contains(part.stock));
    }
    needs.push_back(std::move(asked));
    if (now == pegs_.end()) got.weight_late += need.weight;
    const bool kept = was != before.end() && now != pegs_.end() && now->second == was->second;
    if (was != before.end() && !kept) ++got.repegs;
  }
  std::string wrong;
  got.lateness = LatenessOfBook(wrong);
  if (!wrong.empty()) return wrong;
  if (got.repegs != outcome.voluntary) return "another number of re-pegs is told";
  best_ = rules_.long_line ? BestByRepair(needs) : BestCost(needs, parts, kHorizonTick);
  if (got == best_) return {};
  return absl::StrCat("weight late ", got.weight_late, " re-pegs ", got.repegs, " lateness ",
                      got.lateness, ", the best is ", best_.weight_late, " ", best_.repegs, " ",
                      best_.lateness);
}

void PegWorld::Rebuild() { book_ = PegBook::FromSnapshot(rules_.layout, book_.Snapshot()).value(); }

}  // namespace tandem::sequencing
