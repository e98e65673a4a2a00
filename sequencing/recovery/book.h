// A plan that has been checked once and indexed, so that a proposal reads only what its cause
// touches.
//
//   const auto book = RecoveryBook::Create(std::move(plan));
//   const auto proposal = Propose(*book, {.id = 7, .what = LoadDelayed{.racks = {12}}});
//
// It is a value that its plan decides alone: after any events it is the book that Create makes of
// the plan after them. So what is stored is the plan (encode.h) and the events since.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sequencing/recovery/line.h"
#include "sequencing/recovery/plan.h"
#include "sequencing/recovery/plan_event.h"

namespace tandem::sequencing {

inline constexpr std::int32_t kNone = -1;

struct FamilyColumns;  // facts.h
struct FamilyFacts;

// A part in a rack, with what the re-peg of racks reads of it.
struct TakenPart {
  std::int32_t part = 0;
  std::int32_t vehicle = kNone;  // The one that it is pegged to.
  std::int32_t rack = 0;         // Index into the family's racks.
  std::int32_t variant = 0;

  friend bool operator==(const TakenPart&, const TakenPart&) = default;
};

// One family's columns: parts and vehicles by number (their index in the plan).
struct FamilyBook {
  std::vector<std::int32_t> pegs{};           // By vehicle: its part.
  std::vector<std::int32_t> vehicle_of{};     // By part: the one it is pegged to.
  std::vector<std::int64_t> part_ids{};       // By part.
  std::vector<std::int32_t> part_variants{};  // By part.
  std::vector<Quantiles> ready{};             // By part.
  std::vector<TakenPart> take{};         // Racked parts in the order in which the line takes them.
  std::vector<std::int32_t> take_at{};   // By part: where it stands there.
  std::vector<std::int32_t> rack_of{};   // By part: index into the family's racks.
  std::vector<std::int32_t> slot_of{};   // By part.
  std::vector<std::int32_t> parts_in{};  // By rack.
  std::vector<std::uint8_t> bound{};     // By part: 1 if it is for its vehicle alone.
  std::vector<std::uint8_t> at_hand{};   // By part: 1 from the dock on.
  std::vector<std::int32_t> free{};      // Parts without a vehicle, by (variant, P50, number).
  std::vector<LatePosition> late{};      // As planned, by position.

  std::tuple<std::int32_t, std::int64_t, std::int32_t> FreeKey(std::int32_t part) const {
    return {part_variants[At(part)], ready[At(part)].p50_ms, part};
  }
  friend bool operator==(const FamilyBook&, const FamilyBook&) = default;
};

// Where an identifier lies: the family, and the number in it.
struct FamilyPlace {
  std::int32_t family = 0;
  std::int32_t index = 0;
};

class RecoveryBook {
 public:
  // O(vehicles * families + parts). Errors name the record and begin with a reason,
  // kInvalidArgument unless said otherwise: NO_VEHICLE, VEHICLE_TWICE, PART_TWICE, RACK_TWICE,
  // PIECE_TWICE, FAMILY_TWICE, PEGGED_TWICE, RACKED_TWICE, UNKNOWN_VEHICLE, UNKNOWN_VARIANT,
  // UNKNOWN_PART, UNKNOWN_ORIGIN, COLUMN_MISSING, RACK_OVERFULL, QUANTILES_FALL, OUT_OF_RANGE,
  // BAD_CALENDAR, and CALENDAR_TOO_SHORT (kFailedPrecondition).
  static absl::StatusOr<RecoveryBook> Create(RecoveryPlan plan);

  // Makes the event part of the plan. A refused one changes nothing. O(log n) and a shift of the
  // free and late parts for PartReported and PartPegged, O(parts) of one family for what adds or
  // removes a part or a rack, O(families) and a calendar for VehicleAdded, and as Create without
  // its tables of identifiers for LineMoved and a Happening. Errors as Create, FactsOf (facts.h)
  // and of numbers below; GAP_ON_LINE (kFailedPrecondition) for a vehicle that is pulled out or
  // scrapped between two locations, where its place would stay empty.
  absl::Status Apply(const PlanEvent& event);

  const RecoveryPlan& plan() const { return plan_; }
  const FamilyBook& family(std::int32_t index) const { return families_[At(index)]; }
  std::int32_t families() const { return static_cast<std::int32_t>(families_.size()); }
  const LineOrder& order() const { return order_; }
  const LineClock& clock() const { return clock_; }
  // The first position that has reached none of the locations yet.
  std::int32_t frontier() const { return frontier_; }

  // Numbers of identifiers. Errors are kNotFound, naming it: UNKNOWN_VEHICLE, UNKNOWN_FAMILY,
  // UNKNOWN_PART, UNKNOWN_RACK.
  absl::StatusOr<std::int32_t> VehicleNumber(std::int64_t vehicle) const;
  absl::StatusOr<std::int32_t> FamilyNumber(std::int32_t location, std::int32_t family) const;
  absl::StatusOr<FamilyPlace> PartPlaceOf(std::int64_t part) const;
  absl::StatusOr<FamilyPlace> RackPlaceOf(std::int64_t rack) const;

  // The instants of all positions that the plan's vehicles may take, by these runs.
  absl::StatusOr<LineClock> ClockOf(std::span<const LineRun> runs) const;

 private:
  absl::Status IndexVehicles();
  absl::Status AddFamily(std::int32_t family);  // Its terms, and where its parts and racks are.
  // The family's columns, from the plan: all but the late ones.
  absl::Status FillFamily(std::int32_t family);
  absl::Status FillParts(std::int32_t family);
  absl::Status FillRacks(std::int32_t family);
  void FindLate(std::int32_t family);
  void NumberParts(std::int32_t family);
  void ForgetParts(std::int32_t family);
  void NumberRacks(std::int32_t family);
  absl::Status InFamily(std::int32_t family, const absl::Status& status) const;
  FamilyColumns PlannedColumns(std::int32_t family, const FamilyFacts& none) const;
  absl::StatusOr<LineClock> ClockFor(std::span<const LineRun> runs, std::int64_t now_ms,
                                     std::int64_t vehicles) const;

  absl::Status Make(const PartReported& what);
  absl::Status Make(const PartPegged& what);
  absl::Status Make(const PartAdded& what);
  absl::Status Make(const PartRemoved& what);
  absl::Status Make(const RackReported& what);
  absl::Status Make(const RackRemoved& what);
  absl::Status Make(const VehicleAdded& what);
  absl::Status Make(const LineMoved& what);
  absl::Status Make(const Happening& what);
  template <typename Change>
  absl::Status ChangeFamily(std::int32_t family, const Change& change);
  void RenewLate(std::int32_t family, std::int32_t vehicle);
  void SetFree(std::int32_t family, std::int32_t part, bool free);
  absl::Status Renew();

  RecoveryPlan plan_;
  std::vector<FamilyBook> families_;
  LineOrder order_;
  LineClock clock_;
  std::int32_t frontier_ = 0;
  absl::flat_hash_map<std::int64_t, std::int32_t> vehicle_numbers_;
  absl::flat_hash_map<std::int64_t, FamilyPlace> part_places_;
  absl::flat_hash_map<std::int64_t, FamilyPlace> rack_places_;
  absl::flat_hash_map<std::int64_t, std::int32_t> family_numbers_;  // By location and family.
};

}  // namespace tandem::sequencing
