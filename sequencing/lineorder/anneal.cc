#include "sequencing/lineorder/anneal.h"

#include <cmath>
#include <utility>

namespace tandem::sequencing {
namespace {

// Vehicles that a move may carry along as cheaply as it is judged. Dense days accept so many longer
// ones that leave the score as it is that making them would take half of the time.
constexpr int kCheapLength = 32;

// The natural logarithm for 0 < x <= 1. The library's may differ in the last bit from machine to
// machine, and with it the search.
double Log(double x) {
  constexpr double kLog2 = 0.6931471805599453;
  double whole = 0.0;
  while (x < 0.7) {
    x *= 2.0;
    whole -= kLog2;
  }
  const double y = (x - 1.0) / (x + 1.0);
  double power = y;
  double sum = 0.0;
  for (int odd = 1; odd < 40; odd += 2, power *= y * y) sum += power / odd;
  return whole + 2.0 * sum;
}

}  // namespace

Anneal::Anneal(const LineProblem& problem, std::vector<int> order, std::uint64_t seed)
    : problem_(problem),
      state_(problem, order),
      draw_(problem),
      random_(seed),
      extra_changes_(problem.extra_terms.size()),
      extra_moves_(problem.extra_terms.size()),
      best_(std::move(order)),
      best_score_(state_.score()),
      best_extras_(state_.extras().values()) {
  for (std::size_t i = 0; i < kLevels; ++i) {
    quantiles_[i] = -Log((static_cast<double>(i) + 0.5) / kLevels);
  }
}

void Anneal::SetHeat(double heat) {
  for (std::size_t i = 0; i < kLevels; ++i) {
    most_[i] = static_cast<std::int64_t>(quantiles_[i] * heat);
  }
}

void Anneal::SetExtraHeat(double heat) { extra_heat_ = heat; }

void Anneal::Restart(const std::vector<int>& order) {
  Keep();
  state_ = LineState(problem_, order);
}

// Only before the best order is left: while it gets better step by step, it is not copied.
void Anneal::Keep() {
  if (kept_) return;
  best_ = state_.order();
  kept_ = true;
}

const std::vector<int>& Anneal::BestOrder() {
  Keep();
  return best_;
}

bool Anneal::Takes(const Move& move, std::int64_t delta) {
  if (delta != 0 || !state_.extras().any()) return true;
  const ExtraTerms::Change change = state_.extras().First(move, state_.order());
  if (change.delta == 0) return true;
  const double size = std::abs(static_cast<double>(change.delta));
  extra_changes_[change.term] += size;
  extra_moves_[change.term] += 1.0;
  if (change.delta < 0) return true;
  const double mean = extra_changes_[change.term] / extra_moves_[change.term];
  if (size > quantiles_[random_.Next() % kLevels] * extra_heat_ * mean) return false;
  Keep();
  return true;
}

// Of the longer ones, as many as the time allows that shorter ones take.
bool Anneal::SparesIdle(const Move& move) {
  const int length = move.at.second - move.at.first;
  return move.kind == MoveKind::kSwap || length <= kCheapLength ||
         random_.Below(length) < kCheapLength;
}

void Anneal::Note() {
  const std::vector<TermValue>& extras = state_.extras().values();
  if (state_.score() > best_score_) return;
  if (state_.score() == best_score_ && extras >= best_extras_) return;
  best_score_ = state_.score();
  best_extras_ = extras;
  kept_ = false;
}

void Anneal::AdaptDraws() {
  std::array<double, kDrawKinds> often{};
  std::array<double, kDrawKinds> much{};
  for (std::size_t kind = 0; kind < kDrawKinds; ++kind) {
    const auto drawn = static_cast<double>(drawn_[kind] + 1);
    often[kind] = static_cast<double>(better_[kind]) / drawn;
    much[kind] = static_cast<double>(gained_[kind]) / drawn;
    better_[kind] /= 2;
    gained_[kind] /= 2;
    drawn_[kind] /= 2;
  }
  draw_.SetRates(often, much);
}

void Anneal::Walk(std::int64_t moves) {
  if (draw_.idle()) return;
  Move move;
  DrawKind kind{};
  for (; moves > 0; --moves) {
    const bool drawn = draw_.Draw(state_, random_, move, kind);
    ++drawn_[static_cast<std::size_t>(kind)];
    if (!drawn) continue;
    ++judged_;
    const std::int64_t most = most_[random_.Next() % kLevels];
    const std::int64_t delta = state_.Delta(move, most);
    if (delta > most || !Takes(move, delta)) continue;
    if (delta >= 0 && !SparesIdle(move)) continue;
    if (delta > 0) Keep();
    if (!state_.TryMove(move, delta)) continue;
    if (delta < 0) {
      ++better_[static_cast<std::size_t>(kind)];
      gained_[static_cast<std::size_t>(kind)] -= delta;
    }
    Note();
  }
}

}  // namespace tandem::sequencing
