// Minutes of cover of one part family at one line location: how long the line runs on what is
// there, in the order in which it physically comes, and on which vehicle it would then stop. At
// three nested levels: at the line, on site, in the pipeline.
//
//   const auto cover = MeasureCover({.vehicles = next, .after_last_ms = end, .racks = feed,
//                                    .now_ms = now});
//   // (*cover)[CoverLevel::kLine].cover_ms until the line stops on .stop->vehicle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::sequencing {

// Each level holds the ones before it.
enum class CoverLevel : std::uint8_t {
  kLine,      // At the line.
  kSite,      // And dock and yard.
  kPipeline,  // And loaded and in transit.
};
inline constexpr std::size_t kCoverLevels = 3;

// A vehicle in line order, from the next one at the location.
struct CoverVehicle {
  std::int64_t vehicle = 0;
  std::int64_t need_ms = 0;  // t_l(i); never falls from one to the next.
  std::int32_t variant = 0;
  std::int32_t pieces = 1;   // 0: it needs nothing of the family.
  bool passed_over = false;  // HELD, CANCELLED or SHORT.
};

struct CoverPart {
  std::int64_t part = 0;
  std::int32_t variant = 0;
  std::int64_t ready_ms = 0;   // r_j: at the line now, else now or its arrival, plus handling.
  bool usable = true;          // Not QUARANTINED, SCRAPPED, REJECTED_AT_LINE, RETURNED or LOST.
  bool kept_for_held = false;  // For a HELD vehicle, and the line has been told: passed over.
  std::optional<std::int64_t> expires_ms{};  // Not to be fitted after this.
  std::optional<std::int64_t> pegged_to{};   // Hard-pegged to this vehicle, so to no other.
};

struct CoverRack {
  CoverLevel level = CoverLevel::kLine;
  bool is_random_access = false;  // Any fitting part of it may be taken while it is open.
  // In access order; an empty slot or a documented hole holds nothing and is passed over.
  std::vector<std::optional<CoverPart>> slots{};
};

// A part of variant `accepted` may be fitted where `needed` is needed.
struct Alternate {
  std::int32_t needed = 0;
  std::int32_t accepted = 0;

  friend auto operator<=>(const Alternate&, const Alternate&) = default;
};

struct CoverQuestion {
  std::span<const CoverVehicle> vehicles{};
  std::int64_t after_last_ms = 0;      // t_l of the position after the last vehicle known.
  std::span<const CoverRack> racks{};  // In feed order: line, dock, yard, trucks as unloaded.
  std::span<const Alternate> alternates{};
  std::int64_t now_ms = 0;
};

enum class CoverEnd {
  kSlotMissing,   // Nothing more comes at this level.
  kWrongVariant,  // What comes next neither is nor may replace what the vehicle needs.
  kUnusable,      // It cannot be used, is expired by then, or is another vehicle's.
  kTooLate,       // It cannot be there in time.
};

// Where the line would stop.
struct CoverStop {
  std::int64_t vehicle = 0;
  std::int64_t need_ms = 0;
  CoverEnd why = CoverEnd::kSlotMissing;
  std::optional<std::int64_t> part{};  // The one that does not serve.

  friend bool operator==(const CoverStop&, const CoverStop&) = default;
};

struct LevelCover {
  std::int64_t cover_ms = 0;  // At least 0; without a stop at least so much ("open").
  std::optional<CoverStop> stop{};
  // What re-pegging could reach if slots did not matter; never less. Without a stop here, open too.
  std::int64_t peg_cover_ms = 0;
  bool peg_open = false;

  double CoverMinutes() const { return static_cast<double>(cover_ms) / 60'000.0; }
  friend bool operator==(const LevelCover&, const LevelCover&) = default;
};

struct Cover {
  std::array<LevelCover, kCoverLevels> levels{};

  const LevelCover& operator[](CoverLevel level) const {
    return levels[static_cast<std::size_t>(level)];
  }
};

// Each vehicle takes its pieces from the next slots, in order; in a random-access rack any fitting
// parts, so chosen that as many vehicles as can be are covered, and the rack stays open until it is
// empty. O(vehicles + slots) for racks in order; a random-access rack of c parts costs up to
// O(c^3). Peg cover is O((v + p) log p) for v vehicles and p parts where there are neither
// alternates, expiries nor hard pegs, else a matching: O(v p) as a rule, O(v p^2) at worst. Returns
// kInvalidArgument, naming vehicle, rack or value, for a vehicle twice, needs that fall, negative
// pieces, an after_last before the last need, a part twice, a rack of a nearer level behind one of
// a farther, and a need, after_last or now that is not within 2^60 ms.
absl::StatusOr<Cover> MeasureCover(const CoverQuestion& question);

}  // namespace tandem::sequencing
