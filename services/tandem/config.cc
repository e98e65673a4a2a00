#include "services/tandem/config.h"

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/server.h"
#include "toml++/toml.h"

namespace tandem::program {
namespace {

using base::DomainId;
using base::Reason;

constexpr DomainId kDomains[] = {DomainId::kGovernance, DomainId::kExchange, DomainId::kForecast};

absl::Status Wrong(std::string_view key, std::string_view why, const std::string& value) {
  return base::RefuseField(Reason::kFieldOutOfRange, key, why, {{"value", value}});
}

using Setter = std::function<absl::Status(Config&, std::string_view key, const std::string& value)>;

Setter Text(std::string Config::*member) {
  return [member](Config& config, std::string_view, const std::string& value) {
    config.*member = value;
    return absl::OkStatus();
  };
}

Setter Identifier(std::string Config::*member) {
  return [member](Config& config, std::string_view key, const std::string& value) {
    config.*member = value;
    return base::CheckId(key, value);
  };
}

Setter Address(std::string Config::*member) {
  return [member](Config& config, std::string_view key, const std::string& value) {
    config.*member = value;
    return runtime::ParseHostPort(key, value).status();
  };
}

template <typename Int>
absl::StatusOr<Int> Number(std::string_view key, const std::string& value, Int first, Int last) {
  Int number = 0;
  const char* const limit = value.data() + value.size();
  const auto [end, error] = std::from_chars(value.data(), limit, number);
  if (error != std::errc{} || end != limit || number < first || number > last) {
    return Wrong(key, absl::StrCat("is a number from ", first, " to ", last), value);
  }
  return number;
}

template <typename Int>
Setter Count(Int Config::*member, Int first, Int last) {
  return [=](Config& config, std::string_view key, const std::string& value) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(config.*member, Number(key, value, first, last));
    return absl::OkStatus();
  };
}

Setter Seconds(absl::Duration Config::*member) {
  return [=](Config& config, std::string_view key, const std::string& value) -> absl::Status {
    TANDEM_ASSIGN_OR_RETURN(const int seconds, Number(key, value, 1, 3600));
    config.*member = absl::Seconds(seconds);
    return absl::OkStatus();
  };
}

absl::Status SetInsecure(Config& config, std::string_view key, const std::string& value) {
  config.insecure = value == "true" || value == "1";
  if (config.insecure || value == "false" || value == "0") return absl::OkStatus();
  return Wrong(key, "is true or false, or 1 or 0", value);
}

absl::Status SetLogLevel(Config& config, std::string_view key, const std::string& value) {
  TANDEM_ASSIGN_OR_RETURN(config.log_level, runtime::ParseLogLevel(key, value));
  return absl::OkStatus();
}

absl::StatusOr<DomainId> ServiceNamed(std::string_view key, const std::string& name) {
  for (const DomainId domain : kDomains) {
    if (base::DomainName(domain) == name) return domain;
  }
  return Wrong(key, "names a service: governance, exchange or forecast", name);
}

absl::Status SetServices(Config& config, std::string_view key, const std::string& value) {
  config.services.clear();
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(value, ','))) {
    TANDEM_ASSIGN_OR_RETURN(const DomainId service, ServiceNamed(key, name));
    config.services.insert(service);
  }
  return absl::OkStatus();
}

absl::Status SetPeers(Config& config, std::string_view key, const std::string& value) {
  config.peers.clear();
  for (const std::string& peer : std::vector<std::string>(absl::StrSplit(value, ','))) {
    const std::vector<std::string> parts = absl::StrSplit(peer, absl::MaxSplits('=', 1));
    if (parts.size() != 2) return Wrong(key, "is SERVICE=HOST:PORT", peer);
    TANDEM_ASSIGN_OR_RETURN(const DomainId service, ServiceNamed(key, parts[0]));
    TANDEM_RETURN_IF_ERROR(runtime::ParseHostPort(key, parts[1]).status());
    config.peers[service] = parts[1];
  }
  return absl::OkStatus();
}

struct Entry {
  const char* key;
  const char* help;
  Setter set;
};

