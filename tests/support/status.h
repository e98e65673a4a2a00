// What tests say about absl::Status, which Abseil 20220623 has no matchers for. They take a Status
// or a StatusOr.
//
//   EXPECT_THAT(store.Flush(), IsOk());
//   EXPECT_THAT(Decide(rows, command), HasReason(base::Reason::kNotYours));
//   TANDEM_ASSERT_OK_AND_ASSIGN(const base::Day day, base::Day::Parse("2016-05-22"));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/reason.h"

namespace tandem::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(HasCode, code, "has the code " + absl::StatusCodeToString(code)) {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

// A refusal made by base::Refuse for this reason, with the reason's own code.
MATCHER_P(HasReason, reason, "is refused as " + std::string(base::ReasonName(reason))) {
  *result_listener << "which is " << StatusOf(arg).ToString();
  return base::ReasonOf(StatusOf(arg)) == reason && StatusOf(arg).code() == base::CodeOf(reason);
}

}  // namespace tandem::testing

#define TANDEM_TEST_CONCAT_INNER(a, b) a##b
#define TANDEM_TEST_CONCAT(a, b) TANDEM_TEST_CONCAT_INNER(a, b)
// Ends the test with the error unless `expression` (a StatusOr) is OK.
#define TANDEM_ASSERT_OK_AND_ASSIGN(declaration, expression)                                \
  TANDEM_ASSERT_OK_AND_ASSIGN_AS(TANDEM_TEST_CONCAT(tandem_result_, __LINE__), declaration, \
                                 expression)
#define TANDEM_ASSERT_OK_AND_ASSIGN_AS(result, declaration, expression) \
  auto result = (expression);                                           \
  ASSERT_THAT(result, ::tandem::testing::IsOk());                       \
  declaration = *std::move(result)
