#include "sequencing/pegging/group_walk.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tandem::sequencing {
namespace {

constexpr std::size_t kBucket = 64;
constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kGreatest = std::numeric_limits<std::int32_t>::max();

// The order in which a level is walked.
void SortLevel(const EntryStore& entries, std::span<GroupStep> level) {
  std::sort(level.begin(), level.end(), [&](const GroupStep& a, const GroupStep& b) {
    return std::pair(entries.key(a.entry), entries.id(a.entry)) <
           std::pair(entries.key(b.entry), entries.id(b.entry));
  });
}

}  // namespace

void TickPool::Add(std::int32_t low, std::int32_t high, Place place) {
  if (buckets_.empty() || buckets_.back().entries.size() == kBucket) {
    buckets_.push_back({.low = kGreatest, .high = kLeast});
    buckets_.back().entries.reserve(kBucket);
  }
  Bucket& bucket = buckets_.back();
  bucket.low = std::min(bucket.low, low);
  bucket.high = std::max(bucket.high, high);
  bucket.entries.push_back({.low = low, .high = high, .place = place});
}

void TickPool::Take(std::int32_t low, std::int32_t high, absl::FunctionRef<void(Place)> visit) {
  for (Bucket& bucket : buckets_) {
    if (bucket.low > high || bucket.high < low) continue;
    bucket.low = kGreatest;
    bucket.high = kLeast;
    std::erase_if(bucket.entries, [&](const Entry& entry) {
      if (entry.low <= high && entry.high >= low) {
        visit(entry.place);
        return true;
      }
      bucket.low = std::min(bucket.low, entry.low);
      bucket.high = std::max(bucket.high, entry.high);
      return false;
    });
  }
}

std::int32_t GroupGraph::KindOf(Place need) {
  const std::int32_t acceptance = rules_.acceptance_of(need);
  const auto own = static_cast<std::int32_t>(store_.needs.queue(need));
  const std::int64_t key =
      acceptance == kNoAcceptance ? -1 - std::int64_t{own} : std::int64_t{acceptance};
  const auto [kind, added] = kinds_.emplace(key, static_cast<std::int32_t>(accepted_.size()));
  if (!added) return kind->second;
  if (acceptance == kNoAcceptance) {
    accepted_.emplace_back(&*std::lower_bound(rules_.stocks.begin(), rules_.stocks.end(), own), 1U);
  } else {
    accepted_.emplace_back(rules_.acceptances[static_cast<std::size_t>(acceptance)]);
  }
  return kind->second;
}

bool GroupGraph::Accepts(std::int32_t kind, std::uint32_t stock) const {
  const std::span<const std::int32_t> stocks = accepted_[static_cast<std::size_t>(kind)];
  return std::find(stocks.begin(), stocks.end(), static_cast<std::int32_t>(stock)) != stocks.end();
}

bool GroupGraph::Fits(Place need, Place supply) {
  const std::int32_t due = store_.needs.key(need);
  return store_.supplies.key(supply) <= due && due <= rules_.expiry_of(supply) &&
         Accepts(KindOf(need), store_.supplies.queue(supply));
}

void GroupGraph::VisitSupplies(Place need, absl::FunctionRef<void(Place)> visit) {
  const std::int32_t due = store_.needs.key(need);
  for (const std::int32_t stock : accepted_[static_cast<std::size_t>(KindOf(need))]) {
    const std::size_t loaded = supplies_.size();
    TickPool& pool = supplies_[stock];
    if (supplies_.size() > loaded) {
      store_.supplies.ForEach(static_cast<std::uint32_t>(stock), [&](Place supply) {
        pool.Add(store_.supplies.key(supply), rules_.expiry_of(supply), supply);
      });
    }
    pool.Take(due, due, visit);
  }
}

void GroupGraph::LoadNeeds() {
  needs_loaded_ = true;
  for (const std::int32_t stock : rules_.stocks) {
    store_.needs.ForEach(static_cast<std::uint32_t>(stock), [&](Place need) {
      const auto kind = static_cast<std::size_t>(KindOf(need));
      if (needs_.size() <= kind) needs_.resize(kind + 1);
      needs_[kind].Add(store_.needs.key(need), store_.needs.key(need), need);
    });
  }
}

void GroupGraph::VisitNeeds(Place supply, absl::FunctionRef<void(Place)> visit) {
  if (!needs_loaded_) LoadNeeds();
  const std::uint32_t stock = store_.supplies.queue(supply);
  for (std::size_t kind = 0; kind < needs_.size(); ++kind) {
    if (!Accepts(static_cast<std::int32_t>(kind), stock)) continue;
    needs_[kind].Take(store_.supplies.key(supply), rules_.expiry_of(supply), visit);
  }
}

