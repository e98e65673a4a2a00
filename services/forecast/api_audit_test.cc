// Goal: no method of forecast goes without its audit line: a read served or refused, a change
// refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "services/forecast/api.h"
#include "services/forecast/api_fixture.h"
#include "tests/support/audit_lines.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

// "rival" of these tests is no party of "deal".
class ForecastAuditTest : public ::testing::Test {
 protected:
  ForecastAuditTest() {
    executor_.RunDue();
    EXPECT_THAT(world_.ready, testing::IsOk());
    world_.grants.terms["deal"].parties = {"maker", "shop"};
  }
  template <typename Request, typename Reply>
  void Ask(void (ForecastApi::*method)(const Call&, const Request&, Reply), const char* firm,
           const Request& request) {
    (world_.api.get()->*method)(world_.CallOf(firm), request, [](const auto&) {});
    executor_.RunDue();
  }
  std::vector<std::string> NewLines() {
    executor_.Advance(absl::Seconds(1));
    return lines_.Take(*world_.router);
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  ForecastWorld world_{clock_, executor_};
  testing::NewAuditLines lines_;
};

template <typename Request>
Request Parent() {
  Request request;
  request.set_parent("agreements/deal");
  return request;
}
template <typename Request>
Request Name(const char* name = "agreements/deal/versions/v1") {
  Request request;
  request.set_name(name);
  return request;
}

TEST_F(ForecastAuditTest, EveryMethodLeavesALineWhereItIsRefused) {
  using Api = ForecastApi;
  const char* run = "agreements/deal/runs/r1";
  const std::map<std::string, std::function<void()>> methods = {
      {"StageVersion",
       [&] { Ask(&Api::StageVersion, "rival", Parent<v1::StageVersionRequest>()); }},
      {"UploadChunk", [&] { Ask(&Api::UploadChunk, "rival", Name<v1::UploadChunkRequest>()); }},
      {"PublishVersion",
       [&] { Ask(&Api::PublishVersion, "rival", Name<v1::PublishVersionRequest>()); }},
      {"DropVersion", [&] { Ask(&Api::DropVersion, "rival", Name<v1::DropVersionRequest>()); }},
      {"GetVersion", [&] { Ask(&Api::GetVersion, "rival", Name<v1::GetVersionRequest>()); }},
      {"ListVersions",
       [&] { Ask(&Api::ListVersions, "rival", Parent<v1::ListVersionsRequest>()); }},
      {"ReadVersion", [&] { Ask(&Api::ReadVersion, "rival", Name<v1::ReadVersionRequest>()); }},
      {"StartRun", [&] { Ask(&Api::StartRun, "rival", Parent<v1::StartRunRequest>()); }},
      {"GetRun", [&] { Ask(&Api::GetRun, "rival", Name<v1::GetRunRequest>(run)); }},
  };
  const google::protobuf::ServiceDescriptor& service =
      *v1::GetRunRequest::descriptor()->file()->service(0);
  for (int i = 0; i < service.method_count(); ++i) {
    const std::string& name = service.method(i)->name();
    SCOPED_TRACE(name);
    const auto found = methods.find(name);
    ASSERT_NE(found, methods.end()) << "a new method: give it its line, and add it here";
    found->second();
    const std::vector<std::string> lines = NewLines();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_THAT(lines[0], ::testing::StartsWith("rival/bot " + name + " agreements/deal"));
    EXPECT_THAT(lines[0], ::testing::EndsWith(" NOT_GRANTED"));
  }
}

TEST_F(ForecastAuditTest, ReadsLeaveALineWhereTheyAreServed) {
  Ask(&ForecastApi::ListVersions, "maker", Parent<v1::ListVersionsRequest>());
  Ask(&ForecastApi::ListVersions, "maker", Parent<v1::ListVersionsRequest>());
  auto read = Name<v1::ReadVersionRequest>();
  read.add_items("bread");
  Ask(&ForecastApi::ReadVersion, "shop", read);
  EXPECT_THAT(NewLines(), ::testing::UnorderedElementsAre(
                              "maker/bot ListVersions agreements/deal OK x2",
                              "shop/bot ReadVersion agreements/deal/versions/v1 items bread "
                              "locations all UNKNOWN_VERSION"));
}

}  // namespace
}  // namespace tandem::forecast
