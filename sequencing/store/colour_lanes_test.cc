#include "sequencing/store/colour_lanes.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int32_t kRed = 1;
constexpr std::int32_t kBlue = 2;

std::vector<PaintedBody> Through(ColourLaneStore store, const std::vector<PaintedBody>& bodies) {
  std::vector<PaintedBody> out;
  for (const PaintedBody& body : bodies) {
    const auto released = store.Enter(body).value();
    out.insert(out.end(), released.begin(), released.end());
  }
  const auto rest = store.Drain();
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

std::int64_t Changes(const std::vector<PaintedBody>& bodies) {
  std::int64_t changes = 0;
  for (std::size_t k = 1; k < bodies.size(); ++k) {
    changes += bodies[k].colour != bodies[k - 1].colour ? 1 : 0;
  }
  return changes;
}

TEST(ColourLaneStoreTest, MakesRunsOfOneColour) {
  const auto store =
      ColourLaneStore::Make({.lanes = 2, .lane_places = 3, .fill_target = 6, .due_band = 10});
  const std::vector<PaintedBody> bodies = {{0, kRed},  {1, kBlue}, {2, kRed},
                                           {3, kBlue}, {4, kRed},  {5, kBlue}};
  EXPECT_THAT(Through(*store, bodies),
              ElementsAre(bodies[0], bodies[2], bodies[4], bodies[1], bodies[3], bodies[5]));
}

TEST(ColourLaneStoreTest, WhatIsOverdueGoesFirst) {
  const auto store =
      ColourLaneStore::Make({.lanes = 2, .lane_places = 3, .fill_target = 6, .due_band = 1});
  // Red 0; then blue 1 is due at place 1 and not yet overdue; at place 2 it is.
  const std::vector<PaintedBody> bodies = {{0, kRed}, {1, kBlue}, {2, kRed}, {3, kRed}};
  EXPECT_THAT(Through(*store, bodies), ElementsAre(bodies[0], bodies[2], bodies[1], bodies[3]));
}

TEST(ColourLaneStoreTest, FewerChangesThanInTheOrderGivenAndEveryBodyOnce) {
  std::mt19937_64 random(91);
  for (int run = 0; run < 100; ++run) {
    std::vector<PaintedBody> bodies;
    for (std::int64_t rank = 0; rank < 300; ++rank) {
      bodies.push_back({rank, static_cast<std::int32_t>(random() % 6)});
    }
    const auto store = ColourLaneStore::Make({.lanes = 6, .lane_places = 8, .due_band = 40});
    auto out = Through(*store, bodies);
    ASSERT_LT(2 * Changes(out), Changes(bodies));
    // Once overdue a head goes first, but others may be overdue before it or stand before it.
    for (std::size_t k = 0; k < out.size(); ++k) {
      ASSERT_LE(static_cast<std::int64_t>(k) - out[k].rank, 40 + 6 * 8);
    }
    std::ranges::sort(out, {}, &PaintedBody::rank);
    ASSERT_EQ(out, bodies);
  }
}

TEST(ColourLaneStoreTest, RefusesByRank) {
  EXPECT_FALSE(ColourLaneStore::Make({.lanes = 0}).ok());
  EXPECT_FALSE(ColourLaneStore::Make({.lanes = 2'000'000'000}).ok());
  EXPECT_FALSE(ColourLaneStore::Make({.due_band = -1}).ok());
  ColourLaneStore store =
      ColourLaneStore::Make({.lanes = 1, .lane_places = 9, .fill_target = 9}).value();
  EXPECT_THAT(store.Enter({3, kRed}).value(), IsEmpty());
  EXPECT_THAT(std::string(store.Enter({3, kBlue}).status().message()), HasSubstr("rank 3"));
  EXPECT_FALSE(store.Enter({-3, kBlue}).ok());
}

}  // namespace
}  // namespace tandem::sequencing
