#include "sequencing/recovery/options.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>
#include <utility>

#include "sequencing/recovery/limits.h"

namespace tandem::sequencing {
namespace {

// The needs of one variant of one family, and the parts that they may share.
struct Group {
  std::int32_t variant = 0;
  std::vector<std::int32_t> needs{};  // Indexes of the list's needs, by position.
  std::vector<std::int32_t> parts{};  // By P50, number.
  std::int32_t late = 0;
};

// As std::ranges::equal_range, but a span.
template <typename Key>
std::span<const std::int32_t> EqualRange(const std::vector<std::int32_t>& sorted,
                                         std::int32_t value, const Key& key) {
  const auto first = std::ranges::lower_bound(sorted, value, {}, key);
  return {first, std::ranges::upper_bound(sorted, value, {}, key)};
}

class Lister {
 public:
  explicit Lister(const World& world) : world_(world), plan_(world.facts->book->plan()) {}
  OptionList List();

 private:
  // A late need before it is listed.
  struct LateAt {
    std::int32_t family = 0;
    const LatePosition* need = nullptr;
  };

  std::vector<LateAt> TakeLate();
  void FindPrepared(std::span<const LateAt> late);
  void OpenFamily(std::int32_t family);
  void AddFamily(std::span<const LateAt> late, std::int32_t victims_max);
  // Needs on time that may hand their part on.
  struct Victims {
    std::vector<std::int32_t> group_of{};  // By variant.
    std::vector<std::int32_t> left{};      // By group: how many may still be listed.
    std::vector<std::uint8_t> listed{};    // By vehicle.
    std::int32_t open = 0;                 // Groups that may have more.
  };
  void AddVictims(std::vector<Group>& groups, std::int32_t victims_max);
  void AddVictim(std::int32_t position, Victims& victims, std::vector<Group>& groups);
  void CollectFree(std::vector<Group>& groups);
  void AddOptions(const Group& group);
  void AddWait(const ListedNeed& need);
  void AddShort(const ListedNeed& need);
  void AddExpress(const ListedNeed& need);
  void AddRepegs(const ListedNeed& need, const Group& group);
  void AddAlternates(const ListedNeed& need);
  void AddPart(const ListedNeed& need, std::int32_t part, OptionKind kind, std::int64_t money);
  void Drop(const ListedNeed& need, OptionKind kind);
  void Sort();
  std::int32_t ResourceOf(std::int32_t part);
  bool Racked(std::int32_t part) const { return columns_.book->take_at[At(part)] != kNone; }
  bool Takeable(std::int32_t part) const { return !columns_.Bound(part); }
  Lates LateOf(const Quantiles& ready, const ListedNeed& need) const {
    return world_.facts->clock().working.Late(ready, need.need_ms);
  }
  void Add(const ListedOption& listed, const ChoiceOption& option) {
    list_.options.push_back(listed);
    list_.problem.options.push_back(option);
  }
  // The parts of `sorted` (by P50) that matter most to the need: the latest in time, and the first
  // that are not.
  std::span<const std::int32_t> Nearest(std::span<const std::int32_t> sorted,
                                        const ListedNeed& need, std::int32_t most) const;

