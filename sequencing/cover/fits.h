// Whether a part serves a vehicle, and why not; for cover.cc and peg_cover.cc.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "sequencing/cover/cover.h"

namespace tandem::sequencing {

class Fits {
 public:
  explicit Fits(std::span<const Alternate> alternates)
      : alternates_(alternates.begin(), alternates.end()) {
    std::ranges::sort(alternates_);
  }

  // Why the part does not serve the vehicle; none if it does.
  std::optional<CoverEnd> Fault(const CoverVehicle& vehicle, const CoverPart& part) const {
    if (part.variant != vehicle.variant &&
        !std::ranges::binary_search(alternates_, Alternate{vehicle.variant, part.variant})) {
      return CoverEnd::kWrongVariant;
    }
    if (!part.usable || (part.expires_ms.has_value() && *part.expires_ms < vehicle.need_ms) ||
        (part.pegged_to.has_value() && *part.pegged_to != vehicle.vehicle)) {
      return CoverEnd::kUnusable;
    }
    if (part.ready_ms > vehicle.need_ms) return CoverEnd::kTooLate;
    return std::nullopt;
  }
  bool Serves(const CoverVehicle& vehicle, const CoverPart& part) const {
    return !Fault(vehicle, part).has_value();
  }

 private:
  std::vector<Alternate> alternates_;
};

// The needs of some pieces matched with parts that serve them, so that each piece added keeps the
// earlier ones served: an augmenting path says whether one more can be.
class PieceMatching {
 public:
  explicit PieceMatching(const Fits& fits) : fits_(fits) {}

  void Clear() {
    parts_.clear();
    pieces_.clear();
    piece_of_.clear();
  }
  void AddPart(const CoverPart& part) {
    parts_.push_back(&part);
    piece_of_.push_back(kFree);
  }
  std::size_t parts_left() const { return parts_.size() - pieces_.size(); }
  const std::vector<const CoverPart*>& parts() const { return parts_; }

  // Serves one more piece of the vehicle, if it can be.
  bool Add(const CoverVehicle& vehicle) {
    pieces_.push_back(&vehicle);
    // Breadth first over parts; `by` is the piece through which a part was reached.
    std::vector<std::size_t> by(parts_.size(), kFree);
    std::vector<std::size_t> queue = {pieces_.size() - 1};
    std::vector<std::size_t> part_of(pieces_.size(), kFree);
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (piece_of_[p] != kFree) part_of[piece_of_[p]] = p;
    }
    for (std::size_t head = 0; head < queue.size(); ++head) {
      const std::size_t piece = queue[head];
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        if (by[p] != kFree || !fits_.Serves(*pieces_[piece], *parts_[p])) continue;
        by[p] = piece;
        if (piece_of_[p] != kFree) {
          queue.push_back(piece_of_[p]);
          continue;
        }
        for (std::size_t at = p; at != kFree;) {
          const std::size_t taker = by[at];
          const std::size_t given_back = part_of[taker];
          piece_of_[at] = taker;
          at = given_back;
        }
        return true;
      }
    }
    pieces_.pop_back();
    return false;
  }

 private:
  static constexpr std::size_t kFree = static_cast<std::size_t>(-1);

  const Fits& fits_;
  std::vector<const CoverPart*> parts_;
  std::vector<const CoverVehicle*> pieces_;  // Served.
  std::vector<std::size_t> piece_of_;        // By part.
};

// When the first need comes that the parts cannot cover, wherever they stand; none if there is
// none.
std::optional<std::int64_t> FirstUncovered(std::span<const CoverVehicle> vehicles,
                                           std::span<const CoverPart* const> parts,
                                           const Fits& fits, bool plain);

}  // namespace tandem::sequencing
