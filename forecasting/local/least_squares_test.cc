// One damped step with bounds against the whole system of the parameters that are free, solved anew
// each time (forecasting/small_matrix.h).
#include "forecasting/local/least_squares.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "forecasting/small_matrix.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

struct Problem {
  BoundedVector v{};
  NormalSums normal{};  // Above the diagonal.
};

// J'J and J'e of random rows.
Problem RandomProblem(std::mt19937& random, std::size_t size, std::size_t bounded) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Problem problem;
  problem.v.size = size;
  problem.v.bounded = bounded;
  for (std::size_t i = 0; i < size; ++i) problem.v.x[i] = uniform(random);
  for (std::size_t i = 0; i < bounded; ++i) {
    problem.v.high[i] = 1.0;
    if (uniform(random) < 0.2) problem.v.x[i] = uniform(random) < 0.5 ? 0.0 : 1.0;
  }
  for (std::size_t row = 0; row < size + 5; ++row) {
    std::vector<double> j(size + 1);
    for (double& value : j) value = normal(random);
    for (std::size_t a = 0; a < size; ++a) {
      for (std::size_t b = a; b <= size; ++b) problem.normal[a][b] += j[a] * j[b];
    }
  }
  // What stands below the diagonal means nothing.
  for (std::size_t a = 1; a < size; ++a) problem.normal[a][a - 1] = 1e9;
  return problem;
}

// Those that would leave their range stop at its end, and the rest is solved for again.
std::vector<double> StepPlain(const Problem& problem, double share) {
  const BoundedVector& v = problem.v;
  const auto at = [&](std::size_t i, std::size_t j) {
    return problem.normal[std::min(i, j)][std::max(i, j)] * (i == j ? 1.0 + share : 1.0);
  };
  std::vector<double> move(v.size, 0.0);
  std::vector<bool> held(v.size, false);
  for (std::size_t i = 0; i < v.bounded; ++i) {
    const double gradient = problem.normal[i][v.size];
    held[i] = (v.x[i] <= v.low[i] && gradient > 0.0) || (v.x[i] >= v.high[i] && gradient < 0.0);
  }
  for (bool left = true; left;) {
    std::vector<std::size_t> who;
    for (std::size_t i = 0; i < v.size; ++i) {
      if (!held[i]) who.push_back(i);
    }
    SmallMatrix a(who.size());
    std::vector<double> b;
    for (std::size_t r = 0; r < who.size(); ++r) {
      for (std::size_t c = 0; c <= r; ++c) a(r, c) = at(who[r], who[c]);
      b.push_back(-problem.normal[who[r]][v.size]);
      for (std::size_t j = 0; j < v.size; ++j) {
        if (held[j]) b.back() -= at(who[r], j) * move[j];
      }
    }
    const std::vector<double> x = Factored::Of(a).value().Solve(b);
    for (std::size_t k = 0; k < who.size(); ++k) move[who[k]] = x[k];
    left = false;
    for (std::size_t i = 0; i < v.bounded; ++i) {
      const double to = v.x[i] + move[i];
      if (held[i] || (to >= v.low[i] && to <= v.high[i])) continue;
      move[i] = std::clamp(to, v.low[i], v.high[i]) - v.x[i];
      held[i] = left = true;
    }
  }
  return move;
}

TEST(LeastSquaresTest, StepsAsTheWholeSystemDoes) {
  std::mt19937 random(23);
  int stopped = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::size_t bounded = 1 + random() % 4;
    const std::size_t size = bounded + 1 + random() % (29 - bounded);
    SCOPED_TRACE(testing::Message() << round << ": " << size << ", " << bounded);
    const Problem problem = RandomProblem(random, size, bounded);
    const double share = round % 3 == 0 ? 0.0 : std::pow(10.0, round % 5 - 3);
    BoundedVector next = problem.v;
    DampedStep step(problem.v, problem.normal, {.share = share});
    ASSERT_TRUE(step.Solve(next));
    const std::vector<double> move = StepPlain(problem, share);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_NEAR(next.x[i], problem.v.x[i] + move[i], 1e-6 * (1.0 + std::abs(move[i]))) << i;
      if (i < bounded) stopped += next.x[i] == 0.0 || next.x[i] == 1.0;
    }
    double fall = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
      fall -= 2.0 * problem.normal[i][size] * move[i];
      for (std::size_t j = 0; j < size; ++j) {
        fall -= problem.normal[std::min(i, j)][std::max(i, j)] * move[i] * move[j];
      }
    }
    EXPECT_NEAR(step.Fall(), fall, 1e-6 * (1.0 + std::abs(fall)));
  }
  EXPECT_GT(stopped, 500);  // Or bounds were not tried.
}

TEST(LeastSquaresTest, NothingOfAMatrixThatIsNotPositive) {
  Problem problem;
  problem.v.size = 2;
  problem.normal[0][0] = problem.normal[1][1] = 1.0;
  problem.normal[0][1] = 2.0;
  BoundedVector next = problem.v;
  EXPECT_FALSE(DampedStep(problem.v, problem.normal, {}).Solve(next));
}

}  // namespace
}  // namespace tandem::forecasting
