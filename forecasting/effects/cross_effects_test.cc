#include "forecasting/effects/cross_effects.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "tests/support/random.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kItems = 8;

// A category in several shops: item 0 loses to item 1's promotion and gains by item 2's; item 3
// loses to item 0's; all else stands alone.
struct Category {
  std::vector<std::vector<double>> units{};
  std::vector<std::vector<double>> own{};
  std::vector<std::vector<double>> cross{};
  std::vector<CrossSeries> series{};
};

double TrueCross(std::size_t item, std::size_t other) {
  if (item == 0 && other == 1) return -0.4;
  if (item == 0 && other == 2) return 0.25;
  if (item == 3 && other == 0) return -0.3;
  return 0.0;
}

Category MakeCategory(std::size_t shops, std::size_t weeks, double noise, std::mt19937_64& engine) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Category made;
  for (std::size_t shop = 0; shop < shops; ++shop) {
    std::vector<std::vector<double>> promoted(weeks, std::vector<double>(kItems));
    for (auto& week : promoted) {
      for (double& one : week) one = uniform(engine) < 0.2 ? 1.0 : 0.0;
    }
    for (std::size_t item = 0; item < kItems; ++item) {
      auto& units = made.units.emplace_back();
      auto& own = made.own.emplace_back();
      auto& cross = made.cross.emplace_back();
      const double level = 3.0 + normal(engine);
      for (std::size_t t = 0; t < weeks; ++t) {
        double log = level + 0.8 * promoted[t][item] + noise * normal(engine);
        own.push_back(promoted[t][item]);
        for (std::size_t other = 0; other < kItems; ++other) {
          const double value = other == item ? 0.0 : promoted[t][other];
          cross.push_back(value);
          log += TrueCross(item, other) * value;
        }
        units.push_back(std::exp(log));
      }
    }
  }
  for (std::size_t s = 0; s < made.units.size(); ++s) {
    made.series.push_back({made.units[s], made.own[s], made.cross[s], s % kItems});
  }
  return made;
}

TEST(FitCross, FindsWhichPairsMatterAndHowMuch) {
  std::mt19937_64 engine(testing::Random().Next());
  const Category made = MakeCategory(20, 60, 0.3, engine);
  const auto model = FitCross(made.series, {.own = 1, .cross = kItems});
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_EQ(model->items.size(), kItems);
  int invented = 0;
  for (const CrossItem& item : model->items) {
    // 1200 weeks, a fifth promoted: a coefficient's deviation is about 0.3 / sqrt(192) = 0.022.
    EXPECT_NEAR(item.own[0], 0.8, 0.11);
    EXPECT_NEAR(item.deviation, 0.3, 0.03);
    for (std::size_t other = 0; other < kItems; ++other) {
      const double truth = TrueCross(item.item, other);
      if (truth == 0.0) {
        invented += item.cross[other] != 0.0 ? 1 : 0;
      } else {
        EXPECT_NEAR(item.cross[other], truth, 0.11) << item.item << " " << other;
      }
    }
  }
  EXPECT_LE(invented, 6);  // Of 53 that are nothing; BIC lets in about 0.008 each.
}

// Brute force: of all sets of cross drivers none has a better BIC, where drivers are orthogonal
// enough for lasso's path to pass it.
TEST(FitCross, FindsTheBestSetOfAll) {
  std::mt19937_64 engine(testing::Random().Next());
  const Category made = MakeCategory(10, 80, 0.3, engine);
  std::vector<CrossSeries> of_item;
  for (const CrossSeries& one : made.series) {
    if (one.item == 0) of_item.push_back(one);
  }
  const CrossItem found = FitCross(of_item, {.own = 1, .cross = kItems})->items[0];
  const double n = 10.0 * 79.0;
  const auto bic = [&](double deviation, long drivers) {
    return n * std::log(deviation * deviation) + std::log(n) * static_cast<double>(drivers + 1);
  };
  double best = std::numeric_limits<double>::infinity();
  for (unsigned set = 0; set < 1U << kItems; ++set) {
    std::vector<std::vector<double>> own;
    std::vector<CrossSeries> plain;
    const std::vector<double> none(80, 0.0);
    for (const CrossSeries& one : of_item) {
      auto& rows = own.emplace_back();
      for (std::size_t t = 0; t < 80; ++t) {
        rows.push_back(one.own[t]);
        for (std::size_t c = 0; c < kItems; ++c) {
          rows.push_back((set >> c & 1U) != 0 ? one.cross[t * kItems + c] : 0.0);
        }
      }
    }
    for (std::size_t s = 0; s < of_item.size(); ++s) {
      plain.push_back({of_item[s].units, own[s], none, 0});
    }
    const CrossItem item = FitCross(plain, {.own = 1 + kItems, .cross = 1})->items[0];
    best = std::min(best, bic(item.deviation, __builtin_popcount(set & ~1U)));
  }
  const auto drivers = std::ranges::count_if(found.cross, [](double beta) { return beta != 0.0; });
  EXPECT_NEAR(bic(found.deviation, drivers), best, 0.5);
}

