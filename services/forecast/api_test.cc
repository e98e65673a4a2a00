#include "services/forecast/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/base/reason.h"
#include "services/forecast/api_fixture.h"
#include "services/forecast/model.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;
using ::testing::ElementsAre;
using enum base::Reason;

class ApiTest : public ForecastWorldTest {
 protected:
  v1::StageVersionRequest StageRequest(int id, std::uint64_t basis = 5) {
    v1::StageVersionRequest request;
    request.set_parent("agreements/deal");
    request.set_request_id(ForecastWorld::Id(id));
    v1::Version& version = *request.mutable_version();
    version.set_purpose(v1::PURPOSE_SALES);
    version.set_method("planner");
    version.set_basis(world_.Token("maker", basis));
    version.mutable_start_date()->set_year(2026);
    version.mutable_start_date()->set_month(11);
    version.mutable_start_date()->set_day(23);
    version.set_bucket_count(2);
    version.set_bucket_days(1);
    return request;
  }
  static v1::UploadChunkRequest ChunkRequest(const std::string& name, std::int64_t chunk = 1,
                                             const std::string& item = "bread") {
    v1::UploadChunkRequest request;
    request.set_name(name);
    request.set_chunk(chunk);
    v1::SeriesColumns& series = *request.mutable_series();
    series.set_owner("firms/shop");
    series.add_items(item);
    series.add_locations("east");
    series.add_item_index(0);
    series.add_location_index(0);
    series.add_mean_milli(1'500);
    series.add_mean_milli(2'500);
    return request;
  }
  static v1::PublishVersionRequest PublishRequest(const std::string& name, int id,
                                                  std::int64_t chunks = 1) {
    v1::PublishVersionRequest request;
    request.set_name(name);
    request.set_chunk_count(chunks);
    request.set_request_id(ForecastWorld::Id(id));
    return request;
  }
  std::string Staged(int id, std::uint64_t basis = 5) {
    const auto version = Ask(&ForecastApi::StageVersion, StageRequest(id, basis), "maker");
    EXPECT_THAT(version, IsOk());
    return version.ok() ? version->name() : "";
  }
  std::string Published(int id, std::uint64_t basis = 5) {
    std::string name = Staged(id, basis);
    EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name), "maker"), IsOk());
    EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, id + 1'000), "maker"),
                IsOk());
    return name;
  }
  absl::StatusOr<v1::Version> Get(const std::string& name, const std::string& firm) {
    v1::GetVersionRequest request;
    request.set_name(name);
    return Ask(&ForecastApi::GetVersion, request, firm);
  }
  absl::StatusOr<std::unique_ptr<Pages<v1::ReadVersionResponse>>> Read(
      const v1::ReadVersionRequest& request, const std::string& firm) {
    absl::StatusOr<std::unique_ptr<Pages<v1::ReadVersionResponse>>> pages =
        absl::UnknownError("no answer");
    world_.api->ReadVersion(world_.CallOf(firm), request,
                            [&pages](auto got) { pages = std::move(got); });
    executor_.RunDue();
    return pages;
  }
};

TEST_F(ApiTest, BothSidesReadTheSameNumbersOncePublished) {
  const std::string name = Staged(1);
  EXPECT_THAT(Get(name, "maker"), IsOk());
  EXPECT_THAT(Get(name, "shop"), HasReason(kUnknownVersion));
  const auto chunk = Ask(&ForecastApi::UploadChunk, ChunkRequest(name), "maker");
  ASSERT_THAT(chunk, IsOk());
  EXPECT_EQ(chunk->chunk_count(), 1);
  const auto published = Ask(&ForecastApi::PublishVersion, PublishRequest(name, 2), "maker");
  ASSERT_THAT(published, IsOk());
  EXPECT_EQ(published->state(), v1::Version::STATE_PUBLISHED);
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version seen, Get(name, "shop"));
  EXPECT_EQ(seen.content_hash(), published->content_hash());
  EXPECT_EQ(seen.author(), "firms/maker");
  EXPECT_EQ(seen.start_date().day(), 23);
  EXPECT_EQ(seen.agreement_version(), 3);
  // The basis is sealed for whoever reads it.
  EXPECT_THAT(runtime::OpenPosition(world_.sealer, "shop", seen.basis()), IsOk());
  EXPECT_FALSE(runtime::OpenPosition(world_.sealer, "maker", seen.basis()).ok());

  v1::ReadVersionRequest request;
  request.set_name(name);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Read(request, "shop"));
  const auto first = pages->Next();
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_THAT((*first)->series().mean_milli(), ElementsAre(1'500, 2'500));
  EXPECT_FALSE((*pages->Next()).has_value());
}

