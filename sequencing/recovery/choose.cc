#include "sequencing/recovery/choose.h"

#include <algorithm>
#include <queue>

namespace tandem::sequencing {
namespace {

struct Cost {
  std::int64_t moves = 0;
  std::int64_t money = 0;

  friend auto operator<=>(const Cost&, const Cost&) = default;
  Cost operator+(const Cost& other) const { return {moves + other.moves, money + other.money}; }
  Cost operator-(const Cost& other) const { return {moves - other.moves, money - other.money}; }
};

// What a path is measured by.
enum class Measure : std::uint8_t {
  kStop,  // The latest option on it (in `Cost::moves`): the path that raises the stop the least.
  kCost,  // What its options cost, none later than the stop.
};

// An assignment that grows by one need at a time, each along a shortest path. Nodes are the needs,
// then the resources; the end of every path is an option of one's own or a resource with room.
class Flow {
 public:
  Flow(const ChoiceProblem& problem, std::size_t quantile, Measure measure)
      : problem_(problem),
        quantile_(quantile),
        measure_(measure),
        chosen_(At(problem.needs())),
        holders_(problem.capacity.size()),
        marks_(At(problem.needs()) + problem.capacity.size()) {}

  // Serves all needs and returns the stop: kStop finds the least that is not below the one given,
  // kCost must be given one that lets all be served.
  std::int64_t Serve(std::int64_t stop_ms);
  const std::vector<std::int32_t>& chosen() const { return chosen_; }

 private:
  static constexpr std::int32_t kUnserved = -1;

  struct Mark {
    Cost distance{};
    Cost potential{};
    std::int32_t from = kNoResource;  // The node before it on the path.
    std::int32_t option = 0;          // A resource: that of the need before it.
    std::uint32_t seen = 0;           // The search that set the distance,
    std::uint32_t done = 0;           // and the one that proved it.
  };
  struct Reached {
    Cost distance{};
    std::int32_t node = 0;

    friend auto operator<=>(const Reached&, const Reached&) = default;
  };

  static Cost CostOf(const ChoiceOption& option) { return {option.moves, option.money}; }
  // The distance behind an option of a need, before the potential of where it leads.
  Cost Behind(const Cost& distance, std::int32_t need, const ChoiceOption& option) const {
    if (measure_ == Measure::kStop) {
      return {std::max(distance.moves, option.late[quantile_]), 0};
    }
    return distance + marks_[At(need)].potential + CostOf(option);
  }
  std::int32_t NodeOf(std::int32_t resource) const { return problem_.needs() + resource; }
  void Augment(std::int32_t exposed);
  void Leave(std::int32_t need, const Cost& distance);
  void Reach(std::int32_t node, std::int32_t from, std::int32_t option, const Cost& distance);
  // An end of a path, better than those found before.
  void End(std::int32_t need, std::int32_t option, const Cost& distance);
  void Shift();
  void Apply();

