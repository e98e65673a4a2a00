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
using ::testing::UnorderedElementsAre;

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

  // A file of the folder, in a folder of its own where its name says so.
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  // What failed, each with its traces, when `run` saw the cases of this text.
  std::vector<std::string> FailuresOf(const std::string& text,
                                      const std::function<void(const nlohmann::json&)>& run) {
    Write("truck_lanes.jsonl", text);
    return Failures(run);
  }
  std::vector<std::string> Failures(const std::function<void(const nlohmann::json&)>& run) {
    ::testing::TestPartResultArray results;
    {
      const ::testing::ScopedFakeTestPartResultReporter reporter(
          ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
      ForEachGoldenCase(folder_, "truck_lanes", run);
    }
    std::vector<std::string> failures;
    failures.reserve(static_cast<std::size_t>(results.size()));
    for (int i = 0; i < results.size(); ++i) {
      const ::testing::TestPartResult& result = results.GetTestPartResult(i);
      if (result.failed()) failures.emplace_back(result.message());  // A skip is none.
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
                                    HasSubstr("truck_lanes.jsonl line 2, case B"),
                                    AllOf(HasSubstr("threw"), HasSubstr("line 4, case 3"))));
}

TEST_F(GoldenCasesTest, ALineThatIsNoCaseIsNamedAndTheOthersAreRun) {
  int seen = 0;
  const auto failures = FailuresOf("{\"id\":\n[1]\r\n{}\n \r\n{\"id\":\"E\"}\r\n",
                                   [&seen](const nlohmann::json&) { ++seen; });
  EXPECT_EQ(seen, 1);
  EXPECT_THAT(failures, ElementsAre(HasSubstr("truck_lanes.jsonl line 1 is no JSON object"),
                                    HasSubstr("truck_lanes.jsonl line 2"), HasSubstr("line 3")));
}

TEST_F(GoldenCasesTest, NoCaseIsAFailureInTheFolderOfTheProject) {
  const auto nothing = [](const nlohmann::json&) {};
  EXPECT_THAT(FailuresOf("", nothing), ElementsAre(HasSubstr("no truck_lanes case in")));
  EXPECT_THAT(FailuresOf(R"({"id":"A"})", nothing), IsEmpty());
}

// Every case of the kind, whatever its file is called, wherever it lies and in either form.
TEST_F(GoldenCasesTest, EveryCaseOfTheKindIsFound) {
  const auto lanes = [](const char* id) {
    return R"({"ready_order":[],"expected":{},"id":")" + std::string(id) + "\"}";
  };
  Write("truck_lanes_more.jsonl", lanes("A"));
  Write("more_truck_lanes.jsonl", lanes("B"));
  Write("deeper/still/truck_lanes.jsonl", lanes("C"));
  Write("any.jsonl", lanes("D") + "\n" + R"({"id":"other","actual":[],"expected":{}})" + "\n");
  Write("list_truck_lanes.json", "[\n" + lanes("E") + ",\n" + lanes("F") + "]");
  Write("one.json", lanes("G"));
  Write("rack_repeg.jsonl", R"({"id":"other"})");
  Write("notes.json", R"({"text":"no case"})");
  Write("truck_lanes.txt", "no case");
  std::vector<std::string> seen;
  const auto see = [&seen](const nlohmann::json& one) { seen.push_back(one.at("id")); };
  EXPECT_THAT(Failures(see), IsEmpty());
  EXPECT_THAT(seen, UnorderedElementsAre("A", "B", "C", "D", "E", "F", "G"));
  Write("bad_truck_lanes.json", "[{]");
  EXPECT_THAT(Failures(see), ElementsAre(HasSubstr("bad_truck_lanes.json is no JSON object")));
}

// Skipped alone where other kinds are there: a folder without any is a wrong name.
TEST_F(GoldenCasesTest, AnotherFolderNeedNotHoldEveryKindButOneOfThem) {
  setenv("TANDEM_GOLDEN", folder_.c_str(), 1);
  const auto nothing = [](const nlohmann::json&) {};
  EXPECT_THAT(Failures(nothing), ElementsAre(HasSubstr("no truck_lanes case in")));
  Write("rack_repeg.jsonl", R"({"id":"other"})");
  EXPECT_THAT(Failures(nothing), IsEmpty());
  unsetenv("TANDEM_GOLDEN");
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
