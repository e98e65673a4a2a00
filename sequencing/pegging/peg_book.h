// All open needs and supplies of a line's stocks, each need that can be on time pegged to one
// supply: after every change the best assignment there is, with the fewest changes of pegs.
//
//   absl::StatusOr<PegBook> book = PegBook::Create({.variants = 40'000});
//   PegOutcome outcome;
//   absl::Status status = book->Apply({{{.kind = EventKind::kSupplyLost, .supply = part}}},
//   outcome); for (const PegChange& change : outcome.changes) ...
//
// The objective is lexicographic: greatest weight of needs on time; then fewest needs whose peg
// from before the change is still good and is not kept; then least total lateness of the others. It
// is met exactly after every change (reference, 5a; the README says how and where it is shown).
//
// A book is a value: needs, supplies, acceptances and pegs (Snapshot) decide every later answer. It
// has no clock, and one thread at a time may use it.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sequencing/pegging/chains.h"
#include "sequencing/pegging/repair.h"
#include "sequencing/pegging/types.h"

namespace tandem::sequencing {

// An event that was refused, and why; it changed nothing.
struct Refusal {
  std::size_t event = 0;  // Index into the span of ApplyEach.
  absl::Status status{};
};

struct PegOutcome {
  std::vector<PegChange> changes{};
  std::int64_t voluntary = 0;  // Re-pegs: needs whose good peg was not kept.
  std::vector<Refusal> refusals{};
};

// A need's, a supply's row: what a book is rebuilt from. `due_tick` has the handling taken off.
struct NeedRow {
  NeedId need{};
  std::int32_t stock = 0;
  std::int32_t due_tick = 0;
  std::int32_t handling_ticks = 0;
  std::int32_t weight = 1;
  std::int32_t acceptance = kNoAcceptance;
  auto operator<=>(const NeedRow&) const = default;
};

struct SupplyRow {
  SupplyId supply{};
  std::int32_t stock = 0;
  std::int32_t ready_tick = 0;
  std::int32_t expiry_tick = kNeverExpires;
  auto operator<=>(const SupplyRow&) const = default;
};

struct PegRow {
  NeedId need{};
  SupplyId supply{};
  auto operator<=>(const PegRow&) const = default;
};

struct FixedRow {
  NeedRow need{};
  SupplyRow supply{};
  auto operator<=>(const FixedRow&) const = default;
};

// Everything, each list in the order of its first identifier.
struct PegSnapshot {
  std::vector<NeedRow> needs{};
  std::vector<SupplyRow> supplies{};
  std::vector<PegRow> pegs{};
  std::vector<FixedRow> fixed{};
  auto operator<=>(const PegSnapshot&) const = default;
};

// A late need and the part it will get, if any.
struct LateNeed {
  NeedId need{};
  std::optional<SupplyId> supply{};
  std::int64_t late_ticks = 0;  // To the part's ready tick; to kHorizonTick if there is none.
};

class PegBook {
 public:
  // Returns kInvalidArgument if a count is not positive or too large, a location's pool or an
  // acceptance's stock does not exist, or an acceptance is empty or names a stock twice.
  // Entries and their index come from `memory`, in few large pieces; it must live as long as the
  // book. A resource that asks the system for huge pages makes a large book faster (README).
  static absl::StatusOr<PegBook> Create(
      Layout layout, std::pmr::memory_resource* memory = std::pmr::get_default_resource());
  // The book that wrote the snapshot. Returns kInvalidArgument as Create does, or for a row that
  // could not have come from a book.
  static absl::StatusOr<PegBook> FromSnapshot(
      Layout layout, const PegSnapshot& snapshot,
      std::pmr::memory_resource* memory = std::pmr::get_default_resource());

