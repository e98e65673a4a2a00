#include "forecasting/consensus/joint_record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;

JointRecord RecordOf(std::size_t parties, const JointOptions& options = {}) {
  auto record = JointRecord::Make(parties, options);
  EXPECT_TRUE(record.ok()) << record.status();
  return *std::move(record);
}

// Items of groups in which two parties know something of demand about 10: a true weight of the
// first, a true credit of its events, and errors that last a while.
class World {
 public:
  struct Truth {
    double weight = 0.7;
    double weight_deviation = 0.0;  // Of groups about it.
    double credit = 0.6;
    double group_carry = 0.0;  // Of what all of a group's items miss.
    double noise = 0.5;
    double shared_noise = 0.0;  // All items' of a bucket.
  };
  struct Item {
    std::array<PartyWord, 2> words{};
    double actual = 0.0;
  };

  World(std::uint64_t seed, std::size_t groups, const Truth& truth)
      : truth_(truth), engine_(seed), common_(groups) {
    for (std::size_t g = 0; g < groups; ++g) {
      weights_.push_back(truth.weight + truth.weight_deviation * Normal());
    }
  }

  double WeightOf(std::size_t group) const { return weights_[group]; }

  std::vector<Item> Next(std::size_t group, std::size_t items) {
    common_[group] = truth_.group_carry * common_[group] + truth_.shared_noise * Normal();
    std::vector<Item> all;
    for (std::size_t i = 0; i < items; ++i) {
      const double first = 10.0 + Normal();
      const double second = 10.0 + Normal();
      const double event = Normal() > 1.0 ? 2.0 : 0.0;
      all.push_back({.words = {{{first, event}, {second, 0.0}}},
                     .actual = weights_[group] * first + (1.0 - weights_[group]) * second +
                               truth_.credit * event + common_[group] + truth_.noise * Normal()});
    }
    return all;
  }

 private:
  double Normal() { return normal_(engine_); }

  Truth truth_;
  std::mt19937_64 engine_;
  std::normal_distribution<double> normal_{};
  std::vector<double> weights_{};
  std::vector<double> common_;
};

struct Bucket {
  std::vector<std::vector<World::Item>> groups{};
};

Bucket NextBucket(World& world, std::size_t groups, std::size_t items) {
  Bucket bucket;
  for (std::size_t g = 0; g < groups; ++g) bucket.groups.push_back(world.Next(g, items));
  return bucket;
}

absl::Status Observe(JointRecord& record, const Bucket& bucket) {
  std::vector<JointObserved> observed;
  for (std::size_t g = 0; g < bucket.groups.size(); ++g) {
    for (std::size_t i = 0; i < bucket.groups[g].size(); ++i) {
      const std::size_t item = 1000 * g + i;
      observed.push_back({.group = g,
                          .item = item,
                          .words = bucket.groups[g][i].words,
                          .missed = record.Of({.group = g, .item = item}).missed,
                          .actual_units = bucket.groups[g][i].actual});
    }
  }
  return record.ObserveBucket(observed);
}

TEST(JointRecord, WithoutObservationsTakesThePrior) {
  const Learnt equal = RecordOf(4).Of({.group = 1, .item = 2});
  EXPECT_THAT(equal.weights, Each(DoubleNear(0.25, 1e-12)));
  EXPECT_THAT(equal.credits, Each(1.0));
  EXPECT_EQ(equal.Shift(), 0.0);
  const Learnt given = RecordOf(2, {.prior_weights = {0.0, 1.0}, .prior_credit = 0.5}).Of({});
  EXPECT_THAT(given.weights, ElementsAre(0.0, 1.0));
  EXPECT_THAT(given.credits, ElementsAre(0.5, 0.5));
}

TEST(JointRecord, FindsTheTrueWeightsAndCredits) {
  testing::Random random;
  World world(random.Next(), 5, {.weight = 0.7, .credit = 0.6});
  JointRecord record = RecordOf(2, {.half_life_buckets = 1e6});
  for (int t = 0; t < 360; ++t) ASSERT_TRUE(Observe(record, NextBucket(world, 5, 10)).ok());
  for (std::size_t g = 0; g < 5; ++g) {
    // 18,000 observations with noise 0.5 of words that differ by 1.4: within 0.004 in the mean.
    const Learnt learnt = record.Of({.group = g});
    EXPECT_NEAR(learnt.weights[0], 0.7, 0.05);
    EXPECT_NEAR(learnt.credits[0], 0.6, 0.07);
    EXPECT_DOUBLE_EQ(learnt.credits[1], 1.0);   // It never announced anything: the prior.
    EXPECT_NEAR(learnt.group_carry, 0.0, 0.4);  // 360 buckets: an error of 0.05 before it is drawn.
  }
  EXPECT_NEAR(record.Of({.group = 99}).weights[0], 0.7, 0.05);  // One that is new.
}

