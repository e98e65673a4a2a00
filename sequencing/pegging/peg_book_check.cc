// What an event needs to be possible. Every refusal names the record, the field and the rule.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {
namespace {

std::string Named(NeedId need) { return absl::StrCat("need ", static_cast<std::uint64_t>(need)); }
std::string Named(SupplyId supply) {
  return absl::StrCat("supply ", static_cast<std::uint64_t>(supply));
}

template <typename Id>
absl::Status Outside(const char* reason, Id id, const char* field, std::int64_t value,
                     std::int64_t last) {
  return absl::InvalidArgumentError(absl::StrCat(reason, ": ", Named(id), ", field ", field, ": ",
                                                 value, " is not in 0..", last));
}

bool InRange(std::int64_t tick) { return tick >= -kTickMax && tick <= kTickMax; }

template <typename Id>
absl::Status TickOutside(Id id, std::int64_t tick) {
  return absl::InvalidArgumentError(absl::StrCat("TICK_OUT_OF_RANGE: ", Named(id),
                                                 ", field tick: ", tick, " is beyond ", kTickMax,
                                                 " on either side of 0"));
}

}  // namespace

absl::Status PegBook::CheckNewNeed(const Event& event) const {
  const auto locations = static_cast<std::int64_t>(layout_.locations.size());
  if (event.location < 0 || event.location >= locations) {
    return Outside("UNKNOWN_LOCATION", event.need, "location", event.location, locations - 1);
  }
  if (event.variant < 0 || event.variant >= layout_.variants) {
    return Outside("UNKNOWN_VARIANT", event.need, "variant", event.variant, layout_.variants - 1);
  }
  const Location& location = layout_.locations[static_cast<std::size_t>(event.location)];
  const std::int64_t due = std::int64_t{event.tick} - location.handling_ticks;
  if (!InRange(event.tick) || !InRange(due)) return TickOutside(event.need, event.tick);
  if (event.weight < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("WEIGHT_NOT_POSITIVE: ", Named(event.need), ", field weight: ", event.weight));
  }
  if (event.acceptance != kNoAcceptance) {
    const auto acceptances = static_cast<std::int64_t>(layout_.acceptances.size());
    if (event.acceptance < 0 || event.acceptance >= acceptances) {
      return Outside("UNKNOWN_ACCEPTANCE", event.need, "acceptance", event.acceptance,
                     acceptances - 1);
    }
    const auto& stocks = layout_.acceptances[static_cast<std::size_t>(event.acceptance)];
    const std::int32_t own = StockOf(layout_, location.pool, event.variant);
    if (std::find(stocks.begin(), stocks.end(), own) == stocks.end()) {
      return absl::InvalidArgumentError(absl::StrCat("FOREIGN_ACCEPTANCE: ", Named(event.need),
                                                     ", field acceptance: ", event.acceptance,
                                                     " does not hold the need's own stock ", own));
    }
  }
  const auto id = static_cast<std::uint64_t>(event.need);
  if (store_.needs.Find(id) != kNowhere || fixed_.contains(id)) {
    return absl::AlreadyExistsError(
        absl::StrCat("DUPLICATE_NEED: ", Named(event.need), " is open already"));
  }
  return absl::OkStatus();
}

absl::Status PegBook::CheckNewSupply(const Event& event) const {
  if (event.pool < 0 || event.pool >= layout_.pools) {
    return Outside("UNKNOWN_POOL", event.supply, "pool", event.pool, layout_.pools - 1);
  }
  if (event.variant < 0 || event.variant >= layout_.variants) {
    return Outside("UNKNOWN_VARIANT", event.supply, "variant", event.variant, layout_.variants - 1);
  }
  if (!InRange(event.tick)) return TickOutside(event.supply, event.tick);
  if (event.expiry_tick < event.tick) {
    return absl::InvalidArgumentError(absl::StrCat("EXPIRED_BEFORE_READY: ", Named(event.supply),
                                                   ", field expiry_tick: ", event.expiry_tick,
                                                   " is before its tick ", event.tick));
  }
  const auto id = static_cast<std::uint64_t>(event.supply);
  if (store_.supplies.Find(id) != kNowhere || fixed_supplies_.contains(id)) {
    return absl::AlreadyExistsError(
        absl::StrCat("DUPLICATE_SUPPLY: ", Named(event.supply), " is there already"));
  }
  return absl::OkStatus();
}

absl::Status PegBook::FindNeed(NeedId need, Target& target) {
  const auto id = static_cast<std::uint64_t>(need);
  target.need = store_.needs.Find(id);
  if (target.need != kNowhere) return absl::OkStatus();
  const auto fixed = fixed_.find(id);
  if (fixed == fixed_.end()) {
    return absl::NotFoundError(absl::StrCat("UNKNOWN_NEED: ", Named(need),
                                            " is not open: no kNeedAdded came before this event"));
  }
  target.fixed = &fixed->second;
  return absl::OkStatus();
}

absl::Status PegBook::FindSupply(SupplyId supply, Target& target) {
  const auto id = static_cast<std::uint64_t>(supply);
  target.supply = store_.supplies.Find(id);
  if (target.supply != kNowhere) return absl::OkStatus();
  const auto fixed = fixed_supplies_.find(id);
  if (fixed == fixed_supplies_.end()) {
    return absl::NotFoundError(
        absl::StrCat("UNKNOWN_SUPPLY: ", Named(supply),
                     " is not there: no kSupplyAdded came before this event"));
  }
  target.fixed = &fixed_.find(fixed->second)->second;
  return absl::OkStatus();
}

