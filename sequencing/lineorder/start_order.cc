#include "sequencing/lineorder/start_order.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "sequencing/lineorder/colour_search.h"
#include "sequencing/lineorder/score.h"

namespace tandem::sequencing {
namespace {

constexpr int kOpen = -1;                              // A position without a vehicle yet.
constexpr std::int64_t kColourStepsMax = 200'000'000;  // Some seconds.

std::size_t Index(int i) { return static_cast<std::size_t>(i); }

// Frozen vehicles at their places, all others open.
std::vector<int> FrozenOrder(const LineProblem& problem) {
  std::vector<int> order(problem.day.size(), kOpen);
  for (const int vehicle : problem.frozen_vehicles) {
    order[Index(problem.planned_position[Index(vehicle)])] = vehicle;
  }
  return order;
}

// By planned position; those without one behind, as given.
std::vector<int> PlannedOrder(const LineProblem& problem) {
  std::vector<int> order = FrozenOrder(problem);
  std::vector<bool> placed(order.size());
  for (const int vehicle : problem.frozen_vehicles) placed[Index(vehicle)] = true;
  std::vector<int> rest;
  for (std::size_t v = 0; v < order.size(); ++v) {
    if (!placed[v]) rest.push_back(static_cast<int>(v));
  }
  const auto planned = [&](int vehicle) {
    const int position =
        problem.planned_position.empty() ? kNoPlan : problem.planned_position[Index(vehicle)];
    return position == kNoPlan ? static_cast<int>(order.size()) : position;
  };
  std::ranges::stable_sort(rest, {}, planned);
  std::size_t next = 0;
  for (int& vehicle : order) {
    if (vehicle == kOpen) vehicle = rest[next++];
  }
  return order;
}

struct ColourQueue {
  std::vector<int> vehicles{};
  std::size_t next = 0;

  int left() const { return static_cast<int>(vehicles.size() - next); }
};

class BatchBuilder {
 public:
  explicit BatchBuilder(const LineProblem& problem)
      : problem_(problem), order_(FrozenOrder(problem)), limit_(static_cast<int>(order_.size())) {
    if (problem.paint_batch_max > 0) limit_ = std::min(limit_, problem.paint_batch_max);
    std::vector<bool> placed(order_.size());
    for (const int vehicle : problem.frozen_vehicles) placed[Index(vehicle)] = true;
    for (std::size_t v = 0; v < placed.size(); ++v) {
      if (!placed[v]) queues_[problem.day[v].colour].vehicles.push_back(static_cast<int>(v));
    }
    last_ = problem.previous.empty() ? kNoColour : problem.previous.back().colour;
  }

  std::optional<std::vector<int>> Build() {
    for (std::size_t p = 0; p < order_.size(); ++p) {
      if (order_[p] == kOpen) {
        const auto colour = NextColour(static_cast<int>(p));
        if (!colour.has_value()) return std::nullopt;
        ColourQueue& queue = queues_[*colour];
        order_[p] = queue.vehicles[queue.next++];
      }
      const int colour = problem_.day[Index(order_[p])].colour;
      run_ = colour == last_ && p > 0 ? run_ + 1 : 1;
      last_ = colour;
    }
    return order_;
  }

 private:
  static constexpr int kNoColour = -1;

  // How long the run of `colour` would be if it stood at `position`.
  int RunAt(int position, int colour) const {
    int run = colour == last_ && position > 0 ? run_ + 1 : 1;
    for (std::size_t p = Index(position) + 1;
         p < order_.size() && order_[p] != kOpen && problem_.day[Index(order_[p])].colour == colour;
         ++p) {
      ++run;
    }
    return run;
  }

  // Goes on with the last colour, else begins the one with the most left: unless one has so many
  // left that each break between its batches is needed.
  std::optional<int> NextColour(int position) const {
    std::optional<int> most;
    int all = 0;
    for (const auto& [colour, queue] : queues_) {
      all += queue.left();
      if (queue.left() == 0 || RunAt(position, colour) > limit_) continue;
      if (!most.has_value() || queue.left() > queues_.at(*most).left()) most = colour;
    }
    const auto same = queues_.find(last_);
    if (same == queues_.end() || same->second.left() == 0 || RunAt(position, last_) > limit_) {
      return most;
    }
    for (const auto& [colour, queue] : queues_) {
      // What would be left if the last colour went on: `others` part the batches of this one.
      const int others = all - queue.left() - 1;
      if (colour != last_ && queue.left() > limit_ * (others + 1)) return most;
    }
    return last_;
  }

  const LineProblem& problem_;
  std::vector<int> order_;
  int limit_;
  std::map<int, ColourQueue> queues_{};
  int last_ = kNoColour;
  int run_ = 0;
};

// An order whose colours are sought exactly; its vehicles of a colour as given. Error as
// StartOrder.
absl::StatusOr<std::vector<int>> OrderByColours(const LineProblem& problem) {
  std::vector<int> order = FrozenOrder(problem);
  std::vector<bool> placed(order.size());
  for (const int vehicle : problem.frozen_vehicles) placed[Index(vehicle)] = true;
  std::map<int, int> dense;  // Colour to its rank among the day's.
  for (const LineVehicle& vehicle : problem.day) dense.try_emplace(vehicle.colour, 0);
  int rank = 0;
  for (auto& [colour, place] : dense) place = rank++;
  std::vector<ColourQueue> queues(dense.size());
  ColourDay day = {.given = std::vector<int>(order.size(), kOpenColour),
                   .left = std::vector<int>(dense.size()),
                   .batch_max = static_cast<int>(order.size())};
  if (problem.paint_batch_max > 0) day.batch_max = std::min(day.batch_max, problem.paint_batch_max);
  for (std::size_t v = 0; v < placed.size(); ++v) {
    const int colour = dense.at(problem.day[v].colour);
    if (placed[v]) {
      day.given[Index(problem.planned_position[v])] = colour;
    } else {
      queues[Index(colour)].vehicles.push_back(static_cast<int>(v));
      ++day.left[Index(colour)];
    }
  }
  const ColourFinding found = FindColours(day, kColourStepsMax);
  if (!found.colours.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "paint batch limit: ", found.searched_all ? "there is no" : "found no", " order of the day",
        problem.frozen_vehicles.empty() ? "" : " around its frozen vehicles", " with at most ",
        problem.paint_batch_max, " vehicles of a colour in a row"));
  }
  for (std::size_t p = 0; p < order.size(); ++p) {
    if (order[p] != kOpen) continue;
    ColourQueue& queue = queues[Index((*found.colours)[p])];
    order[p] = queue.vehicles[queue.next++];
  }
  return order;
}

}  // namespace

absl::StatusOr<std::vector<int>> StartOrder(const LineProblem& problem) {
  std::vector<int> planned = PlannedOrder(problem);
  const auto planned_score = ScoreOf(problem, planned);
  const std::optional<std::vector<int>> batches = BatchBuilder(problem).Build();
  if (batches.has_value()) {
    const auto batch_score = ScoreOf(problem, *batches);  // Frozen vehicles may break the limit.
    const bool is_better =
        batch_score.ok() && (!planned_score.ok() || batch_score->score < planned_score->score);
    if (is_better) return *batches;
  }
  if (planned_score.ok()) return planned;
  return OrderByColours(problem);
}

}  // namespace tandem::sequencing
