// pegging_events: one core, 4 million open needs, the mix of events of a plant's day: 60 % another
// ETA, 20 % a part fitted and a new need and a new part, 15 % another place on the line, 5 % a part
// lost. A fitting with what is new counts as one event, though it is three of the book's. In huge
// pages, as a process with a large book would give it, and (`_plain`) in what malloc gives.
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sequencing/pegging/peg_book.h"
#include "tests/bench/sequencing/bench.h"
#include "tests/bench/sequencing/huge_pages.h"

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

// What an event reads or writes far from anything else, on average: 60 % of 3 lines (index, entry,
// identifier), 15 % of 4 (and its mate), 20 % of 22 and 5 % of 13, where a search among some five
// free parts is in it. The heads of blocks and queues are few enough for the outer cache.
constexpr double kLinesOfEvent = 7.5;

// Bytes that the program has allocated and not freed, malloc's own heads included.
std::size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Reads lines of memory in random order, asked for ahead, as fast as the machine allows it at the
// moment: the limit of a book whose entries lie in the same kind of pages.
class Lines {
 public:
  explicit Lines(std::pmr::memory_resource* memory) : words_(8 * kLines, 1, memory) {}

  double PerSecond() {
    constexpr std::size_t kReads = 100'000;
    constexpr std::size_t kAhead = 16;
    std::vector<std::size_t> order(kReads + kAhead);
    for (std::size_t& line : order) line = random_() % kLines;
    std::uint64_t sum = 0;
    const double begin = CpuSeconds();
    for (std::size_t k = 0; k < kReads; ++k) {
      __builtin_prefetch(&words_[8 * order[k + kAhead]]);
      sum += words_[8 * order[k]];
    }
    return static_cast<double>(sum) / (CpuSeconds() - begin);
  }

 private:
  static constexpr std::size_t kLines = 4'000'000;

  std::pmr::vector<std::uint64_t> words_;
  std::mt19937_64 random_{6};
};

// Parts and vehicles of a plant with `queues` variants; draws events and knows what is there.
class Plant {
 public:
  Plant(std::size_t queues, std::size_t depth, std::pmr::memory_resource* memory);

  PegBook& book() { return book_; }
  // Frees the book.
  void FreeBook() { const PegBook freed = std::move(book_); }
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

Plant::Plant(std::size_t queues, std::size_t depth, std::pmr::memory_resource* memory)
    : gap_(kHorizonSeconds / static_cast<std::int32_t>(depth)),
      book_(PegBook::Create({.variants = static_cast<std::int32_t>(queues)}, memory).value()),
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
  double lines_per_second = 0.0;  // The limit, measured between the rounds.
  std::string note{};
};

Rate Measure(Plant& plant, std::pmr::memory_resource* memory, std::size_t rounds) {
  Lines lines(memory);
  PegOutcome outcome;
  std::vector<double> rates;
  std::vector<double> limits;
  std::size_t steps = 0;
  std::size_t changes = 0;
  std::size_t refused = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    const std::vector<Event> events = plant.Draw(kEventsOfRound);
    if (round % 4 == 0) limits.push_back(lines.PerSecond());
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
  Rate rate{.events_per_second = Quantile(rates, 0.5), .lines_per_second = Quantile(limits, 0.5)};
  const auto whole = [](double value) { return std::to_string(static_cast<std::int64_t>(value)); };
  const std::size_t drawn = rounds * kEventsOfRound;
  rate.note =
      std::to_string(plant.book().needs()) + " needs, " + std::to_string(plant.book().supplies()) +
      " parts, " + std::to_string(plant.book().late()) + " late; of " + std::to_string(drawn) +
      " events (" + std::to_string(steps) + " of the book): " + std::to_string(changes) +
      " pegs told, " + std::to_string(outcome.voluntary) + " re-pegs, " + std::to_string(refused) +
      " refused; processor time, median of " + std::to_string(rounds) +
      " rounds (the best tenth from " + whole(Quantile(rates, 0.9)) + ")";
  return rate;
}

std::string ShapeOf(std::size_t queues) {
  return std::to_string(queues) + "x" + std::to_string(kOpenNeeds / queues);
}

// The rate beside what memory allows; both change alike when others use the machine.
void PrintLines(const std::string& shape, const Rate& rate) {
  Print({.name = "pegging_lines_" + shape,
         .value = kLinesOfEvent * rate.events_per_second,
         .unit = "lines/s",
         .limit = rate.lines_per_second,
         .note =
             "7.5 lines of memory an event, against lines read in random order, asked for ahead "
             "and nothing done with them; between the rounds, pages of the same kind"});
}

void MeasureShape(std::size_t queues, double goal) {
  HugePages memory;
  Plant plant(queues, kOpenNeeds / queues, &memory);
  const Rate rate = Measure(plant, &memory, 200);
  const std::string shape = ShapeOf(queues);
  Print({.name = "pegging_events_" + shape,
         .value = rate.events_per_second,
         .unit = "events/s",
         .goal = goal,
         .note = rate.note + "; in huge pages where the system gives them"});
  PrintLines(shape, rate);
  const auto pegs = static_cast<double>(plant.book().needs() - plant.book().late());
  const std::string parts = std::to_string(plant.book().supplies());
  const std::size_t full = AllocatedBytes() + memory.bytes();
  plant.FreeBook();
  Print({.name = "pegging_memory_" + shape,
         .value = static_cast<double>(full - AllocatedBytes() - memory.bytes()) / pegs,
         .unit = "B/peg",
         .goal = 100.0,
         .better = Better::kLower,
         .note = "all that the book had been given after those events, whole huge pages and "
                 "malloc's own heads included, over the needs with a peg; free parts (of " +
                 parts + ") included"});
}

void MeasurePlain(std::size_t queues) {
  std::pmr::memory_resource* const memory = std::pmr::get_default_resource();
  Plant plant(queues, kOpenNeeds / queues, memory);
  const Rate rate = Measure(plant, memory, 100);
  const std::string shape = ShapeOf(queues) + "_plain";
  Print({.name = "pegging_events_" + shape,
         .value = rate.events_per_second,
         .unit = "events/s",
         .note = rate.note + "; in what malloc gives"});
  PrintLines(shape, rate);
}

}  // namespace

void PeggingEvents() {
  MeasureShape(40'000, 3e6);
  MeasureShape(400, 1e6);
  MeasurePlain(40'000);
  MeasurePlain(400);
}

}  // namespace tandem::bench
