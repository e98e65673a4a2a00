#include "sequencing/lineorder/schedule.h"

#include <algorithm>
#include <cstddef>

namespace tandem::sequencing {
namespace {

constexpr double kHeats[] = {3000.0, 100.0, 10.0, 1.0};
constexpr double kApproach = 0.02;    // Share of all moves, for each heat in turn, from the best.
constexpr double kTrial = 0.03;       // For each heat, from the same order.
constexpr double kSecondTrial = 0.1;  // For each of the two best heats.

}  // namespace

Schedule::Schedule(std::int64_t iterations) : iterations_(iterations), left_(iterations) {}

Leg Schedule::Give(double heat, double share, bool from_base) {
  const auto moves = static_cast<std::int64_t>(static_cast<double>(iterations_) * share);
  const Leg leg{.heat = heat,
                .moves = std::clamp<std::int64_t>(moves, std::min<std::int64_t>(left_, 1), left_),
                .from_base = from_base};
  left_ -= leg.moves;
  return leg;
}

std::optional<Leg> Schedule::Next(std::int64_t reached) {
  constexpr std::size_t kCount = std::size(kHeats);
  if (left_ == 0) return std::nullopt;
  const std::size_t stage = stage_++;
  if (stage < kCount) return Give(kHeats[stage], kApproach, false);
  if (stage > kCount && stage <= kCount + trials_.size()) {
    trials_[stage - kCount - 1].reached = reached;
  }
  if (stage == kCount) {
    for (const double heat : kHeats) trials_.push_back({.heat = heat, .reached = 0});
  }
  if (stage < kCount + trials_.size()) {
    return Give(trials_[stage - kCount].heat, trials_.size() == kCount ? kTrial : kSecondTrial,
                true);
  }
  std::ranges::stable_sort(trials_, {}, &Trial::reached);
  if (trials_.size() == kCount) {
    trials_.resize(2);
    stage_ = kCount + 1;
    return Give(trials_[0].heat, kSecondTrial, true);
  }
  return Give(trials_[0].heat, 1.0, false);
}

}  // namespace tandem::sequencing
