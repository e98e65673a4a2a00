#include "sequencing/adherence/order.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Ranks = std::vector<std::int32_t>;
using Vehicles = std::vector<std::int64_t>;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// Each measure by its definition.
OrderMeasures ByDefinition(const Ranks& a) {
  const auto n = std::ssize(a);
  OrderMeasures m = {.vehicles = n};
  std::vector<std::int64_t> length(a.size(), 1);
  std::vector<std::int64_t> distance;
  for (std::int64_t k = 0; k < n; ++k) {
    const auto at = [&a](std::int64_t i) -> std::int64_t { return a[static_cast<std::size_t>(i)]; };
    std::int64_t b = 0;
    std::int64_t& best = length[static_cast<std::size_t>(k)];
    for (std::int64_t j = 0; j < k; ++j) {
      if (at(j) > at(k)) ++b;
      if (at(j) < at(k)) best = std::max(best, length[static_cast<std::size_t>(j)] + 1);
    }
    m.increasing = std::max(m.increasing, best);
    m.records += b == 0 ? 1 : 0;
    m.inversions += b;
    m.restore_buffer = std::max(m.restore_buffer, b);
    m.adjacent_pairs += k + 1 < n && at(k + 1) == at(k) + 1 ? 1 : 0;
    m.exact_positions += at(k) == k ? 1 : 0;
    m.footrule += std::abs(k - at(k));
    m.late_max = std::max(m.late_max, k - at(k));
    m.early_max = std::max(m.early_max, at(k) - k);
    distance.push_back(std::abs(k - at(k)));
  }
  std::ranges::sort(distance);
  if (n > 0) m.displacement_p95 = distance[static_cast<std::size_t>((95 * n + 99) / 100 - 1)];
  for (std::int64_t o = -n; o <= n; ++o) {
    std::int64_t count = 0;
    for (std::int64_t k = 0; k < n; ++k) count += k - a[static_cast<std::size_t>(k)] == o ? 1 : 0;
    const bool nearer =
        std::abs(o) < std::abs(m.aligned_offset) || (o == -m.aligned_offset && o > 0);
    if (count > m.aligned_positions || (count == m.aligned_positions && nearer)) {
      m.aligned_positions = count;
      m.aligned_offset = o;
    }
  }
  return m;
}

TEST(MeasureOrderTest, ThreeVehiclesByHand) {
  // 2, 0, 1: nothing overtook 2; both others were. Two keep their order.
  const OrderMeasures m = MeasureOrder(Ranks{2, 0, 1}).value();
  EXPECT_EQ(m.SequenceAdherence(), (Share{2, 3}));
  EXPECT_EQ(m.InSequenceRate(), (Share{1, 3}));
  EXPECT_EQ(m.Adjacency(), (Share{1, 2}));
  EXPECT_EQ(m.ExactRate(), (Share{0, 3}));
  EXPECT_EQ(m.AlignedRate(), (Share{2, 3}));
  EXPECT_EQ(m.aligned_offset, 1);
  EXPECT_EQ(m.DisplacementMean(), (Share{4, 3}));
  EXPECT_EQ(m.NormalFootrule(), (Share{4, 4}));
  EXPECT_EQ(m.Scrambling(), (Share{2, 3}));
  EXPECT_EQ(m.MovesMin(), 1);
  EXPECT_EQ(m.restore_buffer, 1);
  EXPECT_EQ(m.late_max, 1);
  EXPECT_EQ(m.early_max, 2);
}

TEST(MeasureOrderTest, IsWhatTheDefinitionsSay) {
  std::mt19937_64 random(8);
  for (int run = 0; run < 3'000; ++run) {
    SCOPED_TRACE(run);
    Ranks ranks(random() % (run % 10 == 0 ? 700 : 12));
    std::iota(ranks.begin(), ranks.end(), 0);
    if (run % 3 == 0) {
      std::ranges::shuffle(ranks, random);
    } else {
      for (std::size_t late = random() % 5; late > 0 && ranks.size() > 1; --late) {
        const auto from = static_cast<std::ptrdiff_t>(random() % ranks.size());
        std::rotate(ranks.begin() + from, ranks.begin() + from + 1, ranks.end());
      }
    }
    ASSERT_EQ(MeasureOrder(ranks).value(), ByDefinition(ranks));
    const auto counts = OvertakenCounts(ranks).value();
    ASSERT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}),
              ByDefinition(ranks).inversions);
  }
}

TEST(MeasureOrderTest, SharesOfTooFewVehiclesAreUndefined) {
  const OrderMeasures none = MeasureOrder({}).value();
  EXPECT_FALSE(none.SequenceAdherence().value().has_value());
  EXPECT_FALSE(none.Adjacency().value().has_value());
  const OrderMeasures one = MeasureOrder(Ranks{0}).value();
  EXPECT_EQ(one.SequenceAdherence().value(), 1.0);
  EXPECT_FALSE(one.Adjacency().value().has_value());
  EXPECT_FALSE(one.Scrambling().value().has_value());
  EXPECT_FALSE(one.NormalFootrule().value().has_value());
}

TEST(MeasureOrderTest, RefusesWhatIsNoOrder) {
  for (const Ranks& ranks : {Ranks{0, 2}, Ranks{0, -1}, Ranks{0, 0}}) {
    const auto measures = MeasureOrder(ranks);
    EXPECT_EQ(measures.status().code(), kInvalid);
    EXPECT_THAT(std::string(measures.status().message()), HasSubstr("place 1: rank"));
    EXPECT_EQ(OvertakenCounts(ranks).status().code(), kInvalid);
  }
}

TEST(RanksOfTest, RenumbersWhatIsInBoth) {
  const SeenRanks seen = RanksOf(Vehicles{70, 10, 40, 20}, Vehicles{99, 20, 70, 10}).value();
  EXPECT_THAT(seen.ranks, ElementsAre(2, 0, 1));
  EXPECT_THAT(seen.added, ElementsAre(99));
  EXPECT_THAT(seen.removed, ElementsAre(40));
  EXPECT_THAT(RanksOf({}, {})->ranks, IsEmpty());
}

TEST(RanksOfTest, RefusesAVehicleTwice) {
  struct Case {
    const char* name;
    Vehicles planned;
    Vehicles actual;
    const char* want;
  };
  const Case cases[] = {
      {"planned", {5, 6, 5}, {}, "vehicle 5 stands twice in the planned order"},
      {"actual", {5, 6}, {6, 5, 6}, "vehicle 6 stands twice in the actual order"},
      {"actual, not planned", {5}, {7, 5, 7}, "vehicle 7 stands twice in the actual order"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto seen = RanksOf(c.planned, c.actual);
    EXPECT_EQ(seen.status().code(), kInvalid);
    EXPECT_THAT(std::string(seen.status().message()), HasSubstr(c.want));
  }
}

}  // namespace
}  // namespace tandem::sequencing
