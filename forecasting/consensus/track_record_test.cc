#include "forecasting/consensus/track_record.h"

#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "tests/support/random.h"

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
      TrackRecord::Restore(3, record.options(), {record.pairs().begin(), record.pairs().end()},
                           {record.buckets().begin(), record.buckets().end()});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, record);
  EXPECT_FALSE(TrackRecord::Restore(2, record.options(),
                                    {record.pairs().begin(), record.pairs().end()},
                                    {record.buckets().begin(), record.buckets().end()})
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

// Two buckets of two: errors 1, 3 and 0, 0. The bias is 1; the buckets' sums are 2 and 2 from what
// it expects, so its variance is (2^2 + 2^2) / 4^2 * 2 / (2 - 1) = 1. Each for itself they are 0,
// 2, -1 and -1 away: (0 + 4 + 1 + 1) / 4^2 * 4 / 3 = 1/2.
TEST(TrackRecord, ErrorsOfOneBucketTellLessOfABias) {
  const double forecasts[] = {11.0, 13.0, 10.0, 10.0};
  TrackRecord record = RecordOf(1, {.half_life_observations = 1e12});
  TrackRecord apart = record;
  for (std::size_t bucket = 0; bucket < 2; ++bucket) {
    const std::optional<double> first[] = {forecasts[2 * bucket]};
    const std::optional<double> second[] = {forecasts[2 * bucket + 1]};
    const Observed both[] = {{.forecasts_units = first, .actual_units = 10.0},
                             {.forecasts_units = second, .actual_units = 10.0}};
    EXPECT_FALSE(record.BiasErrorOf(0).has_value());
    ASSERT_TRUE(record.ObserveBucket(both).ok());
    for (const Observed& observed : both) ASSERT_TRUE(apart.Observe(observed).ok());
  }
  EXPECT_NEAR(record.BiasOf(0), 1.0, 1e-9);
  EXPECT_NEAR(record.BucketCountOf(0), 2.0, 1e-9);
  EXPECT_NEAR(*record.BiasErrorOf(0), 1.0, 1e-9);
  EXPECT_NEAR(apart.BucketCountOf(0), 4.0, 1e-9);
  EXPECT_NEAR(*apart.BiasErrorOf(0), std::sqrt(0.5), 1e-9);
  EXPECT_NEAR(*apart.CovarianceOf(0, 0), *record.CovarianceOf(0, 0), 1e-9);
  EXPECT_NE(apart, record);
}

// One forecast of the second observation is no number: neither is counted.
TEST(TrackRecord, TakesABucketWholeOrNotAtAll) {
  TrackRecord record = RecordOf(1);
  const TrackRecord before = record;
  const std::optional<double> good[] = {1.0};
  const std::optional<double> bad[] = {std::numeric_limits<double>::infinity()};
  const Observed bucket[] = {{.forecasts_units = good}, {.forecasts_units = bad}};
  EXPECT_FALSE(record.ObserveBucket(bucket).ok());
  EXPECT_TRUE(record.ObserveBucket({}).ok());
  EXPECT_EQ(record, before);
}

// Against the variance over many records of the bias that each found: half of an error's variance
// is its bucket's.
TEST(TrackRecord, TheBiasErrorIsWhatBiasesVaryBy) {
  testing::Random random;
  std::mt19937_64 engine(random.Next());
  std::normal_distribution<double> normal;
  double squares = 0.0;
  double claimed = 0.0;
  constexpr int kRecords = 1500;
  for (int i = 0; i < kRecords; ++i) {
    TrackRecord record = RecordOf(1, {.half_life_observations = 60.0});
    for (int bucket = 0; bucket < 40; ++bucket) {
      const double common = normal(engine);
      std::vector<std::optional<double>> said(static_cast<std::size_t>(5 + bucket % 3));
      std::vector<Observed> observed;
      for (std::optional<double>& one : said) one = common + normal(engine);
      observed.reserve(said.size());
      for (const auto& one : said) observed.push_back({.forecasts_units = std::span(&one, 1)});
      ASSERT_TRUE(record.ObserveBucket(observed).ok());
    }
    squares += record.BiasOf(0) * record.BiasOf(0) / kRecords;
    claimed += *record.BiasErrorOf(0) * *record.BiasErrorOf(0) / kRecords;
  }
  // The mean of 1,500 squares of a normal varies by 3.7 %.
  EXPECT_NEAR(claimed / squares, 1.0, 0.15);
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
                                          {record.pairs().begin(), record.pairs().end()},
                                          {record.buckets().begin(), record.buckets().end()}));
}

}  // namespace
}  // namespace tandem::forecasting
