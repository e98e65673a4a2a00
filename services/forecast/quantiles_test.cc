// Quantiles of a version: uploaded beside the means, hashed with them, read where they are asked
// for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/forecast/api.h"
#include "services/forecast/api_fixture.h"
#include "services/forecast/codec.h"
#include "services/forecast/model.h"
#include "services/forecast/series.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;
using ::testing::ElementsAre;
using enum base::Reason;

class QuantilesTest : public ForecastWorldTest {
 protected:
  // As the maker.
  template <typename Request>
  absl::StatusOr<v1::Version> Do(void (ForecastApi::*method)(const Call&, const Request&,
                                                             Reply<v1::Version>),
                                 const Request& request) {
    return Ask(method, request, "maker");
  }
  absl::StatusOr<v1::Version> Stage(int id, const std::vector<std::int32_t>& levels,
                                    const std::string& parent = "") {
    v1::StageVersionRequest request;
    request.set_parent("agreements/deal");
    request.set_request_id(ForecastWorld::Id(id));
    v1::Version& version = *request.mutable_version();
    version.set_purpose(v1::PURPOSE_SALES);
    version.set_method("planner");
    version.mutable_start_date()->set_year(2026);
    version.mutable_start_date()->set_month(11);
    version.mutable_start_date()->set_day(23);
    version.set_bucket_count(2);
    version.set_bucket_days(1);
    if (!parent.empty()) version.add_parents(parent);
    for (const std::int32_t level : levels) version.add_quantile_level_millionths(level);
    return Do(&ForecastApi::StageVersion, request);
  }
  // Bread and milk at east, two days each.
  static v1::UploadChunkRequest ChunkOf(const std::string& name,
                                        const std::vector<std::int64_t>& quantiles) {
    v1::UploadChunkRequest request;
    request.set_name(name);
    request.set_chunk(1);
    v1::SeriesColumns& series = *request.mutable_series();
    series.set_owner("firms/shop");
    series.add_items("bread");
    series.add_items("milk");
    series.add_locations("east");
    for (std::uint32_t i = 0; i < 2; ++i) {
      series.add_item_index(i);
      series.add_location_index(0);
      series.add_mean_milli(1'500);
      series.add_mean_milli(2'500);
    }
    for (const std::int64_t value : quantiles) request.mutable_quantiles()->add_value_milli(value);
    return request;
  }
  absl::StatusOr<v1::Version> Publish(const std::string& name, int id) {
    v1::PublishVersionRequest request;
    request.set_name(name);
    request.set_chunk_count(1);
    request.set_request_id(ForecastWorld::Id(id));
    return Do(&ForecastApi::PublishVersion, request);
  }
  // The only chunk.
  v1::ReadVersionResponse Read(const v1::ReadVersionRequest& request) {
    v1::ReadVersionResponse response;
    world_.api->ReadVersion(world_.CallOf("shop"), request, [&response](auto pages) {
      ASSERT_THAT(pages, IsOk());
      auto page = (*pages)->Next();
      ASSERT_THAT(page, IsOk());
      ASSERT_TRUE(page->has_value());
      response = **page;
      EXPECT_FALSE((*(*pages)->Next()).has_value());
    });
    executor_.RunDue();
    return response;
  }
};

const std::vector<std::int32_t> kLevels = {100'000, 500'000, 900'000};
const std::vector<std::int64_t> kValues = {0, 1'000, 3'000, 10, 2'000, 2'000,
                                           5, 6,     7,     -3, -2,    90'000};

TEST_F(QuantilesTest, ComeBackWhereTheyAreAskedForAndTheHashHoldsEitherWay) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version staged, Stage(1, kLevels));
  EXPECT_THAT(staged.quantile_level_millionths(), ElementsAre(100'000, 500'000, 900'000));
  ASSERT_THAT(Do(&ForecastApi::UploadChunk, ChunkOf(staged.name(), kValues)), IsOk());
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version version, Publish(staged.name(), 2));
  EXPECT_THAT(version.quantile_level_millionths(), ElementsAre(100'000, 500'000, 900'000));

  v1::ReadVersionRequest request;
  request.set_name(staged.name());
  const v1::ReadVersionResponse without = Read(request);
  EXPECT_FALSE(without.has_quantiles());
  request.set_with_quantiles(true);
  const v1::ReadVersionResponse with = Read(request);
  EXPECT_EQ(std::vector<std::int64_t>(with.quantiles().value_milli().begin(),
                                      with.quantiles().value_milli().end()),
            kValues);
  EXPECT_EQ(with.quantiles_hash(), Sha256(with.quantiles().SerializeAsString()));
  for (const v1::ReadVersionResponse& read : {without, with}) {
    const std::string chunk = Sha256(read.series().SerializeAsString()) + read.quantiles_hash();
    EXPECT_EQ(absl::BytesToHexString(NextContentHash(std::string(32, '\0'), chunk)),
              version.content_hash());
  }
  request.add_items("milk");
  const v1::ReadVersionResponse milk = Read(request);
  EXPECT_THAT(milk.series().items(), ElementsAre("milk"));
  EXPECT_THAT(milk.quantiles().value_milli(), ElementsAre(5, 6, 7, -3, -2, 90'000));
  EXPECT_EQ(milk.quantiles_hash(), with.quantiles_hash());
}

TEST_F(QuantilesTest, RepeatIsAcceptedOnceWithTheSameQuantiles) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version staged, Stage(1, kLevels));
  v1::UploadChunkRequest request = ChunkOf(staged.name(), kValues);
  ASSERT_THAT(Do(&ForecastApi::UploadChunk, request), IsOk());
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version again, Do(&ForecastApi::UploadChunk, request));
  EXPECT_EQ(again.chunk_count(), 1);
  request.mutable_quantiles()->set_value_milli(11, 90'001);
  EXPECT_THAT(Do(&ForecastApi::UploadChunk, request), HasReason(kContentDiffers));
  request.clear_quantiles();
  EXPECT_THAT(Do(&ForecastApi::UploadChunk, request), HasReason(kContentDiffers));
}

TEST_F(QuantilesTest, MustFitTheVersionsLevels) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version staged, Stage(1, kLevels));
  for (const std::size_t values : {std::size_t{0}, std::size_t{4}, std::size_t{8}}) {
    const std::vector<std::int64_t> ascending(values, 1);
    EXPECT_THAT(Do(&ForecastApi::UploadChunk, ChunkOf(staged.name(), ascending)),
                HasReason(kBadColumns))
        << values;
  }
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version plain, Stage(2, {}));
  EXPECT_THAT(Do(&ForecastApi::UploadChunk, ChunkOf(plain.name(), kValues)),
              HasReason(kBadColumns));
  EXPECT_THAT(Do(&ForecastApi::UploadChunk, ChunkOf(plain.name(), {})), IsOk());
}

TEST_F(QuantilesTest, RefusesLevelsThatAreNone) {
  for (const std::vector<std::int32_t>& levels : std::vector<std::vector<std::int32_t>>{
           {0}, {-5}, {1'000'000}, {500'000, 500'000}, {500'000, 400'000}}) {
    EXPECT_THAT(Stage(1, levels), HasReason(kFieldOutOfRange));
  }
  std::vector<std::int32_t> many;
  for (std::int32_t level = 1; level <= 20; ++level) many.push_back(level * 1'000);
  EXPECT_THAT(Stage(1, many), HasReason(kFieldOutOfRange));
  many.pop_back();
  EXPECT_THAT(Stage(1, many), IsOk());
}

TEST_F(QuantilesTest, ADroppedVersionKeepsNone) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version staged, Stage(1, kLevels));
  ASSERT_THAT(Do(&ForecastApi::UploadChunk, ChunkOf(staged.name(), kValues)), IsOk());
  const std::string id = staged.name().substr(staged.name().rfind('/') + 1);
  const std::string key = QuantilesKey("deal", id, 1);
  const base::SlotId slot = world_.router->SlotOf(base::DomainId::kForecast, "deal");
  EXPECT_TRUE(world_.router->Read(slot)->rows->Get(key).has_value());
  v1::DropVersionRequest drop;
  drop.set_name(staged.name());
  drop.set_request_id(ForecastWorld::Id(9));
  ASSERT_THAT(Do(&ForecastApi::DropVersion, drop), IsOk());
  EXPECT_FALSE(world_.router->Read(slot)->rows->Get(key).has_value());
}

// The other parties follow parents: one that is staged they could not see.
TEST_F(QuantilesTest, AParentIsPublished) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const v1::Version parent, Stage(1, {}));
  EXPECT_THAT(Stage(2, {}, parent.name()), HasReason(kUnknownVersion));
  ASSERT_THAT(Do(&ForecastApi::UploadChunk, ChunkOf(parent.name(), {})), IsOk());
  ASSERT_THAT(Publish(parent.name(), 3), IsOk());
  EXPECT_THAT(Stage(2, {}, parent.name()), IsOk());
}

