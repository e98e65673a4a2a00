#include "sequencing/adherence/stability.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Vehicles = std::vector<std::int64_t>;

TEST(MeasureStabilityTest, CountsFromTheVehicleThatIsNext) {
  // 1 and 2 have passed. Four positions from the second on: 4 5 6 7 became 5 4 6 8.
  const Vehicles before = {1, 2, 3, 4, 5, 6, 7, 8};
  const Vehicles after = {3, 5, 4, 6, 8, 7};
  const Vehicles passed = {1, 2};
  const Stability stability = MeasureStability({.before = before, .after = after, .passed = passed},
                                               {.offset = 1, .size = 4})
                                  .value();
  EXPECT_EQ(stability.stability, (Share{2, 4}));  // 5 6 of the common 4 5 6.
  EXPECT_THAT(stability.added, ElementsAre(8));
  EXPECT_THAT(stability.removed, ElementsAre(7));
  EXPECT_EQ(stability.Churn(), (Share{2, 4}));
}

TEST(MeasureStabilityTest, ShortPlansCountWhatTheyHave) {
  const Vehicles before = {1, 2};
  const Vehicles after = {2, 3, 4};
  const Stability stability =
      MeasureStability({.before = before, .after = after}, {.size = 10}).value();
  EXPECT_EQ(stability.stability, (Share{1, 3}));
  EXPECT_EQ(stability.Churn(), (Share{3, 2}));
  EXPECT_FALSE(MeasureStability({}, {.size = 1})->stability.value().has_value());
}

TEST(MeasureStabilityTest, RefusesWhatIsNoPlan) {
  const Vehicles twice = {4, 4};
  const auto repeated = MeasureStability({.before = {}, .after = twice}, {.size = 1});
  EXPECT_EQ(repeated.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(repeated.status().message()), HasSubstr("vehicle 4 stands twice"));
  EXPECT_FALSE(MeasureStability({}, {.size = 0}).ok());
  EXPECT_FALSE(MeasureStability({}, {.offset = -1, .size = 1}).ok());
}

TEST(ForecastErrorsTest, AreActualLessAnnounced) {
  const Vehicles announced = {0, 1, 2};
  const Vehicles actual = {0, 4, 1};
  const Distribution errors = ForecastErrors(announced, actual).value();
  EXPECT_EQ(errors.minimum, -1);
  EXPECT_EQ(errors.p50, 0);
  EXPECT_EQ(errors.p99, 3);
  EXPECT_EQ(errors.sum, 2);
  EXPECT_FALSE(ForecastErrors(announced, {}).ok());
  EXPECT_FALSE(ForecastErrors(Vehicles{-1}, Vehicles{0}).ok());
}

}  // namespace
}  // namespace tandem::sequencing