  const ChoiceProblem& problem_;
  std::size_t quantile_;
  Measure measure_;
  std::int64_t stop_ms_ = 0;
  std::vector<std::int32_t> chosen_;
  std::vector<std::vector<std::int32_t>> holders_;  // Needs by resource.
  std::vector<Mark> marks_;
  std::uint32_t search_ = 0;
  std::priority_queue<Reached, std::vector<Reached>, std::greater<>> open_{};
  std::vector<std::int32_t> done_{};
  bool ended_ = false;
  Cost end_distance_{};
  std::int32_t end_need_ = 0;
  std::int32_t end_option_ = 0;
};

std::int64_t Flow::Serve(std::int64_t stop_ms) {
  stop_ms_ = stop_ms;
  std::vector<std::int32_t> exposed;
  for (auto& holders : holders_) holders.clear();
  for (std::int32_t need = 0; need < problem_.needs(); ++need) {
    marks_[At(need)].potential = {};
    const ChoiceOption& own = problem_.OptionsOf(need).front();
    if (own.late[quantile_] > stop_ms) {
      chosen_[At(need)] = kUnserved;
      exposed.push_back(need);
      continue;
    }
    chosen_[At(need)] = 0;
    if (own.resource != kNoResource) holders_[At(own.resource)].push_back(need);
  }
  for (std::size_t r = 0; r < holders_.size(); ++r) {
    marks_[At(NodeOf(static_cast<std::int32_t>(r)))].potential = {};
  }
  for (const std::int32_t need : exposed) Augment(need);
  return stop_ms_;
}

void Flow::Reach(std::int32_t node, std::int32_t from, std::int32_t option, const Cost& distance) {
  Mark& mark = marks_[At(node)];
  if (mark.done == search_ || (mark.seen == search_ && mark.distance <= distance)) return;
  mark.seen = search_;
  mark.distance = distance;
  mark.from = from;
  mark.option = option;
  open_.push({distance, node});
}

void Flow::End(std::int32_t need, std::int32_t option, const Cost& distance) {
  if (ended_ && end_distance_ <= distance) return;
  ended_ = true;
  end_distance_ = distance;
  end_need_ = need;
  end_option_ = option;
}

// Distances are of reduced costs: c + potential(from) - potential(to), never negative. The end of
// all paths keeps the potential 0.
void Flow::Leave(std::int32_t need, const Cost& distance) {
  const auto options = problem_.OptionsOf(need);
  for (std::size_t o = 0; o < options.size(); ++o) {
    const ChoiceOption& option = options[o];
    const auto index = static_cast<std::int32_t>(o);
    if (index == chosen_[At(need)]) continue;
    if (measure_ == Measure::kCost && option.late[quantile_] > stop_ms_) continue;
    const Cost behind = Behind(distance, need, option);
    if (option.resource == kNoResource) {
      End(need, index, behind);
      continue;
    }
    if (problem_.capacity[At(option.resource)] == 0) continue;
    const std::int32_t node = NodeOf(option.resource);
    Reach(node, need, index, behind - marks_[At(node)].potential);
  }
}

void Flow::Augment(std::int32_t exposed) {
  ++search_;
  open_ = {};
  done_.clear();
  ended_ = false;
  const bool stop = measure_ == Measure::kStop;
  Reach(exposed, kNoResource, 0, stop ? Cost{stop_ms_, 0} : Cost{});
  while (!open_.empty()) {
    const Reached at = open_.top();
    open_.pop();
    Mark& mark = marks_[At(at.node)];
    if (mark.done == search_) continue;
    if (ended_ && end_distance_ <= at.distance) break;
    mark.done = search_;
    done_.push_back(at.node);
    if (at.node < problem_.needs()) {
      Leave(at.node, at.distance);
      continue;
    }
    const std::int32_t resource = at.node - problem_.needs();
    const std::vector<std::int32_t>& holders = holders_[At(resource)];
    const Cost base = at.distance + mark.potential;
    if (std::ssize(holders) < problem_.capacity[At(resource)]) {
      End(mark.from, mark.option, base);
      continue;
    }
    for (const std::int32_t holder : holders) {
      const Cost back = stop ? Cost{} : CostOf(problem_.OptionsOf(holder)[At(chosen_[At(holder)])]);
      Reach(holder, at.node, 0, base - back - marks_[At(holder)].potential);
    }
  }
  // A path there always is: with nothing done all are served.
  if (stop) {
    stop_ms_ = std::max(stop_ms_, end_distance_.moves);
  } else {
    Shift();
  }
  Apply();
}

// Keeps reduced costs from falling below 0 on the path that is turned round.
void Flow::Shift() {
  for (const std::int32_t node : done_) {
    Mark& mark = marks_[At(node)];
    if (mark.distance < end_distance_) {
      mark.potential = mark.potential + mark.distance - end_distance_;
    }
  }
}

void Flow::Apply() {
  std::int32_t need = end_need_;
  std::int32_t option = end_option_;
  while (true) {
    const std::int32_t resource = problem_.OptionsOf(need)[At(option)].resource;
    const std::int32_t before = marks_[At(need)].from;  // The resource that it leaves.
    if (before != kNoResource) std::erase(holders_[At(before - problem_.needs())], need);
    if (resource != kNoResource) holders_[At(resource)].push_back(need);
    chosen_[At(need)] = option;
    if (before == kNoResource) return;
    const Mark& mark = marks_[At(before)];
    need = mark.from;
    option = mark.option;
  }
}

// A stop below which some need has no option at all.
std::int64_t LeastStop(const ChoiceProblem& problem, std::size_t quantile,
                       std::int64_t stop_least_ms) {
  std::int64_t least = stop_least_ms;
  for (std::int32_t need = 0; need < problem.needs(); ++need) {
    std::int64_t best = problem.OptionsOf(need).front().late[quantile];
    for (const ChoiceOption& option : problem.OptionsOf(need)) {
      const bool there =
          option.resource == kNoResource || problem.capacity[At(option.resource)] > 0;
      if (there) best = std::min(best, option.late[quantile]);
    }
    least = std::max(least, best);
  }
  return least;
}

}  // namespace

std::vector<std::int32_t> Choose(const ChoiceProblem& problem, std::size_t quantile,
                                 std::int64_t stop_least_ms) {
  const std::int64_t least = LeastStop(problem, quantile, stop_least_ms);
  const std::int64_t stop_ms = Flow(problem, quantile, Measure::kStop).Serve(least);
  Flow flow(problem, quantile, Measure::kCost);
  flow.Serve(stop_ms);
  return flow.chosen();
}

}  // namespace tandem::sequencing
