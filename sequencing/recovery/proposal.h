// What recovery proposes, as one value: equal inputs give an equal proposal, byte for byte
// (encode.h). Every list has one order: families as in the plan, within them by position, slot or
// part.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sequencing/recovery/plan.h"

namespace tandem::sequencing {

// What a set of choices comes to. Compared in this order: less is better.
struct RecoveryCost {
  // E of the reference, section 3, in tenths of a millisecond: 3 P10 + 4 P50 + 3 P90 of the longest
  // lateness of the line, in its working time.
  std::int64_t stop_tenths = 0;
  // Parts taken out of their order (a pull and an insert), re-pegs into or out of racks, vehicles
  // resequenced, and what must be fetched at the line.
  std::int64_t moves = 0;
  std::int64_t transports = 0;  // Express trucks.
  std::int64_t money = 0;

  double StopSeconds() const { return static_cast<double>(stop_tenths) / 10'000.0; }
  friend auto operator<=>(const RecoveryCost&, const RecoveryCost&) = default;
};

enum class OptionKind : std::uint8_t {
  kRepeg,       // (1) A free part, or that of a later vehicle, which then has an option of its own.
  kAlternate,   // (2) A free part of another variant that may be fitted.
  kExpress,     // (3)
  kResequence,  // (4)
  kShort,       // (5)
  kWait,        // (6) For its own part; without one, to the horizon.
};

// A position that would stop the line, at P50 or at least at P90.
struct UncoveredNeed {
  std::int64_t vehicle = 0;
  std::int32_t position = 0;
  std::int64_t need_ms = 0;
  Quantiles late{};  // If nothing is done, in the line's working time.

  friend bool operator==(const UncoveredNeed&, const UncoveredNeed&) = default;
};

struct StopAt {
  std::int64_t vehicle = 0;
  std::int64_t need_ms = 0;

  friend bool operator==(const StopAt&, const StopAt&) = default;
};

// Each part and each vehicle is in one re-peg at most, and in none if it ends as it was; a
// vehicle's own part is free once it gets another.
struct ProposedRepeg {
  std::int64_t part = 0;
  std::optional<std::int64_t> from{};  // None: it was free.
  std::int64_t to = 0;
  bool alternate = false;

  friend bool operator==(const ProposedRepeg&, const ProposedRepeg&) = default;
};

enum class RackAction : std::uint8_t { kKeep, kRework, kRebuild };

struct RackInsert {
  std::int64_t vehicle = 0;
  std::optional<std::int64_t> part{};  // None: it comes from elsewhere, as its option says.

  friend bool operator==(const RackInsert&, const RackInsert&) = default;
};

// A slot that is passed over: the part stays for a vehicle that comes back, or none is put in.
struct ProposedHole {
  std::int32_t slot = 0;
  std::int64_t vehicle = 0;
  std::string reason{};

  friend bool operator==(const ProposedHole&, const ProposedHole&) = default;
};

struct ProposedRack {
  std::int64_t rack = 0;
  RackAction action = RackAction::kKeep;
  PartPlace where = PartPlace::kAtSource;  // Of the work; what has left is touched at the dock.
  std::vector<std::int32_t> pulls{};       // Slots.
  std::vector<RackInsert> inserts{};       // In line order.
  std::vector<ProposedHole> holes{};

  friend bool operator==(const ProposedRack&, const ProposedRack&) = default;
};

// Parts that stay where they are: `count` of them, one after another as the line takes them from
// this slot on, serve as many needs, one after another from this position on. Passed over are holes
// and parts that stay for nobody, and positions that need nothing or are served from elsewhere.
struct AlignedRun {
  std::int64_t rack = 0;
  std::int32_t slot = 0;
  std::int32_t position = 0;
  std::int32_t count = 0;

  friend bool operator==(const AlignedRun&, const AlignedRun&) = default;
};

// The proof of what is pulled outside of the fence: of `slots` parts and `needs` vehicles the runs
// keep as many as any common subsequence of their variants has (kSliding; else as the rule of the
// racks allows). Of the slots that are not kept, `skipped` hold what nobody needs and stay.
struct RackProof {
  std::int32_t slots = 0;
  std::int32_t needs = 0;
  std::int32_t pulls = 0;
  std::int32_t skipped = 0;
  std::vector<AlignedRun> kept{};
  bool fewest = true;  // False: racks overflowed, and the cut between them was not searched.

