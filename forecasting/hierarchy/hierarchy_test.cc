#include "forecasting/hierarchy/hierarchy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>
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

// Four bottom series in two crossing pairs of pairs, or in one pair of pairs.
Hierarchy Four(bool crossed) {
  std::vector<Grouping> groupings = {{{0, 0, 0, 0}, 1}, {{0, 0, 1, 1}, 2}};
  if (crossed) groupings.push_back({{0, 1, 0, 1}, 2});
  return Hierarchy::Make(4, std::move(groupings)).value();
}

// A lock at nothing has no size of its own to be missed by a share of.
TEST(ReconcileTest, HoldsALockAtZeroWhereGroupingsCross) {
  const Hierarchy tree = Four(true);
  for (const bool nonnegative : {false, true}) {
    for (double scale = 1e-9; scale < 1e10; scale *= 10.0) {
      Values y(tree.node_count());
      tree.AddUp(Values{0.3 * scale, scale, 1.2 * scale, 0.9 * scale}, y);
      for (std::size_t n = 0; n < y.size(); ++n) y[n] *= 1.0 + 0.01 * double(n * 7 % 5);
      Values variances = tree.Sizes();
      const std::size_t lock = y.size() - 4;
      y[lock] = variances[lock] = 0.0;
      const auto got = Reconcile({&tree, y, variances}, {.nonnegative = nonnegative});
      ASSERT_TRUE(got.ok()) << scale << got.status();
      EXPECT_TRUE(got->converged) << scale;
      EXPECT_EQ(got->bottom_units[0], 0.0) << scale;
    }
  }
}

// Random groupings, variances over eight decades and units over eighteen; what is locked comes from
// bottom values that there are, so all of it can hold.
TEST(ReconcileTest, HoldsWhateverCanHold) {
  std::mt19937 random(8);
  std::uniform_real_distribution<double> uniform;
  std::normal_distribution<double> normal;
  for (int round = 0; round < 3000; ++round) {
    SCOPED_TRACE(round);
    const std::size_t count = 2 + random() % 25;
    std::vector<Grouping> groupings = {{std::vector<std::size_t>(count, 0), 1}};
    for (std::size_t g = random() % 4; g > 0; --g) {
      Grouping grouping{.node_of_bottom = {}, .node_count = 1 + random() % std::min(count, 6UL)};
      for (std::size_t i = 0; i < count; ++i) {  // No node is without a series.
        grouping.node_of_bottom.push_back(i < grouping.node_count ? i
                                                                  : random() % grouping.node_count);
      }
      std::ranges::shuffle(grouping.node_of_bottom, random);
      groupings.push_back(std::move(grouping));
    }
    const Hierarchy tree = Hierarchy::Make(count, std::move(groupings)).value();
    const double scale = std::pow(10.0, static_cast<double>(random() % 19) - 9.0);
    Values bottom(count);
    for (double& b : bottom) b = uniform(random) < 0.3 ? 0.0 : scale * uniform(random);
    Values holds(tree.node_count());
    tree.AddUp(bottom, holds);
    Values y = holds;
    for (double& f : y) f += 0.5 * scale * normal(random);
    Values variances(y.size());
    const double decades = round % 2 == 0 ? 8.0 : 2.0;
    for (double& v : variances) v = std::pow(10.0, (uniform(random) - 0.5) * decades);
    std::vector<std::size_t> locked(random() % 4);
    for (std::size_t& n : locked) {
      n = random() % y.size();
      y[n] = holds[n];
      variances[n] = 0.0;
    }
    const bool nonnegative = random() % 2 == 0;
    const auto got = Reconcile({&tree, y, variances}, {.nonnegative = nonnegative});
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_TRUE(got->converged);
    Values sums(y.size());
    tree.AddUp(got->bottom_units, sums);
    for (const std::size_t n : locked) {
      const double size = std::max(holds[n], 1e-6 * scale);
      double below = 0.0;  // Of the forecasts, a lock's scale.
      Values one(y.size(), 0.0);
      one[n] = 1.0;
      Values under(count);
      tree.AddDown(one, under);
      for (std::size_t i = 0; i < count; ++i) below += under[i] * std::abs(y[y.size() - count + i]);
      EXPECT_NEAR(sums[n], holds[n], 2e-7 * std::max(size, below)) << n;
    }
    for (const double b : got->bottom_units) EXPECT_TRUE(!nonnegative || b >= 0.0) << b;
  }
}

// The sum of two locked parts is off by a thousandth, in whatever unit.
TEST(ReconcileTest, RefusesLocksThatContradictEachOtherInAnyUnit) {
  for (const bool crossed : {false, true}) {
    const Hierarchy tree = Four(crossed);
    for (double scale = 1e-9; scale < 1e10; scale *= 10.0) {
      for (const double off : {0.0, 1e-3}) {
        Values y(tree.node_count());
        tree.AddUp(Values{scale, scale, scale, scale}, y);
        y[1] *= 1.0 + off;
        Values variances = tree.Sizes();
        const std::size_t first = y.size() - 4;
        variances[1] = variances[first] = variances[first + 1] = 0.0;
        const auto got = Reconcile({&tree, y, variances}, {});
        EXPECT_EQ(got.ok(), off == 0.0) << crossed << scale;
        EXPECT_TRUE(got.ok() || absl::IsFailedPrecondition(got.status()));
      }
    }
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