TEST_F(ApiTest, StrangersGetTheSameAnswerWhateverIsThere) {
  const std::string name = Published(1);
  world_.grants.terms["deal"].parties = {"maker", "shop"};
  for (const std::string& each : {name, std::string("agreements/deal/versions/none"),
                                  std::string("agreements/none/versions/none")}) {
    EXPECT_THAT(Get(each, "rival"), HasReason(kNotGranted));
  }
  EXPECT_THAT(Get(name, "stranger"), HasReason(kRoleMissing));
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, StageRequest(2), "rival"), HasReason(kNotGranted));
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, StageRequest(2), "maker", "reader-only"),
              HasReason(kRoleMissing));
}

TEST_F(ApiTest, PartiesKeepReadingAfterRevocationAndWriteNoMore) {
  const std::string name = Published(1);
  const std::string staged = Staged(2);
  world_.grants.terms["deal"].revoked = true;
  EXPECT_THAT(Get(name, "shop"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, StageRequest(3), "maker"),
              HasReason(kAgreementRevoked));
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(staged), "maker"),
              HasReason(kAgreementRevoked));
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(staged, 4), "maker"),
              HasReason(kAgreementRevoked));
  v1::DropVersionRequest drop;
  drop.set_name(staged);
  drop.set_request_id(ForecastWorld::Id(5));
  EXPECT_THAT(Ask(&ForecastApi::DropVersion, drop, "maker"), IsOk());
}

// What was staged under a version of the agreement that was superseded since.
TEST_F(ApiTest, PublishesNothingBeyondTheTermsInForce) {
  base::AgreementTerms& terms = world_.grants.terms["deal"];
  const std::string name = Staged(1);
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name), "maker"), IsOk());
  terms.version = 4;
  terms.scopes[0].items = {"milk"};
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, 2), "maker"),
              HasReason(kNotGranted));
  EXPECT_THAT(Get(name, "shop"), HasReason(kUnknownVersion));
  terms.scopes[0].items = {"bread"};
  terms.horizon_days = 1;
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, 3), "maker"),
              HasReason(kFieldOutOfRange));
  terms.horizon_days = 2;
  terms.bucket_days = 7;
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, 4), "maker"),
              HasReason(kFieldOutOfRange));
  terms.bucket_days = 1;
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, 5), "maker"), IsOk());
  EXPECT_THAT(Get(name, "shop"), IsOk());
}

// The agreement's buckets and leads bound nothing: whatever a party sent stood.
TEST_F(ApiTest, TheAgreementsBucketsAndLeadsBind) {
  base::AgreementTerms& terms = world_.grants.terms["deal"];
  terms.lead_sales_forecast = "shop";
  terms.lead_order_forecast = "shop";
  v1::StageVersionRequest request = StageRequest(1);
  request.mutable_version()->set_bucket_days(7);
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kFieldOutOfRange));
  request = StageRequest(1);
  request.mutable_version()->set_purpose(v1::PURPOSE_ORDER);
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kNotLead));
  const std::string name = Published(2);
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version copy, Get(name, "shop"));
  EXPECT_EQ(copy.author(), "firms/maker");
  EXPECT_EQ(copy.lead(), "firms/shop");
  // An order forecast staged before another firm led it.
  terms.lead_order_forecast = "maker";
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version order,
                              Ask(&ForecastApi::StageVersion, request, "maker"));
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(order.name()), "maker"), IsOk());
  terms.lead_order_forecast = "shop";
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(order.name(), 9), "maker"),
              HasReason(kNotLead));
}

TEST_F(ApiTest, StagesNoDayBeyondTheHorizon) {
  v1::StageVersionRequest request = StageRequest(1);
  request.mutable_version()->set_bucket_count(29);
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kFieldOutOfRange));
  request.mutable_version()->set_bucket_count(28);
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), IsOk());
}

TEST_F(ApiTest, StaleGrantsAreNoRefusal) {
  world_.grants.stale = true;
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, StageRequest(1), "maker"), HasReason(kGrantsStale));
  EXPECT_THAT(Get("agreements/unknown/versions/none", "maker"), HasReason(kGrantsStale));
}

