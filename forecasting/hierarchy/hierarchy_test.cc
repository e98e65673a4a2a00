#include "forecasting/hierarchy/hierarchy.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Values = std::vector<double>;
using Matrix = std::vector<Values>;

// Total, two crossing groupings: six bottom series, eleven nodes.
Hierarchy Crossed() {
  return Hierarchy::Make(
             6, {{{0, 0, 0, 0, 0, 0}, 1}, {{0, 0, 0, 1, 1, 1}, 2}, {{0, 1, 0, 1, 0, 1}, 2}})
      .value();
}

Matrix DenseSums(const Hierarchy& tree) {
  Matrix sums(tree.node_count(), Values(tree.bottom_count()));
  for (std::size_t i = 0; i < tree.bottom_count(); ++i) {
    Values one(tree.bottom_count(), 0.0);
    one[i] = 1.0;
    Values nodes(tree.node_count());
    tree.AddUp(one, nodes);
    for (std::size_t n = 0; n < nodes.size(); ++n) sums[n][i] = nodes[n];
  }
  return sums;
}

// Gauss with row exchange: the slow and plain reference.
Values SolveDense(Matrix a, Values b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t r = k; r < n; ++r) {
      pivot = std::abs(a[r][k]) > std::abs(a[pivot][k]) ? r : pivot;
    }
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (std::size_t r = k + 1; r < n; ++r) {
      const double factor = a[r][k] / a[k][k];
      for (std::size_t c = k; c < n; ++c) a[r][c] -= factor * a[k][c];
      b[r] -= factor * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t c = k + 1; c < n; ++c) b[k] -= a[k][c] * b[c];
    b[k] /= a[k][k];
  }
  return b;
}

// b with S' V S b = S' V y for a dense V.
Values DenseReconcile(const Hierarchy& tree, const Matrix& inverse, const Values& y) {
  const Matrix s = DenseSums(tree);
  const std::size_t nodes = tree.node_count();
  Matrix a(tree.bottom_count(), Values(tree.bottom_count(), 0.0));
  Values right(tree.bottom_count(), 0.0);
  for (std::size_t n = 0; n < nodes; ++n) {
    for (std::size_t m = 0; m < nodes; ++m) {
      for (std::size_t i = 0; i < right.size(); ++i) {
        right[i] += s[n][i] * inverse[n][m] * y[m];
        for (std::size_t j = 0; j < right.size(); ++j) a[i][j] += s[n][i] * inverse[n][m] * s[m][j];
      }
    }
  }
  return SolveDense(a, right);
}

Values Draw(std::mt19937& random, std::size_t count, double low, double high) {
  std::uniform_real_distribution<double> value(low, high);
  Values values(count);
  for (double& v : values) v = value(random);
  return values;
}

TEST(ReconcileTest, AgreesWithTheDenseSolution) {
  std::mt19937 random(1);
  const Hierarchy tree = Crossed();
  for (int round = 0; round < 50; ++round) {
    const Values y = Draw(random, tree.node_count(), -5.0, 20.0);
    const Values variances = Draw(random, tree.node_count(), 0.1, 9.0);
    Matrix inverse(y.size(), Values(y.size(), 0.0));
    for (std::size_t n = 0; n < y.size(); ++n) inverse[n][n] = 1.0 / variances[n];
    const auto got = Reconcile({&tree, y, variances}, {.tolerance = 1e-12}).value();
    const Values want = DenseReconcile(tree, inverse, y);
    EXPECT_TRUE(got.converged);
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got.bottom_units[i], want[i], 1e-8);
  }
}

TEST(ReconcileTest, LeavesForecastsThatAgreeAlone) {
  const Hierarchy tree = Crossed();
  Values y(tree.node_count());
  tree.AddUp(Values{1, 2, 3, 4, 5, 6}, y);
  const auto got = Reconcile({&tree, y, tree.Sizes()}, {}).value();
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(got.bottom_units[i], 1.0 + double(i), 1e-6);
}

// A locked node is a variance that goes to zero: the dense solution with a tiny one agrees, and the
// locked sum stands exactly.
TEST(ReconcileTest, HoldsLockedNodes) {
  std::mt19937 random(2);
  const Hierarchy tree = Crossed();
  for (int round = 0; round < 50; ++round) {
    const Values y = Draw(random, tree.node_count(), 1.0, 20.0);
    Values variances = Draw(random, tree.node_count(), 0.5, 2.0);
    Matrix inverse(y.size(), Values(y.size(), 0.0));
    const std::vector<std::size_t> locked = {1, 3, 7};  // Two crossing sums and a bottom series.
    for (const std::size_t n : locked) variances[n] = 0.0;
    for (std::size_t n = 0; n < y.size(); ++n) {
      inverse[n][n] = variances[n] == 0.0 ? 1e7 : 1.0 / variances[n];
    }
    const auto got = Reconcile({&tree, y, variances}, {.tolerance = 1e-12}).value();
    const Values want = DenseReconcile(tree, inverse, y);
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got.bottom_units[i], want[i], 1e-4);
    Values sums(tree.node_count());
    tree.AddUp(got.bottom_units, sums);
    for (const std::size_t n : locked) EXPECT_NEAR(sums[n], y[n], 1e-6 * (1.0 + y[n]));
  }
}

