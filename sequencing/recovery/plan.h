// What recovery starts from: a line's order, what each vehicle needs of each part family, the parts
// with their pegs, places and arrivals, the racks, and what may be done about a fault. A value.
//
// Positions count from 0, the vehicle that comes next at the line's last location. Instants and
// spans are milliseconds; money is in the smallest unit of one currency. Reference: sections 3, 5c.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sequencing/cover/line_time.h"
#include "sequencing/racks/repeg.h"

namespace tandem::sequencing {

// An instant, or a span, at three quantiles, which do not fall.
struct Quantiles {
  std::int64_t p10_ms = 0;
  std::int64_t p50_ms = 0;
  std::int64_t p90_ms = 0;

  friend bool operator==(const Quantiles&, const Quantiles&) = default;
};

// Each place is nearer to the line than the one before it. From kAtDock on a part is at hand.
enum class PartPlace : std::uint8_t { kPlanned, kAtSource, kInTransit, kAtDock, kAtLine };

struct PlanVehicle {
  std::int64_t vehicle = 0;
  std::int64_t version = 0;  // Of its specification.
  std::int32_t weight = 1;   // Of building it short, 1 to 1,000: multiplies the retrofit's money.
  bool held = false;         // Pulled out: it has no position.
};

// A part, or a set of parts that was kitted and stays together.
struct PlanPart {
  std::int64_t part = 0;
  std::int32_t variant = 0;
  Quantiles ready{};  // At the point of fit: its arrival and the handling after it.
  PartPlace place = PartPlace::kPlanned;
  std::int64_t made_ms = 0;               // kPlanned: when it will have been made.
  std::int32_t lot = 0;                   // Of a set's pieces.
  bool bound = false;                     // Made for its vehicle alone: no other gets it.
  std::optional<std::int64_t> vehicle{};  // The one that it is pegged to.
};

struct PlanRack {
  std::int64_t rack = 0;
  std::int32_t capacity = 0;
  PartPlace place = PartPlace::kAtSource;
  // In the order in which the line takes them; none: empty, or a documented hole.
  std::vector<std::optional<std::int64_t>> slots{};
};

// A single piece from which a broken set can be completed.
struct LoosePiece {
  std::int64_t piece = 0;
  std::int32_t lot = 0;
  Quantiles ready{};
};

struct AllowedAlternate {
  std::int32_t needed = 0;
  std::int32_t accepted = 0;
  std::int64_t money = 0;  // What fitting the other variant costs.

  friend bool operator==(const AllowedAlternate&, const AllowedAlternate&) = default;
};

// How a missing part comes by an express truck that is sent now.
struct ExpressTerms {
  std::int32_t origin = 0;  // Index into RecoveryPlan::origins: what starts there shares trucks.
  std::int64_t prepare_ms = 0;  // A truck waits for all families of its origin that are late.
  Quantiles travel_ms{};
  std::int64_t travel_q95_ms = 0;  // For the latest departure.
  std::int64_t unload_ms = 0;
  std::int64_t internal_ms = 0;
  std::int64_t part_money = 0;
};

// One part family at one line location.
struct PlanFamily {
  std::int32_t location = 0;
  std::int32_t family = 0;
  std::int32_t supplier = 0;
  std::int32_t variant_count = 1;     // Variants are 0 .. variant_count - 1.
  std::int32_t offset_positions = 0;  // A vehicle at position i has i + 1 + offset positions to go.
  std::int64_t frozen_ms = 0;         // F_f: what is needed sooner is not touched.
  SlotOrder slot_order = SlotOrder::kSliding;
  std::optional<std::int64_t> rebuild_touches{};  // Pulls and inserts that a new rack is worth.
  std::int64_t fetch_ms = 0;                      // To fetch a part out of its order at the line.
  std::optional<std::int64_t> short_money{};      // Retrofit; none: it may not be built short.
  std::vector<AllowedAlternate> alternates{};
  std::optional<ExpressTerms> express{};
  bool sets = false;                     // Parts are sets, and `loose` may complete one.
  std::vector<std::int32_t> variants{};  // What each vehicle needs, by index; kNoPart: nothing.
  std::vector<PlanPart> parts{};
  std::vector<PlanRack> racks{};  // In the order in which the line takes them.
  std::vector<LoosePiece> loose{};
};

struct ExpressOrigin {
  std::int32_t places = 1;  // Parts that a truck carries.
  std::int64_t money = 0;   // For a truck.
};

// Where a vehicle may be let fall back.
struct ResequencingPoint {
  std::int32_t point = 0;
  std::int32_t position = 0;         // The first vehicle that has not passed it.
  std::int32_t reach_positions = 0;  // How far back it can put a vehicle.
};

struct BasisVersions {
  std::int64_t plan = 0;
  std::int64_t pegs = 0;
  std::int64_t places = 0;

  friend bool operator==(const BasisVersions&, const BasisVersions&) = default;
};

struct RecoveryPlan {
  BasisVersions versions{};
  std::int64_t now_ms = 0;
  std::int64_t horizon_ms = 0;  // A need that gets no part counts as served then.
  std::vector<LineRun> runs{};  // From the instant of the order on.
  std::vector<ResequencingPoint> points{};
  std::vector<ExpressOrigin> origins{};
  std::vector<PlanVehicle> vehicles{};  // In line order; held ones stand anywhere.
  std::vector<PlanFamily> families{};
};

}  // namespace tandem::sequencing
