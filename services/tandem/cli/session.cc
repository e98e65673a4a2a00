#include "services/tandem/cli/session.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/tandem/cli/commands.h"
#include "services/tandem/cli/print.h"

namespace tandem::cli {
namespace {

constexpr char kRowsRejectedUrl[] = "tandem/rows-rejected";

// What to do next, by code: the table of errors.
std::string_view Advice(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kPermissionDenied:
      return "ask the owner for an agreement that grants this, or an administrator for the role";
    case absl::StatusCode::kUnauthenticated:
      return "call with --cert, --key and --ca, or --insecure --as FIRM/PRINCIPAL on loopback";
    case absl::StatusCode::kInvalidArgument:
      return "correct the field and send again";
    case absl::StatusCode::kNotFound:
      return "check the name";
    case absl::StatusCode::kAlreadyExists:
      return "it is there with other content; choose another id or leave it";
    case absl::StatusCode::kFailedPrecondition:
      return "the present state forbids it; look at the record first";
    case absl::StatusCode::kAborted:
      return "read it again, then retry";
    case absl::StatusCode::kOutOfRange:
      return "read a snapshot, then follow from its cursor";
    case absl::StatusCode::kResourceExhausted:
      return "wait a moment, then retry";
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return "check that `tandem serve` runs and that --server is right, then retry";
    case absl::StatusCode::kDataLoss:
      return "stored bytes are damaged: call the operator, restore from a backup";
    default:
      return "";
  }
}

// Whether it is about a flag, or a file that cannot be read as what it should be.
bool IsUsage(const absl::Status& status) {
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return false;
  return refusal->reason == base::Reason::kFileMalformed || refusal->field.starts_with("--");
}

}  // namespace

CLI::Option* Connection::Bind(CLI::Option* option, const std::string& name) {
  variables_.push_back({.name = name, .option = option});
  return option->group("Connection")
      ->description(absl::StrCat(option->get_description(), " (Env:", name, ")"));
}

void Connection::AddServer(CLI::App* verb) {
  Bind(verb->add_option("--server", options_.server, "HOST:PORT of the service"), "TANDEM_SERVER")
      ->capture_default_str();
}

void Connection::AddAll(CLI::App* verb) {
  AddServer(verb);
  tls_ = {Bind(verb->add_option("--cert", options_.cert, "PEM file: own certificate (mutual TLS)"),
               "TANDEM_CERT"),
          Bind(verb->add_option("--key", options_.key, "PEM file: its private key"), "TANDEM_KEY"),
          Bind(verb->add_option("--ca", options_.ca,
                                "PEM file: authority of the service's certificate"),
               "TANDEM_CA")};
  insecure_ = Bind(
      verb->add_flag("--insecure", options_.insecure, "no TLS; for a service on loopback only"),
      "TANDEM_INSECURE");
  Bind(verb->add_option("--as", options_.as, "FIRM/PRINCIPAL that calls (with --insecure)"),
       "TANDEM_AS");
  verb->add_option("--timeout", options_.timeout_seconds, "seconds a call may take")
      ->capture_default_str()
      ->group("Connection");
  verb->add_option("--retry-for", options_.retry_seconds, "seconds to try again while it is away")
      ->capture_default_str()
      ->group("Connection");
}

const ClientOptions& Connection::Options() {
  const bool tls_flags =
      std::ranges::any_of(tls_, [](const CLI::Option* option) { return option->count() > 0; });
  for (const Variable& variable : variables_) {
    if (variable.option->count() > 0 || (variable.option == insecure_ && tls_flags)) continue;
    const char* const value = std::getenv(variable.name.c_str());
    if (value == nullptr || *value == '\0') continue;
    variable.option->add_result(value);
    variable.option->run_callback();
  }
  return options_;
}

void AddOutput(CLI::App* verb, const SessionPtr& session) {
  verb->add_option("--output", session->output, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str()
      ->group("Output");
}

void AddConnection(CLI::App* verb, const SessionPtr& session, const ConnectionPtr& connection) {
  connection->AddAll(verb);
  AddOutput(verb, session);
}

CLI::App* AddNoun(CLI::App& app, const std::string& name, const std::string& description) {
  CLI::App* noun = app.add_subcommand(name, description);
  noun->require_subcommand(1);
  noun->footer(absl::StrCat("`tandem ", name, " VERB --help` shows the options.\nExamples:"));
  return noun;
}

CLI::App* AddLocalVerb(CLI::App* noun, const SessionPtr& session, const VerbText& text,
                       std::function<absl::Status()> action) {
  CLI::App* verb = noun->add_subcommand(text.name, text.description);
  noun->footer(absl::StrCat(noun->get_footer(), "\n  ", text.example));
  verb->footer(absl::StrCat("Example:\n  ", text.example,
                            "\nExit codes: 0 done, 1 refused, 2 usage, 3 unavailable, 4 rows "
                            "rejected, 5 damaged"));
  verb->callback([session, action = std::move(action)] {
    absl::Status status = action();
    const absl::Status printed = FlushPrinted();
    if (status.ok()) status = printed;
    if (!status.ok()) PrintError(status);
    *session->exit_code = ExitCodeOf(status);
  });
  return verb;
}

CLI::App* AddVerb(CLI::App* noun, const SessionPtr& session, const VerbText& text, Action action) {
  const auto connection = std::make_shared<Connection>();
  CLI::App* verb =
      AddLocalVerb(noun, session, text, [connection, action = std::move(action)]() -> absl::Status {
        auto client = Client::Connect(connection->Options());
        if (!client.ok()) return client.status();
        return action(**client);
      });
  AddConnection(verb, session, connection);
  return verb;
}

int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kDone;
  if (status.GetPayload(kRowsRejectedUrl).has_value()) return kRowsRejected;
  if (IsUsage(status)) return kUsage;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return kUnavailable;
    case absl::StatusCode::kDataLoss:
      return kDamaged;
    case absl::StatusCode::kUnknown:
      return kUsage;
    default:
      return kRefused;
  }
}

void PrintError(const absl::Status& status) {
  const std::optional<base::Refusal> refusal = base::RefusalOf(status);
  const std::string message(status.message());
  const bool ours = status.GetPayload(kRowsRejectedUrl).has_value();
  std::string out = "tandem: ";
  if (refusal.has_value()) {
    absl::StrAppend(&out, std::string(base::ReasonName(refusal->reason)), ": ");
  } else if (status.code() != absl::StatusCode::kUnknown && !ours) {
    absl::StrAppend(&out, absl::StatusCodeToString(status.code()), ": ");
  }
  absl::StrAppend(&out, Visible(message), "\n");  // Another firm's words may be in it.
  if (refusal.has_value()) {
    if (!refusal->field.empty()) absl::StrAppend(&out, "  field: ", Visible(refusal->field), "\n");
    for (const auto& [key, value] : refusal->details) {
      absl::StrAppend(&out, "  ", Visible(key), ": ", Visible(value), "\n");
    }
  }
  const std::string advice(Advice(status.code()));
  if (!advice.empty() && !ours) absl::StrAppend(&out, "  what to do: ", advice, "\n");
  std::fputs(out.c_str(), stderr);
}

absl::Status RowsRejected(std::string_view message) {
  absl::Status status =
      absl::InvalidArgumentError(absl::string_view(message.data(), message.size()));
  status.SetPayload(kRowsRejectedUrl, absl::Cord("1"));
  return status;
}

}  // namespace tandem::cli
