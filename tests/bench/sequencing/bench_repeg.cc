// rack_repeg: 10,000 slots re-pegged, alignment included, in one call.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "sequencing/racks/repeg.h"
#include "tests/bench/sequencing/bench.h"

namespace tandem::bench {
namespace {

using Variants = std::vector<std::int32_t>;

constexpr std::size_t kSlots = 10'000;
constexpr int kRuns = 101;

Variants Drawn(std::int32_t variants, std::mt19937_64& random) {
  Variants rack(kSlots);
  std::iota(rack.begin(), rack.end(), 0);
  std::ranges::shuffle(rack, random);
  for (std::int32_t& v : rack) v %= variants;
  return rack;
}

// Lifts 200 parts and puts each in at another place, at most `reach` away.
Variants WithLifts(Variants rack, std::size_t reach, std::mt19937_64& random) {
  for (int lift = 0; lift < 200; ++lift) {
    const std::size_t from = random() % kSlots;
    const std::size_t low = from > reach ? from - reach : 0;
    const std::size_t to = std::min(kSlots - 1, low + random() % (2 * reach + 1));
    const std::int32_t part = rack[from];
    rack.erase(rack.begin() + static_cast<std::ptrdiff_t>(from));
    rack.insert(rack.begin() + static_cast<std::ptrdiff_t>(to), part);
  }
  return rack;
}

struct Measured {
  double millis = 0.0;
  std::size_t pulls = 0;
};

Measured Measure(const Variants& rack, const Variants& need) {
  Measured measured;
  measured.millis = 1e3 * MedianSeconds(kRuns, [&] {
                      measured.pulls = sequencing::RepegRack(rack, need, {})->pulls.size();
                    });
  return measured;
}

// The slowest of several racks: few variants, many, every part bound to its vehicle; lifts near and
// far.
void Report(const char* name, double goal, bool any_order) {
  std::mt19937_64 random(4);
  Measured worst;
  std::string note = "10,000 slots; variants/pulls:";
  for (const std::int32_t variants : {4, 20, 400, 10'000}) {
    const Variants rack = Drawn(variants, random);
    for (const std::size_t reach : {std::size_t{100}, kSlots}) {
      const Variants need = any_order ? Drawn(variants, random) : WithLifts(rack, reach, random);
      const Measured measured = Measure(rack, need);
      if (measured.millis > worst.millis) worst = measured;
      note += " " + std::to_string(variants) + "/" + std::to_string(measured.pulls);
    }
  }
  Print({.name = name,
         .value = worst.millis,
         .unit = "ms",
         .goal = goal,
         .better = Better::kLower,
         .note = note + "; the slowest, median of 101, processor time"});
}

}  // namespace

void RackRepeg() {
  Report("rack_repeg_200", 0.5, false);
  Report("rack_repeg_any", 3.0, true);
}

}  // namespace tandem::bench
