#include "sequencing/recovery/not_taken.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

namespace tandem::sequencing {
namespace {

constexpr std::size_t kKinds = static_cast<std::size_t>(OptionKind::kWait) + 1;

// The choice, of which one position's option is exchanged at a time.
class Exchange {
 public:
  Exchange(const RecoveryPlan& plan, const Answer& best);

  OptionCost With(std::size_t need, std::int32_t option) const;

 private:
  const ChoiceOption& Chosen(std::size_t need) const {
    return list_.problem.options[At(list_.problem.first[need] + best_.chosen[need])];
  }
  Lates LateWithout(std::size_t need) const;
  // The trucks of the option's origin with one position more or less.
  void AddTruck(std::int32_t origin, std::int32_t positions, RecoveryCost& cost) const;

  const RecoveryPlan& plan_;
  const Answer& best_;
  const OptionList& list_;
  Lates most_{};  // The two longest latenesses at each quantile,
  Lates second_{};
  std::array<std::size_t, kQuantiles> whose_{};  // and whose the longest is.
  std::vector<std::int32_t> used_{};             // By resource.
};

Exchange::Exchange(const RecoveryPlan& plan, const Answer& best)
    : plan_(plan), best_(best), list_(best.list), most_(list_.beyond), second_(list_.beyond) {
  whose_.fill(list_.needs.size());
  used_.resize(list_.problem.capacity.size());
  for (std::size_t n = 0; n < list_.needs.size(); ++n) {
    const ChoiceOption& chosen = Chosen(n);
    if (chosen.resource != kNoResource) ++used_[At(chosen.resource)];
    for (std::size_t q = 0; q < kQuantiles; ++q) {
      if (chosen.late[q] > most_[q]) {
        second_[q] = std::exchange(most_[q], chosen.late[q]);
        whose_[q] = n;
      } else {
        second_[q] = std::max(second_[q], chosen.late[q]);
      }
    }
  }
}

Lates Exchange::LateWithout(std::size_t need) const {
  Lates late = most_;
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    if (whose_[q] == need) late[q] = second_[q];
  }
  return late;
}

void Exchange::AddTruck(std::int32_t origin, std::int32_t positions, RecoveryCost& cost) const {
  const ExpressOrigin& terms = plan_.origins[At(origin)];
  const auto trucks = [&](std::int32_t count) { return (count + terms.places - 1) / terms.places; };
  const std::int32_t now = used_[At(origin)];
  const std::int32_t more = trucks(now + positions) - trucks(now);
  cost.transports += more;
  cost.money += more * terms.money;
}

OptionCost Exchange::With(std::size_t need, std::int32_t option) const {
  const ListedNeed& listed = list_.needs[need];
  const PlanFamily& family = plan_.families[At(listed.family)];
  const ListedOption& other = list_.options[At(option)];
  const ChoiceOption& choice = list_.problem.options[At(option)];
  const ChoiceOption& chosen = Chosen(need);
  OptionCost cost{.location = family.location,
                  .family = family.family,
                  .vehicle = plan_.vehicles[At(listed.vehicle)].vehicle,
                  .kind = other.kind,
                  .arrival = other.arrival,
                  .with = best_.cost};
  if (other.part != kNone) cost.part = family.parts[At(other.part)].part;
  Lates late = LateWithout(need);
  Raise(late, choice.late);
  cost.with.stop_tenths = Tenths(late);
  cost.with.moves += choice.moves - chosen.moves;
  cost.with.money += choice.money - chosen.money;
  const auto is_origin = [this](std::int32_t resource) {
    return resource != kNoResource && At(resource) < plan_.origins.size();
  };
  if (is_origin(choice.resource)) {
    AddTruck(choice.resource, 1, cost.with);
  } else if (choice.resource != kNoResource) {
    cost.in_use = used_[At(choice.resource)] > 0;
  }
  if (is_origin(chosen.resource)) AddTruck(chosen.resource, -1, cost.with);
  cost.more_stop_tenths = cost.with.stop_tenths - best_.cost.stop_tenths;
  return cost;
}

}  // namespace

std::vector<OptionCost> OptionsNotTaken(const RecoveryPlan& plan, const SearchResult& result) {
  const Answer& best = result.best;
  const Exchange exchange(plan, best);
  std::vector<OptionCost> all;
  for (std::size_t n = 0; n < best.list.needs.size(); ++n) {
    if (!best.list.needs[n].late) continue;
    std::array<std::optional<OptionCost>, kKinds> least{};
    const std::int32_t first = best.list.problem.first[n];
    for (std::int32_t o = first; o < best.list.problem.first[n + 1]; ++o) {
      if (o == first + best.chosen[n]) continue;
      const OptionCost cost = exchange.With(n, o);
      std::optional<OptionCost>& of_kind = least[static_cast<std::size_t>(cost.kind)];
      const auto key = [](const OptionCost& of) { return std::tuple(of.in_use, of.with); };
      if (!of_kind.has_value() || key(cost) < key(*of_kind)) of_kind = cost;
    }
    for (const std::optional<OptionCost>& cost : least) {
      if (cost.has_value()) all.push_back(*cost);
    }
  }
  const std::vector<Fallback>& moved = best.world->fallbacks;
  for (OptionCost move : result.fallbacks) {
    if (moved.size() == 1 && plan.vehicles[At(moved.front().vehicle)].vehicle == move.vehicle) {
      continue;
    }
    move.more_stop_tenths = move.with.stop_tenths - best.cost.stop_tenths;
    all.push_back(move);
  }
  return all;
}

}  // namespace tandem::sequencing
