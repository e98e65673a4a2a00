#include "forecasting/global/xgboost_trees.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "xgboost/c_api.h"

namespace tandem::forecasting {

namespace {

constexpr std::string_view kName = "xgboost";
constexpr std::size_t kRowsAtOnce = 1 << 16;  // Predicted: bounds what the library copies.

absl::Status Check(int result, const char* what) {
  if (result == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("xgboost: ", what, ": ", XGBGetLastError()));
}

struct FreeMatrix {
  void operator()(void* handle) const { XGDMatrixFree(handle); }
};
struct FreeBooster {
  void operator()(void* handle) const { XGBoosterFree(handle); }
};
using Matrix = std::unique_ptr<void, FreeMatrix>;
using Booster = std::unique_ptr<void, FreeBooster>;

absl::Status Set(void* booster, const char* name, const std::string& value) {
  return Check(XGBoosterSetParam(booster, name, value.c_str()), name);
}

absl::Status SetAll(void* booster,
                    std::initializer_list<std::pair<const char*, std::string>> values) {
  for (const auto& [name, value] : values) {
    absl::Status status = Set(booster, name, value);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// The library's description of an array of floats in memory.
std::string ArrayInterface(std::span<const float> values, std::size_t rows, std::size_t columns) {
  return absl::StrCat("{\"data\":[", reinterpret_cast<std::uintptr_t>(values.data()),
                      ",true],\"shape\":[", rows, ",", columns,
                      "],\"typestr\":\"<f4\",\"version\":3}");
}

class XgboostModel final : public BoostedTrees {
 public:
  XgboostModel(Booster booster, std::size_t columns, bool exponential)
      : booster_(std::move(booster)), columns_(columns), exponential_(exponential) {}

  std::size_t columns() const override { return columns_; }

  absl::Status Predict(const TreeRows& rows, std::span<float> predictions) const override {
    absl::Status status = CheckPrediction(rows, columns_, predictions);
    if (!status.ok()) return status;
    const std::size_t count = rows.features.rows();
    for (std::size_t first = 0; first < count; first += kRowsAtOnce) {
      const std::size_t some = std::min(kRowsAtOnce, count - first);
      TreeRows part{
          .features = {columns_, rows.features.values.subspan(first * columns_, some * columns_)}};
      if (!rows.base_margins.empty()) part.base_margins = rows.base_margins.subspan(first, some);
      status = PredictPart(part, predictions.subspan(first, some));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Encode() const override {
    bst_ulong length = 0;
    const char* bytes = nullptr;
    absl::Status status = Check(
        XGBoosterSaveModelToBuffer(booster_.get(), R"({"format":"ubj"})", &length, &bytes), "save");
    if (!status.ok()) return status;
    return EncodeFrame({.trainer = kName,
                        .columns = static_cast<std::uint32_t>(columns_),
                        .exponential = exponential_,
                        .model = {bytes, static_cast<std::size_t>(length)}});
  }

 private:
  absl::Status PredictPart(const TreeRows& rows, std::span<float> predictions) const {
    void* handle = nullptr;
    absl::Status status = Check(XGProxyDMatrixCreate(&handle), "a matrix");
    if (!status.ok()) return status;
    const Matrix proxy(handle);
    if (!rows.base_margins.empty()) {
      status = Check(XGDMatrixSetFloatInfo(proxy.get(), "base_margin", rows.base_margins.data(),
                                           rows.base_margins.size()),
                     "base margins");
      if (!status.ok()) return status;
    }
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* values = nullptr;
    status = Check(XGBoosterPredictFromDense(
                       booster_.get(),
                       ArrayInterface(rows.features.values, predictions.size(), columns_).c_str(),
                       R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,)"
                       R"("strict_shape":false,"cache_id":0,"missing":NaN})",
                       proxy.get(), &shape, &dimensions, &values),
                   "predict");
    if (!status.ok()) return status;
    if (dimensions < 1 || shape[0] != predictions.size()) {
      return absl::InternalError("xgboost: predict: another number of rows");
    }
    for (std::size_t k = 0; k < predictions.size(); ++k) {
      if (!std::isfinite(values[k])) return absl::OutOfRangeError("a prediction is not finite");
      predictions[k] = values[k];
    }
    return absl::OkStatus();
  }

  Booster booster_;
  std::size_t columns_;
  bool exponential_;
};

absl::StatusOr<Matrix> MatrixOf(const TrainingRows& rows) {
  void* handle = nullptr;
  absl::Status status =
      Check(XGDMatrixCreateFromMat_omp(rows.features.values.data(), rows.features.rows(),
                                       rows.features.columns,
                                       std::numeric_limits<float>::quiet_NaN(), &handle, 1),
            "a matrix");
  if (!status.ok()) return status;
  Matrix matrix(handle);
  const auto set = [&](const char* field, std::span<const float> values) {
    if (!status.ok() || values.empty()) return;
    status = Check(XGDMatrixSetFloatInfo(matrix.get(), field, values.data(), values.size()), field);
  };
  set("label", rows.labels);
  set("weight", rows.weights);
  set("base_margin", rows.base_margins);
  if (!status.ok()) return status;
  return matrix;
}

double MeanLabel(const TrainingRows& rows) {
  double sum = 0.0;
  double weights = 0.0;
  for (std::size_t k = 0; k < rows.labels.size(); ++k) {
    const double weight = rows.weights.empty() ? 1.0 : static_cast<double>(rows.weights[k]);
    sum += weight * static_cast<double>(rows.labels[k]);
    weights += weight;
  }
  return sum / weights;
}

absl::Status SetOptions(void* booster, const TreeOptions& options, double start) {
  absl::Status status =
      SetAll(booster, {{"verbosity", "0"},
                       {"nthread", "1"},
                       {"booster", "gbtree"},
                       {"tree_method", "hist"},
                       {"grow_policy", "lossguide"},
                       {"max_depth", "0"},
                       {"max_leaves", absl::StrCat(options.leaves_max)},
                       {"max_bin", absl::StrCat(options.bins)},
                       {"eta", absl::StrCat(options.learning_rate)},
                       {"lambda", absl::StrCat(options.leaf_penalty)},
                       {"min_child_weight", absl::StrCat(options.leaf_weight_min)},
                       {"subsample", absl::StrCat(options.row_share)},
                       {"colsample_bytree", absl::StrCat(options.column_share)},
                       {"seed", absl::StrCat(options.seed)},
                       {"base_score", absl::StrCat(start)}});
  if (!status.ok()) return status;
  switch (options.objective) {
    case TreeObjective::kTweedie:
      status = Set(booster, "objective", "reg:tweedie");
      if (!status.ok()) return status;
      return Set(booster, "tweedie_variance_power", absl::StrCat(options.tweedie_power));
    case TreeObjective::kPoisson:
      return Set(booster, "objective", "count:poisson");
    case TreeObjective::kSquared:
      return Set(booster, "objective", "reg:squarederror");
  }
  return absl::InvalidArgumentError("no such objective");
}

class XgboostTrainer final : public TreeTrainer {
 public:
  absl::StatusOr<std::unique_ptr<BoostedTrees>> Train(const TrainingRows& rows,
                                                      const TreeOptions& options) const override {
    absl::Status status = CheckTraining(rows, options);
    if (!status.ok()) return status;
    absl::StatusOr<Matrix> matrix = MatrixOf(rows);
    if (!matrix.ok()) return matrix.status();
    void* handle = matrix->get();
    void* made = nullptr;
    status = Check(XGBoosterCreate(&handle, 1, &made), "a model");
    if (!status.ok()) return status;
    Booster booster(made);
    // With margins the start is in them, and the library adds none.
    const bool exponential = options.objective != TreeObjective::kSquared;
    const double start = rows.base_margins.empty() ? MeanLabel(rows) : (exponential ? 1.0 : 0.0);
    status = SetOptions(booster.get(), options, start);
    for (int tree = 0; status.ok() && tree < options.trees; ++tree) {
      status = Check(XGBoosterUpdateOneIter(booster.get(), tree, handle), "a tree");
    }
    if (!status.ok()) return status;
    return std::make_unique<XgboostModel>(std::move(booster), rows.features.columns, exponential);
  }

  absl::StatusOr<std::unique_ptr<BoostedTrees>> Decode(std::string_view bytes) const override {
    const absl::StatusOr<TreeFrame> frame = DecodeFrame(bytes, kName);
    if (!frame.ok()) return frame.status();
    void* made = nullptr;
    absl::Status status = Check(XGBoosterCreate(nullptr, 0, &made), "a model");
    if (!status.ok()) return status;
    Booster booster(made);
    status = SetAll(booster.get(), {{"verbosity", "0"}, {"nthread", "1"}});
    if (!status.ok()) return status;
    if (XGBoosterLoadModelFromBuffer(booster.get(), frame->model.data(), frame->model.size()) !=
        0) {
      return absl::DataLossError(absl::StrCat("xgboost: load: ", XGBGetLastError()));
    }
    status = Set(booster.get(), "nthread", "1");
    if (!status.ok()) return status;
    return std::make_unique<XgboostModel>(std::move(booster), frame->columns, frame->exponential);
  }
};

}  // namespace

std::unique_ptr<TreeTrainer> MakeXgboostTrainer() { return std::make_unique<XgboostTrainer>(); }

}  // namespace tandem::forecasting
