#include "sequencing/pegging/sets.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <queue>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

using ReadyTicks = std::vector<std::vector<std::int32_t>>;

bool InRange(std::int32_t tick) { return tick >= -kTickMax && tick <= kTickMax; }

absl::Status CheckOption(std::span<const StockPieces> option, std::size_t stocks,
                         const std::string& name) {
  for (std::size_t k = 0; k < option.size(); ++k) {
    if (option[k].stock < 0 || std::cmp_greater_equal(option[k].stock, stocks)) {
      return absl::InvalidArgumentError(
          absl::StrCat("UNKNOWN_STOCK: ", name, ", field stock: ", option[k].stock));
    }
    if (option[k].pieces < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("SET_SIZE: ", name, ", field pieces: ", option[k].pieces));
    }
    for (std::size_t before = 0; before < k; ++before) {
      if (option[before].stock != option[k].stock) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("STOCK_TWICE: ", name, ", field stock: ", option[k].stock));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckInput(std::span<const SetVehicle> vehicles, const ReadyTicks& ready_ticks) {
  for (std::size_t v = 0; v < vehicles.size(); ++v) {
    const std::string name = absl::StrCat("vehicle ", v);
    if (!InRange(vehicles[v].due_tick)) {
      return absl::InvalidArgumentError(
          absl::StrCat("TICK_OUT_OF_RANGE: ", name, ", field due_tick: ", vehicles[v].due_tick));
    }
    if (vehicles[v].weight < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("WEIGHT_NOT_POSITIVE: ", name, ", field weight: ", vehicles[v].weight));
    }
    for (const std::vector<StockPieces>& option : vehicles[v].options) {
      if (option.empty()) {
        return absl::InvalidArgumentError(absl::StrCat("SET_SIZE: ", name, ": an empty option"));
      }
      absl::Status status = CheckOption(option, ready_ticks.size(), name);
      if (!status.ok()) return status;
    }
  }
  for (std::size_t s = 0; s < ready_ticks.size(); ++s) {
    if (std::all_of(ready_ticks[s].begin(), ready_ticks[s].end(), InRange)) continue;
    return absl::InvalidArgumentError(absl::StrCat("TICK_OUT_OF_RANGE: ready_ticks of stock ", s));
  }
  return absl::OkStatus();
}

// Vehicles in need order, without those that have no option and so are late whatever is chosen; and
// how many pieces of each stock are ready when each is due.
class SetProblem {
 public:
  SetProblem(std::span<const SetVehicle> vehicles, ReadyTicks ready_ticks);

  std::int64_t asking() const { return std::ssize(order_); }
  // The one stock of which each vehicle asks for some pieces, and for nothing else.
  std::optional<std::size_t> OneStock() const;
  bool EqualWeights() const;
  std::int64_t Pieces(std::size_t stock) const {
    return static_cast<std::int64_t>(ready_[stock].size());
  }
  SetChoice NoneOnTime() const { return None(SetMethod::kMooreHodgson); }
  SetChoice MooreHodgson() const;
  SetChoice LawlerMoore() const;
  SetChoice Greedy() const;
  // Searches the vehicles in need order; false if it takes more than `nodes`.
  bool Search(std::int64_t nodes, SetChoice& choice) const;

 private:
  struct Searcher;

  const SetVehicle& At(std::size_t rank) const { return vehicles_[order_[rank]]; }
  std::int64_t ReadyBy(std::size_t stock, std::int32_t tick) const {
    const std::vector<std::int32_t>& ready = ready_[stock];
    return std::upper_bound(ready.begin(), ready.end(), tick) - ready.begin();
  }
  SetChoice None(SetMethod method) const {
    return {.options = std::vector<std::int32_t>(vehicles_.size(), -1), .method = method};
  }
  void Choose(std::size_t rank, std::size_t option, SetChoice& choice) const {
    choice.options[order_[rank]] = static_cast<std::int32_t>(option);
    choice.weight_on_time += At(rank).weight;
  }
  // Whether what `choice` serves can all be on time.
  bool Possible(const SetChoice& choice) const;

  std::span<const SetVehicle> vehicles_;
  ReadyTicks ready_;
  std::vector<std::size_t> order_;
};

SetProblem::SetProblem(std::span<const SetVehicle> vehicles, ReadyTicks ready_ticks)
    : vehicles_(vehicles), ready_(std::move(ready_ticks)) {
  for (std::vector<std::int32_t>& ready : ready_) std::sort(ready.begin(), ready.end());
  for (std::size_t v = 0; v < vehicles.size(); ++v) {
    if (!vehicles[v].options.empty()) order_.push_back(v);
  }
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return vehicles[a].due_tick < vehicles[b].due_tick;
  });
}

std::optional<std::size_t> SetProblem::OneStock() const {
  std::optional<std::int32_t> stock;
  for (const std::size_t v : order_) {
    const SetVehicle& vehicle = vehicles_[v];
    if (vehicle.options.size() != 1 || vehicle.options.front().size() != 1) return std::nullopt;
    const std::int32_t own = vehicle.options.front().front().stock;
    if (own != stock.value_or(own)) return std::nullopt;
    stock = own;
  }
  if (!stock.has_value()) return std::nullopt;
  return static_cast<std::size_t>(*stock);
}

