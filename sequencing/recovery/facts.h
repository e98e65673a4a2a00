// What a happening makes of a plan, before anybody does anything: a layer of changes over the book,
// which holds copies only of the columns that changed. For the files of this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/recovery/book.h"
#include "sequencing/recovery/happening.h"

namespace tandem::sequencing {

struct FamilyFacts {
  // Columns as in FamilyBook and PlanFamily; empty: unchanged.
  std::vector<std::int32_t> variants{};
  std::vector<std::int32_t> pegs{};
  std::vector<std::int32_t> part_variants{};
  std::vector<Quantiles> ready{};
  std::vector<std::int32_t> freed{};    // Good parts that lost their vehicle.
  std::vector<std::int32_t> lost{};     // Parts that are none any more.
  std::vector<std::int32_t> moved{};    // Parts that do not belong into their slot any more.
  std::vector<std::int32_t> kept{};     // Parts that stay in their slot for a vehicle that is held.
  std::vector<std::int32_t> useless{};  // Made for one vehicle alone, which is gone.
  // Vehicles whose slot may serve another now, or that have another need.
  std::vector<std::int32_t> changed{};
  std::vector<AllowedAlternate> alternates{};  // More than the plan's.
  std::optional<std::int64_t> completed_by{};
  bool touched = false;  // Anything of the above.
};

// One family as it is now.
struct FamilyColumns {
  std::span<const PlanVehicle> vehicles{};
  const PlanFamily* plan = nullptr;
  const FamilyBook* book = nullptr;
  const FamilyFacts* facts = nullptr;
  std::span<const std::int32_t> variants{};
  std::span<const std::int32_t> pegs{};
  std::span<const std::int32_t> part_variants{};
  std::span<const Quantiles> ready{};

  bool AtHand(std::int32_t part) const { return book->at_hand[At(part)] != 0; }
  bool Bound(std::int32_t part) const { return book->bound[At(part)] != 0; }
};

// The positions in which the order changed.
struct Window {
  std::int32_t first = 0;
  std::int32_t end = 0;

  bool empty() const { return first >= end; }
  void Include(std::int32_t from, std::int32_t to) {  // Both ends belong to it.
    if (empty()) {
      first = from;
      end = to + 1;
      return;
    }
    first = std::min(first, from);
    end = std::max(end, to + 1);
  }
};

struct Facts {
  const RecoveryBook* book = nullptr;
  LineOrder order{};
  std::optional<LineClock> own_clock{};
  std::vector<FamilyFacts> families{};
  Window window{};
  bool retimed = false;  // Other positions or another clock: every need is to be looked at.
  std::vector<std::int32_t> uncalled{};  // Vehicles without their call.

  const LineClock& clock() const { return own_clock ? *own_clock : book->clock(); }
  FamilyColumns Columns(std::int32_t family) const;
};

// Errors begin with a reason. kNotFound: UNKNOWN_VEHICLE, UNKNOWN_FAMILY, UNKNOWN_PART,
// UNKNOWN_RACK, UNKNOWN_SUPPLIER. kInvalidArgument: VEHICLE_TWICE, RACK_TWICE, FAMILY_TWICE,
// NOTHING_NAMED, UNKNOWN_POSITION, NOT_A_PERMUTATION, UNKNOWN_VARIANT, BAD_CALENDAR, EMPTY_OUTAGE,
// ARRIVAL_BEFORE_NOW, RETURN_BEFORE_NOW, QUANTILES_FALL, OUT_OF_RANGE. kFailedPrecondition:
// EVENT_BEFORE_CAUSE (held, made, called or arrived it must be first), NOT_ON_LINE, ALREADY_FITTED,
// RACK_ARRIVED, CROSSES_LOCATION, STALE_VERSION, SAME_VARIANT, NOT_A_SET, ALREADY_ALLOWED,
// OUTAGE_OVER, CALENDAR_TOO_SHORT.
absl::StatusOr<Facts> FactsOf(const RecoveryBook& book, const Happening& happening);

}  // namespace tandem::sequencing
