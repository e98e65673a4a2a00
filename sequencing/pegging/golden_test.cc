// Golden cases: every line of the folder's pegging_static*.jsonl and pegging_events*.jsonl. See
// golden.h.
#include "tests/support/golden.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/pegging/coverage.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {
namespace {

using nlohmann::json;

std::vector<std::int32_t> Ticks(const json& list) { return list.get<std::vector<std::int32_t>>(); }

void RunStatic(const json& one) {
  const std::vector<std::int32_t> need = Ticks(one.at("need"));
  const std::vector<std::int32_t> weight = Ticks(one.at("weight"));
  const std::vector<std::int32_t> avail = Ticks(one.at("avail"));
  const Coverage coverage = CoverageOf(need, weight, avail).value();
  json got = {{"max_on_time", coverage.on_time}, {"uncovered", coverage.uncovered},
              {"first_uncovered_need", nullptr}, {"max_weight_on_time", coverage.weight_on_time},
              {"min_max_lateness", nullptr},     {"min_total_lateness", nullptr}};
  if (coverage.first_uncovered_tick.has_value()) {
    got["first_uncovered_need"] = *coverage.first_uncovered_tick;
  }
  if (coverage.max_late_ticks.has_value()) {
    got["min_max_lateness"] = *coverage.max_late_ticks;
    got["min_total_lateness"] = coverage.total_late_ticks.value();
  }
  for (const auto& [key, want] : one.at("expected").items()) EXPECT_EQ(got.at(key), want) << key;

  // A book that gets all of it at once serves as much.
  std::vector<Event> events;
  for (std::size_t i = 0; i < need.size(); ++i) {
    events.push_back(
        {.kind = EventKind::kNeedAdded, .need = NeedId{i}, .tick = need[i], .weight = weight[i]});
  }
  for (std::size_t j = 0; j < avail.size(); ++j) {
    events.push_back({.kind = EventKind::kSupplyAdded, .supply = SupplyId{j}, .tick = avail[j]});
  }
  PegBook book = PegBook::Create({}).value();
  PegOutcome outcome;
  ASSERT_TRUE(book.Apply(events, outcome).ok());
  std::int64_t served = 0;
  for (std::size_t i = 0; i < need.size(); ++i) {
    if (book.PegOf(NeedId{i}).has_value()) served += weight[i];
  }
  EXPECT_EQ(served, coverage.weight_on_time);
  EXPECT_EQ(book.late(), coverage.uncovered);
  EXPECT_EQ(book.FirstUncovered(0).value(), coverage.first_uncovered_tick);
}

Event EventOf(const json& event, std::size_t needs) {
  const std::string type = event.at("type");
  if (type == "supply_lost") {
    return {.kind = EventKind::kSupplyLost, .supply = SupplyId{event.at("supply")}};
  }
  if (type == "supply_slip") {
    return {.kind = EventKind::kSupplyMoved,
            .supply = SupplyId{event.at("supply")},
            .tick = event.at("new_avail")};
  }
  EXPECT_EQ(type, "demand_added");
  return {.kind = EventKind::kNeedAdded, .need = NeedId{needs}, .tick = event.at("need")};
}

void RunEvent(const json& one) {
  PegSnapshot snapshot;
  const std::vector<std::int32_t> need = Ticks(one.at("need"));
  const std::vector<std::int32_t> avail = Ticks(one.at("avail"));
  const auto peg = one.at("peg").get<std::vector<std::uint64_t>>();
  for (std::size_t i = 0; i < need.size(); ++i) {
    snapshot.needs.push_back({.need = NeedId{i}, .due_tick = need[i]});
    snapshot.pegs.push_back({.need = NeedId{i}, .supply = SupplyId{peg.at(i)}});
  }
  for (std::size_t j = 0; j < avail.size(); ++j) {
    snapshot.supplies.push_back({.supply = SupplyId{j}, .ready_tick = avail[j]});
  }
  PegBook book = PegBook::FromSnapshot({}, snapshot).value();
  PegOutcome outcome;
  const Event event = EventOf(one.at("event"), need.size());
  ASSERT_TRUE(book.Apply({&event, 1}, outcome).ok());
  EXPECT_EQ(json({{"uncovered", book.late()}, {"min_voluntary_changes", outcome.voluntary}}),
            one.at("expected"));
  // Counted again from the pegs themselves.
  std::int64_t changed = 0;
  std::set<SupplyId> used;
  for (std::size_t i = 0; i < need.size(); ++i) {
    const std::optional<SupplyId> now = book.PegOf(NeedId{i});
    EXPECT_TRUE(!now.has_value() || used.insert(*now).second);
    const bool lost = event.kind == EventKind::kSupplyLost && event.supply == SupplyId{peg[i]};
    const bool slipped = event.kind == EventKind::kSupplyMoved &&
                         event.supply == SupplyId{peg[i]} && event.tick > need[i];
    if (!lost && !slipped && now != SupplyId{peg[i]}) ++changed;
  }
  EXPECT_EQ(changed, outcome.voluntary);
}

TEST(PeggingGoldenTest, EveryStaticCaseHolds) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "pegging_static", RunStatic);
}

TEST(PeggingGoldenTest, EveryEventCaseHolds) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "pegging_events", RunEvent);
}

}  // namespace
}  // namespace tandem::sequencing