bool SetProblem::EqualWeights() const {
  return std::all_of(order_.begin(), order_.end(),
                     [&](std::size_t v) { return vehicles_[v].weight == At(0).weight; });
}

// Jobs of length k with a due date in pieces: when more pieces are asked for than are ready, the
// vehicle with the most is dropped. Reference: Moore, Management Science 15 (1968), algorithm of
// Hodgson.
SetChoice SetProblem::MooreHodgson() const {
  std::priority_queue<std::pair<std::int32_t, std::size_t>> kept;  // Pieces, rank: the latest last.
  std::int64_t pieces = 0;
  for (std::size_t rank = 0; rank < order_.size(); ++rank) {
    const StockPieces& asked = At(rank).options.front().front();
    kept.emplace(asked.pieces, rank);
    pieces += asked.pieces;
    if (pieces <= ReadyBy(static_cast<std::size_t>(asked.stock), At(rank).due_tick)) continue;
    pieces -= kept.top().first;
    kept.pop();
  }
  SetChoice choice = None(SetMethod::kMooreHodgson);
  for (; !kept.empty(); kept.pop()) Choose(kept.top().second, 0, choice);
  return choice;
}

// best[p] = the greatest weight that uses p pieces, after each vehicle in need order.
// Reference: Lawler and Moore, Management Science 16 (1969).
SetChoice SetProblem::LawlerMoore() const {
  const auto stock = static_cast<std::size_t>(At(0).options.front().front().stock);
  const auto width = static_cast<std::size_t>(Pieces(stock)) + 1;
  constexpr std::int64_t kNever = -1;
  std::vector<std::int64_t> best(width, kNever);
  best[0] = 0;
  std::vector<bool> taken(order_.size() * width, false);
  for (std::size_t rank = 0; rank < order_.size(); ++rank) {
    const auto pieces = static_cast<std::size_t>(At(rank).options.front().front().pieces);
    const auto ready = static_cast<std::size_t>(ReadyBy(stock, At(rank).due_tick));
    for (std::size_t p = ready; p >= pieces && p < width; --p) {
      if (best[p - pieces] == kNever) continue;
      const std::int64_t served = best[p - pieces] + At(rank).weight;
      if (served <= best[p]) continue;
      best[p] = served;
      taken[rank * width + p] = true;
    }
  }
  SetChoice choice = None(SetMethod::kLawlerMoore);
  auto p = static_cast<std::size_t>(std::max_element(best.begin(), best.end()) - best.begin());
  for (std::size_t rank = order_.size(); rank-- > 0;) {
    if (!taken[rank * width + p]) continue;
    Choose(rank, 0, choice);
    p -= static_cast<std::size_t>(At(rank).options.front().front().pieces);
  }
  return choice;
}

bool SetProblem::Possible(const SetChoice& choice) const {
  std::vector<std::int64_t> used(ready_.size(), 0);
  for (std::size_t rank = 0; rank < order_.size(); ++rank) {
    const std::int32_t option = choice.options[order_[rank]];
    if (option == -1) continue;
    for (const StockPieces& asked : At(rank).options[static_cast<std::size_t>(option)]) {
      const auto stock = static_cast<std::size_t>(asked.stock);
      used[stock] += asked.pieces;
      if (used[stock] > ReadyBy(stock, At(rank).due_tick)) return false;
    }
  }
  return true;
}

SetChoice SetProblem::Greedy() const {
  std::vector<std::size_t> ranks(order_.size());
  std::iota(ranks.begin(), ranks.end(), 0);
  std::stable_sort(ranks.begin(), ranks.end(),
                   [&](std::size_t a, std::size_t b) { return At(a).weight > At(b).weight; });
  SetChoice choice = None(SetMethod::kGreedy);
  for (const std::size_t rank : ranks) {
    std::int32_t& option = choice.options[order_[rank]];
    while (std::cmp_less(option + 1, At(rank).options.size())) {
      ++option;
      if (Possible(choice)) break;
      if (std::cmp_equal(option + 1, At(rank).options.size())) {
        option = -1;
        break;
      }
    }
    if (option != -1) choice.weight_on_time += At(rank).weight;
  }
  return choice;
}

// Depth first in need order: what is taken uses up pieces for all that are due later, so a choice
// is possible iff each step is. Bound: all that are left are served.
struct SetProblem::Searcher {
  const SetProblem& problem;
  std::int64_t nodes_left = 0;
  SetChoice best{};
  SetChoice now{};
  std::vector<std::int64_t> used{};
  std::vector<std::int64_t> weight_from{};  // Of the vehicles of this rank and later.

