// pegging_events: one core, 4 million open needs, the mix of events of a plant's day: 60 % another
// ETA, 20 % a part fitted and a new need and a new part, 15 % another place on the line, 5 % a part
// lost. A fitting with what is new counts as one event, though it is three of the book's.
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <deque>
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
using sequencing::NeedId;
using sequencing::PegBook;
using sequencing::PegOutcome;
using sequencing::SupplyId;

constexpr std::size_t kOpenNeeds = 4'000'000;
constexpr std::int32_t kHorizonSeconds = 5 * 86'400;  // Frozen sequence of five days.
constexpr std::size_t kEventsOfRound = 20'000;

// Bytes that the program has allocated and not freed, malloc's own heads included.
std::size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// How many lines of memory a second can be read in random order when they are asked for ahead: what
// the machine allows at the moment. An event needs some ten of them.
double LinesPerSecond() {
  constexpr std::size_t kLines = 4'000'000;
  constexpr std::size_t kAhead = 16;
  const std::vector<std::uint64_t> memory(8 * kLines, 1);
  std::mt19937_64 random(6);
  std::vector<std::size_t> order(kLines / 2);
  for (std::size_t& line : order) line = random() % kLines;
  std::uint64_t sum = 0;
  const double begin = CpuSeconds();
  for (std::size_t k = 0; k + kAhead < order.size(); ++k) {
    __builtin_prefetch(&memory[8 * order[k + kAhead]]);
    sum += memory[8 * order[k]];
  }
  const double seconds = CpuSeconds() - begin;
  return static_cast<double>(sum) / seconds;
}

// Parts and vehicles of a plant with `queues` variants; draws events and knows what is there.
class Plant {
 public:
  Plant(std::size_t queues, std::size_t depth);

  PegBook& book() { return book_; }
  // Frees the book, and says how many bytes that were.
  std::size_t FreeBook();
  // Draws `count` events of the mix; what they add is there for the next draw.
  std::vector<Event> Draw(std::size_t count);

 private:
  struct Need {
    std::uint64_t id = 0;
    std::int32_t due = 0;
  };
  struct Part {
    std::uint64_t id = 0;
    std::int32_t planned = 0;  // The ETA that was promised.
  };
  struct Queue {
    std::deque<Need> needs{};
    std::vector<Part> parts{};
    std::int32_t next_due = 0;
    int owed = 0;  // Parts that were lost and come again with the next vehicle.
  };