// All 2^6 sets of zeros tried: the best feasible one is the optimum.
TEST(ReconcileTest, NonNegativeAgreesWithBruteForce) {
  std::mt19937 random(3);
  const Hierarchy tree = Crossed();
  const Matrix s = DenseSums(tree);
  const Values ones(tree.node_count(), 1.0);
  for (int round = 0; round < 30; ++round) {
    const Values y = Draw(random, tree.node_count(), -6.0, 10.0);
    const auto cost = [&](const Values& b) {
      Values sums(tree.node_count());
      tree.AddUp(b, sums);
      double total = 0.0;
      for (std::size_t n = 0; n < y.size(); ++n) total += (sums[n] - y[n]) * (sums[n] - y[n]);
      return total;
    };
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
          right[i] += s[n][i] * y[n];
          for (std::size_t j = 0; j < 6; ++j) a[i][j] += s[n][i] * s[n][j];
        }
      }
      const Values b = SolveDense(a, right);
      bool feasible = true;
      for (const double v : b) feasible = feasible && v >= -1e-12;
      if (feasible) best = std::min(best, cost(b));
    }
    const auto got = Reconcile({&tree, y, ones}, {.tolerance = 1e-12, .nonnegative = true}).value();
    EXPECT_TRUE(got.converged);
    for (const double v : got.bottom_units) EXPECT_GE(v, 0.0);
    EXPECT_NEAR(cost(got.bottom_units), best, 1e-6 * (1.0 + best));
  }
}

TEST(ReconcileTest, RefusesWhatCannotHold) {
  const Hierarchy tree = Crossed();
  const Values y(tree.node_count(), 1.0);
  const Values zeros(tree.node_count(), 0.0);  // All locked at 1: a sum of six is not one.
  EXPECT_TRUE(absl::IsFailedPrecondition(Reconcile({&tree, y, zeros}, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Reconcile({&tree, Values{1}, zeros}, {}).status()));
  Values bad = y;
  bad[2] = -1.0;
  EXPECT_TRUE(absl::IsInvalidArgument(Reconcile({&tree, y, bad}, {}).status()));
  bad[2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(absl::IsInvalidArgument(Reconcile({&tree, bad, y}, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Hierarchy::Make(0, {}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Hierarchy::Make(2, {{{0, 2}, 2}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Hierarchy::Make(2, {{{0, 0}, 2}}).status()));
}

// MinT against the dense formula, lambda computed pair by pair as Schaefer and Strimmer write it.
TEST(ReconcileMintTest, AgreesWithTheDenseSolution) {
  std::mt19937 random(4);
  const Hierarchy tree = Crossed();
  const std::size_t nodes = tree.node_count();
  constexpr std::size_t kDays = 20;
  for (int round = 0; round < 20; ++round) {
    const Values y = Draw(random, nodes, 0.0, 20.0);
    const Values e = Draw(random, nodes * kDays, -2.0, 2.0);
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
    Matrix inverse(nodes, Values(nodes));
    for (std::size_t j = 0; j < nodes; ++j) {
      Values unit(nodes, 0.0);
      unit[j] = 1.0;
      const Values column = SolveDense(w, unit);
      for (std::size_t i = 0; i < nodes; ++i) inverse[i][j] = column[i];
    }
    const auto got = ReconcileMint({&tree, y, e, kDays}, {.tolerance = 1e-12}).value();
    const Values want = DenseReconcile(tree, inverse, y);
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got.bottom_units[i], want[i], 1e-6);
  }
}

// By hand: 30 over parts 1 and 2 is 10 and 20; 8 over two zeros is 4 and 4.
TEST(TopDownTest, SharesByForecastProportions) {
  const Grouping grouping{{0, 0, 1, 1}, 2};
  EXPECT_THAT(TopDown(grouping, Values{30, 8}, Values{1, 2, 0, 0}).value(),
              testing::ElementsAre(10, 20, 4, 4));
  EXPECT_TRUE(
      absl::IsInvalidArgument(TopDown(grouping, Values{-1, 8}, Values{1, 2, 0, 0}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(TopDown(grouping, Values{1}, Values{1, 2, 0, 0}).status()));
}

}  // namespace
}  // namespace tandem::forecasting
