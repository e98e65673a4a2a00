// Gradient-boosted regression trees, as this library needs them: an interface of ours, so that what
// grows the trees can be exchanged (xgboost_trees.h is one). A model is a sum of trees in the
// margin f; the prediction is exp(f) for counts and f itself for squared errors. References:
// Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29
// (2001); Chen and Guestrin, "XGBoost: a scalable tree boosting system", KDD (2016); Jorgensen,
// "Exponential dispersion models", J. Royal Statistical Society B 49 (1987), for Tweedie's loss.
//
//   const std::unique_ptr<TreeTrainer> trainer = MakeXgboostTrainer();
//   const auto model = trainer->Train({.features = {columns, values}, .labels = units}, {});
//   (*model)->Predict({.features = {columns, others}}, forecast_units);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tandem::forecasting {

// Row by row, `columns` values each. A NaN is "missing": a split sends it to the side that it fits
// best. Views: the values must outlive the call.
struct FeatureTable {
  std::size_t columns = 0;
  std::span<const float> values{};
  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

struct TreeRows {
  FeatureTable features{};
  // Added to the trees' sum, one a row; empty: the model's own start, which is the mean label's.
  std::span<const float> base_margins{};
};

struct TrainingRows {
  FeatureTable features{};
  std::span<const float> labels{};
  std::span<const float> weights{};  // Empty: all 1.
  std::span<const float> base_margins{};
};

enum class TreeObjective {
  kTweedie,  // -y exp((1-p) f) / (1-p) + exp((2-p) f) / (2-p): counts with many zeros.
  kPoisson,  // exp(f) - y f
  kSquared,  // (y - f)^2 / 2
};

struct TreeOptions {
  TreeObjective objective = TreeObjective::kTweedie;
  double tweedie_power = 1.2;  // p, in (1, 2): the variance grows as the mean^p.
  int trees = 200;
  double learning_rate = 0.05;   // In (0, 1].
  int leaves_max = 63;           // Grown best gain first, 2 or more.
  double leaf_weight_min = 100;  // Least sum of second derivatives in a leaf.
  double leaf_penalty = 1.0;     // On squared leaf values (lambda).
  double row_share = 0.7;        // Rows drawn for each tree, in (0, 1].
  double column_share = 0.7;     // Columns drawn for each tree, in (0, 1].
  int bins = 128;                // Of a column's values, 2 or more.
  std::uint32_t seed = 1;        // Of the draws; the same seed and rows give the same model.
};

// A fitted model. May be used from several threads at once.
class BoostedTrees {
 public:
  virtual ~BoostedTrees() = default;
  virtual std::size_t columns() const = 0;
  // A prediction a row into `predictions`. O(rows * trees * depth). kInvalidArgument where the
  // columns are not the model's, sizes differ, or a value is an infinity (a NaN is missing) or a
  // margin not finite; kOutOfRange where a prediction is not finite.
  virtual absl::Status Predict(const TreeRows& rows, std::span<float> predictions) const = 0;
  // Stored: a version byte, the trainer's name, the columns, the length and a check sum stand
  // before the library's own bytes.
  virtual absl::StatusOr<std::string> Encode() const = 0;
};

class TreeTrainer {
 public:
  virtual ~TreeTrainer() = default;
  // Fits on the caller's thread alone, so models may be fitted side by side and each is the same
  // whatever runs beside it. O(trees * rows * columns). kInvalidArgument, with the row and the
  // rule, as CheckTraining; kInternal with the library's words where that fails.
  virtual absl::StatusOr<std::unique_ptr<BoostedTrees>> Train(const TrainingRows& rows,
                                                              const TreeOptions& options) const = 0;
  // What Encode gave. kDataLoss for bytes that are cut, changed or another trainer's.
  virtual absl::StatusOr<std::unique_ptr<BoostedTrees>> Decode(std::string_view bytes) const = 0;
};

// What every trainer refuses with kInvalidArgument: no rows or columns, sizes that differ, an
// infinity in a feature, a label, weight or margin that is not finite, a negative weight or no
// positive one, a negative label (but for squared errors), no positive label to start from (the
// same, where no margin is given), and options out of their ranges.
absl::Status CheckTraining(const TrainingRows& rows, const TreeOptions& options);
// What every model refuses.
absl::Status CheckPrediction(const TreeRows& rows, std::size_t columns,
                             std::span<const float> predictions);

// A model's bytes in the frame that Encode tells of, and out of it.
struct TreeFrame {
  std::string_view trainer{};  // At most 255 bytes.
  std::uint32_t columns = 0;
  bool exponential = false;  // Whether a prediction is exp(f).
  std::string_view model{};  // The library's bytes.
};
std::string EncodeFrame(const TreeFrame& frame);
// A view of `bytes`. kDataLoss where they are not what EncodeFrame made for this trainer.
absl::StatusOr<TreeFrame> DecodeFrame(std::string_view bytes, std::string_view trainer);

}  // namespace tandem::forecasting
