#include "sequencing/cover/line_time.h"

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Runs = std::vector<LineRun>;

TEST(PositionTimesTest, NothingAdvancesInABreak) {
  const Runs runs = {{0, 150, 60}, {1'000, 2'000, 60}};
  // The third position is half done at the break: 30 ms more after it.
  EXPECT_THAT(PositionTimes(runs, 4).value(), ElementsAre(60, 120, 1'030, 1'090));
}

TEST(PositionTimesTest, ProgressIsKeptOverAnotherTakt) {
  const Runs runs = {{0, 90, 60}, {90, 1'000, 100}};
  // Half of the second position at takt 60, the other half at takt 100.
  EXPECT_THAT(PositionTimes(runs, 3).value(), ElementsAre(60, 140, 240));
}

// Millisecond by millisecond, in 1/210 of a position, which all of these takts divide.
TEST(PositionTimesTest, IsWhatTheLineDoesEachMillisecond) {
  std::mt19937_64 random(51);
  for (int run = 0; run < 2'000; ++run) {
    SCOPED_TRACE(run);
    constexpr std::int64_t kTakts[] = {1, 2, 3, 5, 6, 7, 10, 14, 21};
    Runs runs;
    std::vector<std::int64_t> want;
    std::int64_t at_ms = 0;
    std::int64_t done = 0;
    for (std::uint64_t k = random() % 12; k > 0; --k) {
      at_ms += static_cast<std::int64_t>(random() % 5);
      const std::int64_t takt_ms = kTakts[random() % 9];
      const std::int64_t to_ms = at_ms + static_cast<std::int64_t>(random() % 20);
      runs.push_back({at_ms, to_ms, takt_ms});
      for (; at_ms < to_ms; ++at_ms) {
        // At a takt of several positions a millisecond none of these takts is: at most one ends.
        done += 210 / takt_ms;
        if (done < 210) continue;
        want.push_back(at_ms + 1);
        done = 0;  // What is over would be less than 1 ms: instants are rounded up.
      }
    }
    ASSERT_EQ(PositionTimes(runs, 1'000).value(), want);
  }
}

TEST(PositionTimesTest, EndsWithTheCalendar) {
  EXPECT_THAT(PositionTimes(Runs{{0, 119, 60}}, 9).value(), ElementsAre(60));
  EXPECT_THAT(PositionTimes(Runs{{0, 120, 60}}, 9).value(), ElementsAre(60, 120));
  EXPECT_THAT(PositionTimes({}, 9).value(), IsEmpty());
}

TEST(PositionTimesTest, RefusesWhatIsNoCalendar) {
  const auto refused = [](const Runs& runs) {
    return std::string(PositionTimes(runs, 1).status().message());
  };
  EXPECT_THAT(refused({{0, 10, 1}, {9, 20, 1}}), HasSubstr("run 1 from 9"));
  EXPECT_THAT(refused({{10, 9, 1}}), HasSubstr("run 0"));
  EXPECT_THAT(refused({{0, 10, 0}}), HasSubstr("run 0"));
  EXPECT_FALSE(PositionTimes({}, -1).ok());
}

}  // namespace
}  // namespace tandem::sequencing
