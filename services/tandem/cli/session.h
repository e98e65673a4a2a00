// What every command shares: who calls whom, how to print, and how to end.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/tandem/cli/client.h"

namespace tandem::cli {

struct Session {
  std::string output{"table"};  // table, json or csv.
  int* exit_code = nullptr;
};
using SessionPtr = std::shared_ptr<Session>;

// What a verb does. Its status becomes the exit code, and is printed where it is an error.
using Action = std::function<absl::Status(Client& client)>;

// A noun of the program: `tandem NOUN VERB`.
CLI::App* AddNoun(CLI::App& app, const std::string& name, const std::string& description);

struct VerbText {
  std::string name{};
  std::string description{};
  std::string example{};  // A whole command line; shown by --help.
};
// A verb that calls the service: it gets the options of the connection and --output.
CLI::App* AddVerb(CLI::App* noun, const SessionPtr& session, const VerbText& text, Action action);
// A verb that calls no service.
CLI::App* AddLocalVerb(CLI::App* noun, const SessionPtr& session, const VerbText& text,
                       std::function<absl::Status()> action);

// A verb's own options of the connection. What the command line does not say is taken from the
// environment by Options alone: CLI11 would read it for every verb, called or not, and does not
// tell afterwards what came from where.
class Connection {
 public:
  // Adds --server.
  void AddServer(CLI::App* verb);
  // Adds --server, the caller's identity and how long calls may take.
  void AddAll(CLI::App* verb);
  // Flags first, then TANDEM_SERVER and so on. TANDEM_INSECURE does not count where a certificate,
  // key or authority is given by a flag. Called while the verb runs; throws CLI::ParseError for a
  // variable that makes no sense, as CLI11 does for a flag.
  const ClientOptions& Options();

 private:
  struct Variable {
    std::string name{};
    CLI::Option* option = nullptr;
  };
  // Has the environment's variable `name` stand in for the option.
  CLI::Option* Bind(CLI::Option* option, const std::string& name);

  ClientOptions options_;
  std::vector<Variable> variables_;
  std::vector<CLI::Option*> tls_;
  CLI::Option* insecure_ = nullptr;
};
using ConnectionPtr = std::shared_ptr<Connection>;

// The options of the connection and --output, for a verb that may call the service.
void AddConnection(CLI::App* verb, const SessionPtr& session, const ConnectionPtr& connection);
// --output, for a verb that calls none.
void AddOutput(CLI::App* verb, const SessionPtr& session);

// The exit code for a status.
int ExitCodeOf(const absl::Status& status);
// Prints reason, field, values and what to do to standard error.
void PrintError(const absl::Status& status);

// An error whose exit code is kRowsRejected.
absl::Status RowsRejected(std::string_view message);

}  // namespace tandem::cli
