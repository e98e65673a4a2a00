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

// Adds the methods' forecasts by their weights.
void Mix(const LongMixture& mixture, std::span<const LongMethod> methods,
         const std::array<std::vector<double>, kLongMethods>& means, std::span<double> to) {
  for (const LongMethod method : methods) {
    const auto m = static_cast<std::size_t>(method);
    const double weight = mixture.weights[m];
    if (weight == 0.0) continue;
    for (std::size_t h = 0; h < to.size(); ++h) to[h] += weight * means[m][h];
  }
}

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
  const std::size_t series = input_.panel.series.size();
  past_means_.assign(earlier_.size(),
                     std::vector<double>(series * input_.options.horizon_buckets, 0.0));
  past_filled_.assign(earlier_.size(), std::vector<char>(series, 0));
  Weigh();
  told(0.4);
  for (std::size_t k = 0; k < earlier_.size(); ++k) {
    Fill(earlier_[k], past_filled_[k], past_means_[k]);
    told(0.4 + 0.6 * static_cast<double>(k + 1) / static_cast<double>(earlier_.size()));
  }
  past_filled_.clear();
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
    std::vector<Tried> tried(sample * earlier_.size());
    executor_.ForEach(tried.size(), [&](std::size_t part) {
      tried[part] = Try(part % earlier_.size(), sampled[part / earlier_.size()], allowed);
    });
    std::vector<ChoiceRow> all;
    std::size_t judged = 0;
    for (const Tried& one : tried) {
      all.insert(all.end(), one.rows.begin(), one.rows.end());
      if (!one.rows.empty()) ++judged;
    }
    mixtures_[kind].weights = ChooseWeights({.kind = static_cast<LongClass>(kind),
                                             .allowed = allowed,
                                             .rows = all,
                                             .series_origins = judged});
    // What was tried need not be fitted again, of a series that was in this class then too.
    const std::size_t horizon = input_.options.horizon_buckets;
    for (std::size_t part = 0; part < tried.size(); ++part) {
      const std::size_t k = part % earlier_.size();
      const std::size_t i = sampled[part / earlier_.size()];
      if (tried[part].rows.empty()) continue;
      if (static_cast<std::size_t>(earlier_[k].ready[i].kind) != kind) continue;
      Mix(mixtures_[kind], allowed, tried[part].means,
          std::span(past_means_[k]).subspan(i * horizon, horizon));
      past_filled_[k][i] = 1;
    }
  }
}

LongLocal::Tried LongLocal::Try(std::size_t k, std::size_t i,
                                std::span<const LongMethod> allowed) const {
  const LongOrigin& origin = earlier_[k];
  Tried tried;
  if (!origin.Has(i)) return tried;
  const double scale =
      std::max(origin.levels[i].error_units, 0.05 * std::abs(origin.levels[i].level_units));
  if (!(scale > 0.0)) return tried;
  const std::size_t horizon = input_.options.horizon_buckets;
  LongScratch scratch;
  RunMethods(allowed, origin, i, horizon, scratch);
  for (std::size_t h = 0; h < std::min(horizon, origin.back); ++h) {
    const LongOutcome outcome = OutcomeAt(input_.panel.series[i], origin.back, h);
    if (!outcome.known) continue;
    ChoiceRow& row = tried.rows.emplace_back();
    row.actual = static_cast<float>(outcome.units);
    row.scale = static_cast<float>(scale);
    for (const LongMethod method : allowed) {
      const auto m = static_cast<std::size_t>(method);
      row.forecast[m] = static_cast<float>(scratch.means[m][h]);
    }
  }
  tried.means = std::move(scratch.means);
  return tried;
}

void LongLocal::Fill(const LongOrigin& origin, std::span<const char> filled,
                     std::span<double> means) const {
  const std::size_t series = input_.panel.series.size();
  const std::size_t horizon = input_.options.horizon_buckets;
  const std::size_t blocks = (series + kBlockSeries - 1) / kBlockSeries;
  executor_.ForEach(blocks, [&](std::size_t block) {
    LongScratch scratch;
    std::vector<LongMethod> used;
    const std::size_t end = std::min(series, (block + 1) * kBlockSeries);
    for (std::size_t i = block * kBlockSeries; i < end; ++i) {
      if (!origin.Has(i) || (!filled.empty() && filled[i] != 0)) continue;
      const LongMixture& mixture = mixtures_[static_cast<std::size_t>(origin.ready[i].kind)];
      used.clear();
      for (std::size_t m = 0; m < kLongMethods; ++m) {
        if (mixture.weights[m] != 0.0) used.push_back(static_cast<LongMethod>(m));
      }
      RunMethods(used, origin, i, horizon, scratch);
      Mix(mixture, used, scratch.means, means.subspan(i * horizon, horizon));
    }
  });
}

std::vector<double> LongLocal::MeansOf(const LongOrigin& origin) const {
  std::vector<double> means(input_.panel.series.size() * input_.options.horizon_buckets, 0.0);
  Fill(origin, {}, means);
  return means;
}

}  // namespace tandem::forecasting
