#include "sequencing/cover/board.h"

namespace tandem::sequencing {

void CoverBoard::Set(const CoverPlace& place, const std::optional<CoverStop>& stop) {
  const auto old = stops_.find(place);
  if (old != stops_.end()) {
    due_.erase({old->second.need_ms, place});
    stops_.erase(old);
  }
  if (!stop.has_value()) return;
  stops_.try_emplace(place, *stop);
  due_.insert({stop->need_ms, place});
}

std::optional<BoardStop> CoverBoard::Earliest() const {
  if (due_.empty()) return std::nullopt;
  const CoverPlace place = due_.begin()->place;
  return BoardStop{place, stops_.at(place)};
}

}  // namespace tandem::sequencing
