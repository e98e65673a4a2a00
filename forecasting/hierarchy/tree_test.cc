#include "forecasting/hierarchy/tree.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "forecasting/hierarchy/dense_reference.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using dense::Crossed;
using dense::DenseReconcile;
using dense::Draw;
using dense::Matrix;
using dense::Values;

std::size_t Below(std::mt19937& random, std::size_t limit) { return random() % limit; }

// Up to four levels over up to a dozen series, given in any order; the top may be a forest.
Hierarchy RandomTree(std::mt19937& random) {
  const std::size_t bottom = 2 + Below(random, 11);
  std::vector<std::size_t> below(bottom);  // The next finer level's node of each bottom series.
  for (std::size_t i = 0; i < bottom; ++i) below[i] = i;
  std::size_t finer = bottom;
  std::vector<Grouping> groupings;
  for (std::size_t level = Below(random, 4) + 1; level > 0 && finer > 1; --level) {
    const std::size_t count = 1 + Below(random, finer);
    std::vector<std::size_t> node_of(finer);
    for (std::size_t n = 0; n < finer; ++n) node_of[n] = n < count ? n : Below(random, count);
    for (std::size_t& node : below) node = node_of[node];
    groupings.push_back({below, count});
    finer = count;
  }
  std::shuffle(groupings.begin(), groupings.end(), random);
  return Hierarchy::Make(bottom, groupings).value();
}

TEST(NestedTreeTest, SeesWhatCrosses) {
  EXPECT_FALSE(NestedTree::Of(Crossed()).has_value());
  EXPECT_TRUE(NestedTree::Of(Hierarchy::Make(3, {}).value()).has_value());
  EXPECT_TRUE(NestedTree::Of(Hierarchy::Make(4, {{{0, 1, 2, 2}, 3}, {{0, 0, 1, 1}, 2}}).value())
                  .has_value());
  EXPECT_FALSE(NestedTree::Of(Hierarchy::Make(4, {{{0, 1, 1, 2}, 3}, {{0, 0, 1, 1}, 2}}).value())
                   .has_value());
}

TEST(NestedTreeTest, AgreesWithTheDenseSolution) {
  std::mt19937 random(8);
  for (int round = 0; round < 500; ++round) {
    const Hierarchy hierarchy = RandomTree(random);
    const Values y = Draw(random, hierarchy.node_count(), -5.0, 20.0);
    const Values variances = Draw(random, hierarchy.node_count(), 0.1, 9.0);
    Matrix inverse(y.size(), Values(y.size(), 0.0));
    for (std::size_t n = 0; n < y.size(); ++n) inverse[n][n] = 1.0 / variances[n];
    const Values want = DenseReconcile(hierarchy, inverse, y);
    const auto got = NestedTree::Of(hierarchy).value().Reconcile(y, variances).value();
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-9);
  }
}

// Locks that can hold together are drawn from sums that agree; the dense solution gives them a tiny
// variance.
TEST(NestedTreeTest, HoldsLockedNodes) {
  std::mt19937 random(9);
  for (int round = 0; round < 500; ++round) {
    const Hierarchy hierarchy = RandomTree(random);
    Values agreed(hierarchy.node_count());
    hierarchy.AddUp(Draw(random, hierarchy.bottom_count(), 1.0, 9.0), agreed);
    Values y = Draw(random, hierarchy.node_count(), 1.0, 20.0);
    Values variances = Draw(random, hierarchy.node_count(), 0.5, 2.0);
    Matrix inverse(y.size(), Values(y.size(), 0.0));
    for (std::size_t n = 0; n < y.size(); ++n) {
      inverse[n][n] = 1.0 / variances[n];
      if (Below(random, 3) != 0) continue;
      y[n] = agreed[n];
      variances[n] = 0.0;
      inverse[n][n] = 1e7;
    }
    const Values want = DenseReconcile(hierarchy, inverse, y);
    const auto got = NestedTree::Of(hierarchy).value().Reconcile(y, variances).value();
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-4);
    Values sums(hierarchy.node_count());
    hierarchy.AddUp(got, sums);
    for (std::size_t n = 0; n < y.size(); ++n) {
      if (variances[n] != 0.0) continue;
      EXPECT_NEAR(sums[n], y[n], 1e-6 * (1.0 + y[n]));
    }
  }
}

// By hand: the total is locked at 10, its parts at 3 and 4.
TEST(NestedTreeTest, RefusesLocksThatContradictEachOther) {
  const Hierarchy hierarchy = Hierarchy::Make(2, {{{0, 0}, 1}}).value();
  const NestedTree tree = NestedTree::Of(hierarchy).value();
  const auto got = tree.Reconcile(Values{10, 3, 4}, Values{0, 0, 0});
  EXPECT_TRUE(absl::IsFailedPrecondition(got.status()));
  EXPECT_THAT(std::string(got.status().message()), testing::HasSubstr("node 0 is locked at 10"));
  EXPECT_THAT(tree.Reconcile(Values{7, 3, 4}, Values{0, 0, 0}).value(), testing::ElementsAre(3, 4));
}

// Reconcile takes this path where it can, and the other where a value would fall below 0. By hand:
// total 4, parts 6 and -4, all of variance 1: without the bound the gap of 2 is shared by three.
TEST(NestedTreeTest, IsTheOneThatReconcileTakes) {
  const Hierarchy hierarchy = Hierarchy::Make(2, {{{0, 0}, 1}}).value();
  const Values y = {4, 6, -4};
  const Values ones(3, 1.0);
  const auto free = Reconcile({&hierarchy, y, ones}, {}).value();
  EXPECT_EQ(free.iterations, 0);
  EXPECT_NEAR(free.bottom_units[0], 6.0 + 2.0 / 3.0, 1e-12);
  const auto bounded = Reconcile({&hierarchy, y, ones}, {.nonnegative = true}).value();
  EXPECT_NEAR(bounded.bottom_units[0], 5.0, 1e-6);
  EXPECT_EQ(bounded.bottom_units[1], 0.0);
}

}  // namespace
}  // namespace tandem::forecasting
