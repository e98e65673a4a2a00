// pegging_flow: a change that no chain repairs exactly, so that the whole group goes to the flow:
// two parts lost together where needs have weights and others are late already, or where needs have
// alternates. Each change is undone by another that brings two parts, and that counts too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sequencing/pegging/peg_book.h"
#include "tests/bench/sequencing/bench.h"

namespace tandem::bench {
namespace {

using sequencing::Event;
using sequencing::EventKind;
using sequencing::Layout;
using sequencing::NeedId;
using sequencing::PegBook;
using sequencing::PegOutcome;
using sequencing::SupplyId;

// A group of stocks, about one need in a hundred short of a part.
class ShortGroup {
 public:
  ShortGroup(Layout layout, std::int32_t needs)
      : variants_(layout.variants),
        acceptances_(static_cast<std::int32_t>(layout.acceptances.size())),
        horizon_(60 * needs),
        book_(PegBook::Create(std::move(layout)).value()) {
    PegOutcome outcome;
    std::vector<Event> events;
    for (std::int32_t k = 0; k < needs; ++k) {
      events.push_back({.kind = EventKind::kNeedAdded,
                        .need = NeedId{static_cast<std::uint64_t>(k)},
                        .variant = k % variants_,
                        .tick = Random(0, horizon_),
                        .weight = Random(1, 3)});
      // Acceptance v holds variant v and the next one.
      if (acceptances_ > 0 && Random(0, 1) == 1) events.back().acceptance = k % variants_;
    }
    for (std::int32_t k = 0; k < needs - needs / 100 - 1; ++k) events.push_back(NewPart());
    if (!book_.Apply(events, outcome).ok()) std::abort();
  }

  std::int64_t late() const { return book_.late(); }
  // Two parts lost in one change, two others come in the next; the seconds of each, and whether
  // they were made at all.
  bool LoseAndReplace(std::vector<double>& seconds) {
    std::vector<Event> lost;
    for (int k = 0; k < 2; ++k) {
      const std::size_t at = random_() % parts_.size();
      lost.push_back({.kind = EventKind::kSupplyLost, .supply = SupplyId{parts_[at]}});
      parts_[at] = parts_.back();
      parts_.pop_back();
    }
    const bool made = Timed(lost, seconds);
    const std::vector<Event> found = {NewPart(), NewPart()};
    return Timed(found, seconds) && made;
  }

 private:
  std::int32_t Random(std::int32_t low, std::int32_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  Event NewPart() {
    parts_.push_back(next_part_++);
    return {.kind = EventKind::kSupplyAdded,
            .supply = SupplyId{parts_.back()},
            .variant = static_cast<std::int32_t>(parts_.back() % static_cast<unsigned>(variants_)),
            .tick = Random(-1'800, horizon_ - 1'800)};
  }
  bool Timed(const std::vector<Event>& change, std::vector<double>& seconds) {
    PegOutcome outcome;
    const double begin = CpuSeconds();
    const bool made = book_.Apply(change, outcome).ok();
    seconds.push_back(CpuSeconds() - begin);
    return made;
  }

  std::mt19937_64 random_{7};
  std::int32_t variants_;
  std::int32_t acceptances_;
  std::int32_t horizon_;
  PegBook book_;
  std::vector<std::uint64_t> parts_{};
  std::uint64_t next_part_ = 0;
};

void Report(const std::string& name, Layout layout, std::int32_t needs, int rounds) {
  ShortGroup group(std::move(layout), needs);
  std::vector<double> seconds;
  bool made = true;
  for (int round = 0; round < rounds; ++round) made = group.LoseAndReplace(seconds) && made;
  Print({.name = name,
         .value = 1e3 * Quantile(seconds, 0.5),
         .unit = "ms",
         .better = Better::kLower,
         .note = std::to_string(needs) + " needs with weights, " + std::to_string(group.late()) +
                 " late; two parts lost or found in one change" + (made ? "" : ", REFUSED") +
                 "; processor time, median of " + std::to_string(seconds.size()) + ", p99 " +
                 std::to_string(1e3 * Quantile(seconds, 0.99)) + " ms"});
}

}  // namespace

void PeggingFlow() {
  Report("pegging_flow_100", {}, 100, 500);
  Report("pegging_flow_1000", {}, 1'000, 50);
  Report("pegging_flow_10000", {}, 10'000, 3);
  Report("pegging_flow_alternates_100",
         {.variants = 4, .acceptances = {{0, 1}, {1, 2}, {2, 3}, {3, 0}}}, 100, 500);
}

}  // namespace tandem::bench
