#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/hierarchy/dense_reference.h"
#include "forecasting/hierarchy/hierarchy.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using dense::Crossed;
using dense::DenseReconcile;
using dense::DenseSums;
using dense::Draw;
using dense::Matrix;
using dense::SolveDense;
using dense::Values;

constexpr std::size_t kDays = 20;

// The shrunk covariance, lambda computed pair by pair as Schaefer and Strimmer write it.
Matrix ShrunkCovariance(const Values& e, std::size_t nodes) {
  const auto cell = [&](std::size_t n, std::size_t t) { return e[n * kDays + t]; };
  Matrix w(nodes, Values(nodes, 0.0));
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t j = 0; j < nodes; ++j) {
      for (std::size_t t = 0; t < kDays; ++t) w[i][j] += cell(i, t) * cell(j, t) / kDays;
    }
  }
  double above = 0.0;
  double below = 0.0;
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t j = 0; j < nodes; ++j) {
      if (i == j) continue;
      const double scale = std::sqrt(w[i][i] * w[j][j]);
      const double mean = w[i][j] / scale;
      double sum = 0.0;
      for (std::size_t t = 0; t < kDays; ++t) {
        sum += std::pow(cell(i, t) * cell(j, t) / scale - mean, 2.0);
      }
      above += kDays / std::pow(kDays - 1.0, 3.0) * sum;
      below += std::pow(mean * kDays / (kDays - 1.0), 2.0);
    }
  }
  const double lambda = std::min(1.0, above / below);
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t j = 0; j < nodes; ++j) w[i][j] *= i == j ? 1.0 : 1.0 - lambda;
  }
  return w;
}

Matrix Inverse(const Matrix& w) {
  Matrix inverse(w.size(), Values(w.size()));
  for (std::size_t j = 0; j < w.size(); ++j) {
    Values unit(w.size(), 0.0);
    unit[j] = 1.0;
    const Values column = SolveDense(w, unit);
    for (std::size_t i = 0; i < w.size(); ++i) inverse[i][j] = column[i];
  }
  return inverse;
}

double Cost(const Hierarchy& tree, const Matrix& inverse, const Values& y, const Values& bottom) {
  Values gap(tree.node_count());
  tree.AddUp(bottom, gap);
  for (std::size_t n = 0; n < y.size(); ++n) gap[n] -= y[n];
  double cost = 0.0;
  for (std::size_t n = 0; n < y.size(); ++n) {
    for (std::size_t m = 0; m < y.size(); ++m) cost += gap[n] * inverse[n][m] * gap[m];
  }
  return cost;
}

absl::StatusOr<Reconciled> OnceByMint(const Hierarchy& tree, const Values& e, const Values& y,
                                      const std::vector<std::size_t>& locked,
                                      const ReconcileOptions& options) {
  return Mint::Make(tree, e, kDays)->Reconcile(y, locked, options);
}

TEST(MintTest, AgreesWithTheDenseSolution) {
  std::mt19937 random(4);
  const Hierarchy tree = Crossed();
  for (int round = 0; round < 20; ++round) {
    const Values y = Draw(random, tree.node_count(), 0.0, 20.0);
    const Values e = Draw(random, tree.node_count() * kDays, -2.0, 2.0);
    const Values want = DenseReconcile(tree, Inverse(ShrunkCovariance(e, y.size())), y);
    const auto got = OnceByMint(tree, e, y, {}, {.tolerance = 1e-12}).value();
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got.bottom_units[i], want[i], 1e-6);
  }
}

// A locked node is one whose own forecast weighs without end: the dense solution with a large
// weight added agrees, and the locked sum stands.
TEST(MintTest, HoldsLockedNodes) {
  std::mt19937 random(5);
  const Hierarchy tree = Crossed();
  const std::vector<std::size_t> locked = {1, 3, 7};  // Two crossing sums and a bottom series.
  for (int round = 0; round < 20; ++round) {
    const Values y = Draw(random, tree.node_count(), 1.0, 20.0);
    const Values e = Draw(random, tree.node_count() * kDays, -2.0, 2.0);
    Matrix inverse = Inverse(ShrunkCovariance(e, y.size()));
    for (const std::size_t n : locked) inverse[n][n] += 1e7;
    const Values want = DenseReconcile(tree, inverse, y);
    const auto got = OnceByMint(tree, e, y, locked, {.tolerance = 1e-12}).value();
    Values sums(tree.node_count());
    tree.AddUp(got.bottom_units, sums);
    for (const std::size_t n : locked) EXPECT_NEAR(sums[n], y[n], 1e-6 * (1.0 + y[n]));
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got.bottom_units[i], want[i], 1e-3);
  }
}

