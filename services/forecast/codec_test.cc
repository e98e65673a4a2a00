#include "services/forecast/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;

Version SomeVersion() {
  Version version;
  version.relation = "deal";
  version.id = "v1";
  version.state = v1::Version::STATE_PUBLISHED;
  version.author = "maker";
  version.purpose = v1::PURPOSE_ORDER;
  version.method = "ses";
  version.basis.Set({base::DomainId::kExchange, 3}, 77);
  version.parents = {"a", "b"};
  version.reason = "run";
  version.start_day = 20'000;
  version.bucket_count = 28;
  version.bucket_days = 1;
  version.parties = {"maker", "shop"};
  version.series_count = 9;
  version.chunk_count = 2;
  version.content_hash = std::string(32, 'h');
  version.create_time = absl::FromUnixNanos(1'700'000'000'000'000'001);
  version.publish_time = absl::FromUnixNanos(1'700'000'000'000'000'002);
  version.agreement_version = 3;
  version.number = 12;
  version.drop_reason = "none";
  version.revision = 4;
  version.lead = "shop";
  version.quantile_levels = {25'000, 500'000};
  return version;
}

TEST(CodecTest, ReadsBackWhatItWrote) {
  Version version = SomeVersion();
  const std::string bytes = EncodeVersion(version);
  TANDEM_ASSERT_OK_AND_ASSIGN(const Version again, DecodeVersion(bytes));
  EXPECT_EQ(EncodeVersion(again), bytes);
  EXPECT_EQ(again.publish_time, version.publish_time);
  EXPECT_EQ(again.lead, "shop");
  EXPECT_EQ(again.quantile_levels, version.quantile_levels);
  version.publish_time = absl::InfinitePast();
  EXPECT_EQ(DecodeVersion(EncodeVersion(version))->publish_time, absl::InfinitePast());

  const forecast::Run run{.relation = "deal",
                          .id = "r1",
                          .state = v1::Run::STATE_FAILED,
                          .firm = "maker",
                          .principal = "bot",
                          .method = "ses",
                          .origin_day = 20'000,
                          .horizon_days = 28,
                          .bucket_days = 7,
                          .error = "why"};
  TANDEM_ASSERT_OK_AND_ASSIGN(const forecast::Run run_again, DecodeRun(EncodeRun(run)));
  EXPECT_EQ(EncodeRun(run_again), EncodeRun(run));
  EXPECT_EQ(run_again.bucket_days, 7);
}

// Rows of before quantiles, leads and buckets were kept.
TEST(CodecTest, ReadsRowsOfOldVersions) {
  Version version = SomeVersion();
  version.quantile_levels.clear();
  std::string bytes = EncodeVersion(version);
  bytes.pop_back();  // The levels: a length of 0.
  bytes[0] = 2;
  TANDEM_ASSERT_OK_AND_ASSIGN(const Version second, DecodeVersion(bytes));
  EXPECT_EQ(EncodeVersion(second), EncodeVersion(version));
  version.lead.clear();
  bytes = EncodeVersion(version);
  bytes.resize(bytes.size() - 2);  // The lead too.
  bytes[0] = 1;
  TANDEM_ASSERT_OK_AND_ASSIGN(const Version old, DecodeVersion(bytes));
  EXPECT_EQ(EncodeVersion(old), EncodeVersion(version));
  std::string run = EncodeRun({.relation = "deal", .id = "r1", .error = "why"});
  run.pop_back();  // The bucket's days: 1 in one byte.
  run[0] = 1;
  TANDEM_ASSERT_OK_AND_ASSIGN(const forecast::Run old_run, DecodeRun(run));
  EXPECT_EQ(old_run.error, "why");
  EXPECT_EQ(old_run.bucket_days, 1);
}

