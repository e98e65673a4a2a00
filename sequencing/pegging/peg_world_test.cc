// Random cases against the oracle. Quick by default; TANDEM_PEGGING_CASES sets how many worlds.
#include "sequencing/pegging/peg_world.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

int CasesOf(int quick) {
  const char* asked = std::getenv("TANDEM_PEGGING_CASES");
  return asked == nullptr ? quick : std::atoi(asked);
}

constexpr int kChanges = 4;  // Of one world.

// Every world starts from random needs and parts (often with a shortage), then changes.
void ExpectOptimal(const WorldRules& rules, int worlds, std::uint64_t seed) {
  std::int64_t late = 0;
  std::int64_t repegs = 0;
  for (int k = 0; k < worlds; ++k) {
    PegWorld world(rules, seed + static_cast<std::uint64_t>(k));
    for (int change = 0; change < kChanges; ++change) {
      if (change == kChanges / 2) world.Rebuild();  // The past decides nothing but the pegs.
      const std::string wrong = world.Change();
      ASSERT_EQ(wrong, "") << "seed " << seed + static_cast<std::uint64_t>(k) << " change "
                           << change;
      late += world.best().weight_late;
      repegs += world.best().repegs;
    }
  }
  // The worlds show what they are for.
  EXPECT_GT(late, worlds / 4);
  EXPECT_GT(repegs, worlds / 100);
}

TEST(PegWorldTest, PlainStocksAreOptimalAfterEveryEvent) { ExpectOptimal({}, CasesOf(500), 1); }

TEST(PegWorldTest, WeightsAreOptimalAfterEveryEvent) {
  ExpectOptimal({.weight_max = 3}, CasesOf(500), 1'000'001);
}

TEST(PegWorldTest, BatchesAreOptimal) { ExpectOptimal({.batch_max = 5}, CasesOf(500), 2'000'001); }

TEST(PegWorldTest, BatchesWithWeightsAreOptimal) {
  ExpectOptimal({.weight_max = 3, .batch_max = 5}, CasesOf(500), 3'000'001);
}

TEST(PegWorldTest, LongerLinesAreOptimal) {
  ExpectOptimal(
      {.weight_max = 2, .tick_range = 40, .needs_start = 25, .parts_start = 28, .batch_max = 3},
      CasesOf(500) / 10, 4'000'001);
}

// Parts slip and recover, needs move and change their weights, one by one, a quarter of them late.
TEST(PegWorldTest, SlipsInAShortageAreOptimal) {
  ExpectOptimal(
      {.weight_max = 3, .tick_range = 30, .needs_start = 24, .parts_start = 16, .shift_share = 1.0},
      CasesOf(500) / 4, 10'000'001);
}

constexpr int kLongChanges = 200;  // Of one long line: with time it leaves the shortage it is for.

struct LongRun {
  int changes = 0;
  int rebuilds_every = 8;
  bool short_always = true;
  std::uint64_t seed = 1;
};

// Long lines that change again and again; adds their re-pegs.
void ExpectLongLinesOptimal(const WorldRules& rules, const LongRun& run, std::int64_t& repegs) {
  for (int begin = 0; begin < run.changes; begin += kLongChanges) {
    PegWorld world(rules, run.seed + static_cast<std::uint64_t>(begin / kLongChanges));
    const int changes = std::min(kLongChanges, run.changes - begin);
    for (int change = 0; change < changes; ++change) {
      if (change % run.rebuilds_every == run.rebuilds_every - 1) world.Rebuild();
      ASSERT_EQ(world.Change(), "")
          << "expiry " << rules.expiry << " range " << rules.tick_range << " weight_max "
          << rules.weight_max << " parts " << rules.parts_start << " from " << begin << " change "
          << change;
      EXPECT_TRUE(world.best().weight_late > 0 || !run.short_always);
      repegs += world.best().repegs;
    }
  }
}

