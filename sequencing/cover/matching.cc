#include "sequencing/cover/matching.h"

#include <algorithm>

namespace tandem::sequencing {

void PieceMatching::Clear() {
  parts_.clear();
  pieces_.clear();
  piece_of_.clear();
  part_of_.clear();
  free_.clear();
}

void PieceMatching::AddPart(const CoverPart& part) {
  free_[part.variant].push_back(parts_.size());
  parts_.push_back(&part);
  piece_of_.push_back(kNone);
}

bool PieceMatching::Add(const CoverVehicle& vehicle) {
  pieces_.push_back(&vehicle);
  part_of_.push_back(kNone);
  std::optional<std::size_t> part = FreePartFor(vehicle);
  if (part.has_value()) {
    piece_of_[*part] = pieces_.size() - 1;
    part_of_.back() = *part;
  } else {
    part = Augment();
  }
  if (part.has_value()) {
    Take(*part);
    return true;
  }
  pieces_.pop_back();
  part_of_.pop_back();
  return false;
}

std::optional<std::size_t> PieceMatching::FreePartFor(const CoverVehicle& vehicle) const {
  const auto among = [&](std::int32_t variant) -> std::optional<std::size_t> {
    const auto found = free_.find(variant);
    if (found == free_.end()) return std::nullopt;
    for (const std::size_t part : found->second) {
      if (fits_.Serves(vehicle, *parts_[part])) return part;
    }
    return std::nullopt;
  };
  if (const auto part = among(vehicle.variant); part.has_value()) return part;
  for (const Alternate& alternate : fits_.AlternatesOf(vehicle.variant)) {
    if (const auto part = among(alternate.accepted); part.has_value()) return part;
  }
  return std::nullopt;
}

std::optional<std::size_t> PieceMatching::Augment() {
  std::vector<std::size_t> by(parts_.size(), kNone);  // The piece through which a part is reached.
  std::vector<std::size_t> queue = {pieces_.size() - 1};
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const std::size_t piece = queue[head];
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (by[p] != kNone || !fits_.Serves(*pieces_[piece], *parts_[p])) continue;
      by[p] = piece;
      if (piece_of_[p] != kNone) {
        queue.push_back(piece_of_[p]);
        continue;
      }
      for (std::size_t at = p; at != kNone;) {
        const std::size_t taker = by[at];
        const std::size_t given_on = part_of_[taker];
        piece_of_[at] = taker;
        part_of_[taker] = at;
        at = given_on;
      }
      return p;
    }
  }
  return std::nullopt;
}

void PieceMatching::Take(std::size_t part) {
  std::vector<std::size_t>& free = free_[parts_[part]->variant];
  free.erase(std::ranges::lower_bound(free, part));
}

}  // namespace tandem::sequencing