  // Makes all events as one change, in which no need and no supply may occur twice: all of them or,
  // if one is refused, none. What changed of pegs is appended to `outcome`.
  // Errors begin with a reason: UNKNOWN_LOCATION, UNKNOWN_POOL, UNKNOWN_VARIANT,
  // UNKNOWN_ACCEPTANCE, TICK_OUT_OF_RANGE, WEIGHT_NOT_POSITIVE, EXPIRED_BEFORE_READY,
  // FOREIGN_ACCEPTANCE, NAMED_TWICE (kInvalidArgument); DUPLICATE_NEED, DUPLICATE_SUPPLY
  // (kAlreadyExists); UNKNOWN_NEED, UNKNOWN_SUPPLY (kNotFound: the event came before the one that
  // adds it); FIXED_PEG, NOT_FIXED, OTHER_STOCK (kFailedPrecondition).
  absl::Status Apply(std::span<const Event> change, PegOutcome& outcome);
  // Makes each event as a change of its own, in order. Those refused are told in `outcome`, the
  // others are made. For many events: entries are fetched into the cache some events ahead.
  void ApplyEach(std::span<const Event> events, PegOutcome& outcome);

  std::optional<SupplyId> PegOf(NeedId need) const;           // On time, or hard.
  std::int64_t needs() const { return store_.needs.size(); }  // Open; without those pegged hard.
  std::int64_t supplies() const { return store_.supplies.size(); }
  std::int64_t late() const { return store_.needs.Free(); }
  // Late needs of one stock. Returns kNotFound / UNKNOWN_STOCK if the layout has no such stock.
  absl::StatusOr<std::int64_t> late(std::int32_t stock) const;
  // Late needs of the stock and of those it shares acceptances with, in need order, with the part
  // that each gets in an assignment of least total lateness. Returns kNotFound / UNKNOWN_STOCK.
  absl::StatusOr<std::vector<LateNeed>> Lateness(std::int32_t stock) const;
  // The first tick by which more needs are due than parts ready: where the line first lacks a part
  // whatever is re-pegged; nullopt if there is none. Returns kNotFound / UNKNOWN_STOCK, and
  // kFailedPrecondition / NOT_PLAIN for a stock with expiry or alternates, where that count proves
  // nothing.
  absl::StatusOr<std::optional<std::int32_t>> FirstUncovered(std::int32_t stock) const;

  PegSnapshot Snapshot() const;

 private:
  class Prefetcher;

  // What few needs have, so that the others do not pay for it.
  struct Extra {
    std::int32_t handling_ticks = 0;
    std::int32_t acceptance = kNoAcceptance;
  };
  enum class TouchKind : std::uint8_t {
    kExposed,  // A need that is new or lost its part.
    kHopeful,  // A late need that may be served now.
    kFreed,    // A part that is new or lost its need, or a free one that is earlier.
    kWidened,  // A pegged need that accepts more than before, or its part does.
  };
  struct Touch {
    std::uint32_t group = 0;
    TouchKind kind = TouchKind::kExposed;
    std::uint64_t id = 0;   // Of the need; kFreed: of the supply.
    Place hint = kNowhere;  // Where it lay then; no order and no answer depends on it.
    auto Rank() const { return std::tuple(group, kind, id); }
  };
  // An event and what it names, found.
  struct Target {
    Place need = kNowhere;
    Place supply = kNowhere;
    FixedRow* fixed = nullptr;  // Where the event's need or supply is pegged hard.
  };
  // One group's needs and supplies as a problem, each in the order of tick and identifier.
  struct Group {
    std::vector<Place> needs{};
    std::vector<Place> supplies{};
    std::vector<std::int32_t> own_stocks{};  // What the needs' spans without an acceptance show.
    RepairProblem problem{};
  };

  PegBook(Layout layout, std::pmr::memory_resource* memory);
  void JoinStocks();

  // What an event needs to be possible; `target` is what it names. They change nothing.
  absl::Status Check(const Event& event, Target& target);
  absl::Status CheckNewNeed(const Event& event) const;
  absl::Status CheckNewSupply(const Event& event) const;
  absl::Status FindNeed(NeedId need, Target& target);
  absl::Status FindSupply(SupplyId supply, Target& target);
  absl::Status CheckNeedMoved(const Event& event, Target& target);
  absl::Status CheckSupplyMoved(const Event& event, Target& target);
  absl::Status CheckPair(const Event& event, Target& target);
  absl::Status CheckNamedOnce(std::span<const Event> change) const;

