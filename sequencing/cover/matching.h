// The needs of some pieces matched with parts that serve them; for the files of this folder.
// Reference: Berge, "Two theorems in graph theory" (1957).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "sequencing/cover/fits.h"

namespace tandem::sequencing {

// Each piece added keeps the earlier ones served: an augmenting path says whether one more can be.
// Vehicles and parts must outlive it.
class PieceMatching {
 public:
  explicit PieceMatching(const Fits& fits) : fits_(fits) {}

  void Clear();
  void AddPart(const CoverPart& part);
  std::size_t parts_left() const { return parts_.size() - pieces_.size(); }
  const std::vector<const CoverPart*>& parts() const { return parts_; }

  // Serves one more piece of the vehicle, if it can be. Mostly a free part of its variant is at
  // hand; else O(pieces parts) at worst.
  bool Add(const CoverVehicle& vehicle);

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::optional<std::size_t> FreePartFor(const CoverVehicle& vehicle) const;
  // Gives parts on along the shortest path from the last piece to a free part, which it returns.
  std::optional<std::size_t> Augment();
  void Take(std::size_t part);  // Off the free ones.

  const Fits& fits_;
  std::vector<const CoverPart*> parts_;
  std::vector<const CoverVehicle*> pieces_;                       // Served.
  std::vector<std::size_t> piece_of_;                             // By part.
  std::vector<std::size_t> part_of_;                              // By piece.
  absl::btree_map<std::int32_t, std::vector<std::size_t>> free_;  // By variant, as added.
};

}  // namespace tandem::sequencing