  const World& world_;
  const RecoveryPlan& plan_;
  OptionList list_{};
  std::vector<std::int32_t> own_parts_{};  // By the list's needs.
  std::vector<Lates> own_lates_{};         // By the list's needs: a fetch counts.
  std::vector<std::pair<std::size_t, std::size_t>> ranges_{};  // Of options, by the list's needs.
  std::vector<std::int64_t> prepare_ms_{};                     // By origin.
  // Of the family that is open.
  std::int32_t family_ = 0;
  FamilyColumns columns_{};
  std::vector<std::int32_t> resources_{};  // By part.
  std::vector<std::int32_t> free_{};       // Parts that nobody has, by (variant, P50, number).
};

std::vector<Lister::LateAt> Lister::TakeLate() {
  std::vector<LateAt> late;
  for (std::int32_t f = 0; f < world_.facts->book->families(); ++f) {
    for (const LatePosition& need : world_.families[At(f)].late) late.push_back({f, &need});
  }
  if (std::ssize(late) > kUncoveredMax) {
    std::ranges::stable_sort(late, {}, [](const LateAt& at) { return at.need->need_ms; });
    for (const LateAt& at : std::span(late).subspan(At(kUncoveredMax))) {
      for (std::size_t q = 0; q < kQuantiles; ++q) {
        list_.beyond[q] = std::max(list_.beyond[q], at.need->late[q]);
      }
    }
    late.resize(At(kUncoveredMax));
    std::ranges::stable_sort(
        late, {}, [](const LateAt& at) { return std::tuple(at.family, at.need->position); });
    list_.all_listed = false;
  }
  return late;
}

// A truck leaves when all that it may carry has been prepared, whichever of it is sent in the end.
void Lister::FindPrepared(std::span<const LateAt> late) {
  prepare_ms_.assign(plan_.origins.size(), 0);
  for (const LateAt& at : late) {
    const std::optional<ExpressTerms>& terms = plan_.families[At(at.family)].express;
    if (!terms.has_value()) continue;
    std::int64_t& prepare_ms = prepare_ms_[At(terms->origin)];
    prepare_ms = std::max(prepare_ms, terms->prepare_ms);
  }
}

void Lister::OpenFamily(std::int32_t family) {
  family_ = family;
  columns_ = world_.Columns(family);
  resources_.assign(columns_.plan->parts.size(), kNone);
  free_.clear();
}

// Every free part, as things are now, of the variants that are asked for.
void Lister::CollectFree(std::vector<Group>& groups) {
  const FamilyFacts& facts = *columns_.facts;
  std::vector<std::int32_t> wanted;
  for (const Group& group : groups) {
    wanted.push_back(group.variant);
    for (const auto* alternates : {&columns_.plan->alternates, &facts.alternates}) {
      for (const AllowedAlternate& alternate : *alternates) {
        if (alternate.needed == group.variant) wanted.push_back(alternate.accepted);
      }
    }
  }
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::vector<std::int32_t> gone = facts.lost;  // And what the racks' work has given away.
  for (const auto& [vehicle, part] : world_.families[At(family_)].work.pegs) {
    if (part != kNone) gone.push_back(part);
  }
  gone.insert(gone.end(), facts.moved.begin(), facts.moved.end());  // Known by another variant.
  std::ranges::sort(gone);
  std::vector<std::int32_t> left;  // Those that the racks' work has taken from somebody for nobody.
  const std::span<const std::int32_t> before = world_.facts->Columns(family_).pegs;
  for (const auto& [vehicle, part] : world_.families[At(family_)].work.pegs) {
    if (before[At(vehicle)] != kNone) left.push_back(before[At(vehicle)]);
  }
  const auto free_now = [&](std::int32_t part) {
    return Takeable(part) && !std::ranges::binary_search(gone, part);
  };
  const std::vector<std::int32_t>& free = columns_.book->free;
  for (const std::int32_t variant : wanted) {
    const auto same = EqualRange(free, variant, [this](std::int32_t part) {
      return columns_.book->part_variants[At(part)];
    });
    std::ranges::copy_if(same, std::back_inserter(free_), free_now);
  }
  for (const auto* parts : {&facts.freed, static_cast<const std::vector<std::int32_t>*>(&left)}) {
    std::ranges::copy_if(*parts, std::back_inserter(free_), free_now);
  }
  for (const std::int32_t part : facts.moved) {  // A found part of another variant is free.
    const bool lost = std::ranges::count(facts.lost, part) > 0;
    if (!lost && Takeable(part)) free_.push_back(part);
  }
  std::ranges::sort(free_, {}, [this](std::int32_t part) {
    return std::tuple(columns_.part_variants[At(part)], columns_.ready[At(part)].p50_ms, part);
  });
}

void Lister::AddVictims(std::vector<Group>& groups, std::int32_t victims_max) {
  Victims victims{.group_of = std::vector<std::int32_t>(At(columns_.plan->variant_count), kNone),
                  .left = std::vector<std::int32_t>(groups.size()),
                  .listed = std::vector<std::uint8_t>(columns_.variants.size(), 0),
                  .open = static_cast<std::int32_t>(groups.size())};
  std::int32_t first = world_.order.size();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    victims.group_of[At(groups[g].variant)] = static_cast<std::int32_t>(g);
    victims.left[g] = std::min(kVictimsMax, victims_max + groups[g].late);
    for (const std::int32_t need : groups[g].needs) {
      first = std::min(first, list_.needs[At(need)].position);
      victims.listed[At(list_.needs[At(need)].vehicle)] = 1;
    }
  }
  for (std::int32_t p = first; p < world_.order.size() && victims.open > 0; ++p) {
    AddVictim(p, victims, groups);
  }
  // An earlier one helps only by going short in the other's place, where it weighs less.
  const std::int32_t passed = FirstPosition(*columns_.plan);
  const bool may_go_short = columns_.plan->short_money.has_value();
  for (std::int32_t p = first - 1; p >= passed && may_go_short && victims.open > 0; --p) {
    AddVictim(p, victims, groups);
  }
}

void Lister::AddVictim(std::int32_t position, Victims& victims, std::vector<Group>& groups) {
  const std::int32_t vehicle = world_.order.vehicles[At(position)];
  if (vehicle == kNone || columns_.variants[At(vehicle)] == kNoPart) return;
  const std::int32_t g = victims.group_of[At(columns_.variants[At(vehicle)])];
  const std::int32_t part = columns_.pegs[At(vehicle)];
  if (g == kNone || part == kNone || !Takeable(part)) return;
  if (victims.left[At(g)] < 0 || victims.listed[At(vehicle)] != 0) return;
  if (victims.left[At(g)]-- == 0) {  // One more is there, and is left out.
    list_.all_listed = false;
    --victims.open;
    return;
  }
  victims.listed[At(vehicle)] = 1;
  groups[At(g)].needs.push_back(static_cast<std::int32_t>(list_.needs.size()));
  list_.needs.push_back({.family = family_,
                         .position = position,
                         .vehicle = vehicle,
                         .need_ms = world_.NeedMs(family_, position),
                         .frozen = position < world_.families[At(family_)].unfrozen});
  own_parts_.push_back(part);
  own_lates_.push_back({});
}

void Lister::AddFamily(std::span<const LateAt> late, std::int32_t victims_max) {
  OpenFamily(late.front().family);
  const FamilyNow& now = world_.families[At(family_)];
  std::vector<Group> groups;
  std::vector<std::int32_t> group_of(At(columns_.plan->variant_count), kNone);
  for (const LateAt& at : late) {
    const LatePosition& need = *at.need;
    std::int32_t& g = group_of[At(columns_.variants[At(need.vehicle)])];
    if (g == kNone) {
      g = static_cast<std::int32_t>(groups.size());
      groups.push_back({.variant = columns_.variants[At(need.vehicle)]});
    }
    groups[At(g)].needs.push_back(static_cast<std::int32_t>(list_.needs.size()));
    ++groups[At(g)].late;
    list_.needs.push_back({.family = family_,
                           .position = need.position,
                           .vehicle = need.vehicle,
                           .need_ms = need.need_ms,
                           .late = true,
                           .frozen = need.position < now.unfrozen});
    own_parts_.push_back(need.part);
    own_lates_.push_back(need.late);
  }
  AddVictims(groups, victims_max);
  CollectFree(groups);
  ranges_.resize(list_.needs.size());
  for (Group& group : groups) {
    const auto variant_of = [this](std::int32_t part) { return columns_.part_variants[At(part)]; };
    const auto same = EqualRange(free_, group.variant, variant_of);
    group.parts.assign(same.begin(), same.end());
    for (const std::int32_t need : group.needs) {
      const std::int32_t part = own_parts_[At(need)];
      if (part == kNone || !Takeable(part)) continue;
      // A substitute serves those only that may have it.
      if (variant_of(part) == group.variant) group.parts.push_back(part);
    }
    std::ranges::sort(group.parts, {}, [this](std::int32_t part) {
      return std::pair(columns_.ready[At(part)].p50_ms, part);
    });
    AddOptions(group);
  }
}

void Lister::AddOptions(const Group& group) {
  for (const std::int32_t index : group.needs) {
    const ListedNeed need = list_.needs[At(index)];
    const std::size_t begin = list_.options.size();
    const std::int32_t own = own_parts_[At(index)];
    const Quantiles never{plan_.horizon_ms, plan_.horizon_ms, plan_.horizon_ms};
    Add({.kind = OptionKind::kWait,
         .part = own,
         .arrival = own == kNone ? never : columns_.ready[At(own)]},
        {.resource = own == kNone ? kNoResource : ResourceOf(own), .late = own_lates_[At(index)]});
    AddRepegs(need, group);
    AddAlternates(need);
    AddExpress(need);
    AddShort(need);
    ranges_[At(index)] = {begin, list_.options.size()};
  }
}

std::int32_t Lister::ResourceOf(std::int32_t part) {
  std::int32_t& resource = resources_[At(part)];
  if (resource == kNone) {
    resource = static_cast<std::int32_t>(list_.problem.capacity.size());
    list_.problem.capacity.push_back(1);
  }
  return resource;
}

void Lister::Drop(const ListedNeed& need, OptionKind kind) {
  list_.dropped.push_back({.location = columns_.plan->location,
                           .family = columns_.plan->family,
                           .vehicle = columns_.vehicles[At(need.vehicle)].vehicle,
                           .kind = kind,
                           .fence_ms = need.need_ms - columns_.plan->frozen_ms});
}

std::span<const std::int32_t> Lister::Nearest(std::span<const std::int32_t> sorted,
                                              const ListedNeed& need, std::int32_t most) const {
  if (std::ssize(sorted) <= most) return sorted;
  const auto after = std::ranges::upper_bound(sorted, need.need_ms, {}, [this](std::int32_t part) {
    return columns_.ready[At(part)].p50_ms;
  });
  const std::ptrdiff_t in_time = after - sorted.begin();
  const std::ptrdiff_t first =
      std::clamp<std::ptrdiff_t>(in_time - most + most / 3, 0, std::ssize(sorted) - most);
  return sorted.subspan(At(first), At(most));
}

void Lister::AddPart(const ListedNeed& need, std::int32_t part, OptionKind kind,
                     std::int64_t money) {
  const Quantiles& ready = columns_.ready[At(part)];
  const std::int32_t own = columns_.pegs[At(need.vehicle)];
  const bool moves = Racked(part) || (own != kNone && Racked(own));
  Add({.kind = kind, .part = part, .arrival = ready}, {.resource = ResourceOf(part),
                                                       .late = LateOf(ready, need),
                                                       .moves = moves ? 1 : 0,
                                                       .money = money});
}

void Lister::AddRepegs(const ListedNeed& need, const Group& group) {
  const auto pairs = std::ssize(group.needs) * std::ssize(group.parts);
  const bool all = pairs <= kFullListMax;
  const auto parts =
      all ? std::span<const std::int32_t>(group.parts) : Nearest(group.parts, need, kPartsListed);
  if (parts.size() < group.parts.size()) list_.all_listed = false;
  const std::int32_t own = columns_.pegs[At(need.vehicle)];
  bool dropped = false;
  for (const std::int32_t part : parts) {
    if (part == own) continue;
    if (need.frozen && !columns_.AtHand(part)) {  // Inside the fence only what is at hand.
      dropped = true;
      continue;
    }
    AddPart(need, part, OptionKind::kRepeg, 0);
  }
  if (dropped && need.late) Drop(need, OptionKind::kRepeg);
}

void Lister::AddAlternates(const ListedNeed& need) {
  const std::int32_t variant = columns_.variants[At(need.vehicle)];
  bool dropped = false;
  for (const auto* alternates : {&columns_.plan->alternates, &columns_.facts->alternates}) {
    for (const AllowedAlternate& alternate : *alternates) {
      if (alternate.needed != variant) continue;
      const auto same = EqualRange(free_, alternate.accepted, [this](std::int32_t part) {
        return columns_.part_variants[At(part)];
      });
      const auto parts = Nearest({same.begin(), same.end()}, need, kPartsListed);
      if (parts.size() < same.size()) list_.all_listed = false;
      for (const std::int32_t part : parts) {
        if (need.frozen && !columns_.AtHand(part)) {
          dropped = true;
          continue;
        }
        AddPart(need, part, OptionKind::kAlternate, alternate.money);
      }
    }
  }
  if (dropped && need.late) Drop(need, OptionKind::kAlternate);
}

void Lister::AddExpress(const ListedNeed& need) {
  if (!columns_.plan->express.has_value()) return;
  if (need.frozen) {
    if (need.late) Drop(need, OptionKind::kExpress);
    return;
  }
  const ExpressTerms& terms = *columns_.plan->express;
  const Quantiles arrival = Shifted(terms.travel_ms, plan_.now_ms + prepare_ms_[At(terms.origin)] +
                                                         terms.unload_ms + terms.internal_ms);
  Add({.kind = OptionKind::kExpress, .origin = terms.origin, .arrival = arrival},
      {.resource = terms.origin, .late = LateOf(arrival, need), .money = terms.part_money});
}

void Lister::AddShort(const ListedNeed& need) {
  if (!columns_.plan->short_money.has_value()) return;
  const std::int64_t weight = columns_.vehicles[At(need.vehicle)].weight;
  Add({.kind = OptionKind::kShort}, {.money = *columns_.plan->short_money * weight});
}

// Into the order of needs, so that ties go to the earlier one.
void Lister::Sort() {
  std::vector<std::int32_t> order(list_.needs.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = static_cast<std::int32_t>(k);
  std::ranges::sort(order, {}, [this](std::int32_t k) {
    const ListedNeed& need = list_.needs[At(k)];
    return std::tuple(need.need_ms, need.family, need.position);
  });
  OptionList sorted{.problem = {.capacity = std::move(list_.problem.capacity)},
                    .dropped = std::move(list_.dropped),
                    .beyond = list_.beyond,
                    .all_listed = list_.all_listed};
  sorted.needs.reserve(order.size());
  sorted.options.reserve(list_.options.size());
  sorted.problem.options.reserve(list_.options.size());
  for (const std::int32_t k : order) {
    sorted.needs.push_back(list_.needs[At(k)]);
    for (std::size_t o = ranges_[At(k)].first; o < ranges_[At(k)].second; ++o) {
      sorted.options.push_back(list_.options[o]);
      sorted.problem.options.push_back(list_.problem.options[o]);
    }
    sorted.problem.first.push_back(static_cast<std::int32_t>(sorted.options.size()));
  }
  list_ = std::move(sorted);
}

OptionList Lister::List() {
  list_.problem.capacity.assign(plan_.origins.size(), 0);
  const std::vector<LateAt> late = TakeLate();
  if (late.empty()) return std::move(list_);
  FindPrepared(late);
  const auto victims =
      std::max<std::int32_t>(4, kVictimsInAll / static_cast<std::int32_t>(late.size()));
  for (std::size_t first = 0; first < late.size();) {
    std::size_t end = first;
    while (end < late.size() && late[end].family == late[first].family) ++end;
    AddFamily(std::span(late).subspan(first, end - first), std::min(kVictimsMax, victims));
    first = end;
  }
  Sort();
  return std::move(list_);
}

}  // namespace

OptionList ListOptions(const World& world) { return Lister(world).List(); }

}  // namespace tandem::sequencing