const std::vector<Entry>& Entries() {
  static const std::vector<Entry> entries = {
      {"data", "Data folder; made if it is missing.", Text(&Config::data)},
      {"listen", "HOST:PORT to listen on; port 0: any free one.", Address(&Config::listen)},
      {"insecure", "No TLS: loopback only, and callers name themselves.", SetInsecure},
      {"services", "What runs here: governance,exchange,forecast.", SetServices},
      {"peers", "SERVICE=HOST:PORT of a service that runs elsewhere.", SetPeers},
      {"metrics", "HOST:PORT of GET /metrics for Prometheus.", Address(&Config::metrics)},
      {"port_file", "File that gets the port listened on.", Text(&Config::port_file)},
      {"tls_cert", "This instance's certificate, PEM.", Text(&Config::tls_cert)},
      {"tls_key", "Its key, PEM.", Text(&Config::tls_key)},
      {"operator_ca", "The operator's authority, PEM.", Text(&Config::operator_ca)},
      {"network", "The network's name in certificates' URIs.", Identifier(&Config::network)},
      {"instance", "This instance's name among its peers.", Identifier(&Config::instance)},
      {"seal_key", "File of 64 hex digits, the same on every instance of a network.",
       Text(&Config::seal_key)},
      {"log_level", "debug, info, warning or error.", SetLogLevel},
      {"threads", "Threads for the services; 0: one a core.", Count(&Config::threads, 0, 1024)},
      {"deadline_seconds", "For calls whose client sets no deadline.",
       Seconds(&Config::deadline_default)},
      {"read_stall_seconds", "How long a streamed read may stand still.",
       Seconds(&Config::read_stall_max)},
      {"drain_seconds", "How long calls in flight may take when the server stops.",
       Seconds(&Config::drain_max)},
      {"calls_firm_max", "Calls that one firm may have in flight.",
       Count(&Config::calls_firm_max, 1, 1'000'000)},
      {"streams_firm_max", "Streams that one firm may have open.",
       Count(&Config::streams_firm_max, 1, 1'000'000)},
      {"rows_per_second_firm_max", "Rows a second that one firm may send.",
       Count(&Config::rows_per_second_firm_max, 1, 2'000'000'000)},
      {"bytes_per_second_firm_max", "Bytes a second that one firm may send.",
       Count(&Config::bytes_per_second_firm_max, 1, 2'000'000'000)},
      {"read_bytes_per_second_firm_max", "Bytes a second that one firm may be answered to reads.",
       Count(&Config::read_bytes_per_second_firm_max, 1, 2'000'000'000)},
      {"stored_bytes_firm_max", "Bytes of facts that one firm may store here; 0: no bound.",
       Count<std::int64_t>(&Config::stored_bytes_firm_max, 0, 1'000'000'000'000'000)},
  };
  return entries;
}

bool IsKnown(std::string_view key) {
  return std::any_of(Entries().begin(), Entries().end(),
                     [key](const Entry& entry) { return entry.key == key; });
}

absl::Status CheckTls(const Config& config) {
  const bool some =
      !config.tls_cert.empty() || !config.tls_key.empty() || !config.operator_ca.empty();
  if (config.insecure && some) {
    return Wrong("insecure", "excludes tls_cert, tls_key and operator_ca", "true");
  }
  if (config.insecure) return absl::OkStatus();
  const std::pair<const char*, const std::string*> needed[] = {
      {"tls_cert", &config.tls_cert},
      {"tls_key", &config.tls_key},
      {"operator_ca", &config.operator_ca}};
  for (const auto& [key, value] : needed) {
    if (!value->empty()) continue;
    return base::RefuseField(
        Reason::kFieldMissing, key,
        "is needed for TLS (deploy/certs makes one); without TLS, on loopback: --insecure");
  }
  return absl::OkStatus();
}

absl::Status CheckServices(const Config& config) {
  const auto needs_peer = [&](DomainId service, DomainId peer) -> absl::Status {
    if (!config.Serves(service) || config.Serves(peer) || config.peers.contains(peer)) {
      return absl::OkStatus();
    }
    const std::string name(base::DomainName(peer));
    return base::RefuseField(Reason::kFieldMissing, "peers",
                             absl::StrCat(std::string(base::DomainName(service)), " needs ", name,
                                          ": serve it here, or give --peers ", name, "=HOST:PORT"));
  };
  TANDEM_RETURN_IF_ERROR(needs_peer(DomainId::kExchange, DomainId::kGovernance));
  TANDEM_RETURN_IF_ERROR(needs_peer(DomainId::kForecast, DomainId::kGovernance));
  TANDEM_RETURN_IF_ERROR(needs_peer(DomainId::kForecast, DomainId::kExchange));
  if (config.services.size() < std::size(kDomains) && config.seal_key.empty()) {
    return base::RefuseField(Reason::kFieldMissing, "seal_key",
                             "is needed where a network has several instances: make one with "
                             "openssl rand -hex 32, and give all of them the same");
  }
  return absl::OkStatus();
}

absl::Status Check(const Config& config) {
  if (config.data.empty()) {
    return base::RefuseField(Reason::kFieldMissing, "data", "the data folder must be given");
  }
  TANDEM_RETURN_IF_ERROR(CheckTls(config));
  return CheckServices(config);
}

// A TOML value as the text that the table takes.
absl::StatusOr<std::string> TextOf(const std::string& key, const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto truth = node.value_exact<bool>()) return std::string(*truth ? "true" : "false");
  std::vector<std::string> parts;
  if (const toml::array* list = node.as_array(); list != nullptr && key == "services") {
    for (const toml::node& part : *list) {
      if (const auto text = part.value_exact<std::string>()) parts.push_back(*text);
    }
    if (parts.size() == list->size()) return absl::StrJoin(parts, ",");
  }
  if (const toml::table* table = node.as_table(); table != nullptr && key == "peers") {
    for (const auto& [name, part] : *table) {
      const auto text = part.value_exact<std::string>();
      if (text) parts.push_back(absl::StrCat(std::string(name.str()), "=", *text));
    }
    if (parts.size() == table->size()) return absl::StrJoin(parts, ",");
  }
  return base::RefuseField(Reason::kFieldOutOfRange, key, "has a value of the wrong type",
                           {{"line", node.source().begin.line}});
}

}  // namespace

std::vector<ConfigKey> ConfigKeys() {
  std::vector<ConfigKey> keys;
  for (const Entry& entry : Entries()) {
    keys.push_back({.key = entry.key,
                    .flag = absl::StrCat("--", absl::StrReplaceAll(entry.key, {{"_", "-"}})),
                    .help = entry.help,
                    .is_switch = std::string_view(entry.key) == "insecure"});
  }
  return keys;
}

absl::StatusOr<ConfigValues> ReadConfigFile(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    return absl::NotFoundError(absl::StrCat(path, ": no such file"));
  }
  toml::table table;
  try {  // toml++ throws; it ends here.
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    return base::Refuse(
        Reason::kFileMalformed,
        absl::StrCat(path, ":", error.source().begin.line, ": ", std::string(error.description())),
        {{"file", path}, {"line", error.source().begin.line}});
  }
  ConfigValues values;
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    if (!IsKnown(key)) {
      return base::RefuseField(Reason::kFieldOutOfRange, key,
                               absl::StrCat("is no key (", path, ":", node.source().begin.line,
                                            "); tandem serve --help lists all, with '-' for '_'"));
    }
    TANDEM_ASSIGN_OR_RETURN(values[key], TextOf(key, node));
  }
  return values;
}

ConfigValues ConfigFromEnvironment(
    const std::function<std::optional<std::string>(const std::string& name)>& variable) {
  ConfigValues values;
  for (const Entry& entry : Entries()) {
    const std::optional<std::string> value =
        variable(absl::StrCat("TANDEM_", absl::AsciiStrToUpper(entry.key)));
    if (value.has_value()) values[entry.key] = *value;
  }
  return values;
}

absl::StatusOr<Config> MakeConfig(const std::vector<ConfigValues>& sources) {
  Config config;
  for (const Entry& entry : Entries()) {
    for (const ConfigValues& source : sources) {
      const auto found = source.find(entry.key);
      if (found == source.end()) continue;
      TANDEM_RETURN_IF_ERROR(entry.set(config, entry.key, found->second));
      break;
    }
  }
  TANDEM_RETURN_IF_ERROR(Check(config));
  return config;
}

}  // namespace tandem::program
