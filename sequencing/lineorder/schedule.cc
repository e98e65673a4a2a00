#include "sequencing/lineorder/schedule.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace tandem::sequencing {
namespace {

// The hotter, the steeper: a hot leg has to pass the colder ones' heats too.
struct Shape {
  double heat = 1.0;  // In units of the last objective's weight.
  int power = 2;
};
constexpr Shape kColdest = {1.0, 2};
constexpr Shape kWarmer[] = {{10.0, 2}, {100.0, 2}, {3000.0, 3}};
// Half a violation of the first objective, whatever the last one's weight.
constexpr double kHottest = 500'000.0;
constexpr int kHottestPower = 6;
// Three violations of the second objective.
constexpr double kWarm = 3000.0;
constexpr int kWarmPower = 4;

// Shares of all moves. The approach goes from the start to the order that the trials share: first
// without heat, which is all that an easy problem needs.
constexpr double kDescent = 0.01;
constexpr double kHotApproach = 0.2;
constexpr double kWarmApproach = 0.12;  // Instead, once the first objective is settled.
constexpr double kColdApproach = 0.04;
constexpr double kTrial = 0.03;        // For each shape.
constexpr double kSecondTrial = 0.05;  // For each of the two best.
// A long leg for a small day is better cut in several, of the two best heats in turn.
constexpr std::int64_t kLegMovesPerVehicle = 150'000;
constexpr double kPolish = 0.1;  // At last, if the best shape is not the coldest.

}  // namespace

Schedule::Schedule(std::int64_t iterations, std::int64_t unit, std::int64_t vehicles)
    : iterations_(iterations),
      left_(iterations),
      unit_(static_cast<double>(unit)),
      vehicles_(vehicles) {
  Lay({.heat = 0.0, .power = 1}, kDescent, false);
}

void Schedule::LayApproach(bool settled) {
  const Trial coldest{.heat = kColdest.heat * unit_, .power = kColdest.power};
  const Trial hottest{.heat = kHottest, .power = kHottestPower};
  if (settled) {
    Lay({.heat = kWarm, .power = kWarmPower}, kWarmApproach, false);
  } else {
    Lay(hottest, kHotApproach, false);
  }
  Lay(coldest, kColdApproach, false);
  trials_ = {coldest};
  for (const Shape& shape : kWarmer) {
    const Trial trial{.heat = shape.heat * unit_, .power = shape.power};
    if (trial.heat < kHottest) trials_.push_back(trial);
  }
  if (!settled) trials_.push_back(hottest);
  LayTrials(trials_.size(), kTrial);
}

void Schedule::Lay(const Trial& shape, double share, bool is_trial) {
  const auto moves = static_cast<std::int64_t>(static_cast<double>(iterations_) * share);
  const Leg leg{.heat = shape.heat,
                .power = shape.power,
                .moves = std::clamp<std::int64_t>(moves, std::min<std::int64_t>(left_, 1), left_),
                .from_base = is_trial};
  if (leg.moves == 0) return;
  left_ -= leg.moves;
  ahead_.push_back(leg);
}

void Schedule::LayTrials(std::size_t trials, double share) {
  trials_done_ = 0;
  for (std::size_t i = 0; i < trials; ++i) Lay(trials_[i], share, true);
}

void Schedule::LayLast() {
  const Trial coldest{.heat = kColdest.heat * unit_, .power = kColdest.power};
  const double left = static_cast<double>(left_) / static_cast<double>(iterations_);
  const double share = trials_[0].heat > coldest.heat ? left - kPolish : left;
  const std::int64_t legs = std::max<std::int64_t>(1, left_ / (kLegMovesPerVehicle * vehicles_));
  for (std::int64_t i = 0; i < legs; ++i) {
    // 0 1 0 2 0 1 0 3 ...: half of the legs have the best heat, a quarter the second.
    const auto rank = static_cast<std::size_t>(std::countr_zero(static_cast<std::uint64_t>(i + 1)));
    Lay(trials_[rank % trials_.size()], share / static_cast<double>(legs), false);
  }
  Lay(coldest, 1.0, false);
}

void Schedule::LayNext(bool settled) {
  const auto judged = trials_.begin() + static_cast<std::ptrdiff_t>(trials_done_);
  std::ranges::stable_sort(trials_.begin(), judged, {}, &Trial::reached);
  switch (stage_) {
    case Stage::kDescent:
      LayApproach(settled);
      stage_ = Stage::kTrials;
      break;
    case Stage::kTrials:
      LayTrials(std::min<std::size_t>(trials_.size(), 2), kSecondTrial);
      stage_ = Stage::kLast;
      break;
    case Stage::kLast:
      LayLast();
      break;
  }
}

std::optional<Leg> Schedule::Next(const Reached& reached) {
  if (next_ > 0 && ahead_[next_ - 1].from_base) trials_[trials_done_++].reached = reached.score;
  if (next_ == ahead_.size()) {
    if (left_ == 0) return std::nullopt;
    LayNext(reached.settled);
  }
  return ahead_[next_++];
}

}  // namespace tandem::sequencing
