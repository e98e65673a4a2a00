// Vehicles that need several pieces at once: all of them or none, of one lot where that is asked.
//
// The same number k for every vehicle: KitSets makes each lot's pieces into sets; pooled, the sets
// are supplies like any other (a PegBook's), and everything that holds for parts holds for them.
// Different numbers, or pieces of several stocks in one vehicle: ChooseSets says who is served.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "sequencing/pegging/types.h"

namespace tandem::sequencing {

struct Piece {
  SupplyId supply{};
  std::int32_t lot = 0;
  std::int32_t ready_tick = 0;
};

struct PieceSet {
  std::int32_t lot = 0;
  std::int32_t ready_tick = 0;  // Of its latest piece.
  std::vector<SupplyId> pieces{};
};

// The most sets of `pieces_of_set` pieces of one lot each, every one as early as it can be: a lot's
// j-th set has its pieces up to the (j * k)-th by ready tick. In the order of ready tick, then lot.
// Returns kInvalidArgument / SET_SIZE if the size is below 1, TICK_OUT_OF_RANGE, or
// DUPLICATE_SUPPLY for a piece that occurs twice. O(n log n).
absl::StatusOr<std::vector<PieceSet>> KitSets(std::span<const Piece> pieces,
                                              std::int32_t pieces_of_set);

struct StockPieces {
  std::int32_t stock = 0;  // Index into ready_ticks. A lot is a stock of its own.
  std::int32_t pieces = 1;
};

struct SetVehicle {
  std::int32_t due_tick = 0;
  std::int32_t weight = 1;  // What being late costs, at least 1.
  // Any one serves it: one per lot that it may have, each naming all stocks that it draws on, once.
  std::vector<std::vector<StockPieces>> options{};
};

enum class SetMethod : std::uint8_t {
  kMooreHodgson,    // One stock, equal weights: exact, O(n log n).
  kLawlerMoore,     // One stock, weights: exact, O(n * pieces).
  kBranchAndBound,  // Several stocks or lots (NP-hard): searched to the end, so exact.
  kGreedy,          // The search was too long: by weight. A lower bound.
};

struct SetChoice {
  std::vector<std::int32_t> options{};  // By vehicle: the option that serves it on time, -1: late.
  std::int64_t weight_on_time = 0;
  SetMethod method = SetMethod::kGreedy;
  bool exact() const { return method != SetMethod::kGreedy; }
};

struct SetLimits {
  std::int64_t cells = 50'000'000;  // Of the table of kLawlerMoore; beyond, the search is tried.
  std::int64_t nodes = 2'000'000;   // Of the search; beyond, kGreedy. About 20 short vehicles.
};

// The vehicles to serve on time, of the greatest weight. `ready_ticks[s]` are the pieces of stock
// s, in any order. Which of several such choices it is follows from due ticks and places in
// `vehicles` alone. Returns kInvalidArgument / UNKNOWN_STOCK, STOCK_TWICE, SET_SIZE,
// WEIGHT_NOT_POSITIVE or TICK_OUT_OF_RANGE, with the vehicle; a vehicle without an option is late.
absl::StatusOr<SetChoice> ChooseSets(std::span<const SetVehicle> vehicles,
                                     const std::vector<std::vector<std::int32_t>>& ready_ticks,
                                     const SetLimits& limits = {});

}  // namespace tandem::sequencing
