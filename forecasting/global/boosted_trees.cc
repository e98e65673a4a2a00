#include "forecasting/global/boosted_trees.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"

namespace tandem::forecasting {

namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNumberBytes = 8;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

absl::Status Refuse(std::size_t row, std::string_view field, std::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("row ", row, ": ", View(field), " ", View(rule)));
}

absl::Status CheckFeatures(const FeatureTable& features) {
  if (features.columns == 0) return absl::InvalidArgumentError("the features have no columns");
  if (features.values.size() % features.columns != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        features.values.size(), " values are no whole rows of ", features.columns, " columns"));
  }
  for (std::size_t k = 0; k < features.values.size(); ++k) {
    if (std::isinf(features.values[k])) {
      return Refuse(k / features.columns, absl::StrCat("feature ", k % features.columns),
                    "is an infinity");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSize(std::size_t size, std::size_t rows, std::string_view what) {
  if (size == rows) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(size, " ", View(what), " for ", rows, " rows"));
}

absl::Status CheckFinite(std::span<const float> values, std::string_view field) {
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!std::isfinite(values[row])) return Refuse(row, field, "is not finite");
  }
  return absl::OkStatus();
}

absl::Status CheckLabels(const TrainingRows& rows, TreeObjective objective) {
  if (objective == TreeObjective::kSquared) return absl::OkStatus();
  double sum = 0.0;
  for (std::size_t row = 0; row < rows.labels.size(); ++row) {
    if (rows.labels[row] < 0.0F) return Refuse(row, "the label", "is negative: not a count");
    const float weight = rows.weights.empty() ? 1.0F : rows.weights[row];
    sum += static_cast<double>(weight) * static_cast<double>(rows.labels[row]);
  }
  if (rows.base_margins.empty() && !(sum > 0.0)) {
    return absl::InvalidArgumentError("no label is positive: a mean of 0 has no logarithm");
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const TreeOptions& options) {
  const auto share = [](double value) { return value > 0.0 && value <= 1.0; };
  const auto refuse = [](std::string_view option, std::string_view rule) {
    return absl::InvalidArgumentError(absl::StrCat("option ", View(option), ": ", View(rule)));
  };
  if (options.objective == TreeObjective::kTweedie &&
      !(options.tweedie_power > 1.0 && options.tweedie_power < 2.0)) {
    return refuse("tweedie_power", "lies between 1 and 2");
  }
  if (options.trees < 1) return refuse("trees", "is 1 or more");
  if (!share(options.learning_rate)) return refuse("learning_rate", "lies in (0, 1]");
  if (!share(options.row_share)) return refuse("row_share", "lies in (0, 1]");
  if (!share(options.column_share)) return refuse("column_share", "lies in (0, 1]");
  if (options.leaves_max < 2) return refuse("leaves_max", "is 2 or more");
  if (options.bins < 2) return refuse("bins", "is 2 or more");
  if (!(options.leaf_weight_min >= 0.0) || !std::isfinite(options.leaf_weight_min)) {
    return refuse("leaf_weight_min", "is 0 or more");
  }
  if (!(options.leaf_penalty >= 0.0) || !std::isfinite(options.leaf_penalty)) {
    return refuse("leaf_penalty", "is 0 or more");
  }
  return absl::OkStatus();
}

std::string NumberBytes(std::uint64_t number) {
  std::string bytes;
  for (std::size_t k = 0; k < kNumberBytes; ++k) {
    bytes.push_back(static_cast<char>((number >> (8 * k)) & 0xFF));
  }
  return bytes;
}

std::uint64_t NumberOf(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t k = kNumberBytes; k-- > 0;) {
    number = (number << 8) | static_cast<unsigned char>(bytes[k]);
  }
  return number;
}

// FNV-1a: finds what broke by accident, not what somebody forged.
std::uint64_t CheckSum(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return sum;
}

}  // namespace

