#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "tandem/governance/v1/governance.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = governance::v1;
using v1::GovernanceService;

struct FirmArgs {
  std::string firm{};
  std::string display_name{};
  std::string gln{};
  std::vector<std::string> authorities{};
  std::string admin{"admin"};
  std::string principal{};
  std::vector<std::string> roles{};
  std::string reason{};
  bool resume = false;
};

absl::Status Admit(Client& client, const FirmArgs& args, const std::string& output) {
  v1::AdmitFirmRequest request;
  request.set_firm_id(args.firm);
  request.mutable_firm()->set_display_name(args.display_name.empty() ? args.firm
                                                                     : args.display_name);
  request.mutable_firm()->set_gln(args.gln);
  for (const std::string& path : args.authorities) {
    TANDEM_ASSIGN_OR_RETURN(*request.mutable_firm()->add_authority_pems(), ReadWholeFile(path));
  }
  request.set_admin_principal(args.admin);
  request.set_request_id(NewRequestId());
  v1::Firm firm;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::AdmitFirm, request, &firm));
  PrintMessage(output, firm);
  return absl::OkStatus();
}

absl::Status List(Client& client, const std::string& output) {
  std::vector<v1::Firm> firms;
  v1::ListFirmsRequest request;
  do {
    v1::ListFirmsResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::ListFirms, request, &answer));
    std::move(answer.mutable_firms()->begin(), answer.mutable_firms()->end(),
              std::back_inserter(firms));
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  PrintMessages(output, firms, {"FIRM", "DISPLAY NAME", "GLN", "STATE", "ADMITTED"},
                [](const v1::Firm& firm) -> std::vector<std::string> {
                  return {firm.name(), firm.display_name(), firm.gln(),
                          firm.suspended() ? "suspended" : "active", TimeText(firm.create_time())};
                });
  return absl::OkStatus();
}

absl::Status Show(Client& client, const FirmArgs& args, const std::string& output) {
  v1::GetFirmRequest request;
  request.set_name("firms/" + args.firm);
  v1::Firm firm;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::GetFirm, request, &firm));
  PrintMessage(output, firm);
  return absl::OkStatus();
}

absl::Status Suspend(Client& client, const FirmArgs& args, const std::string& output) {
  v1::SetFirmSuspendedRequest request;
  request.set_name("firms/" + args.firm);
  request.set_suspended(!args.resume);
  request.set_explanation(args.reason);
  request.set_request_id(NewRequestId());
  v1::Firm firm;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::SetFirmSuspended, request, &firm));
  PrintMessage(output, firm);
  return absl::OkStatus();
}

absl::Status SetPrincipal(Client& client, const FirmArgs& args, const std::string& output) {
  v1::SetPrincipalRequest request;
  request.mutable_principal()->set_name(client.firm_name() + "/principals/" + args.principal);
  for (const std::string& role : args.roles) {
    v1::Role parsed = v1::ROLE_UNSPECIFIED;
    if (!v1::Role_Parse("ROLE_" + absl::AsciiStrToUpper(role), &parsed)) {
      return base::RefuseField(base::Reason::kUnknownEnum, "--role",
                               "reader, editor, signer or admin", {{"value", role}});
    }
    request.mutable_principal()->add_roles(parsed);
  }
  request.set_request_id(NewRequestId());
  v1::Principal principal;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::SetPrincipal, request, &principal));
  PrintMessage(output, principal);
  return absl::OkStatus();
}

}  // namespace

void AddFirmCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<FirmArgs>();
  CLI::App* noun = AddNoun(app, "firm", "Admit firms, and look at them");
  CLI::App* admit = AddVerb(
      noun, session,
      {"admit", "Admit a firm with its first administrator (the operator's)",
       "tandem firm admit acme --display-name \"Acme Foods\" --authority acme-ca.pem --admin ann"},
      [args, session](Client& client) { return Admit(client, *args, session->output); });
  admit->add_option("firm", args->firm, "The firm's id")->required();
  admit->add_option("--display-name", args->display_name, "As it calls itself");
  admit->add_option("--gln", args->gln, "GLN of the legal entity");
  admit->add_option("--authority", args->authorities, "PEM file of its certificate authority");
  admit->add_option("--admin", args->admin, "Id of the first principal")->capture_default_str();
  AddVerb(noun, session, {"list", "The firms that you may see", "tandem firm list --output csv"},
          [session](Client& client) { return List(client, session->output); });
  CLI::App* show =
      AddVerb(noun, session, {"show", "One firm", "tandem firm show acme"},
              [args, session](Client& client) { return Show(client, *args, session->output); });
  show->add_option("firm", args->firm, "The firm's id")->required();
  CLI::App* suspend =
      AddVerb(noun, session,
              {"suspend", "Refuse a firm's calls, or allow them again (the operator's)",
               "tandem firm suspend acme --reason \"certificate lost\""},
              [args, session](Client& client) { return Suspend(client, *args, session->output); });
  suspend->add_option("firm", args->firm, "The firm's id")->required();
  suspend->add_option("--reason", args->reason, "For both sides to read")->required();
  suspend->add_flag("--resume", args->resume, "Allow its calls again");
  CLI::App* principal = AddVerb(
      noun, session,
      {"principal", "Give a principal of your firm its roles; none removes it",
       "tandem firm principal planner --role reader --role editor"},
      [args, session](Client& client) { return SetPrincipal(client, *args, session->output); });
  principal->add_option("principal", args->principal, "Its id")->required();
  principal->add_option("--role", args->roles, "reader, editor, signer or admin");
}

}  // namespace tandem::cli
