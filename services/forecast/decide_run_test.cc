#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/base/reason.h"
#include "services/forecast/codec.h"
#include "services/forecast/decide.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;
using enum base::Reason;

StartRun Start(const std::string& run) {
  return {"deal", run, "ses", *base::Day::Parse("2026-11-22"), 28, 1, 28, 3};
}

class RunsTest : public ::testing::Test {
 protected:
  template <typename Command>
  absl::StatusOr<Facts> Try(const Command& command, const std::string& firm = "maker") {
    return Decide(rows_, command, {absl::UnixEpoch(), 1, {firm, "bot"}});
  }
  template <typename Command>
  absl::StatusOr<Facts> Do(const Command& command, const std::string& firm = "maker") {
    auto facts = Try(command, firm);
    if (!facts.ok()) return facts;
    for (const base::Fact& fact : *facts) Apply({.number = ++number_, .fact = fact}, rows_);
    return facts;
  }
  base::MapRows rows_;
  std::uint64_t number_ = 0;
};

TEST_F(RunsTest, StartsOnlyWhatIsWhole) {
  struct Case {
    const char* name;
    void (*change)(StartRun&);
    base::Reason want;
  };
  const Case cases[] = {
      {"whole", [](StartRun&) {}, kNone},
      {"the other method", [](StartRun& c) { c.method = "seasonal-naive"; }, kNone},
      {"another method", [](StartRun& c) { c.method = "oracle"; }, kFieldOutOfRange},
      {"no day ahead", [](StartRun& c) { c.horizon_days = 0; }, kFieldOutOfRange},
      {"one day more than agreed", [](StartRun& c) { c.horizon_days = 29; }, kFieldOutOfRange},
      {"401 days, agreed", [](StartRun& c) { c.horizon_days = c.horizon_days_max = 401; },
       kFieldOutOfRange},
      {"whole weeks from Monday", [](StartRun& c) { c.bucket_days = 7; }, kNone},
      {"a part of a week",
       [](StartRun& c) {
         c.bucket_days = 7;
         c.horizon_days = 27;
       },
       kFieldOutOfRange},
      {"weeks from Tuesday",
       [](StartRun& c) {
         c.bucket_days = 7;
         c.origin = c.origin + 1;
       },
       kFieldOutOfRange},
      {"the last day", [](StartRun& c) { c.origin = base::Day::FromNumber(base::Day::kLast); },
       kDayOutOfRange},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    StartRun command = Start("r1");
    c.change(command);
    EXPECT_EQ(base::ReasonOf(Try(command).status()), c.want);
  }
}

TEST_F(RunsTest, BoundsAFirmsOpenRuns) {
  for (std::size_t i = 0; i < kOpenRunsMax; ++i) {
    ASSERT_THAT(Do(Start("r" + std::to_string(i))), IsOk());
  }
  EXPECT_THAT(Try(Start("more")), HasReason(kQuotaExceeded));
  EXPECT_THAT(Try(Start("more"), "shop"), IsOk());
  EXPECT_THAT(Try(Start("r0")), HasReason(kAlreadyExists));
  ASSERT_THAT(Do(EndRun{"deal", "r0", "", "BASIS_STALE"}), IsOk());
  EXPECT_THAT(Try(Start("more")), IsOk());
}

TEST_F(RunsTest, EndsOnce) {
  ASSERT_THAT(Do(Start("r1")), IsOk());
  ASSERT_THAT(Do(Start("r2")), IsOk());
  EXPECT_EQ(OpenRunsIn(rows_).size(), 2u);
  ASSERT_THAT(Do(EndRun{"deal", "r1", "v1", ""}), IsOk());
  ASSERT_THAT(Do(EndRun{"deal", "r2", "", std::string(1'000, 'e')}), IsOk());
  EXPECT_TRUE(Try(EndRun{"deal", "r1", "v2", ""})->empty());
  EXPECT_EQ(RunIn(rows_, "deal", "r1")->state, v1::Run::STATE_SUCCEEDED);
  EXPECT_EQ(RunIn(rows_, "deal", "r1")->version, "v1");
  EXPECT_EQ(RunIn(rows_, "deal", "r2")->state, v1::Run::STATE_FAILED);
  EXPECT_EQ(RunIn(rows_, "deal", "r2")->error.size(), kErrorBytesMax);
  EXPECT_TRUE(OpenRunsIn(rows_).empty());
  EXPECT_THAT(Try(EndRun{"deal", "none", "", ""}), HasReason(kUnknownRecord));
}

// What a run has staged and not published goes with its end, and nothing else of its firm.
TEST_F(RunsTest, ItsEndDropsWhatItLeftStaged) {
  ASSERT_THAT(Do(Start("r1")), IsOk());
  ASSERT_THAT(Do(Start("r2")), IsOk());
  const auto stage = [this](const std::string& version, const std::string& reason,
                            const std::string& firm = "maker") {
    StageVersion command;
    command.relation = "deal";
    command.version = version;
    command.purpose = v1::PURPOSE_SALES;
    command.method = "ses";
    command.reason = reason;
    command.start = *base::Day::Parse("2026-11-23");
    command.bucket_count = 28;
    command.bucket_days = command.bucket_days_agreed = 1;
    command.horizon_days_max = 28;
    command.parties = {"maker", "shop"};
    ASSERT_THAT(Do(command, firm), IsOk());
  };
  stage("a", ReasonOfRun("r1"));
  stage("b", ReasonOfRun("r1"));
  stage("c", ReasonOfRun("r2"));
  stage("d", "a planner's");
  stage("e", ReasonOfRun("r1"), "shop");
  ASSERT_THAT(Do(DropVersion{"deal", "a"}), IsOk());
  TANDEM_ASSERT_OK_AND_ASSIGN(const Facts facts, Do(EndRun{"deal", "r1", "", "gave up"}));
  EXPECT_THAT(facts, ::testing::SizeIs(2));
  for (const auto& [version, want] :
       {std::pair("b", v1::Version::STATE_DROPPED), std::pair("c", v1::Version::STATE_STAGED),
        std::pair("d", v1::Version::STATE_STAGED), std::pair("e", v1::Version::STATE_STAGED)}) {
    EXPECT_EQ(VersionIn(rows_, "deal", version)->state, want) << version;
  }
  EXPECT_EQ(VersionIn(rows_, "deal", "b")->drop_reason, "GIVEN_UP");
  EXPECT_THAT(StagedIn(rows_, "deal", "maker"), ::testing::ElementsAre("c", "d"));
}

}  // namespace
}  // namespace tandem::forecast
