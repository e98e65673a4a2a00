#include "forecasting/consensus/track_record.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using Forecasts = std::vector<std::optional<double>>;

TrackRecord RecordOf(std::size_t parties, const TrackOptions& options = {}) {
  auto record = TrackRecord::Make(parties, options);
  EXPECT_TRUE(record.ok()) << record.status();
  return *std::move(record);
}

absl::Status Observe(TrackRecord& record, const Forecasts& forecasts, double actual,
                     double scale = 1.0) {
  return record.Observe(
      {.forecasts_units = forecasts, .actual_units = actual, .scale_units = scale});
}

TEST(TrackRecord, KnowsMeansAndCovariancesWorkedByHand) {
  TrackRecord record = RecordOf(2, {.half_life_observations = 1e12});  // As good as no fading.
  ASSERT_TRUE(Observe(record, {{12.0}, {9.0}}, 10.0, 2.0).ok());       // Errors 1 and -0.5.
  EXPECT_FALSE(record.CovarianceOf(0, 0).has_value());
  ASSERT_TRUE(Observe(record, {{16.0}, {13.0}}, 10.0, 2.0).ok());  // Errors 3 and 1.5.
  EXPECT_NEAR(record.BiasOf(0), 2.0, 1e-9);
  EXPECT_NEAR(record.BiasOf(1), 0.5, 1e-9);
  EXPECT_NEAR(*record.CovarianceOf(0, 0), 2.0, 1e-9);
  EXPECT_NEAR(*record.CovarianceOf(1, 1), 2.0, 1e-9);
  EXPECT_NEAR(*record.CovarianceOf(0, 1), 2.0, 1e-9);
  EXPECT_EQ(record.CovarianceOf(0, 1), record.CovarianceOf(1, 0));
}

TEST(TrackRecord, MeasuresRatiosWhereAsked) {
  TrackRecord record = RecordOf(1, {.errors = ErrorKind::kLogRatio});
  ASSERT_TRUE(Observe(record, {{20.0}}, 10.0).ok());
  EXPECT_NEAR(record.BiasOf(0), std::log(2.0), 1e-12);
}

TEST(TrackRecord, HalvesWhatIsAHalfLifeOld) {
  TrackRecord record = RecordOf(1, {.half_life_observations = 4.0});
  ASSERT_TRUE(Observe(record, {{11.0}}, 10.0).ok());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Observe(record, {std::nullopt}, 10.0).ok());
  EXPECT_NEAR(record.CountOf(0), 0.5, 1e-12);
  EXPECT_NEAR(record.BiasOf(0), 1.0, 1e-12);  // Fading makes it less sure, not smaller.
}

TEST(TrackRecord, PairsCountOnlyWhereBothSpoke) {
  TrackRecord record = RecordOf(2, {.half_life_observations = 1e12});
  ASSERT_TRUE(Observe(record, {{11.0}, std::nullopt}, 10.0).ok());
  ASSERT_TRUE(Observe(record, {{11.0}, {12.0}}, 10.0).ok());
  EXPECT_NEAR(record.CountOf(0), 2.0, 1e-9);
  EXPECT_NEAR(record.CountOf(1), 1.0, 1e-9);
  EXPECT_NEAR(record.CountOf(0, 1), 1.0, 1e-9);
}

TEST(TrackRecord, IsRebuiltFromItsSums) {
  TrackRecord record = RecordOf(3);
  ASSERT_TRUE(Observe(record, {{1.0}, {2.0}, {3.0}}, 2.5).ok());
  ASSERT_TRUE(Observe(record, {{4.0}, std::nullopt, {2.0}}, 1.0).ok());
  const auto again =
      TrackRecord::Restore(3, record.options(), {record.pairs().begin(), record.pairs().end()});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, record);
  EXPECT_FALSE(
      TrackRecord::Restore(2, record.options(), {record.pairs().begin(), record.pairs().end()})
          .ok());
}

TEST(TrackRecord, RefusesWhatItCannotCountAndStaysAsItWas) {
  TrackRecord record = RecordOf(2);
  TrackRecord ratios = RecordOf(2, {.errors = ErrorKind::kLogRatio});
  const TrackRecord before = record;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Observe(record, {{1.0}}, 1.0).ok());
  EXPECT_FALSE(Observe(record, {{1.0}, {nan}}, 1.0).ok());
  EXPECT_FALSE(Observe(record, {{1.0}, {1.0}}, nan).ok());
  EXPECT_FALSE(Observe(record, {{1.0}, {1.0}}, 1.0, 0.0).ok());
  EXPECT_FALSE(Observe(ratios, {{1.0}, {0.0}}, 1.0).ok());
  EXPECT_FALSE(Observe(ratios, {{1.0}, {1.0}}, 0.0).ok());
  EXPECT_EQ(record, before);
  EXPECT_FALSE(TrackRecord::Make(0, {}).ok());
  EXPECT_FALSE(TrackRecord::Make(17, {}).ok());
  EXPECT_FALSE(TrackRecord::Make(1, {.half_life_observations = 0.0}).ok());
}

// A hundred errors of 0.1 either way and one of a hundred: it counts as one of 1.
TEST(TrackRecord, AnErrorBeyondTheLargestCountsAsThat) {
  TrackRecord record = *TrackRecord::Make(1, {.half_life_observations = 1e12, .error_max = 1.0});
  for (int i = 0; i < 100; ++i) {
    const std::optional<double> said[] = {i % 2 == 0 ? 10.1 : 9.9};
    ASSERT_TRUE(record.Observe({.forecasts_units = said, .actual_units = 10.0}).ok());
  }
  const std::optional<double> far[] = {110.0};
  ASSERT_TRUE(record.Observe({.forecasts_units = far, .actual_units = 10.0}).ok());
  EXPECT_NEAR(record.BiasOf(0), 1.0 / 101.0, 1e-9);
  EXPECT_NEAR(*record.CovarianceOf(0, 0), (100.0 * 0.01 + 1.0 - 1.0 / 101.0) / 100.0, 1e-9);
  EXPECT_FALSE(TrackRecord::Make(1, {.error_max = 0.0}).ok());
  EXPECT_NE(record, *TrackRecord::Restore(1, {.half_life_observations = 1e12},
                                          {record.pairs().begin(), record.pairs().end()}));
}

}  // namespace
}  // namespace tandem::forecasting
