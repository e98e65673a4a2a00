// Where a line would stop first, over all its locations and families: kept by one change at a time.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "sequencing/cover/cover.h"

namespace tandem::sequencing {

struct CoverPlace {
  std::int32_t location = 0;
  std::int32_t family = 0;

  friend auto operator<=>(const CoverPlace&, const CoverPlace&) = default;
};

struct BoardStop {
  CoverPlace place{};
  CoverStop stop{};

  friend bool operator==(const BoardStop&, const BoardStop&) = default;
};

// A value: two boards with the same stops are equal and answer alike, however they came about.
class CoverBoard {
 public:
  // Notes what a place's pipeline cover is now: its stop, or none. O(log places).
  void Set(const CoverPlace& place, const std::optional<CoverStop>& stop);

  // The line's stop: the earliest of all; ties by location, then by family. O(log places).
  std::optional<BoardStop> Earliest() const;

  const absl::btree_map<CoverPlace, CoverStop>& stops() const { return stops_; }  // To store it.

  friend bool operator==(const CoverBoard&, const CoverBoard&) = default;

 private:
  struct Due {
    std::int64_t need_ms = 0;
    CoverPlace place{};

    friend auto operator<=>(const Due&, const Due&) = default;
  };

  absl::btree_map<CoverPlace, CoverStop> stops_;
  absl::btree_set<Due> due_;
};

}  // namespace tandem::sequencing