absl::Status PegBook::CheckNeedMoved(const Event& event, Target& target) {
  absl::Status found = FindNeed(event.need, target);
  if (!found.ok()) return found;
  std::int64_t handling = 0;
  if (target.fixed != nullptr) {
    handling = target.fixed->need.handling_ticks;
  } else if (const Extra* extra = ExtraOf(target.need); extra != nullptr) {
    handling = extra->handling_ticks;
  }
  if (!InRange(event.tick) || !InRange(event.tick - handling)) {
    return TickOutside(event.need, event.tick);
  }
  return absl::OkStatus();
}

absl::Status PegBook::CheckSupplyMoved(const Event& event, Target& target) {
  absl::Status found = FindSupply(event.supply, target);
  if (!found.ok()) return found;
  if (!InRange(event.tick)) return TickOutside(event.supply, event.tick);
  const std::int32_t expiry =
      target.fixed != nullptr ? target.fixed->supply.expiry_tick : ExpiryTick(target.supply);
  if (expiry < event.tick) {
    return absl::InvalidArgumentError(
        absl::StrCat("EXPIRED_BEFORE_READY: ", Named(event.supply), ", field tick: ", event.tick,
                     " is after its expiry ", expiry, "; a part that expires on its way is lost"));
  }
  return absl::OkStatus();
}

// A pair that is fitted or pegged hard: both open, or (to be fitted) pegged hard to each other.
absl::Status PegBook::CheckPair(const Event& event, Target& target) {
  absl::Status found = FindNeed(event.need, target);
  if (found.ok()) found = FindSupply(event.supply, target);
  if (!found.ok()) return found;
  if (target.fixed != nullptr) {
    const bool each_other =
        target.fixed->need.need == event.need && target.fixed->supply.supply == event.supply;
    if (each_other && event.kind == EventKind::kFitted) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("FIXED_PEG: ", Named(target.fixed->need.need),
                                                      " and ", Named(target.fixed->supply.supply),
                                                      " are pegged hard to each other"));
  }
  if (!Accepts(target.need, store_.supplies.queue(target.supply))) {
    return absl::FailedPreconditionError(
        absl::StrCat("OTHER_STOCK: ", Named(event.need), " does not accept ", Named(event.supply),
                     " of stock ", store_.supplies.queue(target.supply)));
  }
  return absl::OkStatus();
}

absl::Status PegBook::Check(const Event& event, Target& target) {
  target = {};
  switch (event.kind) {
    case EventKind::kNeedAdded:
      return CheckNewNeed(event);
    case EventKind::kNeedMoved:
      return CheckNeedMoved(event, target);
    case EventKind::kNeedWeighed:
      if (event.weight < 1) {
        return absl::InvalidArgumentError(absl::StrCat("WEIGHT_NOT_POSITIVE: ", Named(event.need),
                                                       ", field weight: ", event.weight));
      }
      return FindNeed(event.need, target);
    case EventKind::kNeedCancelled:
      return FindNeed(event.need, target);
    case EventKind::kSupplyAdded:
      return CheckNewSupply(event);
    case EventKind::kSupplyMoved:
      return CheckSupplyMoved(event, target);
    case EventKind::kSupplyLost:
      return FindSupply(event.supply, target);
    case EventKind::kFitted:
    case EventKind::kFixed:
      return CheckPair(event, target);
    case EventKind::kReleased: {
      absl::Status found = FindNeed(event.need, target);
      if (!found.ok() || target.fixed != nullptr) return found;
      return absl::FailedPreconditionError(
          absl::StrCat("NOT_FIXED: ", Named(event.need), " is not pegged hard"));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("UNKNOWN_EVENT: kind ", static_cast<int>(event.kind)));
}

// A need or a part counts as named also by an event on the one that it is pegged hard to.
absl::Status PegBook::CheckNamedOnce(std::span<const Event> change) const {
  std::vector<std::uint64_t> needs;
  std::vector<std::uint64_t> supplies;
  const auto name_supply = [&](SupplyId supply) {
    const auto id = static_cast<std::uint64_t>(supply);
    const auto fixed = fixed_supplies_.find(id);
    if (fixed != fixed_supplies_.end()) needs.push_back(fixed->second);
    supplies.push_back(id);
  };
  for (const Event& event : change) {
    const bool pair = event.kind == EventKind::kFitted || event.kind == EventKind::kFixed;
    const bool of_supply =
        event.kind >= EventKind::kSupplyAdded && event.kind <= EventKind::kSupplyLost;
    const auto need = static_cast<std::uint64_t>(event.need);
    if (of_supply) {
      name_supply(event.supply);
      continue;
    }
    needs.push_back(need);
    const bool hard = fixed_.contains(need);
    if (pair && !hard) name_supply(event.supply);
  }
  for (std::vector<std::uint64_t>* ids : {&needs, &supplies}) {
    std::sort(ids->begin(), ids->end());
    const auto twice = std::adjacent_find(ids->begin(), ids->end());
    if (twice == ids->end()) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "NAMED_TWICE: ", ids == &needs ? Named(NeedId{*twice}) : Named(SupplyId{*twice}),
        " occurs in two events of one change"));
  }
  return absl::OkStatus();
}

}  // namespace tandem::sequencing
