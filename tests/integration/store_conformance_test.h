// What every Store promises (services/runtime/store.h). A store takes part by a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Map, StoreConformanceTest, ::testing::Values(&MakeMapStore));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/runtime/store.h"
#include "tests/integration/store_fixture.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {

class StoreConformanceTest : public ::testing::TestWithParam<MakeStore> {
 protected:
  using Listing = std::vector<std::pair<std::string, std::string>>;

  static Listing List(const StoreSnapshot& snapshot, Space space, std::string_view first = "",
                      std::string_view limit = "", bool back = false) {
    Listing listing;
    const auto visit = [&](std::string_view key, std::string_view value) {
      listing.emplace_back(key, value);
      return true;
    };
    back ? snapshot.ScanBack(space, first, limit, visit)
         : snapshot.Scan(space, first, limit, visit);
    EXPECT_THAT(snapshot.status(), testing::IsOk());
    return listing;
  }
  // Writes and waits.
  void Put(StoreBatch batch) {
    absl::Status status = absl::UnknownError("no answer");
    store().Write(std::move(batch), [&](absl::Status result) { status = std::move(result); });
    fixture_->Settle();
    ASSERT_THAT(status, testing::IsOk());
  }
  Store& store() { return fixture_->store(); }

  std::unique_ptr<StoreFixture> fixture_ = GetParam()();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformanceTest);

TEST_P(StoreConformanceTest, SpacesAreApart) {
  Put({{Space::kMeta, "k", "meta"}, {Space::kLog, "k", "log"}, {Space::kState, "k", ""}});
  const auto snapshot = store().Snapshot();
  EXPECT_EQ(snapshot->Get(Space::kMeta, "k"), "meta");
  EXPECT_EQ(snapshot->Get(Space::kLog, "k"), "log");
  EXPECT_EQ(snapshot->Get(Space::kState, "k"), "");  // Empty is not absent.
  EXPECT_EQ(snapshot->Get(Space::kState, "j"), std::nullopt);
}

TEST_P(StoreConformanceTest, ASnapshotStandsStill) {
  Put({{Space::kState, "a", "1"}, {Space::kState, "b", "1"}});
  const auto before = store().Snapshot();
  Put({{Space::kState, "a", "2"}, {Space::kState, "b", std::nullopt}, {Space::kState, "c", "2"}});
  EXPECT_EQ(List(*before, Space::kState), (Listing{{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(List(*store().Snapshot(), Space::kState), (Listing{{"a", "2"}, {"c", "2"}}));
}

TEST_P(StoreConformanceTest, AnswersInOrderAndNeverInsideWrite) {
  std::vector<int> order;
  bool inside = false;
  for (int i = 0; i < 50; ++i) {
    inside = true;
    store().Write({{Space::kState, "k", std::to_string(i)}}, [&, i](const absl::Status& status) {
      EXPECT_THAT(status, testing::IsOk());
      order.push_back(i);
      // What is answered is there.
      EXPECT_GE(std::stoi(*store().Snapshot()->Get(Space::kState, "k")), i);
    });
    inside = false;
  }
  EXPECT_FALSE(inside);
  fixture_->Settle();
  ASSERT_EQ(order.size(), 50u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_P(StoreConformanceTest, ScansAsAMapWould) {
  testing::Random random;
  std::map<std::string, std::string> model;
  for (int round = 0; round < 40; ++round) {
    StoreBatch batch;
    for (int i = 0; i < 10; ++i) {
      const std::string key = random.Bytes(random.Below(3));
      if (random.OneIn(3)) {
        batch.push_back({Space::kState, key, std::nullopt});
        model.erase(key);
      } else {
        batch.push_back({Space::kState, key, std::to_string(round)});
        model[key] = std::to_string(round);
      }
    }
    Put(std::move(batch));
    const std::string first = random.Bytes(random.Below(3));
    const std::string limit = random.Bytes(random.Below(3));
    Listing want;
    for (const auto& row : model) {
      if (row.first >= first && (limit.empty() || row.first < limit)) want.emplace_back(row);
    }
    const auto snapshot = store().Snapshot();
    ASSERT_EQ(List(*snapshot, Space::kState, first, limit), want);
    std::reverse(want.begin(), want.end());
    ASSERT_EQ(List(*snapshot, Space::kState, first, limit, true), want);
  }
}

TEST_P(StoreConformanceTest, KeepsWhatWasAnswered) {
  const std::string large(700'000, 'x');
  Put({{Space::kLog, "g", large}, {Space::kState, "s", "1"}});
  Put({{Space::kState, "s", "2"}});
  fixture_->Restart();
  EXPECT_EQ(store().Snapshot()->Get(Space::kLog, "g"), large);
  EXPECT_EQ(store().Snapshot()->Get(Space::kState, "s"), "2");
}

}  // namespace tandem::runtime
