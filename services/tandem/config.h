// What `tandem serve` is told: by flags, else by environment variables, else by a TOML file, else
// by default. One table (config.cc) holds every key, so that the three never differ:
//
//   --tls-cert node1.pem      TANDEM_TLS_CERT=node1.pem      tls_cert = "node1.pem"
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/base/fact.h"
#include "services/runtime/logging.h"

namespace tandem::program {

struct Config {
  std::string data{};  // The data folder; made if it is missing.
  std::string listen = "127.0.0.1:7420";
  bool insecure = false;  // No TLS: loopback only, callers name themselves.
  std::set<base::DomainId> services = {base::DomainId::kGovernance, base::DomainId::kExchange,
                                       base::DomainId::kForecast};
  std::map<base::DomainId, std::string> peers{};  // Where services run that do not run here.
  std::string metrics{};                          // HOST:PORT of GET /metrics; "": none.
  std::string port_file{};                        // Gets the port that is listened on.
  std::string tls_cert{};
  std::string tls_key{};
  std::string operator_ca{};
  std::string network = "tandem";  // As in certificates' URIs.
  std::string instance = "node1";  // This instance's name among its peers.
  std::string seal_key{};          // File of 64 hex digits; "": the data folder's own key.
  runtime::LogLevel log_level = runtime::LogLevel::kInfo;
  int threads = 0;  // Of the executor; 0: one a core, at least two.
  absl::Duration deadline_default = absl::Seconds(60);
  absl::Duration read_stall_max = absl::Minutes(5);
  absl::Duration drain_max = absl::Seconds(10);
  int calls_firm_max = 8192;
  int streams_firm_max = 4096;
  int rows_per_second_firm_max = 250'000'000;
  int bytes_per_second_firm_max = 2'000'000'000;
  int read_bytes_per_second_firm_max = 2'000'000'000;
  // More than a hundred billion rows of sales; a disk that one firm fills stops them all.
  std::int64_t stored_bytes_firm_max = 100'000'000'000;

  bool Serves(base::DomainId service) const { return services.contains(service); }
};

// A key as the command line offers it.
struct ConfigKey {
  std::string key{};   // "tls_cert"
  std::string flag{};  // "--tls-cert"
  std::string help{};
  bool is_switch = false;  // Takes no value on the command line.
};
std::vector<ConfigKey> ConfigKeys();

// Values by key, as text; lists are comma-separated, peers are "exchange=host:port".
using ConfigValues = std::map<std::string, std::string>;

// The values of a TOML file. Errors name the file and line, or the key: kInvalidArgument /
// FILE_MALFORMED, or FIELD_OUT_OF_RANGE for a key that is unknown or of the wrong type; kNotFound
// for no file.
absl::StatusOr<ConfigValues> ReadConfigFile(const std::string& path);

// The values of the environment: TANDEM_ and the key in capitals.
ConfigValues ConfigFromEnvironment(
    const std::function<std::optional<std::string>(const std::string& name)>& variable);

// The first of `sources` that has a key decides it. Errors: kInvalidArgument naming the key, for
// values that make no sense and for settings that do not fit together.
absl::StatusOr<Config> MakeConfig(const std::vector<ConfigValues>& sources);

}  // namespace tandem::program
