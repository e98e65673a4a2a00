// A panel's local forecasts by one structure: methods weighed by class of series after what each
// missed from earlier origins, and what that mixture forecasts. Private to the part.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "forecasting/backtest/executor.h"
#include "forecasting/backtest/long_backtest.h"
#include "forecasting/backtest/long_choice.h"
#include "forecasting/backtest/long_origin.h"

namespace tandem::forecasting {

class LongLocal {
 public:
  // `input` and `executor` must outlive this.
  LongLocal(const OriginInput& input, const LongStructure& structure, Executor& executor)
      : input_(input), structure_(structure), executor_(executor) {}

  // Told of the work done, 0 to 1.
  using Told = std::function<void(double share)>;
  // The panel at earlier origins and now.
  absl::Status ReadOrigins(std::span<const std::size_t> backs, const Told& told);
  // After ReadOrigins: weighs methods by what they missed, and forecasts from all these origins.
  void Forecast(const Told& told);
  // After Forecast: from any origin of the panel by the same structure, as means().
  std::vector<double> MeansOf(const LongOrigin& origin) const;
  // The same, as many buckets before the panel's end.
  absl::StatusOr<std::vector<double>> MeansAt(std::size_t back) const;

  std::vector<LongOrigin>& earlier() { return earlier_; }
  const LongOrigin& now() const { return now_; }
  const std::array<LongMixture, kLongClasses>& mixtures() const { return mixtures_; }
  // Series by series, the horizon each; of earlier origins, and now. Zeros where a series had no
  // history.
  std::vector<std::vector<double>>& past_means() { return past_means_; }
  std::vector<double>& means() { return means_; }

 private:
  std::vector<LongMethod> AllowedFor(LongClass kind) const;
  // Weighs the methods, and fills past_means_ where it tried them.
  void Weigh();
  // All `allowed` methods on a series from an earlier origin; nothing where it cannot be judged.
  struct Tried {
    std::vector<ChoiceRow> rows;
    std::array<std::vector<double>, kLongMethods> means;
  };
  Tried Try(std::size_t k, std::size_t i, std::span<const LongMethod> allowed) const;
  // The mixtures' forecasts from an origin into zeros, but of series that are `filled` or had no
  // history then; `filled` may be empty.
  void Fill(const LongOrigin& origin, std::span<const char> filled, std::span<double> means) const;

  const OriginInput& input_;
  LongStructure structure_;
  Executor& executor_;
  std::vector<LongOrigin> earlier_;
  LongOrigin now_;
  std::array<LongMixture, kLongClasses> mixtures_{};
  std::vector<std::vector<double>> past_means_;
  std::vector<std::vector<char>> past_filled_;  // By earlier origin and series, while forecasting.
  std::vector<double> means_;
};

}  // namespace tandem::forecasting
