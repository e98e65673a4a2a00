// Series that stand for one of which little is known: which are like it, by how much each is
// scaled, and what they forecast together. Private to the part; long_newcomers.h says how and why.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "forecasting/backtest/crossed_effects.h"
#include "forecasting/backtest/long_backtest.h"

namespace tandem::forecasting {

inline constexpr std::size_t kAnalogsMin = 20;

// By grouping the node there; nullopt where it is of none that the panel knows.
using SeriesNodes = std::vector<std::optional<std::size_t>>;

struct ScaledSeries {
  std::size_t series = 0;
  double scale = 1.0;
};

struct MixedForecast {
  std::vector<double> mean_units{};     // The horizon.
  std::vector<float> quantile_units{};  // Nine a bucket, ascending.
  // LongForecast's, a bucket each, where that of the analogs is told; else empty.
  std::vector<float> none_probability{};
};

// Panel and forecast must outlive the pool.
class AnalogPool {
 public:
  // Of these series; those that are forecast zero throughout are left out, unless all are.
  AnalogPool(const LongPanel& panel, const LongForecast& forecast,
             std::vector<std::size_t> members);

  std::size_t size() const { return alive_.size(); }
  // Whether what groups add to a size was learnt; else analogs stand as they are.
  bool sized() const { return !sizes_.effects.empty(); }
  // Those that agree in what tells most, until there are kAnalogsMin; at most 200.
  std::vector<std::size_t> Nearest(const SeriesNodes& nodes) const;

  // The logarithm of a mean, no less than that of the smallest size that counts.
  double LogOf(double units) const;
  // Of the mean forecast, likewise.
  double LogSize(std::size_t series) const { return LogOf(means_[series]); }
  // What a series of these nodes sells for each unit of an analog's, as a logarithm; 0 where sizes
  // were not learnt.
  double LogScale(std::size_t series, const SeriesNodes& nodes) const;
  // The variance of the logarithm of a size of which the nodes alone are known.
  double Uncertainty(const SeriesNodes& nodes) const;

  // The equal mixture of the analogs' forecasts, each by its scale. There must be one.
  MixedForecast Mix(std::span<const ScaledSeries> analogs) const;

 private:
  void FitSizes();
  // The effect's grouping knows the node from a member.
  bool Knows(std::size_t grouping, const std::optional<std::size_t>& node) const;
  bool IsZero(std::size_t series) const;
  std::span<const float> QuantilesOf(std::size_t series, std::size_t h) const;
  void AddQuantiles(std::span<const ScaledSeries> analogs, std::size_t h,
                    std::vector<float>& to) const;

  const LongPanel& panel_;
  const LongForecast& forecast_;
  std::size_t horizon_;
  std::vector<double> means_;  // A bucket's forecast, by series.
  std::vector<std::size_t> alive_;
  std::vector<double> tells_;
  CrossedEffects sizes_;                    // Of logarithms; empty where too few have a size.
  std::vector<std::vector<bool>> is_node_;  // By grouping: of a member.
  std::vector<double> rests_;               // By series.
  double rest_square_ = 0.0;                // Their mean square.
  double rest_limit_ = 0.0;                 // Beyond which an analog's rest is not believed.
  double floor_ = 0.0;
};

// GroupingsTell (long_newcomers.h) of some of the series.
std::vector<double> GroupingsTellOf(const LongPanel& panel, std::span<const double> means,
                                    std::span<const std::size_t> members);
// The mean forecast of a bucket, by series.
std::vector<double> MeansOfBuckets(const LongForecast& forecast);
// Of one value: Koenker and Bassett, "Regression Quantiles", Econometrica 46 (1978).
double PinballOf(double level, double units, double quantile);
// 0 of none.
double MedianOf(std::vector<double> values);

}  // namespace tandem::forecasting