TEST(CodecTest, RefusesEveryOtherLength) {
  const std::string version = EncodeVersion(SomeVersion());
  const std::string run = EncodeRun({.relation = "deal", .id = "r1"});
  for (std::size_t size = 0; size < version.size(); ++size) {
    EXPECT_THAT(DecodeVersion(version.substr(0, size)),
                HasReason(base::Reason::kStoredBytesDamaged));
  }
  for (std::size_t size = 0; size < run.size(); ++size) {
    EXPECT_THAT(DecodeRun(run.substr(0, size)), HasReason(base::Reason::kStoredBytesDamaged));
  }
  EXPECT_THAT(DecodeVersion(version + "x"), HasReason(base::Reason::kStoredBytesDamaged));
  EXPECT_THAT(DecodeRun("\x03" + run.substr(1)), HasReason(base::Reason::kStoredBytesDamaged));
  EXPECT_THAT(DecodeRun("\x01" + run.substr(1)), HasReason(base::Reason::kStoredBytesDamaged));
}

TEST(CodecTest, SurvivesAnyBytes) {
  testing::Random random;
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes = EncodeVersion(SomeVersion());
    bytes[random.Below(bytes.size())] = static_cast<char>(random.Next());
    (void)DecodeVersion(bytes);
    (void)DecodeVersion(random.Bytes(random.Below(100)));
    (void)DecodeRun(random.Bytes(random.Below(100)));
    base::Fact fact;
    fact.kind = static_cast<std::uint32_t>(random.Below(30));
    fact.payload = random.Bytes(random.Below(60));
    (void)DecodeFact(fact);
  }
}

TEST(CodecTest, RefusesFactsOfTomorrow) {
  v1::Fact fact;
  fact.mutable_run_ended()->set_run("r1");
  base::Fact encoded = EncodeFact(fact);
  EXPECT_THAT(DecodeFact(encoded), IsOk());
  encoded.schema_version = 2;
  EXPECT_THAT(DecodeFact(encoded), HasReason(base::Reason::kStoredBytesDamaged));
  encoded.schema_version = 1;
  encoded.kind = 99;
  EXPECT_THAT(DecodeFact(encoded), HasReason(base::Reason::kStoredBytesDamaged));
  encoded = EncodeFact(fact);
  encoded.payload = "\xff";
  EXPECT_THAT(DecodeFact(encoded), HasReason(base::Reason::kStoredBytesDamaged));
  v1::Fact staged;
  staged.mutable_version_staged()->set_basis("\xff");
  EXPECT_THAT(DecodeFact(EncodeFact(staged)), HasReason(base::Reason::kStoredBytesDamaged));
}

TEST(CodecTest, ListsTheNewestFirstAndKeepsRelationsApart) {
  EXPECT_LT(VersionOrderKey("a", 10), VersionOrderKey("a", 9));
  EXPECT_LT(VersionOrderKey("a", 1), VersionOrderPrefix("ab"));
  EXPECT_TRUE(VersionOrderKey("a", 10).starts_with(VersionOrderPrefix("a")));
  EXPECT_FALSE(VersionOrderKey("ab", 10).starts_with(VersionOrderPrefix("a")));
  EXPECT_LT(ChunkKey("a", "v", 9), ChunkKey("a", "v", 10));
  EXPECT_NE(QuantilesKey("a", "v", 9), ChunkKey("a", "v", 9));
}

// Stored bytes are never changed: a change here is a new version, and the old one stays readable.
TEST(CodecTest, WritesTheBytesOfItsVersions) {
  EXPECT_EQ(ChunkKey("a", "v", 2), std::string("ca\0\x01v\0\x01\0\0\0\0\0\0\0\x02", 15));
  const forecast::Run run{.relation = "d",
                          .id = "r",
                          .state = v1::Run::STATE_RUNNING,
                          .firm = "f",
                          .principal = "p",
                          .method = "ses",
                          .origin_day = 1,
                          .horizon_days = 2};
  EXPECT_EQ(EncodeRun(run), std::string("\x02\x01"
                                        "d\x01r\x01\x01"
                                        "f\x01p\x03ses\x02\x04\0\0\x02",
                                        19));
}

}  // namespace
}  // namespace tandem::forecast
