#include "services/runtime/telemetry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/base/reason.h"
#include "services/runtime/logging.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using ::testing::HasSubstr;

TEST(TelemetryTest, CountsCallsByMethodAndCodeAndRefusalsByReason) {
  Telemetry telemetry;
  telemetry.CountCall("GetFirm", absl::OkStatus(), absl::Milliseconds(2));
  telemetry.CountCall("GetFirm", absl::OkStatus(), absl::Milliseconds(2));
  telemetry.CountCall("GetFirm", base::Refuse(base::Reason::kNotGranted, "no"),
                      absl::ZeroDuration());
  const std::string text = telemetry.Text();
  EXPECT_THAT(text, HasSubstr(R"(tandem_calls_total{code="OK",method="GetFirm"} 2)"));
  EXPECT_THAT(text,
              HasSubstr(R"(tandem_calls_total{code="PERMISSION_DENIED",method="GetFirm"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(tandem_refusals_total{reason="NOT_GRANTED"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(tandem_call_seconds_count{method="GetFirm"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(tandem_call_seconds_bucket{method="GetFirm",le="0.001"} 1)"));
}

TEST(TelemetryTest, ReadsGaugesAndSlotsWhenAsked) {
  Telemetry telemetry;
  double value = 1;
  telemetry.Watch("tandem_feed_subscribers", "Open feeds.", [&] { return value; });
  telemetry.WatchSlots([] {
    return std::vector<SlotReport>{
        {.slot = {base::DomainId::kExchange, 3},
         .counters = {.groups = 7, .queue_depth = 5, .last_number = 12}}};
  });
  value = 2000;
  const std::string text = telemetry.Text();
  EXPECT_THAT(text, HasSubstr("tandem_feed_subscribers 2000"));
  EXPECT_THAT(text, HasSubstr(R"(tandem_slot_groups_total{slot="exchange/3"} 7)"));
  EXPECT_THAT(text, HasSubstr(R"(tandem_slot_queue_depth{slot="exchange/3"} 5)"));
  EXPECT_THAT(text, HasSubstr(R"(tandem_slot_last_number{slot="exchange/3"} 12)"));
}

TEST(MetricsServerTest, NamesAnAddressThatIsTaken) {
  Telemetry telemetry;
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto first, MetricsServer::Start("127.0.0.1:0", telemetry));
  ASSERT_GT(first->port(), 0);
  const std::string address = "127.0.0.1:" + std::to_string(first->port());
  const auto second = MetricsServer::Start(address, telemetry);
  EXPECT_THAT(second, testing::HasReason(base::Reason::kNotServing));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

TEST(LoggingTest, WritesOneObjectALineWhateverTheBytes) {
  ::testing::internal::CaptureStderr();
  LogLine(LogLevel::kWarning, "call", {{"method", "Get\"Firm\n"}, {"bytes", "\xff"}}, "0af7");
  LogLine(LogLevel::kDebug, "not written");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text,
              HasSubstr(R"("level":"warning","event":"call","method":"Get\"Firm\n","bytes":)"));
  EXPECT_THAT(text, HasSubstr(R"("trace_id":"0af7"})"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

}  // namespace
}  // namespace tandem::runtime