absl::Status CheckTraining(const TrainingRows& rows, const TreeOptions& options) {
  absl::Status status = CheckOptions(options);
  if (status.ok()) status = CheckFeatures(rows.features);
  if (!status.ok()) return status;
  const std::size_t count = rows.features.rows();
  if (count == 0) return absl::InvalidArgumentError("there are no rows to learn from");
  status = CheckSize(rows.labels.size(), count, "labels");
  if (status.ok() && !rows.weights.empty()) {
    status = CheckSize(rows.weights.size(), count, "weights");
  }
  if (status.ok() && !rows.base_margins.empty()) {
    status = CheckSize(rows.base_margins.size(), count, "base margins");
  }
  if (status.ok()) status = CheckFinite(rows.labels, "the label");
  if (status.ok()) status = CheckFinite(rows.weights, "the weight");
  if (status.ok()) status = CheckFinite(rows.base_margins, "the base margin");
  if (!status.ok()) return status;
  bool any = rows.weights.empty();
  for (std::size_t row = 0; row < rows.weights.size(); ++row) {
    if (rows.weights[row] < 0.0F) return Refuse(row, "the weight", "is negative");
    any = any || rows.weights[row] > 0.0F;
  }
  if (!any) return absl::InvalidArgumentError("no weight is positive");
  return CheckLabels(rows, options.objective);
}

absl::Status CheckPrediction(const TreeRows& rows, std::size_t columns,
                             std::span<const float> predictions) {
  if (rows.features.columns != columns) {
    return absl::InvalidArgumentError(
        absl::StrCat("the rows have ", rows.features.columns, " columns, the model ", columns));
  }
  absl::Status status = CheckFeatures(rows.features);
  if (status.ok()) status = CheckSize(predictions.size(), rows.features.rows(), "predictions");
  if (status.ok() && !rows.base_margins.empty()) {
    status = CheckSize(rows.base_margins.size(), rows.features.rows(), "base margins");
  }
  if (status.ok()) status = CheckFinite(rows.base_margins, "the base margin");
  return status;
}

std::string EncodeFrame(const TreeFrame& frame) {
  std::string bytes(1, kVersion);
  bytes.push_back(static_cast<char>(frame.trainer.size()));
  bytes += frame.trainer;
  bytes.push_back(frame.exponential ? 1 : 0);
  bytes += NumberBytes(frame.columns);
  bytes += NumberBytes(frame.model.size());
  bytes += frame.model;
  return bytes + NumberBytes(CheckSum(bytes));
}

absl::StatusOr<TreeFrame> DecodeFrame(std::string_view bytes, std::string_view trainer) {
  const std::size_t head = 2 + trainer.size() + 1 + 2 * kNumberBytes;
  if (bytes.size() < head + kNumberBytes) return absl::DataLossError("the model's bytes are cut");
  const std::string_view body = bytes.substr(0, bytes.size() - kNumberBytes);
  if (NumberOf(bytes.substr(body.size())) != CheckSum(body)) {
    return absl::DataLossError("the model's bytes are damaged: another check sum");
  }
  if (body[0] != kVersion) return absl::DataLossError("the model's bytes are of another version");
  if (static_cast<unsigned char>(body[1]) != trainer.size() ||
      body.substr(2, trainer.size()) != trainer) {
    return absl::DataLossError(
        absl::StrCat("the model's bytes are not those of the trainer ", View(trainer)));
  }
  const std::string_view numbers = body.substr(2 + trainer.size());
  const std::uint64_t columns = NumberOf(numbers.substr(1));
  const std::uint64_t length = NumberOf(numbers.substr(1 + kNumberBytes));
  if (columns == 0 || columns > 0xFFFFFFFF || length != body.size() - head) {
    return absl::DataLossError("the model's bytes name another length");
  }
  return TreeFrame{.trainer = trainer,
                   .columns = static_cast<std::uint32_t>(columns),
                   .exponential = numbers[0] != 0,
                   .model = body.substr(head)};
}

}  // namespace tandem::forecasting
