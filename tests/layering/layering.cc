#include "tests/layering/layering.h"

#include <algorithm>
#include <initializer_list>

namespace tandem::layering {
namespace {

constexpr int kLinesMax = 500;
// The only file that may know XGBoost.
constexpr std::string_view kTreesByXgboost = "forecasting/global/xgboost_trees.cc";

bool StartsWithOneOf(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [text](std::string_view prefix) { return text.starts_with(prefix); });
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// "exchange" for "services/exchange/csv/reader.cc"; "" outside services/.
std::string_view ServiceOf(std::string_view path) {
  constexpr std::string_view kServices = "services/";
  if (!path.starts_with(kServices)) return {};
  path.remove_prefix(kServices.size());
  const std::size_t end = path.find('/');
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

// "api" for "services/exchange/api_sales_test.cc": what stands before the first '_' or '.'.
std::string_view FirstWord(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  return path.substr(0, path.find_first_of("_."));
}

bool IsUnitTest(std::string_view path) {
  return !path.starts_with("tests/") &&
         (path.ends_with("_test.cc") || path.ends_with("_fixture.h"));
}

Target MessagesOf(std::string_view path, std::string_view domain) {
  if (domain == ServiceOf(path)) return Target::kOwnMessages;
  if (domain == "governance") return Target::kGovernanceMessages;
  if (domain == "runtime") return Target::kRuntimeMessages;
  return Target::kOtherMessages;
}

// Files of ours, by their path from the root; kLocal if it is none.
Target OursOf(std::string_view path, std::string_view include) {
  const std::string_view service = ServiceOf(include);
  if (!service.empty()) {
    if (service == ServiceOf(path)) return Target::kOwnFolder;
    if (service == "base") return Target::kBase;
    if (service == "runtime") return Target::kRuntime;
    return service == "tandem" ? Target::kProgram : Target::kOtherService;
  }
  const std::string_view folder = include.substr(0, include.find('/'));
  if (!IsOneOf(folder, {"forecasting", "sequencing", "tests"})) return Target::kLocal;
  if (path.substr(0, path.find('/')) == folder) return Target::kOwnFolder;
  if (folder == "tests") return Target::kTests;
  return folder == "forecasting" ? Target::kForecasting : Target::kSequencing;
}

// Libraries that are known by the start of their path.
Target LibraryOf(std::string_view include) {
  if (include == "absl/time/clock.h") return Target::kThreadsAndClock;
  if (include.starts_with("absl/synchronization/")) return Target::kAbseilMutex;
  if (include.starts_with("absl/")) return Target::kAbseil;
  if (include.starts_with("google/")) return Target::kProtobuf;
  if (StartsWithOneOf(include, {"grpc/", "grpc++/", "grpcpp/"})) return Target::kGrpc;
  if (StartsWithOneOf(include, {"gtest/", "gmock/", "rapidcheck", "benchmark/"})) {
    return Target::kTestLibrary;
  }
  if (StartsWithOneOf(include, {"Eigen/", "hwy/", "xsimd/", "coin/", "lemon/", "nlopt.hpp",
                                "glpk.h", "xgboost/", "zstd.h", "lz4.h", "xxhash.h",
                                "openssl/sha.h", "immintrin.h", "emmintrin.h"})) {
    return Target::kNumeric;
  }
  if (StartsWithOneOf(include, {"sys/", "netinet/", "arpa/", "linux/"}) ||
      IsOneOf(include, {"unistd.h", "fcntl.h", "signal.h", "poll.h", "netdb.h", "time.h",
                        "termios.h", "dirent.h", "pthread.h", "ifaddrs.h", "spawn.h"})) {
    return Target::kSystem;
  }
  return Target::kLibrary;
}

// The include table of the style guide. What a layer's list does not name, it may not include.
bool Allowed(Layer layer, Target target) {
  using enum Target;
  switch (layer) {
    case Layer::kForecasting:
    case Layer::kSequencing:
    case Layer::kBase:
      return target == kOwnFolder || target == kStandard || target == kAbseil || target == kNumeric;
    case Layer::kServicePure:
      return Allowed(Layer::kBase, target) || target == kBase || target == kForecasting ||
             target == kSequencing || target == kProtobuf || target == kOwnMessages;
    case Layer::kRuntime:
      return target == kOwnFolder || target == kBase || target == kStandard ||
             target == kThreadsAndClock || target == kFiles || target == kSystem ||
             target == kAbseil || target == kNumeric || target == kProtobuf ||
             target == kOwnMessages || target == kGovernanceMessages || target == kStubs ||
             target == kGrpc || target == kLibrary;
    case Layer::kServiceApi:
      return Allowed(Layer::kServicePure, target) || target == kRuntime ||
             target == kGovernanceMessages || target == kRuntimeMessages ||
             target == kOtherMessages || target == kLibrary;
    case Layer::kServiceShell:
      return Allowed(Layer::kServiceApi, target) || target == kStubs || target == kGrpc;
    case Layer::kProgram:
    case Layer::kTests:
      return target != kAbseilMutex && target != kLocal;
    case Layer::kNone:
      return true;
  }
  return false;
}

std::string_view LayerName(Layer layer) {
  switch (layer) {
    case Layer::kForecasting:
      return "forecasting";
    case Layer::kSequencing:
      return "sequencing";
    case Layer::kBase:
      return "services/base";
    case Layer::kRuntime:
      return "services/runtime";
    case Layer::kServicePure:
      return "a pure file of a service";
    case Layer::kServiceApi:
      return "a service's api file";
    case Layer::kServiceShell:
      return "a shell file of a service";
    case Layer::kProgram:
      return "services/tandem";
    case Layer::kTests:
      return "tests";
    case Layer::kNone:
      return "";
  }
  return "";
}

// Why `include` is not for the file, or "".
std::string Fault(std::string_view path, std::string_view include) {
  const Layer layer = LayerOf(path);
  const Target target = TargetOf(path, include);
  if (target == Target::kStubs && path.ends_with(".h")) {
    return "a header may not include generated stubs: they cost every includer seconds";
  }
  // Unit tests read golden files too.
  const bool for_tests = target == Target::kTestLibrary || target == Target::kTests ||
                         target == Target::kFiles || include.starts_with("nlohmann/");
  if (for_tests && IsUnitTest(path)) return "";
  if (include.starts_with("xgboost/") && path != kTreesByXgboost) {
    return "trees are asked for by forecasting/global/boosted_trees.h";
  }
  if (Allowed(layer, target)) return "";
  if (target == Target::kAbseilMutex) {
    // These switch off what gRPC's own mutexes would cost; they use none.
    if (path == "services/tandem/serve.cc" || path == "tests/bench/main.cc") return "";
    return "use std::mutex: ThreadSanitizer does not know Abseil's";
  }
  if (target == Target::kLocal) return "write the path from the project's root";
  return std::string(LayerName(layer)) + " may not include it";
}

}  // namespace

Layer LayerOf(std::string_view path) {
  if (path.starts_with("forecasting/")) return Layer::kForecasting;
  if (path.starts_with("sequencing/")) return Layer::kSequencing;
  if (path.starts_with("tests/")) return Layer::kTests;
  const std::string_view service = ServiceOf(path);
  if (service.empty()) return Layer::kNone;
  if (service == "base") return Layer::kBase;
  if (service == "runtime") return Layer::kRuntime;
  if (service == "tandem") return Layer::kProgram;
  const std::string_view word = FirstWord(path);
  // What the runtime calls (domain.h) and what follows the log stand beside the handlers.
  if (word == "api" || word == "domain" || word == "register" || word == "as") {
    return Layer::kServiceApi;
  }
  return word == "service" || word == "worker" ? Layer::kServiceShell : Layer::kServicePure;
}

Target TargetOf(std::string_view path, std::string_view include) {
  if (include.ends_with(".grpc.pb.h") && include.starts_with("tandem/")) return Target::kStubs;
  if (include.starts_with("tandem/")) {
    const std::string_view rest = include.substr(std::string_view("tandem/").size());
    return MessagesOf(path, rest.substr(0, rest.find('/')));
  }
  const Target ours = OursOf(path, include);
  if (ours != Target::kLocal) return ours;
  const bool bare = include.find('/') == std::string_view::npos;
  if (bare && include.find('.') == std::string_view::npos) {  // <vector>
    if (IsOneOf(include, {"thread", "future", "condition_variable", "ctime", "csignal", "barrier",
                          "latch", "semaphore", "stop_token"})) {
      return Target::kThreadsAndClock;
    }
    return IsOneOf(include, {"iostream", "fstream", "filesystem"}) ? Target::kFiles
                                                                   : Target::kStandard;
  }
  // The file beside: "model.h" for model.cc. Libraries' bare headers are known above or are not
  // ours.
  const Target library = LibraryOf(include);
  const std::size_t folder = path.rfind('/');
  if (bare && library == Target::kLibrary && folder != std::string_view::npos &&
      path.substr(folder + 1, path.find('.', folder) - folder - 1) ==
          include.substr(0, include.find('.'))) {
    return Target::kLocal;
  }
  return library;
}

std::vector<std::string> IncludesOf(std::string_view text) {
  std::vector<std::string> includes;
  const auto skip_blanks = [](std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    skip_blanks(line);
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    skip_blanks(line);
    if (!line.starts_with("include")) continue;
    line.remove_prefix(std::string_view("include").size());
    skip_blanks(line);
    if (line.empty() || (line.front() != '"' && line.front() != '<')) continue;
    const char end = line.front() == '"' ? '"' : '>';
    line.remove_prefix(1);
    includes.emplace_back(line.substr(0, line.find(end)));
  }
  return includes;
}

std::vector<std::string> Violations(const File& file) {
  std::vector<std::string> violations;
  for (const std::string& include : IncludesOf(file.text)) {
    const std::string fault = Fault(file.path, include);
    if (fault.empty()) continue;
    std::string& violation = violations.emplace_back(file.path);
    violation.append(" includes ").append(include).append(": ").append(fault);
  }
  const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
  if (lines > kLinesMax) {
    violations.push_back(file.path + " has " + std::to_string(lines) + " lines, more than " +
                         std::to_string(kLinesMax) + ": split it by noun");
  }
  return violations;
}

}  // namespace tandem::layering
