#include "sequencing/store/scored.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

constexpr std::int32_t kWindowMax = 1'000;
constexpr std::int64_t kCostMax = std::int64_t{1} << 31;

absl::Status CheckRules(const ScoredOptions& options) {
  if (options.rules.size() > 32) {
    return absl::InvalidArgumentError(absl::StrCat(options.rules.size(), " rules; at most 32"));
  }
  for (std::size_t r = 0; r < options.rules.size(); ++r) {
    const RatioRule& rule = options.rules[r];
    if (rule.most >= 0 && rule.most <= rule.window && rule.window >= 1 &&
        rule.window <= kWindowMax) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat("rule ", r, ": ", rule.most, " in ", rule.window,
                                                   "; at most all, in 1 to ", kWindowMax));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const ScoredOptions& options) {
  if (options.slots < 0 || options.overdue_places < 0 || options.look_ahead < 1 ||
      options.look_ahead > 5 || options.beam < 1 || options.beam > 50) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.slots, " slots, ", options.overdue_places, " places overdue, looking ",
                     options.look_ahead, " ahead with a beam of ", options.beam,
                     "; not below 0, 1 to 5 ahead, a beam of 1 to 50"));
  }
  for (const std::int64_t cost : {options.late_cost, options.colour_cost, options.violation_cost}) {
    if (cost < 0 || cost > kCostMax) {
      return absl::InvalidArgumentError(absl::StrCat("a cost is ", cost, "; it is 0 to 2^31"));
    }
  }
  return CheckRules(options);
}

absl::Status CheckVehicles(std::span<const ScoredVehicle> vehicles, std::size_t rules) {
  absl::flat_hash_set<std::int64_t> ranks;
  for (std::size_t i = 0; i < vehicles.size(); ++i) {
    const auto refuse = [&](const char* rule) {
      return absl::InvalidArgumentError(absl::StrCat("vehicle ", i, ": ", rule));
    };
    if (vehicles[i].rank < 0 || vehicles[i].rank > kCostMax) return refuse("no such rank");
    if (!ranks.insert(vehicles[i].rank).second) return refuse("its rank stands twice");
    if (rules < 32 && vehicles[i].options >> rules != 0) return refuse("an option has no rule");
  }
  return absl::OkStatus();
}

// All vehicles as late and with as many violations as can be: a sum of these must be a number.
absl::Status CheckSum(std::size_t vehicles, const ScoredOptions& options) {
  const auto n = static_cast<double>(vehicles);
  double windows = 0.0;
  for (const RatioRule& rule : options.rules) windows += rule.window;
  const double most = static_cast<double>(options.late_cost) * n +
                      static_cast<double>(options.colour_cost) +
                      static_cast<double>(options.violation_cost) * windows;
  if (n * most < 0x1p62) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("the costs of ", vehicles, " vehicles are too large to add up"));
}

// Releases that might come next, and what they cost.
struct Path {
  std::vector<std::int32_t> tail{};  // Released on this path.
  std::int64_t cost = 0;
};

class Chooser {
 public:
  Chooser(std::span<const ScoredVehicle> vehicles, const ScoredOptions& options)
      : vehicles_(vehicles), options_(options) {}

  ScoredOrder Run() {
    while (std::ssize(done_.order) < std::ssize(vehicles_)) {
      while (arrived_ < vehicles_.size() && std::ssize(inside_) <= options_.slots) {
        inside_.push_back(static_cast<std::int32_t>(arrived_++));
      }
      const std::int32_t chosen = Choose();
      done_.cost += CostOf({}, chosen);
      done_.order.push_back(chosen);
      std::erase(inside_, chosen);
    }
    return std::move(done_);
  }

 private:
  const ScoredVehicle& At(std::int32_t index) const {
    return vehicles_[static_cast<std::size_t>(index)];
  }
  // The vehicle `back` places before the next one, through the path into what has left; or none.
  const ScoredVehicle* Before(const std::vector<std::int32_t>& tail, std::size_t back) const {
    if (back <= tail.size()) return &At(tail[tail.size() - back]);
    back -= tail.size();
    return back <= done_.order.size() ? &At(done_.order[done_.order.size() - back]) : nullptr;
  }

  // What it costs that the vehicle leaves after the path.
  std::int64_t CostOf(const std::vector<std::int32_t>& tail, std::int32_t index) const {
    const ScoredVehicle& vehicle = At(index);
    const std::int64_t place = std::ssize(done_.order) + std::ssize(tail);
    std::int64_t cost = options_.late_cost * std::max<std::int64_t>(0, place - vehicle.rank);
    const ScoredVehicle* const last = Before(tail, 1);
    if (last != nullptr && last->colour != vehicle.colour) cost += options_.colour_cost;
    for (std::size_t r = 0; r < options_.rules.size(); ++r) {
      if ((vehicle.options >> r & 1U) == 0) continue;
      std::int64_t count = 1;
      for (std::int32_t back = 1; back < options_.rules[r].window; ++back) {
        const ScoredVehicle* const before = Before(tail, static_cast<std::size_t>(back));
        if (before == nullptr) break;
        count += before->options >> r & 1U;
      }
      cost += options_.violation_cost * std::max<std::int64_t>(0, count - options_.rules[r].most);
    }
    return cost;
  }

  std::optional<std::int32_t> MostOverdue() const {
    if (options_.overdue_places == 0) return std::nullopt;
    const auto oldest = std::ranges::min_element(
        inside_, {}, [this](std::int32_t index) { return At(index).rank; });
    if (std::ssize(done_.order) - At(*oldest).rank <= options_.overdue_places) return std::nullopt;
    return *oldest;
  }

  std::int32_t Choose() const {
    if (const auto overdue = MostOverdue(); overdue.has_value()) return *overdue;
    std::vector<Path> paths(1);
    for (std::int32_t step = 0; step < options_.look_ahead; ++step) {
      // After each release one more has come.
      const std::size_t known =
          std::min(vehicles_.size(), arrived_ + static_cast<std::size_t>(step));
      std::vector<Path> longer;
      for (const Path& path : paths) {
        const auto extend = [&](std::int32_t index) {
          if (std::ranges::count(path.tail, index) > 0) return;
          Path& next = longer.emplace_back(path);
          next.cost += CostOf(path.tail, index);
          next.tail.push_back(index);
        };
        for (const std::int32_t index : inside_) extend(index);
        for (std::size_t i = arrived_; i < known; ++i) extend(static_cast<std::int32_t>(i));
      }
      if (longer.empty()) break;  // All have left.
      std::ranges::stable_sort(longer, {}, &Path::cost);
      if (std::cmp_greater(longer.size(), options_.beam)) {
        longer.resize(static_cast<std::size_t>(options_.beam));
      }
      paths = std::move(longer);
    }
    return paths.front().tail.front();
  }

  std::span<const ScoredVehicle> vehicles_;
  const ScoredOptions& options_;
  std::size_t arrived_ = 0;
  std::vector<std::int32_t> inside_;  // As they came.
  ScoredOrder done_;
};

}  // namespace

absl::StatusOr<ScoredOrder> ReleaseByScore(std::span<const ScoredVehicle> vehicles,
                                           const ScoredOptions& options) {
  if (const absl::Status status = CheckOptions(options); !status.ok()) return status;
  if (const absl::Status status = CheckVehicles(vehicles, options.rules.size()); !status.ok()) {
    return status;
  }
  if (const absl::Status status = CheckSum(vehicles.size(), options); !status.ok()) return status;
  return Chooser(vehicles, options).Run();
}

}  // namespace tandem::sequencing
