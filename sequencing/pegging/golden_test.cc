// Golden cases of the kinds pegging_static and pegging_events. See golden.h.
#include "tests/support/golden.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "sequencing/pegging/coverage.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {
namespace {

using nlohmann::json;

// A case's times are any integers; a book's ticks are 31 bits. Seen from the middle of the case's
// own times they are the same case.
class CaseTimes {
 public:
  explicit CaseTimes(const json& one) {
    for (const char* key : {"need", "avail"}) {
      for (const json& time : one.at(key)) Widen(key, time);
    }
    if (!one.contains("event")) return;
    for (const char* key : {"need", "new_avail"}) {
      if (one.at("event").contains(key)) Widen(key, one.at("event").at(key));
    }
  }

  std::int32_t Tick(const json& time) const {
    return static_cast<std::int32_t>(time.get<std::int64_t>() - Origin());
  }
  std::vector<std::int32_t> Ticks(const json& times) const {
    std::vector<std::int32_t> ticks;
    for (const json& time : times) ticks.push_back(Tick(time));
    return ticks;
  }
  std::int64_t Time(std::int32_t tick) const { return tick + Origin(); }

 private:
  void Widen(const char* key, const json& time) {
    if (!time.is_number_integer() ||
        (time.is_number_unsigned() && !std::in_range<std::int64_t>(time.get<std::uint64_t>()))) {
      throw std::out_of_range(std::string(key) + ": " + time.dump() + " is no int64");
    }
    const auto at = time.get<std::int64_t>();
    first_ = std::min(first_.value_or(at), at);
    last_ = std::max(last_.value_or(at), at);
    std::int64_t span = 0;
    if (!__builtin_sub_overflow(*last_, *first_, &span) && span <= 2 * std::int64_t{kTickMax}) {
      return;
    }
    throw std::out_of_range(std::string(key) + ": " + time.dump() + ": the times span from " +
                            std::to_string(*first_) + " to " + std::to_string(*last_) +
                            ", more than a book's ticks");
  }
  std::int64_t Origin() const { return std::midpoint(first_.value_or(0), last_.value_or(0)); }

  std::optional<std::int64_t> first_{};
  std::optional<std::int64_t> last_{};
};

void RunStatic(const json& one) {
  const CaseTimes times(one);
  const std::vector<std::int32_t> need = times.Ticks(one.at("need"));
  const std::vector<std::int32_t> weight = testing::Int32s(one, "weight");
  const std::vector<std::int32_t> avail = times.Ticks(one.at("avail"));
  const Coverage coverage = CoverageOf(need, weight, avail).value();
  json got = {{"max_on_time", coverage.on_time}, {"uncovered", coverage.uncovered},
              {"first_uncovered_need", nullptr}, {"max_weight_on_time", coverage.weight_on_time},
              {"min_max_lateness", nullptr},     {"min_total_lateness", nullptr}};
  if (coverage.first_uncovered_tick.has_value()) {
    got["first_uncovered_need"] = times.Time(*coverage.first_uncovered_tick);
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

Event EventOf(const json& event, const CaseTimes& times, std::size_t needs) {
  const std::string type = event.at("type");
  if (type == "supply_lost") {
    return {.kind = EventKind::kSupplyLost, .supply = SupplyId{event.at("supply")}};
  }
  if (type == "supply_slip") {
    return {.kind = EventKind::kSupplyMoved,
            .supply = SupplyId{event.at("supply")},
            .tick = times.Tick(event.at("new_avail"))};
  }
  EXPECT_EQ(type, "demand_added");
  return {
      .kind = EventKind::kNeedAdded, .need = NeedId{needs}, .tick = times.Tick(event.at("need"))};
}

void RunEvent(const json& one) {
  PegSnapshot snapshot;
  const CaseTimes times(one);
  const std::vector<std::int32_t> need = times.Ticks(one.at("need"));
  const std::vector<std::int32_t> avail = times.Ticks(one.at("avail"));
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
  const Event event = EventOf(one.at("event"), times, need.size());
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

// The same case, years later or in finer units.
TEST(PeggingGoldenTest, TimesAreAnyIntegers) {
  for (const std::int64_t origin :
       {std::int64_t{0}, std::int64_t{1'700'000'000'000}, INT64_MAX - 9, INT64_MIN}) {
    SCOPED_TRACE(origin);
    RunStatic({{"need", {origin + 1, origin + 9}},
               {"weight", {1, 2}},
               {"avail", {origin, origin + 5}},
               {"expected", {{"uncovered", 0}, {"max_weight_on_time", 3}}}});
    RunStatic({{"need", {origin + 1, origin + 3}},
               {"weight", {1, 2}},
               {"avail", {origin, origin + 5}},
               {"expected",
                {{"first_uncovered_need", origin + 3},
                 {"max_weight_on_time", 2},
                 {"min_max_lateness", 2}}}});
    RunEvent({{"need", {origin + 1, origin + 9}},
              {"avail", {origin, origin + 1, origin + 2}},
              {"peg", {0, 1}},
              {"event", {{"type", "supply_slip"}, {"supply", 0}, {"new_avail", origin + 4}}},
              {"expected", {{"uncovered", 0}, {"min_voluntary_changes", 1}}}});
  }
  const std::int64_t span = 2 * std::int64_t{kTickMax};
  const json widest = {{"need", {span}}, {"avail", {0}}};
  EXPECT_EQ(CaseTimes(widest).Tick(span), kTickMax);
  EXPECT_EQ(CaseTimes(widest).Tick(0), -kTickMax);
  const json wider = {{"need", {span}}, {"avail", {-1}}};
  EXPECT_THROW(CaseTimes{wider}, std::out_of_range);
  const json whole = {{"need", {INT64_MAX}}, {"avail", {INT64_MIN}}};
  EXPECT_THROW(CaseTimes{whole}, std::out_of_range);
  const json half = {{"need", {0.5}}, {"avail", json::array()}};
  EXPECT_THROW(CaseTimes{half}, std::out_of_range);
}

TEST(PeggingGoldenTest, EveryStaticCaseHolds) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "pegging_static", RunStatic);
}

TEST(PeggingGoldenTest, EveryEventCaseHolds) {
  testing::ForEachGoldenCase(TANDEM_GOLDEN_FOLDER, "pegging_events", RunEvent);
}

}  // namespace
}  // namespace tandem::sequencing
