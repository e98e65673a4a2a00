// Random streams against a receiver written apart, in sets and counts; and laws that hold for all.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "sequencing/stream/codec.h"
#include "sequencing/stream/stream.h"

namespace tandem::sequencing {
namespace {

using Random = std::mt19937_64;
using Numbers = std::vector<std::int64_t>;

// The receiver of the data's description, without time, epochs and jumps.
struct PlainReceiver {
  std::int64_t modulus = 0;
  std::int64_t window = 0;
  std::int64_t next = 0;
  std::map<std::int64_t, std::uint64_t> first_hash{};
  std::set<std::int64_t> held{};
  Numbers delivered{};
  Numbers lost{};
  Numbers open{};
  std::int64_t duplicates = 0;
  std::int64_t conflicts = 0;
  std::int64_t stale = 0;

  void Run() {
    while (held.erase(next) > 0) delivered.push_back(next++);
  }
  void Take(std::int64_t wire, std::uint64_t hash) {
    std::int64_t number = wire;
    if (modulus > 0) {
      const std::int64_t behind = ((next - wire) % modulus + modulus) % modulus;
      number = 2 * behind < modulus ? next - behind : next - behind + modulus;
    }
    if (const auto seen = first_hash.find(number); seen != first_hash.end()) {
      ++(seen->second == hash ? duplicates : conflicts);
      return;
    }
    first_hash[number] = hash;
    if (number < next) {
      ++stale;
      return;
    }
    held.insert(number);
    Run();
    while (std::ssize(held) > window) {
      while (next < *held.begin()) lost.push_back(next++);
      Run();
    }
  }
  void End() {
    while (!held.empty()) {
      while (next < *held.begin()) open.push_back(next++);
      Run();
    }
  }
};

// What a stream of events comes to.
struct Tally {
  Numbers delivered{};
  Numbers lost{};
  Numbers open{};
  std::map<StreamEventKind, std::int64_t> counts{};

