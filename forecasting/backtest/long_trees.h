// Boosted trees on a panel in long form: engines `global` and `best`. Private to the part. What
// trees forecast from an origin is out of sample: its model learnt from buckets up to it alone.
// References: those of forecasting/global.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_features.h"
#include "forecasting/backtest/long_origin.h"

namespace tandem::forecasting {

class LongTrees {
 public:
  // `backs`: the earlier origins that quantiles are learnt from (EarlierOrigins). Panel and options
  // must outlive this.
  LongTrees(const LongPanel& panel, const LongOptions& options, std::span<const std::size_t> backs);

  // Origins to learn from, ascending: `backs`, and older ones a horizon (or what those are) apart
  // that a main season and half of the oldest of `backs`' history lie before, so many as the
  // options say.
  std::span<const std::size_t> learnt_backs() const { return learnt_; }
  // Whether the newest earlier origin has rows enough before it: else there are no trees.
  bool Suffice() const { return !backs_.empty() && RowsKnownAt(backs_.front()) >= rows_min_; }

  // The simplest base from an origin, series by series, the horizon each.
  std::vector<double> SimpleBase(std::size_t back, Executor& executor) const;
  // Gathers rows of a learnt origin: what came after it, and what was known then.
  void Learn(std::size_t back, std::span<const double> base_units, Executor& executor);

  // Of each origin, the trees' means by a model that learnt from all rows which were known then;
  // empty where those are too few. `base_units` by origin. A series without a size, or a bucket
  // whose base is a thousandth of it, keeps the base; beyond five times a series' largest value
  // nothing is forecast, nor below zero unless its history is. Errors as TreeTrainer's.
  absl::StatusOr<std::vector<std::vector<double>>> Forecast(
      std::span<const std::size_t> backs, std::span<const std::vector<double>> base_units,
      Executor& executor) const;

 private:
  struct RowPlace {
    std::size_t back = 0;
    std::size_t h = 0;
    bool KnownAt(std::size_t origin_back) const { return back >= origin_back + h + 1; }
  };
  struct Rows {
    std::vector<float> values{};
    std::vector<float> labels{};
    std::vector<float> weights{};
    std::vector<float> margins{};
    std::vector<RowPlace> places{};
    void Add(const Rows& others);
  };
  LongFeatures FeaturesAt(std::size_t back, Executor& executor) const;
  std::size_t RowsKnownAt(std::size_t back) const;
  Rows RowsOf(const LongFeatures& features, std::size_t series,
              std::span<const double> base_units) const;
  float MarginOf(double base, double size) const;
  absl::StatusOr<std::unique_ptr<BoostedTrees>> Fit(std::size_t back) const;
  absl::Status Predict(const LongFeatures& features, const BoostedTrees& model, std::size_t part,
                       std::span<double> means) const;

  const LongPanel& panel_;
  const LongOptions& options_;
  std::vector<std::size_t> backs_;
  std::vector<std::size_t> learnt_;
  bool signed_ = false;  // Any known value is negative: squared errors of differences.
  std::size_t columns_;
  std::size_t rows_min_;
  double size_ = 1.0;   // The power of two next to the values' mean.
  double share_ = 1.0;  // Of the rows, drawn by a hash.
  Rows rows_;
};

// What trees weigh beside local forecasts, by class of series: of 0, 1/4, … 1 what erred least over
// the given origins (the mean of the error in units and in that over the series' own, relative to
// the local one's), 0 unless it gains one percent.
struct LongBlendInput {
  const LongPanel& panel;
  const LongOrigin& now;  // For the classes.
  std::span<const LongOrigin> origins{};
  std::span<const std::vector<double>> local{};  // By origin.
  std::span<const std::vector<double>> trees{};  // Likewise; empty: not judged.
  std::size_t horizon_buckets = 1;
};
std::array<double, kLongClasses> ChooseTreeWeights(const LongBlendInput& input);

// Local means drawn to the trees' by the weights, in place.
void Blend(const LongOrigin& now, std::span<const double> weights, std::span<const double> trees,
           std::span<double> means);

}  // namespace tandem::forecasting
