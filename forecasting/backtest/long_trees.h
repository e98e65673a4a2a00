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
  enum class Base { kLocal, kSimple };
  LongTrees(const LongPanel& panel, const LongOptions& options, std::span<const std::size_t> backs,
            Base base);

  // Origins to learn from, ascending, which a main season and half of the oldest of `backs`'
  // history lie before, so many as the options say. From local forecasts: `backs`, and older ones a
  // horizon (or what those are) apart. From the simple base, which costs next to nothing: evenly
  // spread over the whole history, so that what drivers did once is seen too.
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
  void AddOrigins(std::size_t longest, Base base);
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

// What trees weigh beside local forecasts, by class of series: the mean of all mixtures in
// quarters, each weighing exp(-loss / 0.01). Its loss is its error relative to the local
// forecast's, the mean of that in units and that over the series' own error, and of the given
// origins: a mixture that erred one percent more counts a third as much, so that no luck of one
// origin decides. 0 where no origin can be judged. Reference: Yang, "Combining forecasting
// procedures: some theoretical results", Econometric Theory 20 (2004).
struct LongBlendInput {
  const LongPanel& panel;
  const LongOrigin& now;  // For the classes.
  std::span<const LongOrigin> origins{};
  // By origin, series by series; an origin where one is empty is not judged. Without any `alone`
  // the mixtures are of two: in place of trees also a second local forecast.
  std::span<const std::vector<double>> local{};
  std::span<const std::vector<double>> on_local{};
  std::span<const std::vector<double>> alone{};
  std::size_t horizon_buckets = 1;
};
std::array<LongTreeShares, kLongClasses> ChooseTreeShares(const LongBlendInput& input);

// Local means drawn to the trees' by their shares, in place.
struct LongTreeMeans {
  std::span<const double> on_local{};
  std::span<const double> alone{};
};
void Blend(const LongOrigin& now, std::span<const LongTreeShares> shares,
           const LongTreeMeans& trees, std::span<double> means);

}  // namespace tandem::forecasting
