#include "sequencing/lineorder/score.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/lineorder/test_problems.h"

namespace tandem::sequencing {
namespace {

using testing::HasSubstr;

// The definition of the challenge, word for word: windows by their first place in the line.
std::int64_t ViolationsByDefinition(const LineProblem& problem, std::size_t ratio,
                                    const std::vector<int>& order) {
  const int before = static_cast<int>(problem.previous.size());
  const int all = before + static_cast<int>(order.size());
  const auto [p, q] = std::pair(problem.ratios[ratio].p, problem.ratios[ratio].q);
  const auto has = [&](int place) {
    const LineVehicle& vehicle =
        place < before
            ? problem.previous[static_cast<std::size_t>(place)]
            : problem
                  .day[static_cast<std::size_t>(order[static_cast<std::size_t>(place - before)])];
    return static_cast<int>(vehicle.options >> ratio & 1);
  };
  std::int64_t sum = 0;
  for (int w = before - q + 1; w <= all - 1; ++w) {
    if (problem.windows == WindowRule::kCompleteOnly && (w < before || w + q > all)) continue;
    int count = 0;
    for (int k = std::max(w, 0); k <= std::min(w + q - 1, all - 1); ++k) count += has(k);
    sum += std::max(0, count - p);
  }
  return sum;
}

LineProblem OneRatio() {
  LineProblem problem;
  problem.ratios = {{.ident = "sunroof", .p = 1, .q = 3, .high = true}};
  problem.previous = {{.ident = "p0", .colour = 1, .options = 0},
                      {.ident = "p1", .colour = 1, .options = 1}};
  problem.day = {{.ident = "a", .colour = 1, .options = 1},
                 {.ident = "b", .colour = 2, .options = 0},
                 {.ident = "c", .colour = 2, .options = 1}};
  problem.objectives = {Objective::kHighRatios, Objective::kColourChanges};
  return problem;
}

// By hand, 1/3 over  0 1 | 1 0 1: windows that touch the day, by their members:
//   0 1 1 (2: one), 1 1 0 (2: one), 1 0 1 (2: one), 0 1 (1), 1 (1)  ->  3
// Colours 1 | 1 2 2: one change.
TEST(ScoreTest, CountsWindowsThatBeginYesterdayAndThoseCutOffAtTheEnd) {
  const auto score = ScoreOf(OneRatio(), std::vector<int>{0, 1, 2});
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_EQ(score->high_violations, 3);
  EXPECT_EQ(score->low_violations, 0);
  EXPECT_EQ(score->colour_changes, 1);
  EXPECT_EQ(score->score, 3'001'000);
  LineProblem complete = OneRatio();
  complete.windows = WindowRule::kCompleteOnly;
  EXPECT_EQ(ScoreOf(complete, std::vector<int>{0, 1, 2})->high_violations, 1);
}

TEST(ScoreTest, FollowsTheDefinitionOnRandomProblems) {
  std::mt19937_64 random(20261);
  for (int round = 0; round < 500; ++round) {
    const LineProblem problem = RandomProblem(random, {.vehicles = Between(random, 1, 12),
                                                       .previous = Between(random, 0, 9),
                                                       .ratios = Between(random, 1, 5),
                                                       .q_max = Between(random, 1, 15)});
    const std::vector<int> order = RandomOrder(random, problem);
    for (std::size_t r = 0; r < problem.ratios.size(); ++r) {
      ASSERT_EQ(RatioViolations(problem, r, order), ViolationsByDefinition(problem, r, order))
          << "round " << round << ", ratio " << r;
    }
  }
}

TEST(ScoreTest, AFirstVehicleWithNoDayBeforeItIsNoChangeOfColour) {
  LineProblem problem = OneRatio();
  problem.previous.clear();
  EXPECT_EQ(ScoreOf(problem, std::vector<int>{0, 1, 2})->colour_changes, 1);
  EXPECT_EQ(ScoreOf(problem, std::vector<int>{1, 0, 2})->colour_changes, 2);
}

// Part 0 is on vehicles a and b: n * x - p * N = 3*1-2, 3*2-4, 3*2-6 = 1, 2, 0 -> 5.
TEST(ScoreTest, ExtraTermsComeInTheOrderAsked) {
  LineProblem problem = OneRatio();
  problem.extra_terms = {ExtraTerm::kLevelUsage, ExtraTerm::kPlanDistance};
  problem.part_uses = {{1, 1, 0}};
  problem.planned_position = {2, 1, kNoPlan};
  const auto score = ScoreOf(problem, std::vector<int>{0, 1, 2});
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_THAT(score->extras, testing::ElementsAre(5, 2));
}

// The largest day there is. First all that have the part, then the others: by hand, half of n
// vehicles with one piece, N = n / 2, off by p n / 2 up to the middle p = n / 2 and symmetric to
// it, which sums to n^2 / 2 (1^2 + .. + (n/2)^2) - n^4 / 16.
TEST(ScoreTest, LevelUsageIsExactForTheLargestDay) {
  LineProblem problem;
  problem.objectives = {Objective::kColourChanges};
  problem.extra_terms = {ExtraTerm::kLevelUsage};
  problem.part_uses.resize(20);
  std::vector<int> order(kDayMax);
  std::iota(order.begin(), order.end(), 0);
  for (int v = 0; v < kDayMax; ++v) {
    problem.day.push_back({.ident = std::to_string(v)});
    for (std::vector<int>& uses : problem.part_uses) uses.push_back(v < kDayMax / 2 ? 1 : 0);
  }
  ASSERT_TRUE(CheckProblem(problem).ok()) << CheckProblem(problem);
  const TermValue n = kDayMax;
  const TermValue half = n / 2;
  const TermValue squares = half * (half + 1) * (2 * half + 1) / 6;
  EXPECT_EQ(ScoreOf(problem, order)->extras[0], 20 * (n * n / 2 * squares - n * n * n * n / 16));
  problem.part_uses[3].assign(kDayMax, 1 << 17);
  EXPECT_TRUE(CheckProblem(problem).ok());
  ++problem.part_uses[3][5];
  EXPECT_THAT(std::string(CheckProblem(problem).message()), HasSubstr("part 3 is used too often"));
}

TEST(ScoreTest, RefusesOrdersThatBreakARule) {
  LineProblem problem = OneRatio();
  problem.paint_batch_max = 1;
  problem.planned_position = {0, 1, 2};
  problem.frozen_vehicles = {0};
  struct Case {
    const char* name;
    std::vector<int> order;
    const char* want;
  };
  const Case cases[] = {
      {"too short", {0, 1}, "has 2 vehicles, the day 3"},
      {"unknown", {0, 1, 3}, "3 is no vehicle"},
      {"negative", {0, 1, -1}, "-1 is no vehicle"},
      {"twice", {0, 1, 1}, "vehicle b is in it twice"},
      {"batch", {0, 1, 2}, "position 2 makes 2 of colour 2 in a row, the limit is 1"},
      {"frozen", {1, 0, 2}, "frozen vehicle a is not at position 0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto score = ScoreOf(problem, c.order);
    EXPECT_EQ(score.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(score.status().message()), HasSubstr(c.want));
  }
}

TEST(CheckProblemTest, NamesRecordFieldAndRule) {
  struct Case {
    const char* name;
    void (*spoil)(LineProblem&);
    const char* want;
  };
  const Case cases[] = {
      {"empty day", [](LineProblem& p) { p.day.clear(); }, "day: holds no vehicle"},
      {"twice", [](LineProblem& p) { p.day[2].ident = "a"; }, "vehicle a: is in the day twice"},
      {"P > Q", [](LineProblem& p) { p.ratios[0].p = 4; }, "ratio sunroof: 4/3: P exceeds Q"},
      {"P = 0", [](LineProblem& p) { p.ratios[0].p = 0; }, "at least 1"},
      {"Q huge", [](LineProblem& p) { p.ratios[0].q = 10001; }, "Q is at most 10000"},
      {"options", [](LineProblem& p) { p.day[1].options = 2; }, "vehicle b: has an option"},
      {"old options", [](LineProblem& p) { p.previous[1].options = 2; }, "vehicle p1: has an"},
      {"colour", [](LineProblem& p) { p.day[1].colour = -1; }, "vehicle b: colour -1"},
      {"no objective", [](LineProblem& p) { p.objectives.clear(); }, "objectives: none"},
      {"objective twice", [](LineProblem& p) { p.objectives.push_back(Objective::kHighRatios); },
       "named twice"},
      {"limit", [](LineProblem& p) { p.paint_batch_max = -1; }, "paint batch limit: -1"},
      {"parts",
       [](LineProblem& p) {
         p.part_uses = {{1, 2}};
       },
       "part 0 has 2 vehicles"},
      {"uses",
       [](LineProblem& p) {
         p.part_uses = {{1, 2, -3}};
       },
       "part 0, vehicle c: -3"},
      {"plan size", [](LineProblem& p) { p.planned_position = {0}; }, "has 1 vehicles"},
      {"plan range",
       [](LineProblem& p) {
         p.planned_position = {0, 1, 3};
       },
       "vehicle c: position 3 is not"},
      {"plan twice",
       [](LineProblem& p) {
         p.planned_position = {0, 1, 1};
       },
       "vehicle c: position 1 is another"},
      {"frozen unplanned",
       [](LineProblem& p) {
         p.planned_position = {0, kNoPlan, 1};
         p.frozen_vehicles = {1};
       },
       "vehicle b has no planned position"},
      {"frozen unknown", [](LineProblem& p) { p.frozen_vehicles = {3}; }, "3 is no vehicle"},
      {"too many ratios",
       [](LineProblem& p) { p.ratios.resize(65, {.ident = "x", .p = 1, .q = 2, .high = true}); },
       "65 are more than the 64"},
  };
  EXPECT_TRUE(CheckProblem(OneRatio()).ok());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    LineProblem problem = OneRatio();
    c.spoil(problem);
    const absl::Status status = CheckProblem(problem);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.want));
  }
}

TEST(CheckProblemTest, ThePreviousDayMayRepeatAVehicle) {
  LineProblem problem = OneRatio();
  problem.previous[1].ident = "p0";
  EXPECT_TRUE(CheckProblem(problem).ok());
}

}  // namespace
}  // namespace tandem::sequencing