  // The same, made; pegs that it ends and what it frees go into touches_.
  void Make(const Event& event, const Target& target);
  void MakeFixed(const Event& event, const FixedRow& row);
  void AddNeed(const NeedRow& row);
  void AddSupply(const SupplyRow& row);
  void MoveNeed(Place need, std::int32_t due_tick);
  void WeighNeed(Place need, std::int32_t weight);
  void MoveSupply(Place supply, std::int32_t ready_tick);
  void RemoveNeed(Place need);
  void RemoveSupply(Place supply);
  void RemovePair(Place need, Place supply);
  void EraseNeed(Place need);
  void EraseSupply(Place supply);
  void BreakPeg(Place need, Place supply);
  void DoubtPeg(Place need, Place supply);
  void BreakDoubtful();
  void Release(const FixedRow& row);

  // What is left of a group's touches when all events of a change are made.
  struct Open {
    std::int32_t exposed = 0;
    std::int32_t freed = 0;
    std::int32_t widened = 0;
    Place need = kNowhere;    // The last exposed one.
    Place supply = kNowhere;  // The last freed one.
    Place widened_need = kNowhere;
  };
  void Settle(PegOutcome& outcome);
  void SettleGroup(std::span<const Touch> touches);
  Open OpenOf(std::span<const Touch> touches) const;
  // Settles a group by one or two chains, if that is exact; false if not.
  template <typename Repair>  // Chains or GroupChains.
  bool SettleBy(Repair& repair, const Open& open, std::int64_t late_before);
  void SettleWhole(std::span<const Touch> touches);
  static bool WasExposed(std::span<const Touch> touches, std::uint64_t need);
  void WriteBack(const Group& group, std::span<const std::int32_t> pegs,
                 std::span<const Touch> touches);
  Group Gather(std::uint32_t group) const;
  absl::Status CheckStock(std::int32_t stock) const;
  // Whether a stock has neither expiry nor alternates: then it is a group of its own.
  bool PlainStock(std::uint32_t stock) const { return plain_[stock] != 0; }
  std::uint32_t GroupOf(std::uint32_t stock) const {
    return PlainStock(stock) ? stock : group_of_[stock];
  }
  void MarkPlain(std::uint32_t group);
  std::int64_t LateIn(std::uint32_t group) const;
  bool Accepts(Place need, std::uint32_t stock) const;
  bool Fits(Place need, Place supply) const;  // Accepted, ready and not expired.
  std::int32_t ExpiryTick(Place supply) const;
  const Extra* ExtraOf(Place need) const;  // Null for most.
  void TouchNeed(Place need, TouchKind kind);
  void TouchSupply(Place supply);
  Place NeedOf(const Touch& touch) const { return store_.needs.Find(touch.id, touch.hint); }
  Place SupplyOf(const Touch& touch) const { return store_.supplies.Find(touch.id, touch.hint); }
  NeedRow RowOfNeed(Place need) const;
  SupplyRow RowOfSupply(Place supply) const;
  absl::Status RestoreNeed(const NeedRow& row);
  absl::Status RestoreSupply(const SupplyRow& row);
  absl::Status RestorePeg(const PegRow& row);
  absl::Status RestoreFixed(const FixedRow& row);

  Layout layout_;
  PegStore store_;
  std::vector<std::uint32_t>
      group_of_{};  // By stock: the lowest stock that acceptances join it to.
  std::vector<std::vector<std::int32_t>> members_{};    // By group, if it has more than one stock.
  std::vector<std::uint32_t> expiring_{};               // By group: supplies with an expiry tick.
  std::vector<std::uint8_t> plain_{};                   // By stock; small, so that it is at hand.
  absl::flat_hash_map<std::uint64_t, Extra> extras_{};  // By need.
  absl::flat_hash_map<std::uint64_t, std::int32_t> expiry_ticks_{};     // By supply.
  absl::flat_hash_map<std::uint64_t, FixedRow> fixed_{};                // By need.
  absl::flat_hash_map<std::uint64_t, std::uint64_t> fixed_supplies_{};  // Supply to need.
  // Of the change that is being made; empty between changes.
  std::vector<Touch> touches_{};
  std::vector<std::uint64_t> doubtful_{};  // Needs with a peg that an event made bad.
  bool batch_ = false;
  Repegs repegs_{};
  ChainScratch scratch_{};
};

}  // namespace tandem::sequencing
