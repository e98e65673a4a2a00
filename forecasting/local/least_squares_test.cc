// One damped step with bounds against Gauss's elimination over the parameters that are free.
#include "forecasting/local/least_squares.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Solves a x = b, rows exchanged for the largest pivot.
std::vector<double> SolvePlain(Matrix a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k; i < n; ++i) {
      if (std::abs(a[i][k]) > std::abs(a[best][k])) best = i;
    }
    std::swap(a[k], a[best]);
    std::swap(b[k], b[best]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

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
    Matrix a;
    std::vector<double> b;
    std::vector<std::size_t> who;
    for (std::size_t i = 0; i < v.size; ++i) {
      if (!held[i]) who.push_back(i);
    }
    for (const std::size_t i : who) {
      a.emplace_back();
      b.push_back(-problem.normal[i][v.size]);
      for (const std::size_t j : who) a.back().push_back(at(i, j));
      for (std::size_t j = 0; j < v.size; ++j) {
        if (held[j]) b.back() -= at(i, j) * move[j];
      }
    }
    const std::vector<double> x = SolvePlain(a, b);
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

TEST(LeastSquaresTest, StepsAsGaussDoes) {
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