void GroupGraph::ForEachFreeSupply(absl::FunctionRef<void(Place)> visit) const {
  for (const std::int32_t stock : rules_.stocks) {
    store_.supplies.ForEachFree(static_cast<std::uint32_t>(stock), visit);
  }
}

void GroupGraph::ForEachLate(absl::FunctionRef<void(Place)> visit) const {
  for (const std::int32_t stock : rules_.stocks) {
    store_.needs.ForEachFree(static_cast<std::uint32_t>(stock), visit);
  }
}

WalkFromNeed WalkToSupplies(const PegStore& store, GroupGraph& graph, Place need, Place except) {
  WalkFromNeed walk;
  walk.steps = {{.entry = need}};
  // A free part that fits is most often there, and then nothing need be loaded.
  bool any_free = false;
  graph.ForEachFreeSupply([&](Place supply) {
    if (supply == except) return;
    any_free = true;
    if (graph.Fits(need, supply)) walk.ends.push_back({.entry = supply});
  });
  if (except != kNowhere && graph.Fits(need, except)) walk.except_from = 0;
  std::int32_t lightest = store.needs.weight(need);
  std::vector<GroupStep> next;
  for (std::size_t begin = 0; walk.ends.empty() && begin < walk.steps.size();) {
    const std::size_t end = walk.steps.size();
    for (std::size_t at = begin; at < end; ++at) {
      const auto from = static_cast<std::int32_t>(at);
      graph.VisitSupplies(walk.steps[at].entry, [&](Place supply) {
        if (supply == except) {
          if (walk.except_from < 0) walk.except_from = from;
        } else if (!store.supplies.HasMate(supply)) {
          walk.ends.push_back({.entry = supply, .step = from});
        } else {
          next.push_back({.entry = store.supplies.mate(supply),
                          .from = from,
                          .level = walk.steps[at].level + 1});
        }
      });
    }
    SortLevel(store.needs, next);
    for (const GroupStep& step : next) {
      const std::int32_t weight = store.needs.weight(step.entry);
      const auto at = static_cast<std::int32_t>(walk.steps.size());
      walk.steps.push_back(step);
      if (weight > lightest || weight == store.needs.weight(need)) continue;
      const bool first = walk.rivals.empty() || weight < lightest;
      if (!first && walk.steps[static_cast<std::size_t>(walk.rivals.front())].level < step.level) {
        continue;
      }
      if (first) walk.rivals.clear();
      walk.rivals.push_back(at);
      lightest = weight;
    }
    next.clear();
    begin = end;
    // Nothing better can come.
    if (!any_free && except == kNowhere && !walk.rivals.empty() && lightest == 1) break;
  }
  return walk;
}

WalkFromSupply WalkToLateNeeds(const PegStore& store, GroupGraph& graph, Place supply,
                               Place except) {
  WalkFromSupply walk;
  walk.steps = {{.entry = supply}};
  std::int32_t heaviest = 0;
  graph.ForEachLate([&](Place need) {
    if (need != except) heaviest = std::max(heaviest, store.needs.weight(need));
  });
  if (heaviest == 0) return walk;
  std::int32_t found = 0;
  const auto note = [&](Place need, std::int32_t step, std::int32_t level) {
    const std::int32_t weight = store.needs.weight(need);
    if (weight < found) return;
    const bool same = weight == found;
    if (same && walk.steps[static_cast<std::size_t>(walk.ends.front().step)].level < level) return;
    if (!same) walk.ends.clear();
    found = weight;
    walk.ends.push_back({.entry = need, .step = step});
  };
  // The part most often fits one of the heaviest, and then nothing need be loaded.
  graph.ForEachLate([&](Place need) {
    if (need == except || store.needs.weight(need) != heaviest) return;
    if (graph.Fits(need, supply)) note(need, 0, 0);
  });
  std::vector<GroupStep> next;
  for (std::size_t begin = 0; found < heaviest && begin < walk.steps.size();) {
    const std::size_t end = walk.steps.size();
    for (std::size_t at = begin; at < end; ++at) {
      const auto from = static_cast<std::int32_t>(at);
      const std::int32_t level = walk.steps[at].level;
      graph.VisitNeeds(walk.steps[at].entry, [&](Place need) {
        if (need == except) return;
        if (!store.needs.HasMate(need)) return note(need, from, level);
        next.push_back({.entry = store.needs.mate(need), .from = from, .level = level + 1});
      });
    }
    SortLevel(store.supplies, next);
    walk.steps.insert(walk.steps.end(), next.begin(), next.end());
    next.clear();
    begin = end;
  }
  return walk;
}

}  // namespace tandem::sequencing