  void Add(const StreamEvents& events) {
    for (const StreamEvent& event : events) {
      ++counts[event.kind];
      if (event.kind == StreamEventKind::kDelivered) delivered.push_back(event.number);
      if (event.kind == StreamEventKind::kLost) lost.push_back(event.number);
      if (event.kind != StreamEventKind::kOpenAtEnd) continue;
      for (std::int64_t n = event.number; n <= event.last; ++n) open.push_back(n);
    }
  }
};

// Numbers in order, with losses, repeats, contradictions and disorder.
std::vector<Message> DrawMessages(const StreamTerms& terms, std::int64_t first, Random& random) {
  std::vector<std::pair<std::int64_t, Message>> messages;
  const std::int64_t disorder = 1 + static_cast<std::int64_t>(random() % 40);
  const auto count = static_cast<std::int64_t>(random() % 300);
  for (std::int64_t n = first; n < first + count; ++n) {
    if (random() % 20 == 0) continue;
    Message message = {.epoch = 1,
                       .number = terms.modulus == 0 ? n : n % terms.modulus,
                       .hash = static_cast<std::uint64_t>(n)};
    const auto late = [&] {
      return n + static_cast<std::int64_t>(random() % 1'000) * disorder / 1'000;
    };
    messages.emplace_back(late(), message);
    if (random() % 20 == 0) messages.emplace_back(late() + 3, message);
    message.hash += 1'000'000;
    if (random() % 40 == 0) messages.emplace_back(late() + 3, message);
  }
  std::ranges::stable_sort(messages, {}, [](const auto& pair) { return pair.first; });
  std::vector<Message> drawn;
  drawn.reserve(messages.size());
  for (const auto& [at, message] : messages) drawn.push_back(message);
  return drawn;
}

TEST(StreamRandomTest, IsThePlainReceiver) {
  Random random(17);
  for (int run = 0; run < 1'500; ++run) {
    SCOPED_TRACE(run);
    StreamTerms terms = {.window = static_cast<std::int64_t>(random() % 20)};
    constexpr std::int64_t kModuli[] = {0, 150, 151, 1'000};
    terms.modulus = kModuli[random() % 4];
    const auto first = static_cast<std::int64_t>(random() % 150);
    PlainReceiver plain = {.modulus = terms.modulus, .window = terms.window, .next = first};
    StreamState state = BeginStream(terms, {.epoch = 1, .first_number = first}).value();
    Tally tally;
    for (const Message& message : DrawMessages(terms, first, random)) {
      tally.Add(Receive(terms, message, 0, state).value());
      plain.Take(message.number, message.hash);
      ASSERT_EQ(state.next, plain.next);
      ASSERT_EQ(state.held.size(), plain.held.size());
    }
    tally.Add(EndStream(state));
    plain.End();
    ASSERT_EQ(tally.delivered, plain.delivered);
    ASSERT_EQ(tally.lost, plain.lost);
    ASSERT_EQ(tally.open, plain.open);
    ASSERT_EQ(tally.counts[StreamEventKind::kDuplicate], plain.duplicates);
    ASSERT_EQ(tally.counts[StreamEventKind::kConflict], plain.conflicts);
    ASSERT_EQ(
        tally.counts[StreamEventKind::kLateFill] + tally.counts[StreamEventKind::kLateFillFrozen],
        plain.stale);
  }
}

// One step of any kind on a state; what it told.
StreamEvents AnyStep(const StreamTerms& terms, std::int64_t now_ms, Random& random,
                     StreamState& state) {
  const auto near = [&] { return state.next + static_cast<std::int64_t>(random() % 30) - 8; };
  switch (random() % 12) {
    case 0:
      return Tick(terms, now_ms, state).value();
    case 1: {
      const std::int64_t first = near();
      const auto events = ConfirmLost(terms, {first, first}, now_ms, state);
      return events.ok() ? *events : StreamEvents();
    }
    case 2:
      return ReleaseUnclassified(terms, now_ms, state).value();
    default: {
      Message message = {.epoch = 1 + static_cast<std::int64_t>(random() % 30 == 0),
                         .number = std::max<std::int64_t>(0, near()),
                         .version = static_cast<std::int64_t>(random() % 3),
                         .is_change = random() % 4 == 0,
                         .hash = random() % 2,
                         .content = std::to_string(random() % 10)};
      if (random() % 3 == 0) message.need_ms = now_ms + static_cast<std::int64_t>(random() % 400);
      return Receive(terms, message, now_ms, state).value();
    }
  }
}

// Every number up to the last delivered is delivered once, given up, or told as open; the gaps are
// what is missing before the last held; and a stored state goes on as the first.
TEST(StreamRandomTest, NothingIsSkippedSilentlyAndStatesGoOnFromTheirBytes) {
  Random random(23);
  for (int run = 0; run < 100; ++run) {
    SCOPED_TRACE(run);
    const StreamTerms terms = {
        .window = static_cast<std::int64_t>(random() % 6),
        .jump = 15,
        .interarrival_mean_ms = 20,
        .gap_policy = run % 2 == 0 ? GapPolicy::kWait : GapPolicy::kLeaveOpen,
        .silence_ms = 50};
    StreamState state = BeginStream(terms, {.epoch = 1, .first_number = 100}).value();
    std::map<std::int64_t, int> delivered;
    std::set<std::int64_t> told_missing;
    const auto tell = [&](const StreamEvents& events) {
      for (const StreamEvent& event : events) {
        if (event.kind == StreamEventKind::kDelivered) ++delivered[event.number];
        if (event.kind != StreamEventKind::kLost && event.kind != StreamEventKind::kOpenAtEnd) {
          continue;
        }
        for (std::int64_t n = event.number; n <= event.last; ++n) told_missing.insert(n);
      }
    };
    for (std::int64_t step = 0; step < 150; ++step) {
      StreamState stored = DecodeStreamState(EncodeStreamState(state)).value();
      ASSERT_EQ(stored, state);
      Random again = random;
      const StreamEvents events = AnyStep(terms, 5 * step, random, state);
      ASSERT_EQ(AnyStep(terms, 5 * step, again, stored), events);
      ASSERT_EQ(stored, state);
      tell(events);
      std::set<std::int64_t> missing;
      for (const auto& [first, gap] : state.gaps) {
        for (std::int64_t n = first; n <= gap.last; ++n) missing.insert(n);
      }
      const std::int64_t end = state.held.empty() ? state.next : state.held.rbegin()->first;
      for (std::int64_t n = state.next; n < end; ++n) {
        ASSERT_EQ(missing.erase(n) == 1, !state.held.contains(n) && !state.given_up.contains(n))
            << n;
      }
      ASSERT_TRUE(missing.empty());
      ASSERT_LE(std::ssize(state.held), terms.window);
    }
    tell(EndStream(state));
    for (std::int64_t n = 100; n < state.next; ++n) {
      ASSERT_LE(delivered[n], 1) << n;
      ASSERT_TRUE(delivered[n] == 1 || told_missing.contains(n)) << n;
    }
  }
}

}  // namespace
}  // namespace tandem::sequencing