  std::int32_t Random(std::int32_t low, std::int32_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  Event NewNeed(std::size_t queue);
  Event NewPart(std::size_t queue, std::int32_t due);
  void DrawFitting(std::size_t queue, std::vector<Event>& events);
  Event DrawEta(std::size_t queue);
  Event DrawMove(std::size_t queue);
  Event DrawLoss(std::size_t queue);

  std::mt19937_64 random_{5};
  std::int32_t gap_;  // Between two needs of a queue, in seconds.
  PegBook book_;
  std::vector<Queue> queues_;
  std::uint64_t next_id_ = 1;
};

Plant::Plant(std::size_t queues, std::size_t depth)
    : gap_(kHorizonSeconds / static_cast<std::int32_t>(depth)),
      book_(PegBook::Create({.variants = static_cast<std::int32_t>(queues)}).value()),
      queues_(queues) {
  PegOutcome outcome;
  for (std::size_t q = 0; q < queues; ++q) {
    std::vector<Event> events;
    for (std::size_t k = 0; k < depth; ++k) {
      events.push_back(NewNeed(q));
      events.push_back(NewPart(q, events.back().tick));
      // A safety stock: one part more for every 25 needs, from anywhere in the horizon.
      if (k % 25 == 0) events.push_back(NewPart(q, Random(0, kHorizonSeconds)));
    }
    book_.ApplyEach(events, outcome);
    outcome.changes.clear();
  }
}

std::size_t Plant::FreeBook() {
  const std::size_t before = AllocatedBytes();
  { const PegBook freed = std::move(book_); }
  return before - AllocatedBytes();
}

Event Plant::NewNeed(std::size_t queue) {
  Queue& at = queues_[queue];
  at.next_due += Random(gap_ / 2, gap_ + gap_ / 2);
  at.needs.push_back({.id = next_id_++, .due = at.next_due});
  return {.kind = EventKind::kNeedAdded,
          .need = NeedId{at.needs.back().id},
          .variant = static_cast<std::int32_t>(queue),
          .tick = at.next_due};
}

// Ready 10 minutes to 4 hours before it is due.
Event Plant::NewPart(std::size_t queue, std::int32_t due) {
  Queue& at = queues_[queue];
  at.parts.push_back({.id = next_id_++, .planned = due - Random(600, 14'400)});
  return {.kind = EventKind::kSupplyAdded,
          .supply = SupplyId{at.parts.back().id},
          .variant = static_cast<std::int32_t>(queue),
          .tick = at.parts.back().planned};
}

void Plant::DrawFitting(std::size_t queue, std::vector<Event>& events) {
  Queue& at = queues_[queue];
  const Need need = at.needs.front();
  const auto peg = book_.PegOf(NeedId{need.id});
  std::size_t part = 0;
  while (part < at.parts.size() && peg.has_value() && SupplyId{at.parts[part].id} != *peg) ++part;
  if (peg.has_value() && part < at.parts.size()) {
    events.push_back({.kind = EventKind::kFitted, .need = NeedId{need.id}, .supply = *peg});
    at.parts[part] = at.parts.back();
    at.parts.pop_back();
  } else {  // Built short, or its part is fitted elsewhere by now.
    events.push_back({.kind = EventKind::kNeedCancelled, .need = NeedId{need.id}});
    --at.owed;
  }
  at.needs.pop_front();
  events.push_back(NewNeed(queue));
  events.push_back(NewPart(queue, events.back().tick));
  for (; at.owed > 0; --at.owed) {
    events.push_back(NewPart(queue, at.needs[at.needs.size() / 10].due));
  }
}

// Mostly within half an hour of the promise; one in twenty up to 4 hours late.
Event Plant::DrawEta(std::size_t queue) {
  Queue& at = queues_[queue];
  const Part& part = at.parts[random_() % at.parts.size()];
  const bool delayed = Random(0, 19) == 0;
  const std::int32_t by = delayed ? Random(1'800, 14'400) : Random(-1'800, 1'800);
  return {.kind = EventKind::kSupplyMoved, .supply = SupplyId{part.id}, .tick = part.planned + by};
}

// Up to 10 places of a minute.
Event Plant::DrawMove(std::size_t queue) {
  Queue& at = queues_[queue];
  const Need& need = at.needs[random_() % at.needs.size()];
  return {.kind = EventKind::kNeedMoved,
          .need = NeedId{need.id},
          .tick = need.due + 60 * Random(-10, 10)};
}

Event Plant::DrawLoss(std::size_t queue) {
  Queue& at = queues_[queue];
  const std::size_t k = random_() % at.parts.size();
  const Event event{.kind = EventKind::kSupplyLost, .supply = SupplyId{at.parts[k].id}};
  at.parts[k] = at.parts.back();
  at.parts.pop_back();
  ++at.owed;
  return event;
}

std::vector<Event> Plant::Draw(std::size_t count) {
  std::vector<Event> events;
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t queue = random_() % queues_.size();
    const int kind = Random(0, 99);
    if (kind < 60) {
      events.push_back(DrawEta(queue));
    } else if (kind < 80) {
      DrawFitting(queue, events);
    } else if (kind < 95) {
      events.push_back(DrawMove(queue));
    } else {
      events.push_back(DrawLoss(queue));
    }
  }
  return events;
}

struct Rate {
  double events_per_second = 0.0;
  std::string note{};
};

Rate Measure(Plant& plant, std::size_t rounds) {
  PegOutcome outcome;
  std::vector<double> rates;
  std::size_t steps = 0;
  std::size_t changes = 0;
  std::size_t refused = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::vector<Event> events = plant.Draw(kEventsOfRound);
    const double begin = CpuSeconds();
    plant.book().ApplyEach(events, outcome);
    rates.push_back(static_cast<double>(kEventsOfRound) / (CpuSeconds() - begin));
    steps += events.size();
    changes += outcome.changes.size();
    refused += outcome.refusals.size();
    outcome.changes.clear();
    outcome.refusals.clear();
  }
  // The median: what shares the machine throws the caches out of some rounds.
  Rate rate{.events_per_second = Quantile(rates, 0.5)};
  const auto whole = [](double value) { return std::to_string(static_cast<std::int64_t>(value)); };
  const std::size_t drawn = rounds * kEventsOfRound;
  rate.note =
      std::to_string(plant.book().needs()) + " needs, " + std::to_string(plant.book().supplies()) +
      " parts, " + std::to_string(plant.book().late()) + " late; of " + std::to_string(drawn) +
      " events (" + std::to_string(steps) + " of the book): " + std::to_string(changes) +
      " pegs told, " + std::to_string(outcome.voluntary) + " re-pegs, " + std::to_string(refused) +
      " refused; processor time, median of " + std::to_string(rounds) +
      " rounds (the best tenth from " + whole(Quantile(rates, 0.9)) +
      "); lines of memory read in random order: " + whole(LinesPerSecond()) + "/s";
  return rate;
}

void MeasureShape(std::size_t queues, double goal) {
  const std::size_t depth = kOpenNeeds / queues;
  Plant plant(queues, depth);
  const Rate rate = Measure(plant, 200);
  Print({.name = "pegging_events_" + std::to_string(queues) + "x" + std::to_string(depth),
         .value = rate.events_per_second,
         .unit = "events/s",
         .goal = goal,
         .note = rate.note});
  const auto pegs = static_cast<double>(plant.book().needs() - plant.book().late());
  const std::string parts = std::to_string(plant.book().supplies());
  Print({.name = "pegging_memory_" + std::to_string(queues) + "x" + std::to_string(depth),
         .value = static_cast<double>(plant.FreeBook()) / pegs,
         .unit = "B/peg",
         .goal = 100.0,
         .better = Better::kLower,
         .note = "all that malloc had given to the book after those events, its own heads "
                 "included, over the needs with a peg; free parts (of " +
                 parts + ") included"});
}

}  // namespace

void PeggingEvents() {
  MeasureShape(40'000, 3e6);
  MeasureShape(400, 1e6);
}

}  // namespace tandem::bench