  bool Take(std::span<const StockPieces> option, std::int32_t due_tick) {
    for (const StockPieces& asked : option) {
      const auto stock = static_cast<std::size_t>(asked.stock);
      if (used[stock] + asked.pieces > problem.ReadyBy(stock, due_tick)) return false;
    }
    for (const StockPieces& asked : option) {
      used[static_cast<std::size_t>(asked.stock)] += asked.pieces;
    }
    return true;
  }
  void PutBack(std::span<const StockPieces> option) {
    for (const StockPieces& asked : option) {
      used[static_cast<std::size_t>(asked.stock)] -= asked.pieces;
    }
  }
  void Visit(std::size_t rank) {
    if (--nodes_left < 0) return;
    if (now.weight_on_time > best.weight_on_time) best = now;
    if (rank == problem.order_.size()) return;
    if (now.weight_on_time + weight_from[rank] <= best.weight_on_time) return;
    const SetVehicle& vehicle = problem.At(rank);
    std::int32_t& option = now.options[problem.order_[rank]];
    for (std::size_t k = 0; k < vehicle.options.size(); ++k) {
      if (!Take(vehicle.options[k], vehicle.due_tick)) continue;
      option = static_cast<std::int32_t>(k);
      now.weight_on_time += vehicle.weight;
      Visit(rank + 1);
      now.weight_on_time -= vehicle.weight;
      option = -1;
      PutBack(vehicle.options[k]);
    }
    Visit(rank + 1);
  }
};

bool SetProblem::Search(std::int64_t nodes, SetChoice& choice) const {
  constexpr std::size_t kDepth = 2'000;  // Of the recursion.
  if (order_.size() > kDepth) return false;
  Searcher searcher{.problem = *this,
                    .nodes_left = nodes,
                    .best = choice,
                    .now = None(SetMethod::kBranchAndBound),
                    .used = std::vector<std::int64_t>(ready_.size(), 0),
                    .weight_from = std::vector<std::int64_t>(order_.size() + 1, 0)};
  for (std::size_t rank = order_.size(); rank-- > 0;) {
    searcher.weight_from[rank] = searcher.weight_from[rank + 1] + At(rank).weight;
  }
  searcher.Visit(0);
  choice = searcher.best;  // Where the search was cut off, still no worse than the greedy choice.
  choice.method = searcher.nodes_left < 0 ? SetMethod::kGreedy : SetMethod::kBranchAndBound;
  return searcher.nodes_left >= 0;
}

}  // namespace

absl::StatusOr<std::vector<PieceSet>> KitSets(std::span<const Piece> pieces,
                                              std::int32_t pieces_of_set) {
  if (pieces_of_set < 1) {
    return absl::InvalidArgumentError(absl::StrCat("SET_SIZE: ", pieces_of_set, " is below 1"));
  }
  std::vector<SupplyId> ids;
  std::map<std::int32_t, std::vector<Piece>> lots;
  for (const Piece& piece : pieces) {
    if (!InRange(piece.ready_tick)) {
      return absl::InvalidArgumentError(absl::StrCat("TICK_OUT_OF_RANGE: supply ",
                                                     static_cast<std::uint64_t>(piece.supply),
                                                     ", field ready_tick: ", piece.ready_tick));
    }
    ids.push_back(piece.supply);
    lots[piece.lot].push_back(piece);
  }
  std::sort(ids.begin(), ids.end());
  if (const auto twice = std::adjacent_find(ids.begin(), ids.end()); twice != ids.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("DUPLICATE_SUPPLY: supply ", static_cast<std::uint64_t>(*twice)));
  }
  std::vector<PieceSet> sets;
  const auto size = static_cast<std::size_t>(pieces_of_set);
  for (auto& [lot, of_lot] : lots) {
    std::sort(of_lot.begin(), of_lot.end(), [](const Piece& a, const Piece& b) {
      return std::pair(a.ready_tick, a.supply) < std::pair(b.ready_tick, b.supply);
    });
    for (std::size_t last = size; last <= of_lot.size(); last += size) {
      PieceSet set{.lot = lot, .ready_tick = of_lot[last - 1].ready_tick};
      for (std::size_t k = last - size; k < last; ++k) set.pieces.push_back(of_lot[k].supply);
      sets.push_back(std::move(set));
    }
  }
  std::stable_sort(sets.begin(), sets.end(), [](const PieceSet& a, const PieceSet& b) {
    return a.ready_tick < b.ready_tick;
  });
  return sets;
}

absl::StatusOr<SetChoice> ChooseSets(std::span<const SetVehicle> vehicles,
                                     const std::vector<std::vector<std::int32_t>>& ready_ticks,
                                     const SetLimits& limits) {
  absl::Status status = CheckInput(vehicles, ready_ticks);
  if (!status.ok()) return status;
  const SetProblem problem(vehicles, ready_ticks);
  if (problem.asking() == 0) return problem.NoneOnTime();
  if (const std::optional<std::size_t> stock = problem.OneStock(); stock.has_value()) {
    if (problem.EqualWeights()) return problem.MooreHodgson();
    if ((problem.Pieces(*stock) + 1) * problem.asking() <= limits.cells) {
      return problem.LawlerMoore();
    }
  }
  SetChoice choice = problem.Greedy();
  problem.Search(limits.nodes, choice);
  return choice;
}

}  // namespace tandem::sequencing