// All 2^6 sets of zeros tried: the best feasible one is the optimum.
TEST(MintTest, NonNegativeAgreesWithBruteForce) {
  std::mt19937 random(6);
  const Hierarchy tree = Crossed();
  const Matrix s = DenseSums(tree);
  int bounded = 0;
  for (int round = 0; round < 30; ++round) {
    const Values y = Draw(random, tree.node_count(), -6.0, 10.0);
    const Values e = Draw(random, tree.node_count() * kDays, -2.0, 2.0);
    const Matrix inverse = Inverse(ShrunkCovariance(e, y.size()));
    double best = std::numeric_limits<double>::infinity();
    for (unsigned held = 0; held < 64; ++held) {
      Matrix a(6, Values(6, 0.0));
      Values right(6, 0.0);
      for (std::size_t i = 0; i < 6; ++i) {
        if ((held >> i & 1U) != 0) {
          a[i][i] = 1.0;
          continue;
        }
        for (std::size_t n = 0; n < y.size(); ++n) {
          for (std::size_t m = 0; m < y.size(); ++m) {
            right[i] += s[n][i] * inverse[n][m] * y[m];
            for (std::size_t j = 0; j < 6; ++j) a[i][j] += s[n][i] * inverse[n][m] * s[m][j];
          }
        }
      }
      const Values b = SolveDense(a, right);
      const bool feasible = std::ranges::all_of(b, [](double v) { return v >= -1e-12; });
      if (feasible) best = std::min(best, Cost(tree, inverse, y, b));
    }
    const auto got = OnceByMint(tree, e, y, {}, {.tolerance = 1e-12, .nonnegative = true}).value();
    EXPECT_TRUE(got.converged);
    for (const double v : got.bottom_units) {
      EXPECT_GE(v, 0.0);
      if (v == 0.0) ++bounded;
    }
    EXPECT_NEAR(Cost(tree, inverse, y, got.bottom_units), best, 1e-6 * (1.0 + best));
  }
  EXPECT_GT(bounded, 30);  // The bound was reached often.
}

// Small beside the others, at zero, and in any unit; what contradicts is refused in any unit too.
TEST(MintTest, HoldsSmallLocksInAnyUnit) {
  std::mt19937 random(8);
  const Hierarchy tree = Crossed();
  for (int round = 0; round < 60; ++round) {
    const double scale = std::pow(10.0, static_cast<double>(round % 19) - 9.0);
    Values bottom = Draw(random, 6, 0.0, 20.0 * scale);
    bottom[0] *= 1e-4;
    bottom[2] = 0.0;
    Values y(tree.node_count());
    tree.AddUp(bottom, y);
    Values e = Draw(random, tree.node_count() * kDays, -2.0, 2.0);
    for (double& value : e) value *= scale;
    for (std::size_t n = 0; n < y.size(); ++n) {
      if (n != 1 && n != 5 && n != 7) y[n] += Draw(random, 1, -scale, scale)[0];
    }
    const std::vector<std::size_t> locked = {1, 5, 7};  // A half, and its first and third series.
    const bool nonnegative = round % 2 == 0;
    const auto got = OnceByMint(tree, e, y, locked, {.nonnegative = nonnegative});
    ASSERT_TRUE(got.ok()) << scale << got.status();
    Values sums(tree.node_count());
    tree.AddUp(got->bottom_units, sums);
    for (const std::size_t n : locked) EXPECT_NEAR(sums[n], y[n], 1e-5 * scale) << scale;
    const std::vector<std::size_t> all = {1, 5, 6, 7};
    EXPECT_TRUE(absl::IsFailedPrecondition(OnceByMint(tree, e, y, all, {}).status())) << scale;
  }
}

TEST(MintTest, RefusesWhatCannotHold) {
  std::mt19937 random(7);
  const Hierarchy tree = Crossed();
  Values y(tree.node_count(), 1.0);
  const Values e = Draw(random, tree.node_count() * kDays, -2.0, 2.0);
  const std::vector<std::size_t> total_and_halves = {0, 1, 2};  // 1 is not 1 + 1.
  EXPECT_TRUE(absl::IsFailedPrecondition(OnceByMint(tree, e, y, total_and_halves, {}).status()));
  const std::vector<std::size_t> twice = {3, 3};
  EXPECT_TRUE(absl::IsInvalidArgument(OnceByMint(tree, e, y, twice, {}).status()));
  const std::vector<std::size_t> beyond = {99};
  EXPECT_TRUE(absl::IsInvalidArgument(OnceByMint(tree, e, y, beyond, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Mint::Make(tree, e, 1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Mint::Make(tree, e, kDays + 1).status()));
  y[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(absl::IsInvalidArgument(OnceByMint(tree, e, y, {}, {}).status()));
}

}  // namespace
}  // namespace tandem::forecasting
