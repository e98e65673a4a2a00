// How long the nodes of M5 take to be made to agree over 28 days, one core; a line of JSON a
// method. Numbers are drawn: the work does not depend on what they mean.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "forecasting/backtest/retail_levels.h"
#include "forecasting/hierarchy/hierarchy.h"
#include "tests/bench/report.h"

namespace tandem::bench {
namespace {

using forecasting::Hierarchy;
using forecasting::Reconciled;

constexpr int kDays = 28;
constexpr std::size_t kResiduals = 56;  // Eight weeks a node, for MinT.
constexpr std::size_t kBottomLevel = 11;

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <typename T>
T OrExit(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "bench_reconciliation: %s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

// 3,049 items in 10 stores of three states: 42,840 nodes at M5's twelve levels, or only those of
// them that are nested.
Hierarchy RetailHierarchy(bool nested) {
  std::vector<forecasting::RetailIds> ids;
  for (int store = 0; store < 10; ++store) {
    for (int item = 0; item < 3'049; ++item) {
      const int department = item * 7 / 3'049;
      ids.push_back({.item = item,
                     .department = department,
                     .category = department / 3,
                     .store = store,
                     .state = store < 4 ? 0 : (store - 1) / 3});
    }
  }
  const auto levels = forecasting::RetailLevels(ids);
  std::vector<forecasting::Grouping> groupings;
  for (std::size_t l = 0; l < kBottomLevel; ++l) {
    // Total, state, store, store and category, store and department.
    if (nested && l != 0 && l != 1 && l != 2 && l != 7 && l != 8) continue;
    groupings.push_back({levels[l].node_of_series, levels[l].node_count()});
  }
  return OrExit(Hierarchy::Make(ids.size(), std::move(groupings)));
}

// Reconciles a day's forecast of every node.
using Method =
    std::function<Reconciled(const Hierarchy& tree, const std::vector<double>& forecast)>;

struct Measured {
  const char* name;
  const char* what;
  std::optional<double> goal_seconds;
};

void Measure(const Measured& measured, const Hierarchy& tree, const Method& method) {
  std::mt19937 random(1);
  std::gamma_distribution<double> demand(0.5, 2.0);
  std::lognormal_distribution<double> miss(0.0, 0.2);
  double seconds = 0.0;
  int iterations = 0;
  bool converged = true;
  for (int day = 0; day < kDays; ++day) {
    std::vector<double> bottom(tree.bottom_count());
    for (double& value : bottom) value = demand(random);
    std::vector<double> forecast(tree.node_count());
    tree.AddUp(bottom, forecast);
    for (double& value : forecast) value *= miss(random);
    const double begin = CpuSeconds();
    const Reconciled result = method(tree, forecast);
    seconds += CpuSeconds() - begin;
    iterations += result.iterations;
    converged = converged && result.converged;
  }
  Print({.name = measured.name,
         .value = seconds,
         .unit = "s",
         .goal = measured.goal_seconds,
         .better = Better::kLower,
         .note = absl::StrCat(tree.node_count(), " nodes, 28 days, one core, ", measured.what, ", ",
                              iterations, " iterations, converged ", converged ? "yes" : "no")});
}

// Errors of a node grow with the root of what is under it, and share a common part, as days do.
std::vector<double> Residuals(const Hierarchy& tree) {
  std::mt19937 random(2);
  std::normal_distribution<double> normal;
  std::vector<double> bottom(tree.bottom_count());
  std::vector<double> nodes(tree.node_count());
  std::vector<double> residuals(tree.node_count() * kResiduals);
  for (std::size_t t = 0; t < kResiduals; ++t) {
    const double common = normal(random);
    for (double& value : bottom) value = normal(random) + 0.1 * common;
    tree.AddUp(bottom, nodes);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      residuals[n * kResiduals + t] = nodes[n] * (1.0 + 0.1 * normal(random));
    }
  }
  return residuals;
}

void Run() {
  const Hierarchy tree = RetailHierarchy(false);
  const std::vector<double> sizes = tree.Sizes();
  const auto by_size = [](std::vector<double> variances, bool nonnegative) -> Method {
    return [variances = std::move(variances), nonnegative](const Hierarchy& hierarchy,
                                                           const std::vector<double>& forecast) {
      return OrExit(forecasting::Reconcile({&hierarchy, forecast, variances},
                                           {.tolerance = 1e-6, .nonnegative = nonnegative}));
    };
  };
  Measure({"reconciliation", "WLS struct to 1e-6", 2.0}, tree, by_size(sizes, false));
  Measure({"reconciliation_nonnegative", "WLS struct to 1e-6, values from 0", std::nullopt}, tree,
          by_size(sizes, true));
  const std::vector<double> residuals = Residuals(tree);
  std::optional<forecasting::Mint> mint;  // Made in the measured span, once.
  Measure({"reconciliation_mint", "MinT shrunk, 56 residuals a node, to 1e-6", std::nullopt}, tree,
          [&](const Hierarchy& hierarchy, const std::vector<double>& forecast) {
            if (!mint.has_value()) {
              mint = OrExit(forecasting::Mint::Make(hierarchy, residuals, kResiduals));
            }
            return OrExit(mint->Reconcile(forecast, {}, {.tolerance = 1e-6}));
          });
  const Hierarchy nested = RetailHierarchy(true);
  Measure({"reconciliation_nested", "nested groupings, WLS struct by two sweeps", std::nullopt},
          nested, by_size(nested.Sizes(), false));
}

}  // namespace
}  // namespace tandem::bench

int main() {
  tandem::bench::Run();
  return 0;
}
