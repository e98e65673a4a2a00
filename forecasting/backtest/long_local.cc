#include "forecasting/backtest/long_local.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "forecasting/backtest/long_run.h"

namespace tandem::forecasting {
namespace {

constexpr std::size_t kSampleSeries = 120;  // Of a class, to weigh methods by.
constexpr std::size_t kBlockSeries = 16;    // Forecast with one scratch.
constexpr std::size_t kRecentBuckets = 500;
constexpr std::size_t kCostlyValuesMax = 4'000'000;  // A panel of more does without costly methods.

}  // namespace

absl::Status LongLocal::ReadOrigins(std::span<const std::size_t> backs, const Told& told) {
  for (const std::size_t back : backs) {
    auto origin = OriginOf(input_, back, structure_, executor_);
    if (!origin.ok()) return origin.status();
    earlier_.push_back(*std::move(origin));
    told(static_cast<double>(earlier_.size()) / static_cast<double>(backs.size()));
  }
  auto now = OriginOf(input_, 0, structure_, executor_);
  if (!now.ok()) return now.status();
  now_ = *std::move(now);
  return absl::OkStatus();
}

void LongLocal::Forecast(const Told& told) {
  Weigh();
  told(0.4);
  for (const LongOrigin& origin : earlier_) {
    past_means_.push_back(MeansOf(origin));
    told(0.4 +
         0.6 * static_cast<double>(past_means_.size()) / static_cast<double>(earlier_.size()));
  }
  means_ = MeansOf(now_);
}

absl::StatusOr<std::vector<double>> LongLocal::MeansAt(std::size_t back) const {
  if (back == 0) return means_;
  for (std::size_t k = 0; k < earlier_.size(); ++k) {
    if (earlier_[k].back == back) return past_means_[k];
  }
  const auto origin = OriginOf(input_, back, structure_, executor_);
  if (!origin.ok()) return origin.status();
  return MeansOf(*origin);
}

std::vector<LongMethod> LongLocal::AllowedFor(LongClass kind) const {
  std::size_t values = 0;
  for (const LongSeries& one : input_.panel.series) {
    values += std::min(one.units.size(), kRecentBuckets);
  }
  const bool costly = values * (earlier_.size() + 1) <= kCostlyValuesMax;
  std::vector<LongMethod> allowed;
  for (std::size_t m = 0; m < kLongMethods; ++m) {
    const auto method = static_cast<LongMethod>(m);
    if (Suits(method, kind) && (costly || !IsCostly(method))) allowed.push_back(method);
  }
  return allowed;
}

// Runs the methods on a sample of every class at the earlier origins, and weighs them.
void LongLocal::Weigh() {
  for (std::size_t kind = 0; kind < kLongClasses; ++kind) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < input_.panel.series.size(); ++i) {
      if (static_cast<std::size_t>(now_.ready[i].kind) == kind) members.push_back(i);
    }
    mixtures_[kind].series = members.size();
    const std::size_t sample = std::min(members.size(), kSampleSeries);
    std::vector<std::size_t> sampled;
    for (std::size_t k = 0; k < sample; ++k) {
      sampled.push_back(members[k * members.size() / sample]);
    }
    const auto allowed = AllowedFor(static_cast<LongClass>(kind));
    std::vector<std::vector<ChoiceRow>> rows(sample * earlier_.size());
    executor_.ForEach(rows.size(), [&](std::size_t part) {
      rows[part] =
          RowsOf(earlier_[part % earlier_.size()], sampled[part / earlier_.size()], allowed);
    });
    std::vector<ChoiceRow> all;
    std::size_t judged = 0;
    for (const std::vector<ChoiceRow>& one : rows) {
      all.insert(all.end(), one.begin(), one.end());
      if (!one.empty()) ++judged;
    }
    mixtures_[kind].weights = ChooseWeights({.kind = static_cast<LongClass>(kind),
                                             .allowed = allowed,
                                             .rows = all,
                                             .series_origins = judged});
  }
}

std::vector<ChoiceRow> LongLocal::RowsOf(const LongOrigin& origin, std::size_t i,
                                         std::span<const LongMethod> allowed) const {
  std::vector<ChoiceRow> rows;
  if (!origin.Has(i)) return rows;
  const double scale =
      std::max(origin.levels[i].error_units, 0.05 * std::abs(origin.levels[i].level_units));
  if (!(scale > 0.0)) return rows;
  const std::size_t horizon = input_.options.horizon_buckets;
  LongScratch scratch;
  for (const LongMethod method : allowed) {
    std::vector<double>& mean = scratch.means[static_cast<std::size_t>(method)];
    mean.resize(horizon);
    RunMethod(method, origin, i, mean, scratch);
  }
  for (std::size_t h = 0; h < std::min(horizon, origin.back); ++h) {
    const LongOutcome outcome = OutcomeAt(input_.panel.series[i], origin.back, h);
    if (!outcome.known) continue;
    ChoiceRow& row = rows.emplace_back();
    row.actual = static_cast<float>(outcome.units);
    row.scale = static_cast<float>(scale);
    for (const LongMethod method : allowed) {
      const auto m = static_cast<std::size_t>(method);
      row.forecast[m] = static_cast<float>(scratch.means[m][h]);
    }
  }
  return rows;
}

// The mixtures' forecasts from an origin, series by series; zeros where a series had no history.
std::vector<double> LongLocal::MeansOf(const LongOrigin& origin) const {
  const std::size_t horizon = input_.options.horizon_buckets;
  std::vector<double> means(input_.panel.series.size() * horizon, 0.0);
  const std::size_t blocks = (input_.panel.series.size() + kBlockSeries - 1) / kBlockSeries;
  executor_.ForEach(blocks, [&](std::size_t block) {
    LongScratch scratch;
    const std::size_t end = std::min(input_.panel.series.size(), (block + 1) * kBlockSeries);
    for (std::size_t i = block * kBlockSeries; i < end; ++i) {
      if (!origin.Has(i)) continue;
      const std::span<double> to = std::span(means).subspan(i * horizon, horizon);
      const auto kind = static_cast<std::size_t>(origin.ready[i].kind);
      for (std::size_t m = 0; m < kLongMethods; ++m) {
        const double weight = mixtures_[kind].weights[m];
        if (weight == 0.0) continue;
        std::vector<double>& mean = scratch.means[m];
        mean.resize(horizon);
        RunMethod(static_cast<LongMethod>(m), origin, i, mean, scratch);
        for (std::size_t h = 0; h < horizon; ++h) to[h] += weight * mean[h];
      }
    }
  });
  return means;
}

}  // namespace tandem::forecasting
