#include "forecasting/backtest/long_choice.h"

#include <algorithm>
#include <cmath>

namespace tandem::forecasting {
namespace {

constexpr double kGainMin = 0.001;
constexpr double kSingleGainMin = 0.01;
constexpr std::size_t kVotesMax = 12;
constexpr std::size_t kSeriesOriginsAVote = 5;
constexpr double kPriorVotes = 3.0;

std::size_t At(LongMethod method) { return static_cast<std::size_t>(method); }

double Loss(const ChoiceInput& input, const MethodWeights& weights) {
  double loss = 0.0;
  for (const ChoiceRow& row : input.rows) {
    double forecast = 0.0;
    for (const LongMethod method : input.allowed) {
      forecast += weights[At(method)] * static_cast<double>(row.forecast[At(method)]);
    }
    const double error =
        std::abs(static_cast<double>(row.actual) - forecast) / static_cast<double>(row.scale);
    loss += input.kind == LongClass::kIntermittent ? error * error : error;
  }
  return loss;
}

MethodWeights Mixed(const MethodWeights& weights, double votes, LongMethod with) {
  MethodWeights mixed = weights;
  for (double& weight : mixed) weight *= votes / (votes + 1.0);
  mixed[At(with)] += 1.0 / (votes + 1.0);
  return mixed;
}

}  // namespace

MethodWeights PriorWeights(LongClass kind, std::span<const LongMethod> allowed) {
  using enum LongMethod;
  std::vector<LongMethod> sound = {kLevel, kIndexedTheta, kMedian};
  if (kind == LongClass::kIntermittent) sound = {kFlatLevel, kTsb};
  if (kind == LongClass::kSigned) sound = {kTheta, kMedian};
  MethodWeights weights{};
  double votes = 0.0;
  for (const LongMethod method : sound) {
    if (std::ranges::find(allowed, method) == allowed.end()) continue;
    weights[At(method)] = 1.0;
    votes += 1.0;
  }
  if (votes == 0.0) weights[At(kLevel)] = votes = 1.0;
  for (double& weight : weights) weight /= votes;
  return weights;
}

MethodWeights ChooseWeights(const ChoiceInput& input) {
  MethodWeights weights = PriorWeights(input.kind, input.allowed);
  if (input.rows.empty()) return weights;
  double loss = Loss(input, weights);
  double votes = kPriorVotes;
  const std::size_t more = std::min(kVotesMax, input.series_origins / kSeriesOriginsAVote);
  for (std::size_t vote = 0; vote < more; ++vote) {
    MethodWeights best{};
    double least = loss;
    for (const LongMethod method : input.allowed) {
      const MethodWeights mixed = Mixed(weights, votes, method);
      const double mixed_loss = Loss(input, mixed);
      if (!(mixed_loss < least)) continue;
      least = mixed_loss;
      best = mixed;
    }
    if (!(least < (1.0 - kGainMin) * loss)) break;
    weights = best;
    loss = least;
    votes += 1.0;
  }
  if (more < kVotesMax) return weights;
  for (const LongMethod method : input.allowed) {
    MethodWeights single{};
    single[At(method)] = 1.0;
    const double single_loss = Loss(input, single);
    if (!(single_loss < (1.0 - kSingleGainMin) * loss)) continue;
    weights = single;
    loss = single_loss;
  }
  return weights;
}

}  // namespace tandem::forecasting
