#include "tests/layering/layering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tandem::layering {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// TANDEM_SOURCE_DIR is the project's root, from CMakeLists.txt.
std::vector<File> SourcesOfTheProject() {
  namespace fs = std::filesystem;
  const fs::path root(TANDEM_SOURCE_DIR);
  std::vector<File> files;
  for (const char* folder : {"forecasting", "sequencing", "services", "tests"}) {
    if (!fs::is_directory(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
      files.push_back({fs::relative(entry.path(), root).generic_string(), text.str()});
    }
  }
  return files;
}

TEST(LayeringTest, EveryFileOfTheProjectKeepsToTheTable) {
  const std::vector<File> files = SourcesOfTheProject();
  ASSERT_GE(files.size(), 20u) << "the walk misses the sources under " << TANDEM_SOURCE_DIR;
  for (const File& file : files) {
    for (const std::string& violation : Violations(file)) ADD_FAILURE() << violation;
  }
}

TEST(LayeringTest, NoTypeIsDefinedTwice) {
  std::vector<File> headers;
  for (File& file : SourcesOfTheProject()) {
    if (file.path.ends_with(".h")) headers.push_back(std::move(file));
  }
  for (const std::string& twice : TwiceDefined(headers)) ADD_FAILURE() << twice;
}

TEST(LayeringTest, SeesATypeThatIsDefinedTwice) {
  const std::string open = "namespace tandem::a {\n";
  const std::string close = "}  // namespace tandem::a\n";
  const File one{"a/one.h", open + "struct Need {\n};\nstruct Other;\n" + close};
  const File two{"a/two.h", open + "class Need final : public Other {\n};\n" + close};
  const File inner{"a/inner.h",
                   open + "namespace b {\nstruct Need {\n};\n}  // namespace b\n" + close};
  EXPECT_THAT(TwiceDefined({one, inner}), IsEmpty());
  EXPECT_THAT(TwiceDefined({one, two, inner}),
              ElementsAre("tandem::a::Need is defined in several headers: a/one.h a/two.h"));
}

struct Arrow {
  const char* path;
  const char* include;
};

std::vector<std::string> ViolationsOf(const Arrow& arrow) {
  return Violations({arrow.path, std::string("#include \"") + arrow.include + "\"\n"});
}

TEST(LayeringTest, AllowsTheArrowsOfTheTable) {
  const Arrow arrows[] = {
      {"forecasting/smoothing.cc", "forecasting/smoothing.h"},
      {"forecasting/smoothing.cc", "vector"},
      {"forecasting/smoothing.cc", "absl/status/statusor.h"},
      {"forecasting/trees.cc", "Eigen/Dense"},
      {"forecasting/global/xgboost_trees.cc", "xgboost/c_api.h"},
      {"forecasting/smoothing_test.cc", "gtest/gtest.h"},
      {"forecasting/smoothing_test.cc", "tests/support/random.h"},
      {"forecasting/golden_test.cc", "fstream"},
      {"forecasting/golden_test.cc", "nlohmann/json.hpp"},
      {"services/base/day.cc", "services/base/reason.h"},
      {"services/exchange/model.h", "services/base/rows.h"},
      {"services/exchange/model.cc", "tandem/exchange/v1/facts.pb.h"},
      {"services/exchange/model.cc", "google/protobuf/timestamp.pb.h"},
      {"services/exchange/series.cc", "zstd.h"},
      {"services/forecast/decide.cc", "forecasting/smoothing.h"},
      {"services/sequence/decide.cc", "sequencing/pegging.h"},
      {"services/exchange/decide_test.cc", "services/exchange/decide.h"},
      {"services/exchange/api.cc", "services/runtime/slot.h"},
      {"services/exchange/api.cc", "services/exchange/decide.h"},
      {"services/exchange/api_sales.cc", "tandem/governance/v1/facts.pb.h"},
      {"services/forecast/api.h", "tandem/exchange/v1/sales.pb.h"},
      {"services/exchange/service.cc", "services/runtime/rpc/unary.h"},
      {"services/exchange/service.cc", "tandem/exchange/v1/exchange.grpc.pb.h"},
      {"services/exchange/service.h", "grpcpp/grpcpp.h"},
      {"services/forecast/worker.cc", "tandem/exchange/v1/exchange.grpc.pb.h"},
      {"services/runtime/slot.cc", "services/base/rows.h"},
      {"services/runtime/executor.cc", "thread"},
      {"services/runtime/executor.cc", "absl/time/clock.h"},
      {"services/runtime/rocks/store.cc", "rocksdb/db.h"},
      {"services/runtime/disk.cc", "sys/stat.h"},
      {"services/runtime/grants.cc", "tandem/governance/v1/facts.pb.h"},
      {"services/runtime/audit.cc", "tandem/runtime/v1/runtime.pb.h"},
      {"services/runtime/rpc/errors.cc", "google/rpc/error_details.pb.h"},
      {"services/tandem/serve.cc", "services/exchange/service.h"},
      {"services/tandem/main.cc", "CLI/CLI.hpp"},
      {"tests/simulation/world.cc", "services/exchange/api.h"},
      {"tests/integration/rpc_test.cc", "tandem/exchange/v1/exchange.grpc.pb.h"},
  };
  for (const Arrow& arrow : arrows) {
    SCOPED_TRACE(std::string(arrow.path) + " -> " + arrow.include);
    EXPECT_THAT(ViolationsOf(arrow), IsEmpty());
  }
}

TEST(LayeringTest, RefusesEveryOtherArrow) {
  const Arrow arrows[] = {
      // The pure libraries know nothing of ours, do no I/O, and know no time of day.
      {"forecasting/smoothing.cc", "sequencing/pegging.h"},
      {"forecasting/smoothing.cc", "services/base/quantity.h"},
      {"sequencing/pegging.cc", "forecasting/smoothing.h"},
      {"services/base/day.cc", "forecasting/smoothing.h"},
      {"services/base/day.cc", "services/runtime/clock.h"},
      {"services/base/day.cc", "google/type/date.pb.h"},
      {"services/base/day.cc", "tandem/exchange/v1/facts.pb.h"},
      {"services/base/day.cc", "absl/time/clock.h"},
      {"services/base/day.cc", "ctime"},
      {"forecasting/smoothing.cc", "thread"},
      {"forecasting/smoothing.cc", "fstream"},
      {"forecasting/smoothing.cc", "iostream"},
      {"forecasting/smoothing.cc", "unistd.h"},
      {"forecasting/smoothing.cc", "spdlog/spdlog.h"},
      {"forecasting/smoothing.cc", "nlohmann/json.hpp"},
      {"forecasting/golden_test.cc", "rocksdb/db.h"},
      {"forecasting/smoothing.cc", "gtest/gtest.h"},
      {"forecasting/smoothing.cc", "tests/support/random.h"},
      // XGBoost stays behind its wrapper, for the library, the program and tests alike.
      {"forecasting/global/xgboost_trees.h", "xgboost/c_api.h"},
      {"forecasting/global/boosted_trees.cc", "xgboost/c_api.h"},
      {"forecasting/backtest/retail_forecast.cc", "xgboost/c_api.h"},
      {"services/forecast/worker.cc", "xgboost/c_api.h"},
      {"services/tandem/main.cc", "xgboost/c_api.h"},
      {"tests/bench/main.cc", "xgboost/learner.h"},
      // A service's pure files know neither the runtime nor a transport.
      {"services/exchange/model.cc", "services/runtime/slot.h"},
      {"services/exchange/decide.cc", "services/exchange_too/decide.h"},
      {"services/exchange/codec.cc", "rocksdb/db.h"},
      {"services/exchange/codec.cc", "librdkafka/rdkafka.h"},
      {"services/exchange/view.cc", "grpcpp/grpcpp.h"},
      {"services/exchange/view.cc", "tandem/exchange/v1/exchange.grpc.pb.h"},
      {"services/exchange/view.cc", "tandem/governance/v1/facts.pb.h"},
      {"services/exchange/view.cc", "tandem/runtime/v1/runtime.pb.h"},
      {"services/exchange/decide_test.cc", "services/runtime/slot.h"},
      {"services/exchange/csv/reader.cc", "fstream"},
      {"services/exchange/servicelevel.cc", "services/runtime/slot.h"},
      // No service knows another's C++, in any file.
      {"services/exchange/model.cc", "services/governance/model.h"},
      {"services/exchange/api.cc", "services/governance/api.h"},
      {"services/exchange/service.cc", "services/governance/service.h"},
      {"services/forecast/worker.cc", "services/exchange/series.h"},
      {"services/forecast/worker.cc", "services/tandem/config.h"},
      // Handlers are free of the transport; nothing but the runtime starts threads.
      {"services/exchange/api.cc", "grpcpp/grpcpp.h"},
      {"services/exchange/api.cc", "tandem/exchange/v1/exchange.grpc.pb.h"},
      {"services/exchange/api_test.cc", "grpcpp/grpcpp.h"},
      {"services/forecast/worker.cc", "thread"},
      {"services/exchange/service.cc", "absl/time/clock.h"},
      // The runtime knows no service, and of facts governance's alone.
      {"services/runtime/grants.cc", "services/governance/model.h"},
      {"services/runtime/slot.cc", "tandem/exchange/v1/facts.pb.h"},
      {"services/runtime/slot.cc", "forecasting/smoothing.h"},
      {"services/runtime/slot.cc", "services/tandem/config.h"},
      {"services/runtime/slot.cc", "tests/support/random.h"},
      // Nobody.
      {"services/runtime/slot.cc", "absl/synchronization/mutex.h"},
      {"tests/simulation/world.cc", "absl/synchronization/mutex.h"},
      {"tests/bench/client.cc", "absl/synchronization/mutex.h"},
      {"services/exchange/service.h", "tandem/exchange/v1/exchange.grpc.pb.h"},
      {"services/tandem/serve.h", "tandem/exchange/v1/exchange.grpc.pb.h"},
      {"tests/support/client.h", "tandem/exchange/v1/exchange.grpc.pb.h"},
      {"services/exchange/model.cc", "model.h"},
      {"tests/simulation/world.cc", "world.h"},
  };
  for (const Arrow& arrow : arrows) {
    SCOPED_TRACE(std::string(arrow.path) + " -> " + arrow.include);
    EXPECT_THAT(ViolationsOf(arrow), ElementsAre(HasSubstr(arrow.include)));
  }
}

TEST(LayeringTest, FindsIncludesHoweverTheyAreWritten) {
  EXPECT_THAT(IncludesOf("// #include \"no.h\"\n#include \"a/b.h\"\n  #  include <vector>\n"
                         "#include\t<map>  // Why.\n#define include\n#include MACRO\n#include"),
              ElementsAre("a/b.h", "vector", "map"));
  EXPECT_THAT(IncludesOf(""), IsEmpty());
  EXPECT_THAT(IncludesOf("#include \"last.h\""), ElementsAre("last.h"));
}

TEST(LayeringTest, LimitsTheLengthOfAFile) {
  const auto lines = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "// A line.\n";
    return File{.path = "services/exchange/model.cc", .text = text};
  };
  EXPECT_THAT(Violations(lines(500)), IsEmpty());
  EXPECT_THAT(Violations(lines(501)), ElementsAre(HasSubstr("501 lines")));
}

TEST(LayeringTest, NamesEveryFault) {
  const File file{.path = "services/exchange/model.cc",
                  .text =
                      "#include \"services/runtime/slot.h\"\n#include <vector>\n"
                      "#include \"grpcpp/grpcpp.h\"\n"};
  EXPECT_THAT(
      Violations(file),
      ElementsAre("services/exchange/model.cc includes services/runtime/slot.h: a pure file "
                  "of a service may not include it",
                  HasSubstr("grpcpp/grpcpp.h")));
}

}  // namespace
}  // namespace tandem::layering
