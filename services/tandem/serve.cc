#include "services/tandem/serve.h"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "services/base/status.h"
#include "services/runtime/logging.h"
#include "services/tandem/config.h"
#include "services/tandem/instance.h"

namespace tandem::program {
namespace {

using runtime::LogLevel;
using runtime::LogLine;

// What the command line gave; kept by the command's callback.
struct Given {
  std::string config_file{};
  std::map<std::string, std::vector<std::string>> values{};
  bool insecure = false;
};

std::optional<std::string> Variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

absl::StatusOr<Config> ConfigFrom(const Given& given) {
  ConfigValues flags;
  for (const auto& [key, values] : given.values) {
    if (!values.empty()) flags[key] = absl::StrJoin(values, ",");
  }
  if (given.insecure) flags["insecure"] = "true";
  const ConfigValues environment = ConfigFromEnvironment(Variable);
  ConfigValues file;
  const std::string path =
      given.config_file.empty() ? Variable("TANDEM_CONFIG").value_or("") : given.config_file;
  if (!path.empty()) {
    TANDEM_ASSIGN_OR_RETURN(file, ReadConfigFile(path));
  }
  return MakeConfig({flags, environment, file});
}

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
      return 2;
    case absl::StatusCode::kDataLoss:
      return 5;
    default:
      return 1;
  }
}

// Signals are blocked before any thread starts, so that this one alone takes them.
sigset_t BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // The write fails then, and says what to do.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

absl::Status Serve(const Given& given) {
  TANDEM_ASSIGN_OR_RETURN(const Config config, ConfigFrom(given));
  const sigset_t signals = BlockSignals();
  // gRPC's locks are Abseil's, and Debian's build looks for deadlocks at each of them, release or
  // not: a pair of nested locks costs eight times as much.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  runtime::StartLogging(config.log_level);
  TANDEM_ASSIGN_OR_RETURN(const std::unique_ptr<Instance> instance, Instance::Start(config));
  std::cout << "tandem: " << instance->ready_line() << std::endl;
  LogLine(LogLevel::kInfo, "serving", {{"port", instance->port()}});
  int signal = 0;
  sigwait(&signals, &signal);
  LogLine(LogLevel::kInfo, "stopping", {{"signal", signal}});
  instance->Stop();
  LogLine(LogLevel::kInfo, "stopped");
  return absl::OkStatus();
}

}  // namespace

void AddServe(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("serve", "Run the services until SIGTERM or Ctrl-C.");
  command->footer(
      "Examples:\n"
      "  tandem serve --data ./data --insecure\n"
      "  tandem serve --data /var/lib/tandem --listen 0.0.0.0:7420 --tls-cert node1.pem \\\n"
      "    --tls-key node1.key --operator-ca operator.pem --metrics 127.0.0.1:9420\n\n"
      "Every option is also an environment variable (TANDEM_TLS_CERT) and a key of the TOML file\n"
      "(tls_cert = \"node1.pem\"). A flag wins over the environment, and that over the file.");
  auto given = std::make_shared<Given>();
  command->add_option("--config", given->config_file, "TOML file; also TANDEM_CONFIG.");
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.is_switch) {
      command->add_flag(key.flag, given->insecure, key.help);
    } else {
      command->add_option(key.flag, given->values[key.key], key.help)->expected(1)->take_all();
    }
  }
  command->callback([given, &exit_code] {
    const absl::Status status = Serve(*given);
    exit_code = ExitCodeOf(status);
    if (!status.ok()) std::cerr << "tandem serve: " << status.message() << std::endl;
    // Everything is closed and written. What is left are gRPC 1.51's own globals, and its callback
    // queue is freed twice now and then while they are taken down.
    std::cout.flush();
    std::_Exit(exit_code);
  });
}

}  // namespace tandem::program
