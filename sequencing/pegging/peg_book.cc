#include "sequencing/pegging/peg_book.h"

#include <algorithm>
#include <array>
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
      return absl::InvalidArgumentError(absl::StrCat("UNKNOWN_POOL: location ", l,
                                                     ", field pool: ", location.pool,
                                                     " is not in 0..", layout.pools - 1));
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

PegBook::PegBook(Layout layout, std::pmr::memory_resource* memory)
    : layout_(std::move(layout)),
      store_(static_cast<std::size_t>(layout_.pools) * static_cast<std::size_t>(layout_.variants),
             memory) {
  JoinStocks();
}

absl::StatusOr<PegBook> PegBook::Create(Layout layout, std::pmr::memory_resource* memory) {
  absl::Status status = CheckLayout(layout);
  if (!status.ok()) return status;
  return PegBook(std::move(layout), memory);
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
  plain_.resize(stocks);
  for (std::uint32_t s = 0; s < stocks; ++s) {
    if (group_of_[s] == s) MarkPlain(s);
  }
}

absl::Status PegBook::Apply(std::span<const Event> change, PegOutcome& outcome) {
  if (change.size() > 1) {
    absl::Status status = CheckNamedOnce(change);
    if (!status.ok()) return status;
  }
  Target target;
  for (std::size_t k = 0; k < change.size(); ++k) {
    absl::Status status = Check(change[k], target);
    if (!status.ok()) {
      if (change.size() == 1) return status;
      return absl::Status(status.code(), absl::StrCat(std::string(status.message()), " (event ", k,
                                                      " of the change)"));
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

// Fetches what events will touch into the cache, some events before they are made. Each stage reads
// what the one before it has fetched; what was guessed waits in a ring in between.
class PegBook::Prefetcher {
 public:
  Prefetcher(const PegBook& book, std::span<const Event> events) : book_(book), events_(events) {
    guesses_.fill(kNowhere);
    mates_.fill(kNowhere);
    const std::size_t count = events.size();
    for (std::size_t k = 0; k < std::min(kFirst, count); ++k) First(events[k]);
    for (std::size_t k = 0; k < std::min(kSecond, count); ++k) Second(k);
    for (std::size_t k = 0; k < std::min(kThird, count); ++k) Third(k);
    for (std::size_t k = 0; k < std::min(kFourth, count); ++k) Fourth(k);
  }

  // Before the event at `at` is made.
  void Ahead(std::size_t at) {
    if (at + kFirst < events_.size()) First(events_[at + kFirst]);
    if (at + kSecond < events_.size()) Second(at + kSecond);
    if (at + kThird < events_.size()) Third(at + kThird);
    if (at + kFourth < events_.size()) Fourth(at + kFourth);
  }

 private:
  static constexpr std::size_t kFirst = 24;
  static constexpr std::size_t kSecond = 18;
  static constexpr std::size_t kThird = 12;
  static constexpr std::size_t kFourth = 6;
  static constexpr std::size_t kRing = 32;

  static bool NamesSupply(const Event& event) {
    return event.kind >= EventKind::kSupplyAdded && event.kind <= EventKind::kFixed;
  }
  static bool Adds(const Event& event) {
    return event.kind == EventKind::kNeedAdded || event.kind == EventKind::kSupplyAdded;
  }
  static bool NamesBoth(const Event& event) {
    return event.kind == EventKind::kFitted || event.kind == EventKind::kFixed;
  }
  static std::uint64_t IdOf(const Event& event) {
    return NamesSupply(event) ? static_cast<std::uint64_t>(event.supply)
                              : static_cast<std::uint64_t>(event.need);
  }
  const EntryStore& SideOf(const Event& event) const {
    return NamesSupply(event) ? book_.store_.supplies : book_.store_.needs;
  }
  const EntryStore& MatesOf(const Event& event) const {
    return NamesSupply(event) ? book_.store_.needs : book_.store_.supplies;
  }
  // The queue of an event that adds; false if it will be refused.
  bool QueueOf(const Event& event, std::uint32_t& queue) const {
    const Layout& layout = book_.layout_;
    std::int32_t pool = event.pool;
    if (event.kind == EventKind::kNeedAdded) {
      const auto location = static_cast<std::size_t>(event.location);
      if (location >= layout.locations.size()) return false;
      pool = layout.locations[location].pool;
    }
    if (pool < 0 || pool >= layout.pools) return false;
    if (event.variant < 0 || event.variant >= layout.variants) return false;
    queue = static_cast<std::uint32_t>(StockOf(layout, pool, event.variant));
    return true;
  }

  void First(const Event& event) const {
    SideOf(event).PrefetchIndex(IdOf(event));
    if (NamesBoth(event)) {
      book_.store_.needs.PrefetchIndex(static_cast<std::uint64_t>(event.need));
    }
    std::uint32_t queue = 0;
    if (!Adds(event) || !QueueOf(event, queue)) return;
    book_.store_.needs.PrefetchQueue(queue);
    book_.store_.supplies.PrefetchQueue(queue);
  }
  void Second(std::size_t at) {
    const Event& event = events_[at];
    std::uint32_t queue = 0;
    if (!Adds(event)) {
      const Place guess = SideOf(event).Guess(IdOf(event));
      guesses_[at % kRing] = guess;
      if (guess == kNowhere) return;
      SideOf(event).PrefetchEntry(guess);
      // Where a part's mate is kept. Another ETA seldom asks for it.
      const bool mate = NamesSupply(event) && event.kind != EventKind::kSupplyMoved;
      if (mate) SideOf(event).PrefetchExtra(guess);
    } else if (QueueOf(event, queue)) {
      SideOf(event).PrefetchBlock(queue, event.tick);
      if (!NamesSupply(event)) book_.store_.supplies.PrefetchBlock(queue, event.tick);
    }
  }
  void Third(std::size_t at) {
    const Event& event = events_[at];
    std::uint32_t queue = 0;
    if (Adds(event)) {
      if (!QueueOf(event, queue)) return;
      SideOf(event).PrefetchHole(queue, event.tick);
      // A new need looks for a free part.
      if (!NamesSupply(event)) book_.store_.supplies.PrefetchFree(queue, event.tick);
      return;
    }
    const Place guess = guesses_[at % kRing];
    if (guess == kNowhere) return;
    SideOf(event).PrefetchBlock(guess);
    if (event.kind == EventKind::kSupplyMoved) return;
    mates_[at % kRing] = SideOf(event).GuessMate(guess);
    if (mates_[at % kRing] != kNowhere) MatesOf(event).PrefetchEntry(mates_[at % kRing]);
  }
  void Fourth(std::size_t at) const {
    const Event& event = events_[at];
    const Place guess = guesses_[at % kRing];
    if (Adds(event) || guess == kNowhere) return;
    const std::uint32_t queue = SideOf(event).queue(guess);
    book_.store_.needs.PrefetchQueue(queue);
    PrefetchLine(&book_.plain_[queue]);
    if (event.kind == EventKind::kSupplyMoved) return;
    book_.store_.supplies.PrefetchQueue(queue);
    if (event.kind == EventKind::kSupplyLost) book_.store_.supplies.PrefetchFree(guess);
    const Place mate = mates_[at % kRing];
    if (mate != kNowhere) MatesOf(event).PrefetchBlock(mate);
  }

  const PegBook& book_;
  std::span<const Event> events_;
  std::array<Place, kRing> guesses_{};
  std::array<Place, kRing> mates_{};
};

void PegBook::ApplyEach(std::span<const Event> events, PegOutcome& outcome) {
  Prefetcher prefetcher(*this, events);
  for (std::size_t k = 0; k < events.size(); ++k) {
    prefetcher.Ahead(k);
    absl::Status status = Apply(events.subspan(k, 1), outcome);
    if (!status.ok()) outcome.refusals.push_back({.event = k, .status = std::move(status)});
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