TEST(CheckQuantilesTest, NamesTheRule) {
  v1::SeriesColumns series;
  series.add_item_index(0);
  series.add_item_index(1);
  for (int i = 0; i < 4; ++i) series.add_mean_milli(1);
  v1::QuantileColumns quantiles;
  EXPECT_THAT(CheckQuantiles(series, quantiles), IsOk());
  for (int i = 0; i < 8; ++i) quantiles.add_value_milli(i % 2);
  EXPECT_THAT(CheckQuantiles(series, quantiles), IsOk());
  quantiles.set_value_milli(5, -1);  // Of the second series' first bucket.
  const absl::Status falls = CheckQuantiles(series, quantiles);
  EXPECT_THAT(falls, HasReason(kBadColumns));
  ASSERT_TRUE(base::RefusalOf(falls).has_value());
  EXPECT_THAT(base::RefusalOf(falls)->details, ::testing::Contains(::testing::Pair("row", "1")));
  quantiles.set_value_milli(5, base::Quantity::kMilliMax + 1);
  EXPECT_THAT(CheckQuantiles(series, quantiles), HasReason(kQuantityOutOfRange));
  quantiles.set_value_milli(5, 1);
  quantiles.add_value_milli(1);
  EXPECT_THAT(CheckQuantiles(series, quantiles), HasReason(kBadColumns));
  quantiles.clear_value_milli();
  for (int i = 0; i < 80; ++i) quantiles.add_value_milli(1);
  EXPECT_THAT(CheckQuantiles(series, quantiles), HasReason(kBadColumns));
  quantiles.clear_value_milli();
  series.clear_mean_milli();
  for (int i = 0; i < 20'000; ++i) series.add_mean_milli(1);
  for (int i = 0; i < 19 * 20'000; ++i) quantiles.add_value_milli(1'000'000);
  EXPECT_THAT(CheckQuantiles(series, quantiles), HasReason(kBlockTooLarge));
}

}  // namespace
}  // namespace tandem::forecast
