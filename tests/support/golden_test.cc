#include "tests/support/golden.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest-spi.h"

namespace tandem::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A folder of its own with one file of cases.
class GoldenCasesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) / ("golden_" + std::string(test->name()));
    std::filesystem::create_directories(folder_);
    unsetenv("TANDEM_GOLDEN");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // What failed, each with its traces, when `run` saw the cases of this text.
  std::vector<std::string> FailuresOf(const std::string& text,
                                      const std::function<void(const nlohmann::json&)>& run) {
    std::ofstream(folder_ / "kind.jsonl") << text;
    ::testing::TestPartResultArray results;
    {
      const ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
      ForEachGoldenCase(folder_, "kind", run);
    }
    std::vector<std::string> failures;
    failures.reserve(static_cast<std::size_t>(results.size()));
    for (int i = 0; i < results.size(); ++i) {
      failures.emplace_back(results.GetTestPartResult(i).message());
    }
    return failures;
  }

  std::filesystem::path folder_;
};

TEST_F(GoldenCasesTest, ACaseThatFailsOrThrowsIsNamedAndTheOthersAreRun) {
  std::vector<std::string> seen;
  const auto failures = FailuresOf(R"({"id":"A"})"
                                   "\n"
                                   R"({"id":"B"})"
                                   "\n\n"
                                   R"({"id":3})"
                                   "\n"
                                   R"({"id":"D"})",
                                   [&seen](const nlohmann::json& one) {
                                     seen.push_back(one.at("id").dump());
                                     if (one.at("id") == "A") throw std::out_of_range("too far");
                                     ASSERT_NE(one.at("id"), "B");
                                     if (one.at("id") == 3) {
                                       EXPECT_EQ(one.at("missing"), 1);
                                     }
                                   });
  EXPECT_THAT(seen, ElementsAre("\"A\"", "\"B\"", "3", "\"D\""));
  EXPECT_THAT(failures, ElementsAre(AllOf(HasSubstr("threw: too far"), HasSubstr("line 1, case A")),
                                    HasSubstr("kind.jsonl line 2, case B"),
                                    AllOf(HasSubstr("threw"), HasSubstr("line 4, case 3"))));
}

TEST_F(GoldenCasesTest, ALineThatIsNoCaseIsNamedAndTheOthersAreRun) {
  int seen = 0;
  const auto failures = FailuresOf("{\"id\":\n[1]\r\n{}\n \r\n{\"id\":\"E\"}\r\n",
                                   [&seen](const nlohmann::json&) { ++seen; });
  EXPECT_EQ(seen, 1);
  EXPECT_THAT(failures, ElementsAre(HasSubstr("kind.jsonl line 1 is no JSON object"),
                                    HasSubstr("kind.jsonl line 2"), HasSubstr("line 3")));
}

TEST_F(GoldenCasesTest, NoCaseIsAFailureInTheFolderOfTheProject) {
  const auto nothing = [](const nlohmann::json&) {};
  EXPECT_THAT(FailuresOf("", nothing), ElementsAre(HasSubstr("no kind case in")));
  EXPECT_THAT(FailuresOf(R"({"id":"A"})", nothing), IsEmpty());
}

TEST(Int32sTest, RefusesByKeyWhatIsNone) {
  const auto of = [](const char* text) {
    return Int32s({{"rack", nlohmann::json::parse(text)}}, "rack");
  };
  EXPECT_THAT(of("[-2147483648,0,2147483647]"), ElementsAre(INT32_MIN, 0, INT32_MAX));
  for (const char* text : {"[2147483648]", "[-2147483649]", "[1.5]", "[18446744073709551615]"}) {
    EXPECT_THROW(of(text), std::out_of_range) << text;
  }
}

}  // namespace
}  // namespace tandem::testing