TEST(FitCross, KeepsToItsLargestPairs) {
  std::mt19937_64 engine(11);
  const Category made = MakeCategory(20, 60, 0.2, engine);
  const auto model = FitCross(made.series, {.own = 1, .cross = kItems, .pairs_max = 1});
  for (const CrossItem& item : model->items) {
    EXPECT_LE(std::ranges::count_if(item.cross, [](double beta) { return beta != 0.0; }), 1);
  }
  EXPECT_NEAR(model->items[0].cross[1], -0.4, 0.1);
}

TEST(FitCross, UnitsDoNotMatter) {
  std::mt19937_64 engine(12);
  Category made = MakeCategory(5, 60, 0.3, engine);
  const auto model = FitCross(made.series, {.own = 1, .cross = kItems});
  for (auto& units : made.units) {
    for (double& value : units) value *= 1000.0;
  }
  for (auto& cross : made.cross) {
    for (double& value : cross) value *= 0.01;
  }
  const auto scaled = FitCross(made.series, {.own = 1, .cross = kItems});
  for (std::size_t i = 0; i < kItems; ++i) {
    for (std::size_t c = 0; c < kItems; ++c) {
      EXPECT_NEAR(scaled->items[i].cross[c], 100.0 * model->items[i].cross[c], 1e-4);
    }
  }
}

TEST(FitCross, ADriverThatIsAnothersCopyOrNeverChangesHasNoEffect) {
  const std::vector<double> units = {1.0, 2.0, 1.5, 2.5, 1.0, 2.2};
  const std::vector<double> own = {0.0, 1.0, 0.0, 1.0, 0.0, 1.0};
  const std::vector<double> constant(6, 7.0);
  const CrossSeries copy{.units = units, .own = own, .cross = own};
  EXPECT_EQ(FitCross({&copy, 1}, {.own = 1, .cross = 1})->items[0].cross[0], 0.0);
  const CrossSeries still{.units = units, .own = own, .cross = constant};
  EXPECT_EQ(FitCross({&still, 1}, {.own = 1, .cross = 1})->items[0].cross[0], 0.0);
}

TEST(FitCross, RefusesWithTheSeriesAndTheBucket) {
  const double units[] = {1.0, 0.0};
  const double drivers[] = {0.0, 1.0};
  const double bad[] = {0.0, std::numeric_limits<double>::quiet_NaN()};
  const auto message = [](const CrossSeries& series, const CrossOptions& options) {
    return std::string(FitCross({&series, 1}, options).status().message());
  };
  EXPECT_THAT(message({.units = units, .cross = drivers}, {.cross = 1}),
              ::testing::HasSubstr("bucket 1 of series 0"));
  EXPECT_EQ(message({.units = units, .cross = drivers}, {.cross = 1, .offset_units = 1.0}), "");
  EXPECT_NE(message({.units = units, .cross = bad}, {.cross = 1, .offset_units = 1.0}), "");
  EXPECT_NE(message({.units = units, .cross = drivers}, {.cross = 2, .offset_units = 1.0}), "");
  EXPECT_NE(message({.units = units, .cross = drivers}, {.cross = 0, .offset_units = 1.0}), "");
  EXPECT_NE(message({.units = units, .cross = drivers}, {.cross = 1, .offset_units = -1.0}), "");
  EXPECT_NE(message({}, {.cross = 1}), "");
  EXPECT_FALSE(FitCross({}, {.cross = 1}).ok());
}

// 100 units, doubled; a neighbour of 50 halved: -25; another of 40 a quarter up: +10.
TEST(SourcesOf, WorkedByHand) {
  const PromotedItem items[] = {
      {.baseline_units = 100.0, .log_effect = std::log(2.0), .promoted = true},
      {.baseline_units = 50.0, .log_effect = std::log(0.5)},
      {.baseline_units = 40.0, .log_effect = std::log(1.25)}};
  const auto sources = SourcesOf(items);
  ASSERT_TRUE(sources.ok());
  EXPECT_NEAR(sources->own_units, 100.0, 1e-9);
  EXPECT_NEAR(sources->cannibalised_units, 25.0, 1e-9);
  EXPECT_NEAR(sources->halo_units, 10.0, 1e-9);
  EXPECT_NEAR(sources->CategoryUnits(), 85.0, 1e-9);
}

TEST(SourcesOf, Refuses) {
  const PromotedItem plain{.baseline_units = 1.0};
  const PromotedItem negative{.baseline_units = -1.0, .promoted = true};
  const PromotedItem huge{.baseline_units = 1.0, .log_effect = 1000.0, .promoted = true};
  EXPECT_FALSE(SourcesOf({&plain, 1}).ok());
  EXPECT_FALSE(SourcesOf({&negative, 1}).ok());
  EXPECT_EQ(SourcesOf({&huge, 1}).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_FALSE(SourcesOf({}).ok());
}

}  // namespace
}  // namespace tandem::forecasting