TEST(PegWorldTest, SlipsInAShortageOfALongLineAreOptimal) {
  std::int64_t repegs = 0;
  for (const int range : {40, 2000}) {
    for (const int weight_max : {3, 1000}) {
      for (const int parts : {300, 395}) {
        ExpectLongLinesOptimal({.weight_max = weight_max,
                                .tick_range = range,
                                .needs_start = 400,
                                .parts_start = parts,
                                .shift_share = 1.0,
                                .long_line = true},
                               {.changes = CasesOf(500) / 80, .seed = 11'000'001}, repegs);
      }
    }
  }
  EXPECT_GT(repegs, CasesOf(500) / 80);
}

// The same where parts expire and needs accept several variants: few weights and ticks, so that
// repairs tie and the late needs' leftovers decide.
TEST(PegWorldTest, SlipsInAShortageOfAGroupAreOptimal) {
  for (const bool expiry : {false, true}) {
    for (const int weight_max : {1, 2}) {
      ExpectOptimal({.layout = {.variants = 3, .acceptances = {{0, 1}, {1, 2}, {0, 2}}},
                     .weight_max = weight_max,
                     .expiry = expiry,
                     .tick_range = 16,
                     .needs_start = 18,
                     .parts_start = 14,
                     .shift_share = 1.0},
                    CasesOf(500) / 4, 12'000'001);
    }
  }
}

TEST(PegWorldTest, SlipsInAShortageOfALargeGroupAreOptimal) {
  std::int64_t repegs = 0;
  for (const bool expiry : {false, true}) {
    for (const int range : {30, 1500}) {
      ExpectLongLinesOptimal(
          {.layout = {.variants = 4, .acceptances = {{0, 1}, {1, 2}, {2, 3}, {3, 0}}},
           .weight_max = 3,
           .expiry = expiry,
           .tick_range = range,
           .needs_start = 300,
           .parts_start = 270,
           .shift_share = 0.8,
           .long_line = true},
          {.changes = CasesOf(500) / 40, .seed = 13'000'001}, repegs);
    }
  }
  EXPECT_GT(repegs, 0);
}

// Several blocks a side, splits and merges, ties across blocks.
TEST(PegWorldTest, BlocksOfALongLineChangeNothing) {
  std::int64_t repegs = 0;
  for (const int range : {5, 2000}) {
    for (const int weight_max : {1, 3}) {
      for (const int parts : {400, 470}) {
        ExpectLongLinesOptimal({.weight_max = weight_max,
                                .tick_range = range,
                                .needs_start = 400,
                                .parts_start = parts,
                                .batch_max = 2,
                                .long_line = true},
                               {.changes = CasesOf(500) / 100,
                                .rebuilds_every = 4,
                                .short_always = false,
                                .seed = 9'000'001},
                               repegs);
      }
    }
  }
  EXPECT_GT(repegs, 0);
}

TEST(PegWorldTest, SeveralLocationsShareAPool) {
  ExpectOptimal({.layout = {.pools = 2,
                            .variants = 1,
                            .locations = {{.pool = 0, .handling_ticks = 1},
                                          {.pool = 0, .handling_ticks = 4},
                                          {.pool = 1}}},
                 .needs_start = 8,
                 .parts_start = 8,
                 .batch_max = 2},
                CasesOf(500), 5'000'001);
}

TEST(PegWorldTest, ExpiryIsOptimal) {
  ExpectOptimal({.weight_max = 2, .expiry = true, .batch_max = 3}, CasesOf(500), 6'000'001);
}

// {0}, {1}, {2} in {0, 1} in {0, 1, 2}: a need draws any set that holds its own variant.
TEST(PegWorldTest, NestedAlternatesAreOptimal) {
  ExpectOptimal({.layout = {.variants = 3, .acceptances = {{0, 1}, {0, 1, 2}}},
                 .weight_max = 2,
                 .needs_start = 8,
                 .parts_start = 8,
                 .batch_max = 3},
                CasesOf(500), 7'000'001);
}

TEST(PegWorldTest, CrossingAlternatesWithExpiryAreOptimal) {
  ExpectOptimal({.layout = {.variants = 3, .acceptances = {{0, 1}, {1, 2}, {0, 2}}},
                 .weight_max = 3,
                 .expiry = true,
                 .needs_start = 8,
                 .parts_start = 8,
                 .batch_max = 4},
                CasesOf(500), 8'000'001);
}

}  // namespace
}  // namespace tandem::sequencing