TEST_F(ApiTest, NamesTheFieldThatIsWrong) {
  v1::StageVersionRequest request = StageRequest(1);
  request.set_parent("deal");
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kBadName));
  request = StageRequest(1);
  request.set_request_id("1");
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kBadRequestId));
  request = StageRequest(1);
  request.mutable_version()->set_basis(world_.Token("shop", 5));
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kBadToken));
  request = StageRequest(1);
  request.mutable_version()->clear_start_date();
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kFieldMissing));
  request = StageRequest(1);
  request.mutable_version()->mutable_start_date()->set_day(31);
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kBadDate));
  request = StageRequest(1);
  request.mutable_version()->add_parents("agreements/other/versions/v");
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kBadName));
  request = StageRequest(1);
  for (int i = 0; i < 2; ++i) request.mutable_version()->add_parents("agreements/deal/versions/v");
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, request, "maker"), HasReason(kDuplicateRow));
  const std::string name = Staged(1);
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name, 1, "cheese"), "maker"),
              HasReason(kNotGranted));
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name, 2), "maker"),
              HasReason(kStreamGap));
}

TEST_F(ApiTest, ASeriesStandsOnceInAVersion) {
  const std::string name = Staged(1);
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name), "maker"), IsOk());
  auto other = ChunkRequest(name, 2);
  other.mutable_series()->set_mean_milli(0, 999);
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, other, "maker"), IsOk());
  const auto refused = Ask(&ForecastApi::PublishVersion, PublishRequest(name, 2, 2), "maker");
  ASSERT_THAT(refused, HasReason(kDuplicateRow));
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("once in a version"));
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version still, Get(name, "maker"));
  EXPECT_EQ(still.state(), v1::Version::STATE_STAGED);
  const std::string right = Staged(3);
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(right), "maker"), IsOk());
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(right, 2, "milk"), "maker"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(right, 4, 3), "maker"),
              HasReason(kStreamGap));
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(right, 5, 2), "maker"), IsOk());
}

TEST_F(ApiTest, ARepeatGetsTheFirstAnswer) {
  const auto first = Ask(&ForecastApi::StageVersion, StageRequest(1), "maker");
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(first->name()), "maker"), IsOk());
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(first->name()), "maker"), IsOk());
  ASSERT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(first->name(), 2), "maker"), IsOk());
  // Its basis is sealed anew in each request, as by a client that asked twice; it is the same.
  const auto again = Ask(&ForecastApi::StageVersion, StageRequest(1), "maker");
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->name(), first->name());
  EXPECT_EQ(again->state(), v1::Version::STATE_STAGED);
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(first->name(), 2), "maker"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, StageRequest(1, 6), "maker"),
              HasReason(kRequestIdReused));
  EXPECT_NE(Ask(&ForecastApi::StageVersion, StageRequest(7), "maker")->name(), first->name());
}

// An answer may be lost, and the agreement end before the request comes again: it was accepted, and
// saying that it was refused would be wrong.
TEST_F(ApiTest, ARepeatGetsTheFirstAnswerAfterARevocationToo) {
  const std::string name = Staged(1);
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name), "maker"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, 2), "maker"), IsOk());
  v1::StartRunRequest run;
  run.set_parent("agreements/deal");
  run.set_request_id(ForecastWorld::Id(3));
  run.mutable_run()->set_method("ses");
  run.mutable_run()->set_horizon_days(3);
  *run.mutable_run()->mutable_origin_date() = StageRequest(1).version().start_date();
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto begun, Ask(&ForecastApi::StartRun, run, "maker"));
  world_.grants.terms["deal"].revoked = true;
  world_.grants.underivable.insert("shop");
  EXPECT_EQ(Ask(&ForecastApi::StageVersion, StageRequest(1), "maker")->name(), name);
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name), "maker"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, 2), "maker"), IsOk());
  EXPECT_EQ(Ask(&ForecastApi::StartRun, run, "maker")->name(), begun.name());
  EXPECT_THAT(Ask(&ForecastApi::StageVersion, StageRequest(4), "maker"),
              HasReason(kAgreementRevoked));
  run.set_request_id(ForecastWorld::Id(5));
  EXPECT_THAT(Ask(&ForecastApi::StartRun, run, "maker"), HasReason(kAgreementRevoked));
}

