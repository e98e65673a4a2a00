#include "sequencing/cover/line_time.h"

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
