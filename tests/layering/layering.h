// Who may include whom, as a table, and the rules about files that reading alone can check. Pure:
// the test hands in the files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem::layering {

// A source file: its path from the project's root ("services/exchange/model.cc") and its text.
struct File {
  std::string path{};
  std::string text{};
};

// The layers that include rules are written for.
enum class Layer {
  kForecasting,
  kSequencing,
  kBase,
  kRuntime,
  kServicePure,   // model, decide, codec, view, and whatever else is not listed below.
  kServiceApi,    // api*: a service's handlers, free of the transport.
  kServiceShell,  // service*, worker*.
  kProgram,       // services/tandem.
  kTests,         // tests/, but not the unit tests, which belong to the folder they stand in.
  kNone,          // Not ours to check.
};
Layer LayerOf(std::string_view path);

// What an #include line names.
enum class Target {
  kOwnFolder,
  kForecasting,
  kSequencing,
  kBase,
  kRuntime,
  kOtherService,
  kProgram,
  kTests,
  kStandard,         // The C++ library without the next.
  kThreadsAndClock,  // What starts a thread, waits, or reads the time of day.
  kFiles,            // Streams and file systems.
  kSystem,           // POSIX and Linux.
  kAbseil,
  kAbseilMutex,  // Nowhere: ThreadSanitizer does not know it.
  kNumeric,      // Libraries that compute, compression among them.
  kProtobuf,     // The library, and the public messages under google/.
  kOwnMessages,  // tandem/<the service's own domain>/v1/*.pb.h
  kGovernanceMessages,
  kRuntimeMessages,
  kOtherMessages,
  kStubs,  // *.grpc.pb.h of any domain.
  kGrpc,
  kTestLibrary,
  kLibrary,  // All other libraries: RocksDB, librdkafka, OpenSSL, ...
  kLocal,    // "model.h": paths begin at the root.
};
// What `include` (the text between quotes or angle brackets) is for the file at `path`.
Target TargetOf(std::string_view path, std::string_view include);

// The text between quotes or angle brackets of each #include line, in order.
std::vector<std::string> IncludesOf(std::string_view text);

// One line of text for each rule that the file breaks; none if it is in order. Rules: every include
// is an arrow of the table; no header includes *.grpc.pb.h; XGBoost is included by its wrapper
// alone; at most 500 lines.
std::vector<std::string> Violations(const File& file);

// One line of text for each type that several of these headers define under one name in one
// namespace, files and all: the program would hold two types that the linker takes for one, and a
// vector of the one would be grown by the code of the other. Looks at types that begin a line.
std::vector<std::string> TwiceDefined(const std::vector<File>& headers);

}  // namespace tandem::layering
