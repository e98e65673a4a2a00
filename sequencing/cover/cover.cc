#include "sequencing/cover/cover.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sequencing/cover/fits.h"
#include "sequencing/cover/matching.h"

namespace tandem::sequencing {
namespace {

// Instants farther from the clock's zero are none: so that a difference of two is a number.
constexpr std::int64_t kInstantMax = std::int64_t{1} << 60;

bool IsInstant(std::int64_t at_ms) { return at_ms >= -kInstantMax && at_ms <= kInstantMax; }

absl::Status CheckInstants(const CoverQuestion& question) {
  for (const auto& [name, at_ms] :
       {std::pair("now_ms", question.now_ms), std::pair("after_last_ms", question.after_last_ms)}) {
    if (IsInstant(at_ms)) continue;
    return absl::InvalidArgumentError(absl::StrCat(name, " is ", at_ms, "; it is within 2^60"));
  }
  return absl::OkStatus();
}

absl::Status CheckVehicles(const CoverQuestion& question) {
  absl::flat_hash_set<std::int64_t> seen;
  std::int64_t last_ms = std::numeric_limits<std::int64_t>::min();
  for (const CoverVehicle& vehicle : question.vehicles) {
    const auto refuse = [&vehicle](const char* rule) {
      return absl::InvalidArgumentError(absl::StrCat("vehicle ", vehicle.vehicle, ": ", rule));
    };
    if (!seen.insert(vehicle.vehicle).second) return refuse("it stands twice in the line");
    if (!IsInstant(vehicle.need_ms)) return refuse("its need is not within 2^60 ms");
    if (vehicle.need_ms < last_ms) return refuse("its need is before that of the vehicle ahead");
    if (vehicle.pieces < 0) return refuse("it needs a negative number of pieces");
    last_ms = vehicle.need_ms;
  }
  if (!question.vehicles.empty() && question.after_last_ms < last_ms) {
    return absl::InvalidArgumentError(absl::StrCat("the position after the last vehicle is at ",
                                                   question.after_last_ms, " ms, before it"));
  }
  return absl::OkStatus();
}

absl::Status CheckRacks(std::span<const CoverRack> racks) {
  absl::flat_hash_set<std::int64_t> parts;
  for (std::size_t k = 0; k < racks.size(); ++k) {
    if (k > 0 && racks[k].level < racks[k - 1].level) {
      return absl::InvalidArgumentError(
          absl::StrCat("rack ", k, " is nearer to the line than the rack fed before it"));
    }
    for (const auto& slot : racks[k].slots) {
      if (!slot.has_value() || parts.insert(slot->part).second) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("rack ", k, ": part ", slot->part, " is in a slot already"));
    }
  }
  return absl::OkStatus();
}

bool IsPassedOver(const std::optional<CoverPart>& slot) {
  return !slot.has_value() || slot->kept_for_held;
}

// The walk along the feed. Where a level ends, the vehicle that wants more stops the line at that
// level, and the walk goes on in the next.
class Walk {
 public:
  Walk(const CoverQuestion& question, const Fits& fits)
      : racks_(question.racks), fits_(fits), open_(fits) {
    Enter();
  }

  // Takes the vehicle's pieces; false if the line stops on it at every level.
  bool Take(const CoverVehicle& vehicle) {
    for (std::int32_t k = 0; k < vehicle.pieces; ++k) {
      if (!TakePiece(vehicle)) return false;
    }
    return true;
  }

  const std::array<std::optional<CoverStop>, kCoverLevels>& stops() const { return stops_; }

 private:
  // Notes the stop for the levels from the first that has none to before `end`.
  void StopBefore(std::size_t end, const CoverStop& stop) {
    for (; stopped_ < end; ++stopped_) stops_[stopped_] = stop;
  }

  bool TakePiece(const CoverVehicle& vehicle) {
    if (!Open(vehicle)) return false;
    CoverStop stop = {.vehicle = vehicle.vehicle, .need_ms = vehicle.need_ms};
    if (racks_[rack_].is_random_access) {
      if (open_.Add(vehicle)) return true;
      NameNearest(vehicle, stop);
    } else {
      const CoverPart& part = *racks_[rack_].slots[slot_];
      const std::optional<CoverEnd> fault = fits_.Fault(vehicle, part);
      if (!fault.has_value()) {
        ++slot_;
        return true;
      }
      stop.why = *fault;
      stop.part = part.part;
    }
    StopBefore(kCoverLevels, stop);
    return false;
  }