TEST_F(ApiTest, AnOvertakenVersionIsAnsweredAsDropped) {
  Published(1, 9);
  const std::string late = Staged(2, 8);
  ASSERT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(late), "maker"), IsOk());
  const auto dropped = Ask(&ForecastApi::PublishVersion, PublishRequest(late, 3), "maker");
  ASSERT_THAT(dropped, IsOk());
  EXPECT_EQ(dropped->state(), v1::Version::STATE_DROPPED);
  EXPECT_EQ(dropped->drop_reason(), "BASIS_STALE");
}

TEST_F(ApiTest, ListsPageByPageWhatTheCallerMaySee) {
  std::vector<std::string> want;
  for (int i = 0; i < 5; ++i) want.insert(want.begin(), Published(i + 1));
  Staged(50);
  v1::ListVersionsRequest request;
  request.set_parent("agreements/deal");
  request.set_page_size(2);
  std::vector<std::string> got;
  do {
    TANDEM_ASSERT_OK_AND_ASSIGN(const v1::ListVersionsResponse page,
                                Ask(&ForecastApi::ListVersions, request, "shop"));
    EXPECT_LE(page.versions_size(), 2);
    for (const v1::Version& version : page.versions()) got.push_back(version.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(got, want);
  request.set_page_size(100);
  EXPECT_EQ(Ask(&ForecastApi::ListVersions, request, "maker")->versions_size(), 6);
  request.set_page_size(-1);
  EXPECT_THAT(Ask(&ForecastApi::ListVersions, request, "maker"), HasReason(kFieldOutOfRange));
  request.set_page_size(1);
  request.set_page_token("noise");
  EXPECT_THAT(Ask(&ForecastApi::ListVersions, request, "maker"), HasReason(kBadPageToken));
}

// Goal: under a break-glass the operator's principal reads what is published, and nothing else.
TEST_F(ApiTest, ABreakGlassReadsWhatIsPublished) {
  const std::string name = Published(1);
  const std::string staged = Staged(50);
  EXPECT_THAT(Get(name, "operator"), HasReason(kNotGranted));
  world_.break_glass = "g1";
  EXPECT_THAT(Get(name, "operator"), HasReason(kNotGranted));
  world_.grants.glass = base::BreakGlassViewer("g1");
  EXPECT_THAT(Get(name, "operator"), IsOk());
  EXPECT_THAT(Get(staged, "operator"), HasReason(kUnknownVersion));
  v1::ListVersionsRequest list;
  list.set_parent("agreements/deal");
  EXPECT_EQ(Ask(&ForecastApi::ListVersions, list, "operator")->versions_size(), 1);
  v1::ReadVersionRequest request;
  request.set_name(name);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Read(request, "operator"));
  EXPECT_TRUE((*pages->Next()).has_value());
  EXPECT_FALSE(Ask(&ForecastApi::StageVersion, StageRequest(60), "operator").ok());
  // It ends between two pages too.
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto ended, Read(request, "operator"));
  world_.grants.glass.clear();
  EXPECT_THAT(ended->Next(), HasReason(kNotGranted));
}

// Goal: what was agreed to be read for a time is not read after it, not even by its author, page by
// page or in a feed.
TEST_F(ApiTest, ReadingEndsWithTheRetention) {
  const std::string name = Published(1);
  v1::ReadVersionRequest request;
  request.set_name(name);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Read(request, "shop"));
  const auto read = world_.router->log().Read(
      world_.router->SlotOf(base::DomainId::kForecast, "deal"), 1, 1 << 20);
  ASSERT_THAT(read, IsOk());
  const auto seen = [&](const std::string& firm) {
    std::size_t count = 0;
    for (const auto& group : *read) {
      for (const base::FactRecord& record : group->facts) {
        if (record.fact.kind < base::kDomainKindFirst) continue;
        const auto view = ForecastDomain().View(record, firm, world_.grants);
        EXPECT_THAT(view, IsOk());
        count += view.ok() && view->has_value() ? 1 : 0;
      }
    }
    return count;
  };
  EXPECT_EQ(seen("shop"), 1u);
  EXPECT_EQ(seen("maker"), 2u);
  world_.grants.ended = true;
  EXPECT_THAT(pages->Next(), HasReason(kRetentionEnded));
  for (const char* firm : {"shop", "maker"}) {
    EXPECT_THAT(Get(name, firm), HasReason(kRetentionEnded));
    v1::ListVersionsRequest list;
    list.set_parent("agreements/deal");
    EXPECT_THAT(Ask(&ForecastApi::ListVersions, list, firm), HasReason(kRetentionEnded));
    EXPECT_EQ(seen(firm), 0u);
  }
  EXPECT_THAT(Get(name, "stranger"), HasReason(kRoleMissing));
}

