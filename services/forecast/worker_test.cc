#include "services/forecast/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/forecast/api_fixture.h"
#include "services/forecast/run_method.h"
#include "services/forecast/worker_fixture.h"
#include "tests/support/fake_time.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::int32_t kOrigin = 20'779;  // 2026-11-22.

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    executor_.RunDue();
    NewWorker();
    for (const char* series : {"bread@east", "bread@west", "milk@east"}) {
      for (std::int32_t day = 0; day < 60; ++day) {
        source_.sales[{series, kOrigin - day}] = std::int64_t{60 - day} * 1'000;
      }
    }
  }
  void NewWorker() {
    worker_.reset();
    worker_ = std::make_unique<Worker>(*world_.api, source_, executor_, options_);
  }
  static v1::StartRunRequest Request(int id, const std::string& method, int horizon_days = 3) {
    v1::StartRunRequest request;
    request.set_parent("agreements/deal");
    request.set_request_id(ForecastWorld::Id(id));
    request.mutable_run()->set_method(method);
    request.mutable_run()->set_horizon_days(horizon_days);
    request.mutable_run()->mutable_origin_date()->set_year(2026);
    request.mutable_run()->mutable_origin_date()->set_month(11);
    request.mutable_run()->mutable_origin_date()->set_day(22);
    return request;
  }
  v1::Run Start(int id, const std::string& method = "seasonal-naive", int horizon_days = 3) {
    const v1::StartRunRequest request = Request(id, method, horizon_days);
    v1::Run run;
    world_.api->StartRun(world_.CallOf("maker"), request, [&run](auto answer) {
      EXPECT_THAT(answer, IsOk());
      if (answer.ok()) run = answer->message;
    });
    executor_.RunDue();
    return run;
  }
  v1::Run Get(const std::string& name) {
    v1::GetRunRequest request;
    request.set_name(name);
    v1::Run run;
    world_.api->GetRun(world_.CallOf("maker"), request, [&run](auto answer) {
      ASSERT_THAT(answer, IsOk());
      run = answer->message;
    });
    executor_.RunDue();
    return run;
  }
  std::map<std::string, std::vector<std::int64_t>> SeriesOf(const std::string& version,
                                                            const std::string& firm = "shop") {
    std::map<std::string, std::vector<std::int64_t>> series;
    v1::ReadVersionRequest request;
    request.set_name(version);
    world_.api->ReadVersion(world_.CallOf(firm), request, [&series](auto pages) {
      ASSERT_THAT(pages, IsOk());
      for (auto page = (*pages)->Next(); page.ok() && page->has_value(); page = (*pages)->Next()) {
        const v1::SeriesColumns& columns = (*page)->series();
        const int buckets = columns.mean_milli_size() / columns.item_index_size();
        for (int row = 0; row < columns.item_index_size(); ++row) {
          auto& values = series[columns.items(static_cast<int>(columns.item_index(row))) + "@" +
                                columns.locations(static_cast<int>(columns.location_index(row)))];
          for (int b = 0; b < buckets; ++b) {
            values.push_back(columns.mean_milli(row * buckets + b));
          }
        }
      }
    });
    executor_.RunDue();
    return series;
  }
  v1::Version VersionOf(const std::string& name) {
    v1::GetVersionRequest request;
    request.set_name(name);
    v1::Version version;
    world_.api->GetVersion(world_.CallOf("shop"), request, [&version](auto answer) {
      EXPECT_THAT(answer, IsOk());
      if (answer.ok()) version = answer->message;
    });
    executor_.RunDue();
    return version;
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  ForecastWorld world_{clock_, executor_};
  TableSource source_{world_.sealer};
  WorkerOptions options_{.items_per_read = 1, .reads_at_once = 3};
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, PublishesWhatItComputesFromACut) {
  const v1::Run run = Get(Start(1).name());
  ASSERT_EQ(run.state(), v1::Run::STATE_SUCCEEDED) << run.error();
  const auto series = SeriesOf(run.version());
  ASSERT_THAT(series, SizeIs(3));  // Milk at west was never known.
  EXPECT_THAT(series.at("bread@east"), ElementsAre(54'000, 55'000, 56'000));
  EXPECT_EQ(run.series_total_count(), 3);
  const v1::Version version = VersionOf(run.version());
  EXPECT_EQ(version.author(), "firms/maker");
  EXPECT_EQ(version.method(), "seasonal-naive");
  EXPECT_EQ(version.start_date().day(), 23);
  TANDEM_ASSERT_OK_AND_ASSIGN(const base::Position basis,
                              runtime::OpenPosition(world_.sealer, "shop", version.basis()));
  EXPECT_EQ(basis.At({base::DomainId::kExchange, 0}), 10u);
  EXPECT_EQ(basis.At({base::DomainId::kExchange, 1}), 10u);
  for (const base::Caller& caller : source_.callers) EXPECT_EQ(caller.firm, "maker");
}

TEST_F(WorkerTest, EveryMethodPublishesAndReadsAsFarBackAsItSays) {
  int id = 0;
  for (const RunMethod& method : kRunMethods) {
    SCOPED_TRACE(method.name);
    source_.requests.clear();
    source_.owners.clear();
    const v1::Run run = Get(Start(++id, std::string(method.name)).name());
    ASSERT_EQ(run.state(), v1::Run::STATE_SUCCEEDED) << run.error();
    const v1::Version version = VersionOf(run.version());
    EXPECT_EQ(version.method(), method.name);
    EXPECT_EQ(version.quantile_level_millionths_size() > 0, method.has_quantiles);
    EXPECT_EQ(!source_.owners.empty(), method.together);
    ASSERT_FALSE(source_.requests.empty());
    for (const SeriesRequest& request : source_.requests) {
      EXPECT_EQ(request.last_day - request.first_day + 1, method.history_days);
    }
  }
  EXPECT_EQ(RunMethodNames(), "seasonal-naive, ses, pooled-profile and local");
}

// What the agreement calls a bucket: a week is the sum of its days.
TEST_F(WorkerTest, ForecastsInTheAgreementsBuckets) {
  const auto daily = SeriesOf(Get(Start(1, "seasonal-naive", 14).name()).version());
  world_.grants.terms["deal"].bucket_days = 7;
  const v1::Run run = Get(Start(2, "seasonal-naive", 14).name());
  ASSERT_EQ(run.state(), v1::Run::STATE_SUCCEEDED) << run.error();
  EXPECT_EQ(run.bucket_days(), 7);
  const v1::Version version = VersionOf(run.version());
  EXPECT_EQ(version.bucket_days(), 7);
  EXPECT_EQ(version.bucket_count(), 2);
  const auto weekly = SeriesOf(run.version());
  ASSERT_THAT(weekly, SizeIs(3));
  for (const auto& [series, weeks] : weekly) {
    SCOPED_TRACE(series);
    ASSERT_THAT(weeks, SizeIs(2));
    const std::vector<std::int64_t>& days = daily.at(series);
    EXPECT_EQ(weeks[0], std::accumulate(days.begin(), days.begin() + 7, std::int64_t{0}));
    EXPECT_EQ(weeks[1], std::accumulate(days.begin() + 7, days.end(), std::int64_t{0}));
  }
}

// Seven days that each fit, and a week that does not.
TEST_F(WorkerTest, AWeekThatDoesNotFitFailsTheRun) {
  world_.grants.terms["deal"].bucket_days = 7;
  for (auto& [series, milli] : source_.sales) milli = base::Quantity::kMilliMax;
  const v1::Run run = Get(Start(1, "seasonal-naive", 7).name());
  EXPECT_EQ(run.state(), v1::Run::STATE_FAILED);
  EXPECT_THAT(run.error(), HasSubstr("a week's forecast is too large"));
}

TEST_F(WorkerTest, TheResultDoesNotDependOnTheOrderOfReads) {
  const std::string hash = VersionOf(Get(Start(1, "ses").name()).version()).content_hash();
  testing::Random random;
  for (int i = 2; i < 12; ++i) {
    source_.hold = true;
    const v1::Run run = Start(i, "ses");
    EXPECT_EQ(Get(run.name()).state(), v1::Run::STATE_RUNNING);
    while (source_.waiting() > 0) {
      source_.Answer(random.Below(source_.waiting()));
      executor_.RunDue();
    }
    const v1::Run done = Get(run.name());
    ASSERT_EQ(done.state(), v1::Run::STATE_SUCCEEDED) << done.error();
    EXPECT_EQ(VersionOf(done.version()).content_hash(), hash);
  }
}

TEST_F(WorkerTest, TellsHowFarItIs) {
  source_.hold = true;
  const v1::Run run = Start(1);
  EXPECT_EQ(Get(run.name()).series_total_count(), 4);
  EXPECT_EQ(Get(run.name()).series_done_count(), 0);
  source_.Answer(0);
  executor_.RunDue();
  EXPECT_EQ(Get(run.name()).series_done_count(), 1);
  EXPECT_EQ(source_.waiting(), 3u);  // Never more at once.
}

TEST_F(WorkerTest, TriesAgainWhatPasses) {
  source_.errors.assign(5, base::Refuse(base::Reason::kGrantsStale, "for a moment"));
  const v1::Run run = Start(1);
  EXPECT_EQ(Get(run.name()).state(), v1::Run::STATE_RUNNING);
  executor_.Advance(absl::Seconds(10));
  EXPECT_EQ(Get(run.name()).state(), v1::Run::STATE_SUCCEEDED);
}

TEST_F(WorkerTest, FailsWithTheReason) {
  source_.errors.assign(1, base::Refuse(base::Reason::kNotGranted, "taken away meanwhile"));
  const v1::Run refused = Get(Start(1).name());
  EXPECT_EQ(refused.state(), v1::Run::STATE_FAILED);
  EXPECT_THAT(refused.error(), HasSubstr("NOT_GRANTED"));
  source_.sales.clear();
  const v1::Run empty = Get(Start(2).name());
  EXPECT_EQ(empty.state(), v1::Run::STATE_FAILED);
  EXPECT_THAT(empty.error(), HasSubstr("no series has a day that is known"));
}

TEST_F(WorkerTest, AnOvertakenResultIsDropped) {
  source_.position = 15;
  source_.hold = true;
  const v1::Run slow = Start(1);
  source_.Answer(0);
  executor_.RunDue();
  // Another run reads newer data and is done first.
  source_.hold = false;
  source_.position = 30;
  ASSERT_EQ(Get(Start(2).name()).state(), v1::Run::STATE_SUCCEEDED);
  source_.position = 15;
  for (int i = 0; i < 4 && source_.waiting() > 0; ++i) {
    source_.Answer(0);
    executor_.RunDue();
  }
  const v1::Run late = Get(slow.name());
  EXPECT_EQ(late.state(), v1::Run::STATE_FAILED);
  EXPECT_THAT(late.error(), HasSubstr("BASIS_STALE"));
}

// What was read of a register counts as data does: groups and events steer the forecast too.
TEST_F(WorkerTest, ItsBasisNamesEverySlotThatWasRead) {
  source_.register_position = 7;
  const v1::Run run = Get(Start(1, "pooled-profile").name());
  ASSERT_EQ(run.state(), v1::Run::STATE_SUCCEEDED) << run.error();
  const auto basis = runtime::OpenPosition(world_.sealer, "shop", VersionOf(run.version()).basis());
  ASSERT_THAT(basis, IsOk());
  EXPECT_EQ(basis->At(kRegister), 7u);
  EXPECT_EQ(basis->At({base::DomainId::kExchange, 0}), 10u);
  EXPECT_EQ(basis->At({base::DomainId::kExchange, 1}), 10u);
  // One that knows an older register does not take its place.
  source_.register_position = 6;
  source_.position = 11;
  const v1::Run older = Get(Start(2, "pooled-profile").name());
  EXPECT_EQ(older.state(), v1::Run::STATE_FAILED);
  EXPECT_THAT(older.error(), HasSubstr("BASIS_STALE"));
}

// An owner takes back, while a run computes, what the run has read already.
TEST_F(WorkerTest, PublishesNothingDerivedFromWhatWasWithdrawn) {
  const auto withdrawals = {
      +[](GrantTable& grants) { grants.underivable.insert("shop"); },
      +[](GrantTable& grants) { grants.blind.insert("maker"); },
      +[](GrantTable& grants) { grants.terms["deal"].revoked = true; },
  };
  int id = 1;
  for (const auto withdraw : withdrawals) {
    SCOPED_TRACE(id);
    world_.grants.underivable.clear();
    world_.grants.blind.clear();
    world_.grants.terms["deal"].revoked = false;
    source_.hold = true;
    const v1::Run run = Start(id++);
    while (source_.waiting() > 1) {
      source_.Answer(0);
      executor_.RunDue();
    }
    source_.Answer(0);  // The last read is answered, and all of it was granted.
    withdraw(world_.grants);
    executor_.RunDue();
    const v1::Run ended = Get(run.name());
    EXPECT_EQ(ended.state(), v1::Run::STATE_FAILED);
    EXPECT_THAT(ended.version(), ::testing::IsEmpty());
    v1::ListVersionsRequest request;
    request.set_parent("agreements/deal");
    world_.api->ListVersions(world_.CallOf("shop"), request, [](auto answer) {
      ASSERT_THAT(answer, IsOk());
      EXPECT_EQ(answer->message.versions_size(), 0);
    });
    executor_.RunDue();
  }
}

TEST_F(WorkerTest, BeginsAnewAfterARestart) {
  source_.hold = true;
  const v1::Run run = Start(1);
  EXPECT_EQ(source_.waiting(), 3u);
  worker_.reset();
  world_.Restart();
  executor_.RunDue();
  source_.hold = false;
  NewWorker();
  EXPECT_EQ(Get(run.name()).state(), v1::Run::STATE_RUNNING);
  worker_->Start();
  executor_.Advance(absl::Seconds(1));
  const v1::Run done = Get(run.name());
  EXPECT_EQ(done.state(), v1::Run::STATE_SUCCEEDED) << done.error();
  EXPECT_THAT(SeriesOf(done.version()), SizeIs(3));
}

TEST_F(WorkerTest, ReadsEachOwnersGroupsOnceAndTriesAgain) {
  source_.group_errors.assign(2, absl::UnavailableError("for a moment"));
  const v1::Run run = Start(1, "pooled-profile");
  executor_.Advance(absl::Seconds(10));
  const v1::Run done = Get(run.name());
  EXPECT_EQ(done.state(), v1::Run::STATE_SUCCEEDED) << done.error();
  EXPECT_THAT(source_.owners, ElementsAre("shop", "shop", "shop"));
  EXPECT_THAT(SeriesOf(done.version()), SizeIs(3));
  source_.group_errors.assign(1, base::Refuse(base::Reason::kNotGranted, "taken away meanwhile"));
  EXPECT_THAT(Get(Start(2, "pooled-profile").name()).error(), HasSubstr("NOT_GRANTED"));
}

// The means of the pooled profile, and nine quantiles that ascend beside each.
TEST_F(WorkerTest, LocalPublishesTheProfileWithQuantiles) {
  options_.items_per_read = 1'000;
  NewWorker();
  const v1::Run profile = Get(Start(1, "pooled-profile").name());
  const v1::Run run = Get(Start(2, "local").name());
  ASSERT_EQ(run.state(), v1::Run::STATE_SUCCEEDED) << run.error();
  EXPECT_EQ(SeriesOf(run.version()), SeriesOf(profile.version()));
  EXPECT_THAT(VersionOf(run.version()).quantile_level_millionths(), SizeIs(9));
  EXPECT_THAT(VersionOf(profile.version()).quantile_level_millionths(), SizeIs(0));
  v1::ReadVersionRequest request;
  request.set_name(run.version());
  request.set_with_quantiles(true);
  int values = 0;
  world_.api->ReadVersion(world_.CallOf("shop"), request, [&values](auto pages) {
    ASSERT_THAT(pages, IsOk());
    for (auto page = (*pages)->Next(); page.ok() && page->has_value(); page = (*pages)->Next()) {
      const auto& quantiles = (*page)->quantiles().value_milli();
      ASSERT_EQ(quantiles.size(), 9 * (*page)->series().mean_milli_size());
      for (int i = 0; i < quantiles.size(); i += 9, ++values) {
        EXPECT_TRUE(std::is_sorted(&quantiles.Get(i), &quantiles.Get(i) + 9));
        EXPECT_LT(quantiles.Get(i), quantiles.Get(i + 8));
      }
    }
  });
  executor_.RunDue();
  EXPECT_EQ(values, 9);  // Three series, three days.
}

// milk has never been sold at west, and is promoted there from the second day on.
TEST_F(WorkerTest, LocalForecastsWhatIsAboutToBeSold) {
  source_.promotions["milk"] = {
      {base::Day::FromNumber(kOrigin) + 2, base::Day::FromNumber(kOrigin) + 3, "display", 0.0}};
  const v1::Run run = Get(Start(1, "local").name());
  ASSERT_EQ(run.state(), v1::Run::STATE_SUCCEEDED) << run.error();
  const auto series = SeriesOf(run.version());
  ASSERT_THAT(series, SizeIs(4));
  const std::vector<std::int64_t>& milk = series.at("milk@west");
  ASSERT_THAT(milk, SizeIs(3));
  EXPECT_EQ(milk[0], 0);
  EXPECT_GT(milk[1], 0);
  EXPECT_GT(milk[2], 0);
  EXPECT_THAT(SeriesOf(Get(Start(2, "pooled-profile").name()).version()), SizeIs(3));
}

// What the asking firm may read beside sales is asked for and counts: maker sees no milk's
// promotion.
TEST_F(WorkerTest, AGroupedRunReadsPricesPromotionsAndStockAsGranted) {
  source_.promotions["bread"] = {
      {base::Day::FromNumber(kOrigin) + 1, base::Day::FromNumber(kOrigin) + 1, "price", 2.0}};
  world_.grants.hidden[base::DataKind::kPromotions].insert("milk");
  const v1::Run run = Get(Start(1, "pooled-profile").name());
  ASSERT_EQ(run.state(), v1::Run::STATE_SUCCEEDED) << run.error();
  std::vector<std::string> promoted;
  for (const SeriesRequest& request : source_.requests) {
    EXPECT_EQ(request.priced_items, request.items);
    EXPECT_EQ(request.stocked_items, request.items);
    promoted.insert(promoted.end(), request.promoted_items.begin(), request.promoted_items.end());
  }
  EXPECT_THAT(promoted, ::testing::Each("bread"));
  EXPECT_THAT(promoted, SizeIs(2));  // East and west.
  const std::string with = VersionOf(run.version()).content_hash();
  source_.promotions.clear();
  EXPECT_NE(VersionOf(Get(Start(2, "pooled-profile").name()).version()).content_hash(), with);
  source_.requests.clear();
  ASSERT_EQ(Get(Start(3, "ses").name()).state(), v1::Run::STATE_SUCCEEDED);
  for (const SeriesRequest& request : source_.requests) {
    EXPECT_THAT(request.priced_items, ::testing::IsEmpty());
    EXPECT_THAT(request.stocked_items, ::testing::IsEmpty());
  }
}

TEST_F(WorkerTest, PublishesNothingThatPricesWithdrawnMeanwhileHaveShaped) {
  source_.hold = true;
  const v1::Run run = Start(1, "local");
  while (source_.waiting() > 0) {
    if (source_.waiting() == 1) world_.grants.hidden[base::DataKind::kPrices].insert("bread");
    source_.Answer(0);
    executor_.RunDue();
  }
  const v1::Run ended = Get(run.name());
  EXPECT_EQ(ended.state(), v1::Run::STATE_FAILED);
  EXPECT_THAT(ended.error(), HasSubstr("prices that were read are no longer shared"));
  EXPECT_THAT(ended.version(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace tandem::forecast
