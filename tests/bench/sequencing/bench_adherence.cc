// adherence: all measures of an order of 1,000,000 vehicles, once where some are delayed as in the
// reference (10 % by an exponential of mean 30 positions, 2 % of mean 150), once in random order.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "sequencing/adherence/order.h"
#include "tests/bench/sequencing/bench.h"

namespace tandem::bench {
namespace {

constexpr std::size_t kVehicles = 1'000'000;
constexpr int kRuns = 11;

std::vector<std::int32_t> Delayed(std::mt19937_64& random) {
  std::uniform_real_distribution<double> share;
  std::exponential_distribution<double> near(1.0 / 30);
  std::exponential_distribution<double> far(1.0 / 150);
  std::vector<double> at(kVehicles);
  for (std::size_t k = 0; k < kVehicles; ++k) {
    const double lot = share(random);
    at[k] = static_cast<double>(k) + (lot < 0.1 ? near(random) : lot < 0.12 ? far(random) : 0.0);
  }
  std::vector<std::int32_t> ranks(kVehicles);
  std::iota(ranks.begin(), ranks.end(), 0);
  std::ranges::stable_sort(ranks, {},
                           [&at](std::int32_t k) { return at[static_cast<std::size_t>(k)]; });
  return ranks;
}

void Report(const char* name, const std::vector<std::int32_t>& ranks, double goal) {
  sequencing::OrderMeasures measures;
  const double seconds =
      MedianSeconds(kRuns, [&] { measures = sequencing::MeasureOrder(ranks).value(); });
  Print({.name = name,
         .value = seconds,
         .unit = "s",
         .goal = goal,
         .better = Better::kLower,
         .note = "1,000,000 vehicles from planned ranks, SA " +
                 std::to_string(*measures.SequenceAdherence().value()) +
                 "; median of 11, processor time"});
}

// The same from two lists of vehicles' numbers, which must first become ranks.
void ReportWithIds(const std::vector<std::int32_t>& ranks) {
  std::mt19937_64 random(6);
  std::vector<std::int64_t> planned(kVehicles);
  for (std::int64_t& vehicle : planned) vehicle = static_cast<std::int64_t>(random() >> 8);
  std::vector<std::int64_t> actual;
  actual.reserve(ranks.size());
  for (const std::int32_t rank : ranks) actual.push_back(planned[static_cast<std::size_t>(rank)]);
  std::int64_t increasing = 0;
  const double seconds = MedianSeconds(kRuns, [&] {
    const auto seen = sequencing::RanksOf(planned, actual);
    increasing += sequencing::MeasureOrder(seen->ranks)->increasing;
  });
  Print({.name = "adherence_ids",
         .value = seconds,
         .unit = "s",
         .better = Better::kLower,
         .note = "the delayed order from two lists of 64-bit vehicle numbers" +
                 std::string(increasing > 0 ? "" : "; empty")});
}

}  // namespace

void Adherence() {
  std::mt19937_64 random(5);
  const std::vector<std::int32_t> delayed = Delayed(random);
  Report("adherence_delayed", delayed, 0.1);
  std::vector<std::int32_t> shuffled = delayed;
  std::ranges::shuffle(shuffled, random);
  Report("adherence_random", shuffled, 0.2);
  ReportWithIds(delayed);
}

}  // namespace tandem::bench
