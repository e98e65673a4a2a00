// The words of pegging: needs (a vehicle's place on the line asks for a part), supplies (a part
// that exists or is on its way), and the events that change them.
//
// Times are ticks: whole numbers in the caller's unit, seconds from the plan's origin say, or line
// positions (reference, 5a, "line-rate change"). All of one book are of one unit.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace tandem::sequencing {

// Numbers of the caller's registers; any value is allowed.
enum class NeedId : std::uint64_t {};
enum class SupplyId : std::uint64_t {};

// The largest tick and, negated, the smallest: what is on hand is ready at -kTickMax.
inline constexpr std::int32_t kTickMax = 1 << 30;
inline constexpr std::int32_t kOnHand = -kTickMax;
// The horizon at which a need that gets no part at all counts as served.
inline constexpr std::int32_t kHorizonTick = kTickMax;
inline constexpr std::int32_t kNeverExpires = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int32_t kNoAcceptance = -1;

// A place of use: the pool that its parts lie in, and the time from there to the point of fit. A
// pool may serve several locations; a location of its own has a pool of its own.
struct Location {
  std::int32_t pool = 0;
  std::int32_t handling_ticks = 0;
};

// What does not change with events. A part lies in a stock: a variant in a pool. A need asks for
// the stock of its location's pool and its own variant, or, with an acceptance, for any stock
// listed.
struct Layout {
  std::int32_t pools = 1;
  std::int32_t variants = 1;
  std::vector<Location> locations = {{}};
  std::vector<std::vector<std::int32_t>> acceptances{};  // Each a set of stocks: see StockOf.
};

inline std::int32_t StockOf(const Layout& layout, std::int32_t pool, std::int32_t variant) {
  return pool * layout.variants + variant;
}

enum class EventKind : std::uint8_t {
  kNeedAdded,      // need, location, variant, tick (at the point of fit), weight, acceptance.
  kNeedMoved,      // need, tick: its vehicle has another place, or the line another pace.
  kNeedWeighed,    // need, weight.
  kNeedCancelled,  // need.
  kSupplyAdded,    // supply, pool, variant, tick (usable in the pool), expiry_tick.
  kSupplyMoved,    // supply, tick: another arrival.
  kSupplyLost,     // supply: lost, scrapped, in quarantine.
  kFitted,         // need, supply: both are used up, whether or not they were pegged.
  kFixed,          // need, supply: pegged hard (in a rack's slot, inside a fence); left alone.
  kReleased,       // need (pegged hard): the pair is pegged softly again.
};

struct Event {
  EventKind kind = EventKind::kNeedAdded;
  NeedId need{};
  SupplyId supply{};
  std::int32_t location = 0;
  std::int32_t pool = 0;
  std::int32_t variant = 0;
  std::int32_t tick = 0;
  std::int32_t expiry_tick = kNeverExpires;  // The last tick of fitting at which the part is good.
  std::int32_t weight = 1;                   // Of the need, at least 1: what being late costs.
  std::int32_t acceptance = kNoAcceptance;   // Index into Layout::acceptances.
};

// What became of a need whose peg an event touched. In an order that only the events decide.
struct PegChange {
  NeedId need{};
  SupplyId supply{};       // Its peg now, where `on_time`.
  bool on_time = false;    // Else it is late: it has no peg, and Lateness() says what it may get.
  bool voluntary = false;  // A re-peg: its peg from before was still good.
};

}  // namespace tandem::sequencing
