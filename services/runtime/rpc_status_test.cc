#include "services/runtime/rpc_status.h"

#include <gtest/gtest.h>

#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/base/reason.h"
#include "services/runtime/firm_rates.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using base::Reason;
using testing::HasReason;

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status wire;
  EXPECT_TRUE(wire.ParseFromString(status.error_details()));
  return wire;
}

TEST(ToGrpcStatusTest, KeepsOkAndHasNoDetailsThen) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(ToGrpcStatus(absl::OkStatus()).error_details(), "");
}

TEST(ToGrpcStatusTest, NamesReasonFieldAndValues) {
  const grpc::Status status = ToGrpcStatus(base::RefuseField(
      Reason::kBadGtin, "items[3].gtin", "the check digit is wrong", {{"gtin", "4012345678900"}}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "items[3].gtin: the check digit is wrong");
  const google::rpc::Status wire = DetailsOf(status);
  EXPECT_EQ(wire.code(), 3);
  ASSERT_EQ(wire.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(wire.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "BAD_GTIN");
  EXPECT_EQ(info.domain(), "tandem");
  EXPECT_EQ(info.metadata().at("gtin"), "4012345678900");
  google::rpc::BadRequest bad;
  ASSERT_TRUE(wire.details(1).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations(0).field(), "items[3].gtin");
}

TEST(ToGrpcStatusTest, AsksForRetryWhereItHelpsAndNowhereElse) {
  for (const Reason reason : {Reason::kQueueFull, Reason::kLogAway}) {
    const google::rpc::Status wire = DetailsOf(ToGrpcStatus(base::Refuse(reason, "later")));
    google::rpc::RetryInfo retry;
    ASSERT_EQ(wire.details_size(), 2);
    ASSERT_TRUE(wire.details(1).UnpackTo(&retry));
    EXPECT_EQ(retry.retry_delay().nanos(), 200'000'000);
  }
  EXPECT_EQ(DetailsOf(ToGrpcStatus(base::Refuse(Reason::kNotGranted, "no"))).details_size(), 1);
}

TEST(ToGrpcStatusTest, AsksToWaitAsLongAsARefusalSays) {
  const google::rpc::Status wire = DetailsOf(ToGrpcStatus(
      base::Refuse(Reason::kQuotaExceeded, "later", {{kRetryMillis, std::int64_t{12'345}}})));
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(wire.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 12);
  EXPECT_EQ(retry.retry_delay().nanos(), 345'000'000);
}

// Goal: whatever a refusal repeats of a request, the trailer stays within clients' 8 KiB.
TEST(ToGrpcStatusTest, StaysSmallAndValidForHugeValues) {
  std::string huge;
  for (int i = 0; i < 20'000; ++i) huge += "ä";
  absl::Status refused = base::RefuseField(Reason::kBadName, huge, huge, {{huge, huge}});
  for (int i = 0; i < 50; ++i) refused = base::WithDetail(refused, {std::to_string(i), huge});
  const grpc::Status status = ToGrpcStatus(refused);
  EXPECT_LE(status.error_message().size() * 3, 3'100U);  // Percent-encoded on the wire.
  EXPECT_LE(status.error_details().size(), 6'000U);
  EXPECT_EQ(DetailsOf(status).details_size(), 2);
}

TEST(FromGrpcStatusTest, GivesBackWhatWasRefused) {
  const absl::Status plain = absl::InternalError("what");
  EXPECT_EQ(FromGrpcStatus(ToGrpcStatus(plain)), plain);
  for (const absl::Status& refused :
       {base::Refuse(Reason::kQueueFull, "full", {{"slot", "exchange/1"}}),
        base::RefuseField(Reason::kBadGln, "gln", "is no GLN", {{"gln", "1"}})}) {
    const absl::Status back = FromGrpcStatus(ToGrpcStatus(refused));
    EXPECT_THAT(back, HasReason(base::ReasonOf(refused)));
    EXPECT_EQ(back.message(), refused.message());
    EXPECT_EQ(base::RefusalOf(back)->field, base::RefusalOf(refused)->field);
    EXPECT_EQ(base::RefusalOf(back)->details, base::RefusalOf(refused)->details);
  }
}

TEST(FromGrpcStatusTest, KeepsTheCodeOfForeignDetails) {
  const grpc::Status noise(grpc::StatusCode::NOT_FOUND, "no", "\xff\xff");
  EXPECT_EQ(FromGrpcStatus(noise), absl::NotFoundError("no"));
}

}  // namespace
}  // namespace tandem::runtime
