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
  return version;
}

TEST(CodecTest, ReadsBackWhatItWrote) {
  Version version = SomeVersion();
  const std::string bytes = EncodeVersion(version);
  TANDEM_ASSERT_OK_AND_ASSIGN(const Version again, DecodeVersion(bytes));
  EXPECT_EQ(EncodeVersion(again), bytes);
  EXPECT_EQ(again.publish_time, version.publish_time);
  EXPECT_EQ(again.lead, "shop");
  version.publish_time = absl::InfinitePast();
  EXPECT_EQ(DecodeVersion(EncodeVersion(version))->publish_time, absl::InfinitePast());

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
