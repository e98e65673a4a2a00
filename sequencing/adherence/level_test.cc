#include "sequencing/adherence/level.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::HasSubstr;
using Models = std::vector<std::int32_t>;
using Uses = std::vector<std::vector<PartUse>>;

std::uint64_t ByDefinition(const Models& models, const Uses& uses, std::int32_t parts) {
  const auto n = std::ssize(models);
  std::uint64_t sum = 0;
  for (std::int32_t j = 0; j < parts; ++j) {
    std::vector<std::int64_t> x = {0};
    for (const std::int32_t model : models) {
      std::int64_t used = 0;
      for (const PartUse& use : uses[static_cast<std::size_t>(model)]) {
        if (use.part == j) used += use.uses;
      }
      x.push_back(x.back() + used);
    }
    for (std::int64_t p = 1; p <= n; ++p) {
      const std::int64_t off = n * x[static_cast<std::size_t>(p)] - p * x.back();
      sum += static_cast<std::uint64_t>(off * off);
    }
  }
  return sum;
}

TEST(MeasureLevelTest, TwoVehiclesByHand) {
  // One uses the part, one does not: after the first, 1 instead of 1/2. (2 - 1)^2 = 1; over 2^2.
  const LevelDeviation deviation = MeasureLevel(Models{0, 1}, Uses{{{0, 1}}, {}}).value();
  EXPECT_EQ(deviation.scaled, absl::uint128(1));
  EXPECT_DOUBLE_EQ(deviation.value(), 0.25);
  EXPECT_DOUBLE_EQ(MeasureLevel({}, {})->value(), 0.0);
}

TEST(MeasureLevelTest, IsWhatTheDefinitionSays) {
  std::mt19937_64 random(12);
  for (int run = 0; run < 500; ++run) {
    SCOPED_TRACE(run);
    Uses uses(1 + random() % 4);
    for (auto& model : uses) {
      for (std::int32_t part = 0; part < 4; ++part) {
        if (random() % 2 == 0) model.push_back({part, static_cast<std::int32_t>(random() % 3)});
      }
    }
    Models models(random() % 40);
    for (std::int32_t& m : models) m = static_cast<std::int32_t>(random() % uses.size());
    ASSERT_EQ(MeasureLevel(models, uses)->scaled, absl::uint128(ByDefinition(models, uses, 4)));
  }
}

TEST(MeasureLevelTest, RefusesWhatItCannotAddUp) {
  const auto message = [](const Models& models, const Uses& uses) {
    return std::string(MeasureLevel(models, uses).status().message());
  };
  EXPECT_THAT(message({0, 2}, Uses(2)), HasSubstr("vehicle 1 is of model 2"));
  EXPECT_THAT(message({-1}, Uses(2)), HasSubstr("vehicle 0 is of model -1"));
  EXPECT_THAT(message({}, {{{3, 1}, {3, 1}}}), HasSubstr("model 0 names part 3 twice"));
  EXPECT_THAT(message({}, {{{-3, 1}}}), HasSubstr("part -3"));
  const Uses huge = {{{0, std::numeric_limits<std::int32_t>::max()}}};
  EXPECT_EQ(MeasureLevel(Models(100'000, 0), huge).status().code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace tandem::sequencing