  // Goes to the next part, through racks that are empty; false if nothing more comes.
  bool Open(const CoverVehicle& vehicle) {
    while (rack_ < racks_.size() && IsEmpty()) {
      ++rack_;
      Enter();
    }
    const bool ends = rack_ == racks_.size();
    StopBefore(ends ? kCoverLevels : static_cast<std::size_t>(racks_[rack_].level),
               {.vehicle = vehicle.vehicle, .need_ms = vehicle.need_ms});
    return !ends;
  }
  void Enter() {
    slot_ = 0;
    open_.Clear();
    if (rack_ == racks_.size() || !racks_[rack_].is_random_access) return;
    for (const auto& slot : racks_[rack_].slots) {
      if (!IsPassedOver(slot)) open_.AddPart(*slot);
    }
  }
  bool IsEmpty() {
    const CoverRack& rack = racks_[rack_];
    if (rack.is_random_access) return open_.parts_left() == 0;
    while (slot_ < rack.slots.size() && IsPassedOver(rack.slots[slot_])) ++slot_;
    return slot_ == rack.slots.size();
  }

  // In a rack of any order: why its parts do not serve, by the part that comes nearest to it.
  void NameNearest(const CoverVehicle& vehicle, CoverStop& stop) const {
    stop.why = CoverEnd::kWrongVariant;
    for (const CoverPart* part : open_.parts()) {
      const std::optional<CoverEnd> fault = fits_.Fault(vehicle, *part);
      if (!fault.has_value() || *fault <= stop.why) continue;
      stop.why = *fault;
      stop.part = part->part;
    }
  }

  std::span<const CoverRack> racks_;
  const Fits& fits_;
  std::size_t rack_ = 0;
  std::size_t slot_ = 0;     // Of a rack in order.
  PieceMatching open_;       // Of a random-access rack.
  std::size_t stopped_ = 0;  // Levels that have their stop.
  std::array<std::optional<CoverStop>, kCoverLevels> stops_{};
};

// What counts for peg cover at a level, and whether variants alone decide.
struct Reachable {
  std::vector<const CoverPart*> parts{};
  bool plain = true;
};

Reachable ReachableAt(std::size_t level, const CoverQuestion& question) {
  Reachable reachable{.plain = question.alternates.empty()};
  for (const CoverRack& rack : question.racks) {
    if (static_cast<std::size_t>(rack.level) > level) break;
    for (const auto& slot : rack.slots) {
      if (IsPassedOver(slot)) continue;
      reachable.parts.push_back(&*slot);
      if (slot->expires_ms.has_value() || slot->pegged_to.has_value()) reachable.plain = false;
    }
  }
  return reachable;
}

}  // namespace

absl::StatusOr<Cover> MeasureCover(const CoverQuestion& question) {
  if (const absl::Status status = CheckInstants(question); !status.ok()) return status;
  if (const absl::Status status = CheckVehicles(question); !status.ok()) return status;
  if (const absl::Status status = CheckRacks(question.racks); !status.ok()) return status;
  std::vector<CoverVehicle> vehicles;
  std::ranges::copy_if(question.vehicles, std::back_inserter(vehicles),
                       [](const CoverVehicle& v) { return v.pieces > 0 && !v.passed_over; });
  const Fits fits(question.alternates);
  Walk walk(question, fits);
  for (const CoverVehicle& vehicle : vehicles) {
    if (!walk.Take(vehicle)) break;
  }
  const auto from_now = [&question](std::int64_t at_ms) {
    return std::max<std::int64_t>(0, at_ms - question.now_ms);
  };
  Cover cover;
  for (std::size_t level = 0; level < kCoverLevels; ++level) {
    LevelCover& at = cover.levels[level];
    at.stop = walk.stops()[level];
    at.cover_ms = from_now(at.stop.has_value() ? at.stop->need_ms : question.after_last_ms);
    const Reachable reachable = ReachableAt(level, question);
    const auto first = FirstUncovered(vehicles, reachable.parts, fits, reachable.plain);
    at.peg_open = !first.has_value() || !at.stop.has_value();
    at.peg_cover_ms = std::max(at.cover_ms, from_now(first.value_or(question.after_last_ms)));
  }
  return cover;
}

}  // namespace tandem::sequencing
