// cover: one place's minutes of cover anew, as after every event that touches it.
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sequencing/cover/cover.h"
#include "tests/bench/sequencing/bench.h"

namespace tandem::bench {
namespace {

using sequencing::CoverLevel;
using sequencing::CoverPart;
using sequencing::CoverQuestion;
using sequencing::CoverRack;
using sequencing::CoverVehicle;

// All are covered, so that the walk goes to the end: the longest there is.
void Report(std::size_t vehicles) {
  constexpr std::size_t kSlots = 12;
  std::mt19937_64 random(8);
  std::vector<CoverVehicle> line;
  std::vector<CoverRack> racks;
  for (std::size_t k = 0; k < vehicles; ++k) {
    const auto number = static_cast<std::int64_t>(k);
    const auto variant = static_cast<std::int32_t>(random() % 40);
    line.push_back({.vehicle = number, .need_ms = 60'000 * (number + 1), .variant = variant});
    if (k % kSlots == 0) {
      const std::size_t third = 3 * k / vehicles;  // Line, dock and yard, trucks.
      racks.push_back({.level = static_cast<CoverLevel>(third)});
    }
    racks.back().slots.emplace_back(CoverPart{.part = number, .variant = variant});
  }
  const CoverQuestion question{.vehicles = line,
                               .after_last_ms = 60'000 * static_cast<std::int64_t>(vehicles + 1),
                               .racks = racks};
  std::size_t open = 0;
  const double seconds = MedianSeconds(101, [&] {
    const auto cover = sequencing::MeasureCover(question);
    if (!(*cover)[CoverLevel::kPipeline].stop.has_value()) ++open;
  });
  Print({.name = "cover_" + std::to_string(vehicles),
         .value = 1e6 * seconds,
         .unit = "us",
         .better = Better::kLower,
         .note = std::to_string(vehicles) +
                 " vehicles in racks of 12, three levels and peg cover; " + std::to_string(open) +
                 " of 102 walks went to the end; processor time, median of "
                 "101"});
}

}  // namespace

void Cover() {
  Report(300);
  Report(10'000);
}

}  // namespace tandem::bench
