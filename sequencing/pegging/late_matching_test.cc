#include "sequencing/pegging/late_matching.h"

#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "sequencing/pegging/oracle.h"

namespace tandem::sequencing {
namespace {

constexpr std::size_t kNobody = 1'000;

struct Case {
  std::vector<std::vector<std::int32_t>> accepted{};
  std::vector<LateEnd> needs{};
  std::vector<LeftPart> parts{};
};

// The least total by the oracle, in which a part that is ready in time serves nobody.
std::int64_t LeastTotal(const Case& given, std::size_t without_need, std::size_t without_part) {
  std::vector<OracleNeed> needs;
  std::vector<OraclePart> parts;
  for (std::size_t i = 0; i < given.needs.size(); ++i) {
    if (i == without_need) continue;
    OracleNeed need{.due = given.needs[i].due_tick};
    const auto& stocks = given.accepted[static_cast<std::size_t>(given.needs[i].kind)];
    for (std::size_t j = 0; j < given.parts.size(); ++j) {
      if (j == without_part) continue;
      const bool known =
          std::find(stocks.begin(), stocks.end(), given.parts[j].stock) != stocks.end();
      need.accepts.push_back(known && given.parts[j].ready_tick > need.due);
    }
    needs.push_back(need);
  }
  for (std::size_t j = 0; j < given.parts.size(); ++j) {
    if (j != without_part) parts.push_back({.ready = given.parts[j].ready_tick, .expiry = -100});
  }
  return BestCost(needs, parts, kHorizonTick).lateness;
}

TEST(LateMatchingTest, TotalsAndChangesAreTheLeast) {
  std::mt19937_64 random(3);
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution(low, high)(random);
  };
  int rerouted = 0;
  for (int round = 0; round < 3'000; ++round) {
    Case given{.accepted = {{0}, {1}, {0, 1}, {1, 2}, {0, 2}}};
    for (int k = draw(0, 6); k > 0; --k) {
      given.needs.push_back({.due_tick = draw(0, 9), .kind = draw(0, 4)});
    }
    for (int k = draw(0, 6); k > 0; --k) {
      given.parts.push_back({.ready_tick = draw(0, 10), .stock = draw(0, 2)});
    }
    const std::vector<std::span<const std::int32_t>> accepted(given.accepted.begin(),
                                                              given.accepted.end());
    const LateMatching late(accepted, given.needs, given.parts);
    const std::int64_t total = LeastTotal(given, kNobody, kNobody);
    ASSERT_EQ(late.total(), total) << "round " << round;
    for (std::size_t i = 0; i < given.needs.size(); ++i) {
      ASSERT_EQ(total + late.WithoutNeed()[i], LeastTotal(given, i, kNobody)) << "round " << round;
    }
    for (std::size_t j = 0; j < given.parts.size(); ++j) {
      const std::int64_t change = late.WithoutPart()[j];
      ASSERT_EQ(total + change, LeastTotal(given, kNobody, j)) << "round " << round;
      if (change > 0 && change < 10) ++rerouted;
    }
    std::vector<LateEnd> more(3);
    for (LateEnd& need : more) need = {.due_tick = draw(0, 9), .kind = draw(0, 4)};
    const std::vector<std::int64_t> changes = late.WithNeed(more);
    for (std::size_t k = 0; k < more.size(); ++k) {
      Case with = given;
      with.needs.push_back(more[k]);
      ASSERT_EQ(total + changes[k], LeastTotal(with, kNobody, kNobody)) << "round " << round;
    }
  }
  EXPECT_GT(rerouted, 300);
}

}  // namespace
}  // namespace tandem::sequencing
