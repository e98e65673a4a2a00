#include "services/tandem/cli/export.h"

#include <gtest/gtest.h>

#include <memory>

#include "services/base/reason.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

using testing::HasReason;

std::unique_ptr<Client> AnyClient() {
  ClientOptions options;
  options.insecure = true;
  options.as = "acme/planner";
  return *Client::Connect(options);
}

// Goal: two instants within a second are two questions.
TEST(SeriesRequestTest, AnInstantKeepsItsFraction) {
  const auto client = AnyClient();
  ExportOptions options{.first_date = "2026-01-01", .last_date = "2026-01-02"};
  options.as_of = "2026-01-02T03:04:05.123456789+01:00";
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto request,
                              SeriesRequest(*client, exchange::v1::MEASURE_SALES, options));
  EXPECT_EQ(request.as_of_time().seconds(), 1'767'319'445);
  EXPECT_EQ(request.as_of_time().nanos(), 123'456'789);
  options.as_of = "2026-01-02T02:04:05Z";
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto whole,
                              SeriesRequest(*client, exchange::v1::MEASURE_SALES, options));
  EXPECT_EQ(whole.as_of_time().seconds(), 1'767'319'445);
  EXPECT_EQ(whole.as_of_time().nanos(), 0);
}

TEST(ParseDateTest, SaysWhetherTheFormOrTheRangeIsWrong) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto last, ParseDate("--date", "2099-12-31"));
  EXPECT_EQ(last.year(), 2099);
  const absl::Status late = ParseDate("--date", "2100-01-01").status();
  EXPECT_THAT(late, HasReason(base::Reason::kDayOutOfRange));
  EXPECT_NE(late.message().find("1990-01-01 and 2099-12-31"), absl::string_view::npos) << late;
  EXPECT_EQ(base::RefusalOf(late)->field, "--date");
  EXPECT_THAT(ParseDate("--date", "31.12.2099").status(), HasReason(base::Reason::kBadDate));
}

}  // namespace
}  // namespace tandem::cli