TEST(JointRecord, CarriesOnWhatAGroupMissed) {
  testing::Random random;
  World world(random.Next(), 8, {.group_carry = 0.8, .shared_noise = 0.5});
  JointRecord record = RecordOf(2, {.half_life_buckets = 1e6});
  // A carry of 0.8 is known within 0.03 from so many buckets.
  for (int t = 0; t < 480; ++t) ASSERT_TRUE(Observe(record, NextBucket(world, 8, 12)).ok());
  // Half a deviation of ten items' mean is seen with an error of 0.14: carried on a little less.
  for (std::size_t g = 0; g < 8; ++g) {
    EXPECT_NEAR(record.Of({.group = g}).group_carry, 0.77, 0.15);
  }
}

// Groups that are alike share what they know; groups that are not keep their own.
TEST(JointRecord, DrawsGroupsTogetherAsFarAsTheyAreAlike) {
  testing::Random random;
  double alike = 0.0;
  double unlike = 0.0;
  constexpr int kRounds = 30;
  for (int round = 0; round < kRounds; ++round) {
    for (const double deviation : {0.0, 0.25}) {
      World world(random.Next(), 20, {.weight = 0.5, .weight_deviation = deviation, .noise = 2.0});
      JointRecord record = RecordOf(2, {.half_life_buckets = 1e6});
      for (int t = 0; t < 20; ++t) ASSERT_TRUE(Observe(record, NextBucket(world, 20, 5)).ok());
      (deviation == 0.0 ? alike : unlike) += record.state().spread[0] / kRounds;
    }
  }
  // Variances of a contrast are twice those of a weight: 2 x 0.25^2, and 0 but for the prior's
  // group.
  EXPECT_LT(alike, 0.04);
  EXPECT_NEAR(unlike, 0.125, 0.055);  // Five deviations.
}

// A hundred items of a bucket that are all wrong alike make no surer than one of them. With
// coefficients that cannot move, so that both records make the same errors.
TEST(JointRecord, CopiesInABucketTellNothingMore) {
  testing::Random random;
  World world(random.Next(), 1, {});
  const JointOptions still = {
      .weight_deviation = 1e-6, .credit_deviation = 1e-6, .carry_deviation = 1e-6};
  JointRecord once = RecordOf(2, still);
  JointRecord copies = RecordOf(2, still);
  for (int t = 0; t < 12; ++t) {
    const Bucket bucket = NextBucket(world, 1, 1);
    Bucket more;
    more.groups.emplace_back(100, bucket.groups[0][0]);
    ASSERT_TRUE(Observe(once, bucket).ok());
    ASSERT_TRUE(Observe(copies, more).ok());
  }
  const auto information = [](const JointRecord& record) {
    const JointRecord::Group& group = record.state().groups.at(0);
    const double noise = std::max(group.weighted_squares, group.bucket_squares) / group.count;
    return group.xx[0] / noise;
  };
  EXPECT_NEAR(information(copies) / information(once), 1.0, 1e-4);
}

// No party is another kind than the others: told in another order, the weights change places.
TEST(JointRecord, TreatsPartiesAlike) {
  testing::Random random;
  std::mt19937_64 engine(random.Next());
  std::normal_distribution<double> normal;
  JointRecord straight = RecordOf(3);
  JointRecord turned = RecordOf(3);
  for (int t = 0; t < 30; ++t) {
    std::vector<std::array<PartyWord, 3>> words(6);
    std::vector<std::array<PartyWord, 3>> other(6);
    std::vector<JointObserved> first;
    std::vector<JointObserved> second;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const double actual = 10.0 + normal(engine);
      for (std::size_t p = 0; p < 3; ++p) {
        words[i][p] = {actual + static_cast<double>(1 + p) * normal(engine), normal(engine)};
        if (p > 0 && random.OneIn(7)) words[i][p].unbiased_units = std::nullopt;
        other[i][(p + 1) % 3] = words[i][p];
      }
      const std::size_t group = i % 2;
      first.push_back({.group = group,
                       .item = i,
                       .words = words[i],
                       .missed = straight.Of({.group = group, .item = i}).missed,
                       .actual_units = actual});
      second.push_back(first.back());
      second.back().words = other[i];
      second.back().missed = turned.Of({.group = group, .item = i}).missed;
    }
    ASSERT_TRUE(straight.ObserveBucket(first).ok());
    ASSERT_TRUE(turned.ObserveBucket(second).ok());
  }
  const Learnt a = straight.Of({.group = 1, .item = 3});
  const Learnt b = turned.Of({.group = 1, .item = 3});
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_NEAR(a.weights[p], b.weights[(p + 1) % 3], 1e-9);
    EXPECT_NEAR(a.credits[p], b.credits[(p + 1) % 3], 1e-9);
  }
  EXPECT_NEAR(a.Shift(), b.Shift(), 1e-9);
}

