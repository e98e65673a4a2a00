// The sweep: one stock without expiry, any set of changes at once, fewest pegs released.
#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "sequencing/pegging/repair.h"

namespace tandem::sequencing {
namespace {

struct Step {  // Of a step function of time.
  std::int32_t tick = 0;
  std::int32_t by = 0;
};

// Sums what happens at one tick.
void Compress(std::vector<Step>& steps) {
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return a.tick < b.tick; });
  std::size_t kept = 0;
  for (const Step& step : steps) {
    if (kept > 0 && steps[kept - 1].tick == step.tick) {
      steps[kept - 1].by += step.by;
    } else {
      steps[kept++] = step;
    }
  }
  steps.resize(kept);
}

class Sweep {
 public:
  explicit Sweep(const RepairProblem& problem);
  // Ends the fewest pegs, so that what is open falls short by `shortage` and no more.
  void Release(std::int64_t shortage);
  // Serves the open needs in need order, each with the latest open part that fits.
  void Serve();
  std::vector<std::int32_t> Take() && { return std::move(peg_); }

 private:
  using Pair = std::pair<std::int32_t, std::int32_t>;  // A tick, and whose.

  std::int32_t Ready(std::int32_t supply) const {
    return problem_.supplies[static_cast<std::size_t>(supply)].ready_tick;
  }
  std::int32_t Due(std::int32_t need) const {
    return problem_.needs[static_cast<std::size_t>(need)].due_tick;
  }

  const RepairProblem& problem_;
  std::vector<std::int32_t> peg_{};    // By need.
  std::vector<Pair> pegged_by_due_{};  // Due tick, need: pegged ones.
  std::vector<Pair> open_needs_{};     // Due tick, need.
  std::vector<Pair> open_supplies_{};  // Ready tick, supply.
};

Sweep::Sweep(const RepairProblem& problem) : problem_(problem) {
  std::vector<bool> used(problem.supplies.size(), false);
  for (std::size_t i = 0; i < problem.needs.size(); ++i) {
    const RepairNeed& need = problem.needs[i];
    const Pair entry(need.due_tick, static_cast<std::int32_t>(i));
    (need.peg == kNoSupply ? open_needs_ : pegged_by_due_).push_back(entry);
    peg_.push_back(need.peg);
    if (need.peg != kNoSupply) used[static_cast<std::size_t>(need.peg)] = true;
  }
  for (std::size_t j = 0; j < used.size(); ++j) {
    if (used[j]) continue;
    open_supplies_.emplace_back(problem.supplies[j].ready_tick, static_cast<std::int32_t>(j));
  }
  std::sort(pegged_by_due_.begin(), pegged_by_due_.end());
}

void Sweep::Release(std::int64_t shortage) {
  std::vector<Step> open;  // Needs minus parts.
  for (const auto& [tick, need] : open_needs_) open.push_back({.tick = tick, .by = 1});
  for (const auto& [tick, supply] : open_supplies_) open.push_back({.tick = tick, .by = -1});
  for (const auto& [tick, need] : pegged_by_due_) {  // There the cover may change.
    open.push_back({.tick = tick});
    open.push_back({.tick = Ready(peg_[static_cast<std::size_t>(need)])});
  }
  Compress(open);
  std::int64_t lacking = -shortage;  // At the tick and up to the one above it.
  for (const Step& step : open) lacking += step.by;
  using Least = std::priority_queue<Pair, std::vector<Pair>, std::greater<>>;
  Least candidates;  // Ready tick, need: pairs that are due above the tick.
  std::priority_queue<std::int32_t> released;  // Ready ticks of what covers the tick.
  std::size_t unseen = pegged_by_due_.size();
  for (std::size_t k = open.size(); k-- > 0; lacking -= open[k].by) {
    const std::int32_t tick = open[k].tick;
    while (!released.empty() && released.top() > tick) released.pop();
    while (unseen > 0 && pegged_by_due_[unseen - 1].first > tick) {
      const std::int32_t need = pegged_by_due_[--unseen].second;
      candidates.emplace(Ready(peg_[static_cast<std::size_t>(need)]), need);
    }
    while (std::cmp_less(released.size(), lacking) && !candidates.empty() &&
           candidates.top().first <= tick) {
      const auto [ready, need] = candidates.top();
      candidates.pop();
      released.push(ready);
      std::int32_t& peg = peg_[static_cast<std::size_t>(need)];
      open_supplies_.emplace_back(ready, std::exchange(peg, kNoSupply));
      open_needs_.emplace_back(Due(need), need);
    }
  }
}

void Sweep::Serve() {
  std::sort(open_needs_.begin(), open_needs_.end());
  std::sort(open_supplies_.begin(), open_supplies_.end());
  std::vector<std::int32_t> ready;  // Parts that fit, the latest last.
  std::size_t next = 0;
  for (const auto& [due, need] : open_needs_) {
    while (next < open_supplies_.size() && open_supplies_[next].first <= due) {
      ready.push_back(open_supplies_[next++].second);
    }
    if (ready.empty()) continue;
    peg_[static_cast<std::size_t>(need)] = ready.back();
    ready.pop_back();
  }
}

}  // namespace

std::int64_t ShortageOf(const RepairProblem& problem) {
  std::vector<Step> open;
  for (const RepairNeed& need : problem.needs) open.push_back({.tick = need.due_tick, .by = 1});
  for (const RepairSupply& supply : problem.supplies) {
    open.push_back({.tick = supply.ready_tick, .by = -1});
  }
  Compress(open);
  std::int64_t lacking = 0;
  std::int64_t shortage = 0;
  for (const Step& step : open) {
    lacking += step.by;
    shortage = std::max(shortage, lacking);
  }
  return shortage;
}

std::vector<std::int32_t> RepairBySweep(const RepairProblem& problem, std::int64_t shortage) {
  Sweep sweep(problem);
  sweep.Release(shortage);
  sweep.Serve();
  return std::move(sweep).Take();
}

}  // namespace tandem::sequencing