  friend bool operator==(const RackProof&, const RackProof&) = default;
};

struct FamilyProposal {
  std::int32_t location = 0;
  std::int32_t family = 0;
  std::vector<UncoveredNeed> uncovered{};
  std::optional<StopAt> stop_before{};  // i* at P50, if nothing is done.
  std::optional<StopAt> stop_after{};   // With the proposal.
  std::vector<ProposedRepeg> repegs{};
  std::vector<ProposedRack> racks{};
  RackProof proof{};
  std::vector<std::int64_t> fetched{};  // Vehicles inside the fence whose part is fetched by hand.
  std::vector<std::int64_t> built_short{};     // Vehicles.
  std::vector<std::int64_t> surplus{};         // Parts that no vehicle needs: back to stock.
  std::optional<std::int64_t> completed_by{};  // The loose piece that completes a broken set.
  std::optional<std::int64_t> decide_by_ms{};  // A missing call must be known by then.

  friend bool operator==(const FamilyProposal&, const FamilyProposal&) = default;
};

struct ExpressPosition {
  std::int32_t location = 0;
  std::int32_t family = 0;
  std::int64_t vehicle = 0;
  std::int32_t position = 0;
  std::int64_t need_ms = 0;
  Quantiles arrival{};

  friend bool operator==(const ExpressPosition&, const ExpressPosition&) = default;
};

// One truck, with exactly what would be late without it, by need.
struct ExpressLoad {
  std::int32_t origin = 0;
  std::int64_t leave_by_ms =
      0;                      // LD of the reference, 5b; before it can be ready: it is late then.
  std::int64_t ready_ms = 0;  // The earliest that it can leave.
  std::vector<ExpressPosition> positions{};

  friend bool operator==(const ExpressLoad&, const ExpressLoad&) = default;
};

struct ResequencedVehicle {
  std::int64_t vehicle = 0;
  std::int32_t from = 0;
  std::int32_t to = 0;
  std::int32_t point = 0;

  friend bool operator==(const ResequencedVehicle&, const ResequencedVehicle&) = default;
};

// An option of one position, and what the whole would come to with it in place of the chosen one.
struct OptionCost {
  std::int32_t location = 0;
  std::int32_t family = 0;
  std::int64_t vehicle = 0;
  OptionKind kind = OptionKind::kWait;
  std::optional<std::int64_t> part{};
  std::optional<Quantiles> arrival{};  // None: built short.
  RecoveryCost with{};
  std::int64_t more_stop_tenths = 0;  // Than the choice.
  // Another position of the choice has its part, or the truck is full: what becomes of that one is
  // not in the cost.
  bool in_use = false;

  friend bool operator==(const OptionCost&, const OptionCost&) = default;
};

// A set of choices that was tried and is not the choice.
struct SetCost {
  std::vector<std::int32_t> trucks{};       // Origins.
  std::vector<std::int64_t> resequenced{};  // Vehicles.
  RecoveryCost cost{};

  friend bool operator==(const SetCost&, const SetCost&) = default;
};

enum class DropReason : std::uint8_t { kFence, kPointPassed, kBeyondReach };

// An option that is not there, because it would act inside of a fence, or behind the last point.
struct DroppedOption {
  std::int32_t location = 0;
  std::int32_t family = 0;
  std::int64_t vehicle = 0;
  OptionKind kind = OptionKind::kWait;
  DropReason reason = DropReason::kFence;
  std::int64_t fence_ms = 0;  // kFence: the instant at which the position froze.

  friend bool operator==(const DroppedOption&, const DroppedOption&) = default;
};

struct Proposal {
  std::int64_t cause = 0;
  BasisVersions versions{};
  std::vector<FamilyProposal> families{};
  std::vector<ExpressLoad> express{};
  std::vector<ResequencedVehicle> resequenced{};
  RecoveryCost choice{};
  RecoveryCost do_nothing{};
  std::vector<SetCost> tried{};
  std::vector<OptionCost> not_taken{};
  std::vector<DroppedOption> dropped{};
  // Every combination of the listed options with up to two express trucks was considered: for
  // quantiles that coincide the choice is an optimum among these. False: a bound (limits.h) cut the
  // search.
  bool exhaustive = true;

  friend bool operator==(const Proposal&, const Proposal&) = default;
};

}  // namespace tandem::sequencing
