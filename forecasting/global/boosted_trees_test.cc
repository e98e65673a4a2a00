// What any trainer must do, here asked of XGBoost's; and the frame of stored models.
#include "forecasting/global/boosted_trees.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "forecasting/global/xgboost_trees.h"
#include "gmock/gmock.h"

namespace tandem::forecasting {
namespace {

using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Two columns in [0, 1), labels as `label(x0, x1)` says.
struct Rows {
  std::vector<float> values{};
  std::vector<float> labels{};
  std::vector<float> weights{};
  std::vector<float> margins{};

  template <typename Label>
  Rows(std::size_t count, unsigned seed, Label label) {
    std::mt19937 random(seed);
    for (std::size_t k = 0; k < count; ++k) {
      const float x0 = static_cast<float>(random() % 1000) / 1000.0F;
      const float x1 = static_cast<float>(random() % 1000) / 1000.0F;
      values.insert(values.end(), {x0, x1});
      labels.push_back(label(x0, x1, random));
    }
  }
  TrainingRows Training() const {
    return {.features = {2, values}, .labels = labels, .weights = weights, .base_margins = margins};
  }
  std::vector<float> Predictions(const BoostedTrees& model) const {
    std::vector<float> predictions(labels.size());
    const absl::Status status =
        model.Predict({.features = {2, values}, .base_margins = margins}, predictions);
    EXPECT_TRUE(status.ok()) << status;
    return predictions;
  }
};

Rows PoissonRows(std::size_t count, unsigned seed) {
  return Rows(count, seed, [](float x0, float x1, std::mt19937& random) {
    std::poisson_distribution<int> demand((x0 < 0.5F ? 1.0 : 3.0) + 2.0 * static_cast<double>(x1));
    return static_cast<float>(demand(random));
  });
}

double Mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(BoostedTreesTest, LearnsAStep) {
  const Rows rows(2'000, 1, [](float x0, float, std::mt19937&) { return x0 < 0.3F ? 1.0F : 5.0F; });
  for (const TreeObjective objective :
       {TreeObjective::kSquared, TreeObjective::kPoisson, TreeObjective::kTweedie}) {
    const auto model = MakeXgboostTrainer()->Train(rows.Training(), {.objective = objective,
                                                                     .trees = 400,
                                                                     .leaf_weight_min = 1.0,
                                                                     .leaf_penalty = 0.0,
                                                                     .row_share = 1.0,
                                                                     .column_share = 1.0});
    ASSERT_TRUE(model.ok()) << model.status();
    const std::vector<float> predictions = rows.Predictions(**model);
    for (std::size_t k = 0; k < predictions.size(); ++k) {
      // 400 steps of 5 % leave next to nothing, but for the bin in which the step lies.
      if (std::abs(rows.values[2 * k] - 0.3F) < 0.01F) continue;
      EXPECT_NEAR(predictions[k], rows.labels[k], 0.05F) << k;
    }
  }
}

// At the minimum of Poisson's and (up to the weights exp((1-p) f)) Tweedie's loss the derivative
// sums to 0 over each leaf: the predictions' mean is the labels'.
TEST(BoostedTreesTest, KeepsTheMeanOfCounts) {
  const Rows rows = PoissonRows(20'000, 2);
  const Rows fresh = PoissonRows(20'000, 3);
  for (const TreeObjective objective : {TreeObjective::kPoisson, TreeObjective::kTweedie}) {
    const auto model = MakeXgboostTrainer()->Train(rows.Training(), {.objective = objective});
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_NEAR(Mean(rows.Predictions(**model)), Mean(rows.labels), 0.03);
    // The standard error of 20,000 labels with variance 3 to 4 is .014 each.
    const std::vector<float> predictions = fresh.Predictions(**model);
    EXPECT_NEAR(Mean(predictions), Mean(fresh.labels), 0.06);
    for (const float prediction : predictions) EXPECT_GT(prediction, 0.0F);
  }
}

// With the truth as the margin there is nothing to learn, and where it is off by a factor the trees
// learn that factor and no more.
TEST(BoostedTreesTest, BeginsAtTheBaseMargin) {
  Rows rows = PoissonRows(20'000, 4);
  for (std::size_t k = 0; k < rows.labels.size(); ++k) {
    const float mean = (rows.values[2 * k] < 0.5F ? 1.0F : 3.0F) + 2.0F * rows.values[2 * k + 1];
    rows.margins.push_back(std::log(mean / 2.0F));
  }
  const auto model = MakeXgboostTrainer()->Train(
      rows.Training(),
      {.objective = TreeObjective::kPoisson, .leaves_max = 8, .leaf_weight_min = 2'000});
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<float> predictions = rows.Predictions(**model);
  double squares = 0.0;
  for (std::size_t k = 0; k < predictions.size(); ++k) {
    const double ratio = static_cast<double>(predictions[k] / (2.0F * std::exp(rows.margins[k])));
    squares += (ratio - 1.0) * (ratio - 1.0);
  }
  // A leaf's second derivatives sum to 2,000 or more: a standard error of .022 of its mean.
  EXPECT_LT(std::sqrt(squares / static_cast<double>(predictions.size())), 0.05);
  for (float& margin : rows.margins) margin += std::log(3.0F);  // Moves all predictions alike.
  const std::vector<float> moved = rows.Predictions(**model);
  for (std::size_t k = 0; k < moved.size(); ++k) {
    EXPECT_NEAR(moved[k] / predictions[k], 3.0F, 1e-4F);
  }
}

TEST(BoostedTreesTest, WeighsRows) {
  Rows rows(4'000, 5, [](float, float x1, std::mt19937&) { return x1 < 0.5F ? 2.0F : 10.0F; });
  for (std::size_t k = 0; k < rows.labels.size(); ++k) {
    rows.weights.push_back(rows.labels[k] == 2.0F ? 3.0F : 1.0F);
    rows.values[2 * k + 1] = 0.0F;  // Hides what tells the labels apart.
    rows.values[2 * k] = 0.0F;
  }
  double sum = 0.0;
  double weights = 0.0;
  for (std::size_t k = 0; k < rows.labels.size(); ++k) {
    sum += static_cast<double>(rows.weights[k]) * static_cast<double>(rows.labels[k]);
    weights += static_cast<double>(rows.weights[k]);
  }
  const auto model =
      MakeXgboostTrainer()->Train(rows.Training(), {.objective = TreeObjective::kPoisson});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_NEAR(static_cast<double>(rows.Predictions(**model)[0]), sum / weights, 0.1);
}

TEST(BoostedTreesTest, SendsMissingValuesWhereTheyFit) {
  Rows rows(4'000, 6, [](float x0, float, std::mt19937&) { return x0 < 0.5F ? 1.0F : 4.0F; });
  for (std::size_t k = 0; k < rows.labels.size(); ++k) {
    if (rows.labels[k] == 4.0F && k % 2 == 0) rows.values[2 * k] = kNan;
  }
  const auto model = MakeXgboostTrainer()->Train(
      rows.Training(), {.objective = TreeObjective::kSquared, .leaf_weight_min = 1.0});
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<float> row = {kNan, 0.5F};
  std::vector<float> prediction(1);
  ASSERT_TRUE((*model)->Predict({.features = {2, row}}, prediction).ok());
  EXPECT_NEAR(prediction[0], 4.0F, 0.05F);
}

TEST(BoostedTreesTest, IsTheSameEveryTimeAndAfterStoring) {
  const Rows rows = PoissonRows(5'000, 7);
  const auto trainer = MakeXgboostTrainer();
  const auto one = trainer->Train(rows.Training(), {.trees = 50});
  const auto other = trainer->Train(rows.Training(), {.trees = 50});
  const auto seeded = trainer->Train(rows.Training(), {.trees = 50, .seed = 2});
  ASSERT_TRUE(one.ok() && other.ok() && seeded.ok());
  EXPECT_EQ(rows.Predictions(**one), rows.Predictions(**other));
  EXPECT_NE(rows.Predictions(**one), rows.Predictions(**seeded));
  const std::string bytes = (*one)->Encode().value();
  EXPECT_EQ(bytes, (*other)->Encode().value());
  const auto decoded = trainer->Decode(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ((*decoded)->columns(), 2u);
  EXPECT_EQ(rows.Predictions(**one), rows.Predictions(**decoded));
  EXPECT_EQ((*decoded)->Encode().value(), bytes);
}

// More rows than are predicted at once, and a base margin of each.
TEST(BoostedTreesTest, PredictsManyRowsAsOneByOne) {
  Rows rows = PoissonRows(70'000, 8);
  const auto model = MakeXgboostTrainer()->Train(rows.Training(), {.trees = 20});
  ASSERT_TRUE(model.ok());
  for (std::size_t k = 0; k < rows.labels.size(); ++k) {
    rows.margins.push_back(static_cast<float>(k % 7) / 10.0F);
  }
  const std::vector<float> all = rows.Predictions(**model);
  for (const std::size_t k : {0u, 65'535u, 65'536u, 69'999u}) {
    std::vector<float> alone(1);
    const TreeRows row{.features = {2, std::span(rows.values).subspan(2 * k, 2)},
                       .base_margins = std::span(rows.margins).subspan(k, 1)};
    ASSERT_TRUE((*model)->Predict(row, alone).ok());
    EXPECT_EQ(alone[0], all[k]) << k;
  }
}

TEST(BoostedTreesTest, RefusesRowsThatTeachNothing) {
  struct Case {
    const char* want;
    void (*spoil)(Rows&);
    TreeObjective objective = TreeObjective::kPoisson;
  };
  const Case cases[] = {
      {"row 3: the label is not finite", [](Rows& r) { r.labels[3] = kNan; }},
      {"row 4: the label is negative", [](Rows& r) { r.labels[4] = -1.0F; }},
      {"row 4: the label is negative", [](Rows& r) { r.labels[4] = -1.0F; },
       TreeObjective::kTweedie},
      {"no label is positive", [](Rows& r) { r.labels.assign(r.labels.size(), 0.0F); }},
      {"99 labels for 100 rows", [](Rows& r) { r.labels.pop_back(); }},
      {"1 weights for 100 rows", [](Rows& r) { r.weights = {1.0F}; }},
      {"2 base margins for 100 rows",
       [](Rows& r) {
         r.margins = {1.0F, 1.0F};
       }},
      {"row 0: the weight is negative", [](Rows& r) { r.weights.assign(100, -1.0F); }},
      {"no weight is positive", [](Rows& r) { r.weights.assign(100, 0.0F); }},
      {"row 0: the base margin is not finite", [](Rows& r) { r.margins.assign(100, kInfinity); }},
      {"row 1: feature 1 is an infinity", [](Rows& r) { r.values[3] = kInfinity; }},
      {"no whole rows of 2 columns", [](Rows& r) { r.values.pop_back(); }},
      {"there are no rows", [](Rows& r) { r.values.clear(); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    Rows rows = PoissonRows(100, 9);
    c.spoil(rows);
    const auto model = MakeXgboostTrainer()->Train(rows.Training(), {.objective = c.objective});
    EXPECT_TRUE(absl::IsInvalidArgument(model.status())) << model.status();
    EXPECT_THAT(std::string(model.status().message()), HasSubstr(c.want));
  }
}

TEST(BoostedTreesTest, LearnsNegativeNumbersBySquaredErrors) {
  const Rows rows(1'000, 10,
                  [](float x0, float, std::mt19937&) { return x0 < 0.5F ? -2.0F : -1.0F; });
  const auto model = MakeXgboostTrainer()->Train(
      rows.Training(), {.objective = TreeObjective::kSquared, .leaf_weight_min = 1.0});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_NEAR(Mean(rows.Predictions(**model)), Mean(rows.labels), 0.01);
}

TEST(BoostedTreesTest, RefusesOptionsOutOfRange) {
  const Rows rows = PoissonRows(100, 11);
  const TreeOptions bad[] = {{.tweedie_power = 1.0}, {.tweedie_power = 2.0},
                             {.trees = 0},           {.learning_rate = 0.0},
                             {.leaves_max = 1},      {.leaf_weight_min = -1},
                             {.leaf_penalty = -1.0}, {.row_share = 1.5},
                             {.column_share = 0.0},  {.bins = 1}};
  for (const TreeOptions& options : bad) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(MakeXgboostTrainer()->Train(rows.Training(), options).status()));
  }
}

TEST(BoostedTreesTest, RefusesRowsOfAnotherModel) {
  const Rows rows = PoissonRows(200, 12);
  const auto model = MakeXgboostTrainer()->Train(rows.Training(), {.trees = 5});
  ASSERT_TRUE(model.ok());
  std::vector<float> predictions(200);
  std::vector<float> margins(200, 0.0F);
  const FeatureTable features{2, rows.values};
  const auto refused = [&](const TreeRows& some) {
    return absl::IsInvalidArgument((*model)->Predict(some, predictions));
  };
  EXPECT_FALSE(refused({.features = features, .base_margins = margins}));
  EXPECT_TRUE(refused({.features = {4, rows.values}}));
  EXPECT_TRUE(refused({.features = {2, std::span(rows.values).first(399)}}));
  EXPECT_TRUE(refused({.features = {2, std::span(rows.values).first(398)}}));
  EXPECT_TRUE(refused({.features = features, .base_margins = std::span(margins).first(1)}));
  margins[7] = kNan;
  EXPECT_TRUE(refused({.features = features, .base_margins = margins}));
  margins[7] = 1e4F;  // exp of which is no float.
  EXPECT_TRUE(absl::IsOutOfRange(
      (*model)->Predict({.features = features, .base_margins = margins}, predictions)));
}

TEST(BoostedTreesTest, RefusesDamagedBytes) {
  const Rows rows = PoissonRows(500, 13);
  const auto trainer = MakeXgboostTrainer();
  const std::string bytes = (*trainer->Train(rows.Training(), {.trees = 3}))->Encode().value();
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 8) {
    EXPECT_TRUE(absl::IsDataLoss(trainer->Decode(bytes.substr(0, length)).status())) << length;
  }
  for (std::size_t k = 0; k < bytes.size(); k += 97) {
    std::string changed = bytes;
    changed[k] = static_cast<char>(changed[k] ^ 0x10);
    EXPECT_TRUE(absl::IsDataLoss(trainer->Decode(changed).status())) << k;
  }
  // A frame in order around bytes that are none of the library's.
  for (const std::string_view model : {"", "{}", "binf", "no model"}) {
    const std::string frame = EncodeFrame({.trainer = "xgboost", .columns = 2, .model = model});
    EXPECT_TRUE(absl::IsDataLoss(trainer->Decode(frame).status())) << model;
  }
  EXPECT_TRUE(absl::IsDataLoss(
      trainer->Decode(EncodeFrame({.trainer = "another", .columns = 2, .model = "x"})).status()));
}

TEST(TreeFrameTest, GivesBackWhatItWasGiven) {
  const std::string bytes =
      EncodeFrame({.trainer = "some", .columns = 300, .exponential = true, .model = "abc"});
  const auto frame = DecodeFrame(bytes, "some");
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->columns, 300u);
  EXPECT_TRUE(frame->exponential);
  EXPECT_EQ(frame->model, "abc");
  EXPECT_TRUE(absl::IsDataLoss(DecodeFrame(bytes, "same").status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodeFrame(bytes, "others").status()));
}

}  // namespace
}  // namespace tandem::forecasting
