#include "services/base/reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "services/base/bug.h"
#include "services/base/status.h"
#include "tests/support/status.h"

namespace tandem::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::MatchesRegex;
using ::testing::Pair;

TEST(ReasonTest, NamesAreStable) {
  EXPECT_EQ(ReasonName(Reason::kNone), "NONE");
  EXPECT_EQ(ReasonName(Reason::kBadGtin), "BAD_GTIN");
  EXPECT_EQ(ReasonName(Reason::kRevisionConflict), "REVISION_CONFLICT");
  EXPECT_EQ(ReasonName(Reason::kStoredBytesDamaged), "STORED_BYTES_DAMAGED");
}

TEST(ReasonTest, EachHasOneNameAndACode) {
  std::set<std::string> names;
  for (int i = 1; i <= static_cast<int>(Reason::kStoredBytesDamaged); ++i) {
    const Reason reason = static_cast<Reason>(i);
    const std::string name(ReasonName(reason));
    SCOPED_TRACE(name);
    EXPECT_THAT(name, MatchesRegex("[A-Z][A-Z_]*[A-Z]"));  // google.rpc.ErrorInfo.reason.
    EXPECT_LE(name.size(), 63u);
    EXPECT_TRUE(names.insert(name).second);
    EXPECT_NE(CodeOf(reason), absl::StatusCode::kOk);
    EXPECT_NE(CodeOf(reason), absl::StatusCode::kUnknown);
  }
}

TEST(ReasonTest, CodesSayWhatTheCallerDoesNext) {
  EXPECT_EQ(CodeOf(Reason::kBadDate), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Reason::kUnknownItem), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(Reason::kAlreadyExists), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOf(Reason::kNotGranted), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOf(Reason::kUnknownCaller), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf(Reason::kBasisStale), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(Reason::kVersionMoved), absl::StatusCode::kAborted);
  EXPECT_EQ(CodeOf(Reason::kCursorExpired), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CodeOf(Reason::kQueueFull), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOf(Reason::kSlotMoves), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOf(Reason::kStoredBytesDamaged), absl::StatusCode::kDataLoss);
}

TEST(RefuseTest, CarriesReasonMessageAndDetails) {
  const absl::Status status =
      Refuse(Reason::kRevisionConflict, "the day is known with another value",
             {{"item", "SKU-7"}, {"row", 17}, {"odd", std::string("a\0b", 3)}});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "the day is known with another value");
  const std::optional<Refusal> refusal = RefusalOf(status);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason, Reason::kRevisionConflict);
  EXPECT_EQ(refusal->field, "");
  EXPECT_THAT(refusal->details, ElementsAre(Pair("item", "SKU-7"), Pair("row", "17"),
                                            Pair("odd", std::string("a\0b", 3))));
}

TEST(RefuseTest, NamesTheFieldTwice) {
  const absl::Status status = RefuseField(Reason::kFieldMissing, "items[3].gtin", "is required");
  EXPECT_EQ(status.message(), "items[3].gtin: is required");
  EXPECT_EQ(RefusalOf(status)->field, "items[3].gtin");
  EXPECT_THAT(RefusalOf(status)->details, IsEmpty());
}

TEST(RefusalOfTest, IsNothingForOtherStatuses) {
  EXPECT_FALSE(RefusalOf(absl::OkStatus()).has_value());
  EXPECT_FALSE(RefusalOf(absl::InternalError("a disk")).has_value());
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kNone);
  EXPECT_EQ(ReasonOf(absl::InternalError("a disk")), Reason::kNone);
}

TEST(WithDetailTest, AddsOneAndKeepsTheRest) {
  const absl::Status status = Refuse(Reason::kBadDate, "no date", {{"value", "x"}});
  const absl::Status more = WithDetail(status, {"line", 12});
  EXPECT_EQ(more.message(), "no date");
  EXPECT_EQ(ReasonOf(more), Reason::kBadDate);
  EXPECT_THAT(RefusalOf(more)->details, ElementsAre(Pair("value", "x"), Pair("line", "12")));
  EXPECT_EQ(RefusalOf(status)->details.size(), 1u);
}

TEST(WithDetailTest, LeavesOthersAlone) {
  EXPECT_THAT(WithDetail(absl::OkStatus(), {"line", 12}), IsOk());
  EXPECT_EQ(WithDetail(absl::InternalError("a disk"), {"line", 12}), absl::InternalError("a disk"));
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return Refuse(Reason::kFieldOutOfRange, "odd");
  return value / 2;
}

absl::Status CheckQuarter(int value, int& result) {
  TANDEM_ASSIGN_OR_RETURN(const int half, Half(value));
  TANDEM_ASSIGN_OR_RETURN(result, Half(half));
  TANDEM_RETURN_IF_ERROR(absl::OkStatus());
  return absl::OkStatus();
}

TEST(StatusMacrosTest, ReturnTheFirstError) {
  int result = 0;
  EXPECT_THAT(CheckQuarter(12, result), IsOk());
  EXPECT_EQ(result, 3);
  EXPECT_EQ(ReasonOf(CheckQuarter(7, result)), Reason::kFieldOutOfRange);
  EXPECT_EQ(ReasonOf(CheckQuarter(14, result)), Reason::kFieldOutOfRange);
}

TEST(BugDeathTest, StopsTheProgram) {
  Require(true, "never");
  EXPECT_DEATH(Bug("a fact without a kind"), "this is a bug, stopping: a fact without a kind");
  EXPECT_DEATH(Require(false, "two is not one"), "two is not one");
}

}  // namespace
}  // namespace tandem::base
