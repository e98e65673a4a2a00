// Small random problems for the tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "sequencing/lineorder/move.h"
#include "sequencing/lineorder/problem.h"

namespace tandem::sequencing {

struct RandomShape {
  int vehicles = 8;
  int previous = 4;
  int ratios = 4;
  int q_max = 6;
  int colours = 3;
  int paint_batch_max = 0;
};

inline int Between(std::mt19937_64& random, int least, int most) {
  return least + static_cast<int>(random() % static_cast<std::uint64_t>(most - least + 1));
}

inline LineVehicle RandomVehicle(std::mt19937_64& random, const RandomShape& shape,
                                 std::string ident) {
  const std::uint64_t dense = random() & random();
  return {.ident = std::move(ident),
          .colour = Between(random, 1, shape.colours),
          .options =
              ((random() & 1) != 0 ? dense : random()) & ((std::uint64_t{1} << shape.ratios) - 1)};
}

inline LineProblem RandomProblem(std::mt19937_64& random, const RandomShape& shape) {
  LineProblem problem;
  for (int r = 0; r < shape.ratios; ++r) {
    const int q = Between(random, 1, shape.q_max);
    problem.ratios.push_back({.ident = "R" + std::to_string(r),
                              .p = Between(random, 1, std::max(1, q - 1)),
                              .q = q,
                              .high = (random() & 1) != 0});
  }
  for (int v = 0; v < shape.previous; ++v) {
    problem.previous.push_back(RandomVehicle(random, shape, "old" + std::to_string(v)));
  }
  for (int v = 0; v < shape.vehicles; ++v) {
    problem.day.push_back(RandomVehicle(random, shape, "new" + std::to_string(v)));
  }
  problem.paint_batch_max = shape.paint_batch_max;
  problem.objectives = {Objective::kHighRatios, Objective::kLowRatios, Objective::kColourChanges};
  std::shuffle(problem.objectives.begin(), problem.objectives.end(), random);
  if ((random() & 3) == 0) problem.windows = WindowRule::kCompleteOnly;
  return problem;
}

inline std::vector<int> RandomOrder(std::mt19937_64& random, const LineProblem& problem) {
  std::vector<int> order(problem.day.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

// Of any kind, between any two positions; kArrange where they are near enough.
inline Move RandomMove(std::mt19937_64& random, int size) {
  Move move;
  move.kind = static_cast<MoveKind>(random() % 5);
  move.at.first = Between(random, 0, size - 2);
  const int most = move.kind == MoveKind::kArrange
                       ? std::min(size - 1, move.at.first + kArrangeMax - 1)
                       : size - 1;
  move.at.second = Between(random, move.at.first + 1, most);
  std::iota(move.from.begin(), move.from.end(), std::uint8_t{0});
  if (move.kind == MoveKind::kArrange) {
    const int moved = move.at.second - move.at.first + 1;
    std::shuffle(move.from.begin(), move.from.begin() + moved, random);
  }
  return move;
}

}  // namespace tandem::sequencing
