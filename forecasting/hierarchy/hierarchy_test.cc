#include "forecasting/hierarchy/hierarchy.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/hierarchy/dense_reference.h"
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