// With a retention of no days it ends with the revocation: what a run had staged could not be
// dropped.
TEST_F(ApiTest, GivingUpIsPossibleAfterTheRetention) {
  const std::string name = Staged(1);
  world_.grants.terms["deal"].revoked = true;
  world_.grants.ended = true;
  v1::DropVersionRequest request;
  request.set_name(name);
  request.set_request_id(ForecastWorld::Id(2));
  EXPECT_THAT(Ask(&ForecastApi::DropVersion, request, "shop"), HasReason(kUnknownVersion));
  EXPECT_THAT(Ask(&ForecastApi::DropVersion, request, "maker"), IsOk());
}

// What is under way ends as new calls are refused: a suspended firm reads nothing of others.
TEST_F(ApiTest, AReadEndsWhereTheFirmIsSuspended) {
  const std::string name = Staged(1);
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name, 1, "bread"), "maker"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::UploadChunk, ChunkRequest(name, 2, "milk"), "maker"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::PublishVersion, PublishRequest(name, 2, 2), "maker"), IsOk());
  v1::ReadVersionRequest request;
  request.set_name(name);
  auto pages = Read(request, "shop");
  ASSERT_THAT(pages, IsOk());
  EXPECT_TRUE((*pages)->Next()->has_value());
  world_.suspended = "shop";
  EXPECT_THAT((*pages)->Next(), HasReason(kFirmSuspended));
}

TEST_F(ApiTest, ReadsWhatIsChosenAndWaitsForAPosition) {
  const std::string name = Published(1);
  v1::ReadVersionRequest request;
  request.set_name(name);
  request.add_items("milk");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto pages, Read(request, "maker"));
  EXPECT_FALSE((*pages->Next()).has_value());
  base::Position future;
  future.Set(world_.router->SlotOf(base::DomainId::kForecast, "deal"), 1'000);
  v1::GetVersionRequest get;
  get.set_name(name);
  get.set_min_position(runtime::SealPosition(world_.sealer, "maker", future));
  std::optional<absl::Status> status;
  world_.api->GetVersion(world_.CallOf("maker"), get,
                         [&status](auto answer) { status = answer.status(); });
  executor_.RunDue();
  EXPECT_FALSE(status.has_value());
  executor_.Advance(absl::Seconds(40));
  ASSERT_TRUE(status.has_value());
  EXPECT_THAT(*status, HasReason(kPositionNotReached));
}

TEST_F(ApiTest, ARunNeedsTheInputsAndTheirOwnersWord) {
  v1::StartRunRequest request;
  request.set_parent("agreements/deal");
  request.set_request_id(ForecastWorld::Id(1));
  request.mutable_run()->set_method("ses");
  request.mutable_run()->set_horizon_days(28);
  request.mutable_run()->mutable_origin_date()->set_year(2026);
  request.mutable_run()->mutable_origin_date()->set_month(11);
  request.mutable_run()->mutable_origin_date()->set_day(22);
  world_.grants.underivable = {"shop"};
  EXPECT_THAT(Ask(&ForecastApi::StartRun, request, "maker"), HasReason(kNotGranted));
  EXPECT_THAT(Ask(&ForecastApi::StartRun, request, "shop"), IsOk());  // Its own data.
  world_.grants.underivable.clear();
  world_.grants.blind = {"maker"};
  EXPECT_THAT(Ask(&ForecastApi::StartRun, request, "maker"), HasReason(kNotGranted));
  world_.grants.blind.clear();
  const auto run = Ask(&ForecastApi::StartRun, request, "maker");
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->state(), v1::Run::STATE_RUNNING);
  v1::GetRunRequest get;
  get.set_name(run->name());
  EXPECT_THAT(Ask(&ForecastApi::GetRun, get, "maker"), IsOk());
  EXPECT_THAT(Ask(&ForecastApi::GetRun, get, "shop"), HasReason(kUnknownRecord));
}

}  // namespace
}  // namespace tandem::forecast
