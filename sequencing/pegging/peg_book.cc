#include "sequencing/pegging/peg_book.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

absl::Status CheckAcceptance(const Layout& layout, std::size_t number) {
  std::vector<std::int32_t> stocks = layout.acceptances[number];
  const std::string name = absl::StrCat("acceptance ", number);
  if (stocks.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("UNKNOWN_ACCEPTANCE: ", name, " has no stock"));
  }
  std::sort(stocks.begin(), stocks.end());
  if (std::adjacent_find(stocks.begin(), stocks.end()) != stocks.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("UNKNOWN_ACCEPTANCE: ", name, " names a stock twice"));
  }
  const std::int32_t last = layout.pools * layout.variants - 1;
  if (stocks.front() < 0 || stocks.back() > last) {
    return absl::InvalidArgumentError(
        absl::StrCat("UNKNOWN_VARIANT: ", name, " names a stock outside of 0..", last));
  }
  return absl::OkStatus();
}

absl::Status CheckLayout(const Layout& layout) {
  const std::int64_t stocks = std::int64_t{layout.pools} * layout.variants;
  if (layout.pools < 1 || layout.variants < 1 || stocks > kTickMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("EMPTY_LAYOUT: pools ", layout.pools, " and variants ", layout.variants,
                     " must be positive, and no more than ", kTickMax, " stocks in all"));
  }
  for (std::size_t l = 0; l < layout.locations.size(); ++l) {
    const Location& location = layout.locations[l];
    if (location.pool < 0 || location.pool >= layout.pools) {
      return absl::InvalidArgumentError(absl::StrCat("UNKNOWN_POOL: location ", l, ", field pool: ",
                                                     location.pool, " is not in 0..",
                                                     layout.pools - 1));
    }
    if (location.handling_ticks < -kTickMax || location.handling_ticks > kTickMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("TICK_OUT_OF_RANGE: location ", l, ", field handling_ticks"));
    }
  }
  for (std::size_t a = 0; a < layout.acceptances.size(); ++a) {
    absl::Status status = CheckAcceptance(layout, a);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

PegBook::PegBook(Layout layout)
    : layout_(std::move(layout)),
      store_(static_cast<std::size_t>(layout_.pools) * static_cast<std::size_t>(layout_.variants)) {
  JoinStocks();
}

absl::StatusOr<PegBook> PegBook::Create(Layout layout) {
  absl::Status status = CheckLayout(layout);
  if (!status.ok()) return status;
  return PegBook(std::move(layout));
}

// Stocks that one acceptance names are of one group, which is named by its lowest stock.
void PegBook::JoinStocks() {
  const auto stocks =
      static_cast<std::size_t>(layout_.pools) * static_cast<std::size_t>(layout_.variants);
  for (std::uint32_t s = 0; s < stocks; ++s) group_of_.push_back(s);
  const auto root = [&](std::int32_t stock) {
    auto at = static_cast<std::uint32_t>(stock);
    while (group_of_[at] != at) at = group_of_[at] = group_of_[group_of_[at]];
    return at;
  };
  for (const std::vector<std::int32_t>& acceptance : layout_.acceptances) {
    for (const std::int32_t stock : acceptance) {
      const std::uint32_t a = root(acceptance.front());
      const std::uint32_t b = root(stock);
      group_of_[std::max(a, b)] = std::min(a, b);
    }
  }
  members_.resize(stocks);
  expiring_.resize(stocks);
  for (std::uint32_t s = 0; s < stocks; ++s) {
    group_of_[s] = root(static_cast<std::int32_t>(s));
    if (group_of_[s] == s) continue;
    std::vector<std::int32_t>& members = members_[group_of_[s]];
    if (members.empty()) members.push_back(static_cast<std::int32_t>(group_of_[s]));
    members.push_back(static_cast<std::int32_t>(s));
  }
}

absl::Status PegBook::Apply(std::span<const Event> change, PegOutcome& outcome) {
  if (change.size() > 1) {
    absl::Status status = CheckNamedOnce(change);
    if (!status.ok()) return status;
  }
  Target target;
  for (std::size_t k = 0; k < change.size(); ++k) {
    const absl::Status status = Check(change[k], target);
    if (!status.ok()) {
      if (change.size() == 1) return status;
      return absl::Status(status.code(), absl::StrCat(std::string(status.message()),
                                                      " (event ", k, " of the change)"));
    }
  }
  batch_ = change.size() > 1;
  for (const Event& event : change) {
    // Found again: an event before may have moved it. It cannot be refused any more.
    if (change.size() > 1) Check(event, target).IgnoreError();
    Make(event, target);
  }
  if (batch_) BreakDoubtful();
  Settle(outcome);
  return absl::OkStatus();
}

void PegBook::ApplyEach(std::span<const Event> events, PegOutcome& outcome) {
  for (std::size_t k = 0; k < events.size(); ++k) {
    PrefetchAhead(events, k);
    absl::Status status = Apply(events.subspan(k, 1), outcome);
    if (!status.ok()) outcome.refusals.push_back({.event = k, .status = std::move(status)});
  }
}

// Each stage reads what the one before has fetched some events ago.
void PegBook::PrefetchAhead(std::span<const Event> events, std::size_t at) const {
  constexpr std::size_t kIndexAhead = 24;
  constexpr std::size_t kBlockAhead = 16;
  constexpr std::size_t kEntryAhead = 10;
  constexpr std::size_t kMateAhead = 4;
  const auto names_supply = [](const Event& event) { return event.kind >= EventKind::kSupplyAdded; };
  const auto side = [&](const Event& event) -> const EntryStore& {
    return names_supply(event) ? store_.supplies : store_.needs;
  };
  const auto id = [&](const Event& event) {
    return names_supply(event) ? static_cast<std::uint64_t>(event.supply)
                               : static_cast<std::uint64_t>(event.need);
  };
  if (at + kIndexAhead < events.size()) {
    const Event& event = events[at + kIndexAhead];
    side(event).PrefetchIndex(id(event));
  }
  if (at + kBlockAhead < events.size()) {
    const Event& event = events[at + kBlockAhead];
    side(event).PrefetchBlock(id(event));
  }
  if (at + kEntryAhead < events.size()) {
    const Event& event = events[at + kEntryAhead];
    side(event).PrefetchEntry(id(event));
  }
  if (at + kMateAhead < events.size()) {
    const Event& event = events[at + kMateAhead];
    const Place mate = side(event).GuessMate(id(event));
    if (mate != kNowhere) {
      (names_supply(event) ? store_.needs : store_.supplies).PrefetchPlace(mate);
    }
  }
}

std::optional<SupplyId> PegBook::PegOf(NeedId need) const {
  const auto id = static_cast<std::uint64_t>(need);
  const auto fixed = fixed_.find(id);
  if (fixed != fixed_.end()) return fixed->second.supply.supply;
  const Place place = store_.needs.Find(id);
  if (place == kNowhere || !store_.needs.HasMate(place)) return std::nullopt;
  return store_.IdOfSupply(store_.needs.mate(place));
}

}  // namespace tandem::sequencing