TEST(JointRecord, KnowsNoUnit) {
  testing::Random random;
  World world(random.Next(), 3, {});
  JointRecord units = RecordOf(2);
  JointRecord dozens = RecordOf(2);
  for (int t = 0; t < 20; ++t) {
    const Bucket bucket = NextBucket(world, 3, 4);
    std::vector<std::array<PartyWord, 2>> words;
    words.reserve(12);
    std::vector<JointObserved> small;
    std::vector<JointObserved> large;
    for (std::size_t g = 0; g < 3; ++g) {
      for (std::size_t i = 0; i < 4; ++i) {
        const World::Item& item = bucket.groups[g][i];
        words.push_back(item.words);
        for (PartyWord& word : words.back()) *word.unbiased_units *= 12.0;
        const JointRecord::Place place{.group = g, .item = 4 * g + i};
        small.push_back({.group = g,
                         .item = place.item,
                         .words = item.words,
                         .missed = units.Of(place).missed,
                         .actual_units = item.actual});
        large.push_back({.group = g,
                         .item = place.item,
                         .words = words.back(),
                         .missed = dozens.Of(place).missed,
                         .actual_units = 12.0 * item.actual,
                         .scale_units = 12.0});
      }
    }
    ASSERT_TRUE(units.ObserveBucket(small).ok());
    ASSERT_TRUE(dozens.ObserveBucket(large).ok());
  }
  EXPECT_NEAR(units.Of({.group = 2}).weights[0], dozens.Of({.group = 2}).weights[0], 1e-9);
  EXPECT_NEAR(units.Of({.group = 2}).credits[0], dozens.Of({.group = 2}).credits[0], 1e-9);
}

// Parties who agree with each other and with the actual: nothing to learn, and nothing divides by
// 0.
TEST(JointRecord, StaysSoundWhereEverybodyIsRight) {
  JointRecord record = RecordOf(2, {.errors = ErrorKind::kLogRatio});
  const std::array<PartyWord, 2> words = {{{5.0, 0.0}, {5.0, 0.0}}};
  const JointObserved observed[] = {{.words = words, .actual_units = 5.0}};
  for (int t = 0; t < 10; ++t) ASSERT_TRUE(record.ObserveBucket(observed).ok());
  EXPECT_THAT(record.Of({}).weights, Each(DoubleNear(0.5, 1e-9)));
  EXPECT_EQ(record.Of({}).Shift(), 0.0);
}

TEST(JointRecord, IsRebuiltFromItsState) {
  testing::Random random;
  World world(random.Next(), 2, {});
  JointRecord record = RecordOf(2);
  ASSERT_TRUE(Observe(record, NextBucket(world, 2, 3)).ok());
  ASSERT_TRUE(Observe(record, NextBucket(world, 2, 3)).ok());
  auto again = JointRecord::Restore(2, record.options(), record.state());
  ASSERT_TRUE(again.ok());
  const Bucket next = NextBucket(world, 2, 3);
  ASSERT_TRUE(Observe(record, next).ok());
  ASSERT_TRUE(Observe(*again, next).ok());
  EXPECT_EQ(again->state(), record.state());
  EXPECT_FALSE(JointRecord::Restore(3, {}, record.state()).ok());
  JointRecord::State broken = record.state();
  broken.spread[0] = 0.0;
  EXPECT_FALSE(JointRecord::Restore(2, {}, broken).ok());
}

TEST(JointRecord, RefusesWhatItCannotLearnFromAndStaysAsItWas) {
  using Words = std::vector<PartyWord>;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  JointRecord record = RecordOf(2);
  JointRecord ratios = RecordOf(2, {.errors = ErrorKind::kLogRatio});
  const auto refused = [](JointRecord& one, const Words& words, double actual, double scale = 1.0) {
    const JointRecord::State before = one.state();
    const JointObserved observed[] = {
        {.words = words, .actual_units = actual, .scale_units = scale}};
    return !one.ObserveBucket(observed).ok() && one.state() == before;
  };
  const Words good = {{1.0, 0.0}, {2.0, 0.0}};
  EXPECT_TRUE(refused(record, {{1.0, 0.0}}, 1.0));
  EXPECT_TRUE(refused(record, {{}, {}}, 1.0));
  EXPECT_TRUE(refused(record, {{nan, 0.0}, {1.0, 0.0}}, 1.0));
  EXPECT_TRUE(refused(record, {{1.0, nan}, {1.0, 0.0}}, 1.0));
  EXPECT_TRUE(refused(record, good, nan));
  EXPECT_TRUE(refused(record, good, 1.0, 0.0));
  EXPECT_TRUE(refused(record, good, 1e200));
  EXPECT_TRUE(refused(ratios, good, 0.0));
  EXPECT_TRUE(refused(ratios, {{0.0, 0.0}, {1.0, 0.0}}, 1.0));
  EXPECT_FALSE(refused(ratios, good, 1.0));
  EXPECT_FALSE(JointRecord::Make(0, {}).ok());
  EXPECT_FALSE(JointRecord::Make(17, {}).ok());
  EXPECT_FALSE(JointRecord::Make(2, {.half_life_buckets = 0.0}).ok());
  EXPECT_FALSE(JointRecord::Make(2, {.error_max = 0.0}).ok());
  EXPECT_FALSE(JointRecord::Make(2, {.prior_weights = {0.5, 0.6}}).ok());
  EXPECT_FALSE(JointRecord::Make(2, {.prior_weights = {1.0}}).ok());
  EXPECT_FALSE(JointRecord::Make(2, {.prior_groups = 0.0}).ok());
}

}  // namespace
}  // namespace tandem::forecasting
