#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "tandem/governance/v1/governance.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = governance::v1;
using v1::GovernanceService;

struct GlassArgs {
  std::string agreement{};
  std::string name{};
  std::string reason{};
  std::string duration{"1h"};
};

std::string AgreementNameOf(const std::string& agreement) {
  return agreement.starts_with("agreements/") ? agreement : "agreements/" + agreement;
}

absl::Status Open(Client& client, const GlassArgs& args, const std::string& output) {
  absl::Duration duration;
  if (!absl::ParseDuration(args.duration, &duration)) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "--for",
                             "is a time like 30m, 2h or 1h30m", {{"value", args.duration}});
  }
  v1::OpenBreakGlassRequest request;
  request.set_parent(AgreementNameOf(args.agreement));
  request.set_explanation(args.reason);
  request.mutable_duration()->set_seconds(absl::ToInt64Seconds(duration));
  request.set_request_id(NewRequestId());
  v1::BreakGlass answer;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::OpenBreakGlass, request, &answer));
  PrintMessage(output, answer);
  return absl::OkStatus();
}

absl::Status Close(Client& client, const GlassArgs& args, const std::string& output) {
  v1::CloseBreakGlassRequest request;
  request.set_name(args.name);
  request.set_explanation(args.reason);
  request.set_request_id(NewRequestId());
  v1::BreakGlass answer;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::CloseBreakGlass, request, &answer));
  PrintMessage(output, answer);
  return absl::OkStatus();
}

absl::Status List(Client& client, const GlassArgs& args, const std::string& output) {
  std::vector<v1::BreakGlass> glasses;
  v1::ListBreakGlassesRequest request;
  request.set_parent(AgreementNameOf(args.agreement));
  do {
    v1::ListBreakGlassesResponse answer;
    TANDEM_RETURN_IF_ERROR(
        client.Call(&GovernanceService::Stub::ListBreakGlasses, request, &answer));
    std::move(answer.mutable_break_glasses()->begin(), answer.mutable_break_glasses()->end(),
              std::back_inserter(glasses));
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  PrintMessages(output, glasses,
                {"BREAK-GLASS", "STATE", "PRINCIPAL", "OPENED", "ENDS", "CLOSED BY", "WHY"},
                [](const v1::BreakGlass& glass) -> std::vector<std::string> {
                  return {glass.name(),
                          v1::BreakGlass::State_Name(glass.state()).substr(6),
                          glass.principal(),
                          TimeText(glass.create_time()),
                          TimeText(glass.expire_time()),
                          glass.closing_firm(),
                          glass.explanation()};
                });
  return absl::OkStatus();
}

}  // namespace

void AddBreakGlassCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<GlassArgs>();
  CLI::App* noun = AddNoun(app, "break-glass",
                           "The operator's leave to read what an agreement shares; all parties "
                           "see it");
  CLI::App* open = AddVerb(
      noun, session,
      {"open", "Let yourself, one of the operator's principals, read for a time",
       "tandem break-glass open 3f2a --reason \"ticket 7: sales of week 31 missing\" --for 30m"},
      [args, session](Client& client) { return Open(client, *args, session->output); });
  open->add_option("agreement", args->agreement, "Its id, or agreements/ID")->required();
  open->add_option("--reason", args->reason, "For all parties to read")->required();
  open->add_option("--for", args->duration, "How long: 1m to 24h")->capture_default_str();
  CLI::App* close = AddVerb(
      noun, session,
      {"close",
       "End one at once; a party that does so refuses any other of the agreement for a day",
       "tandem break-glass close agreements/3f2a/breakGlasses/81c0 --reason \"not agreed\""},
      [args, session](Client& client) { return Close(client, *args, session->output); });
  close->add_option("break-glass", args->name, "Its name, as `list` shows it")->required();
  close->add_option("--reason", args->reason, "For all parties to read");
  CLI::App* list =
      AddVerb(noun, session,
              {"list", "All there ever were of an agreement", "tandem break-glass list 3f2a"},
              [args, session](Client& client) { return List(client, *args, session->output); });
  list->add_option("agreement", args->agreement, "Its id, or agreements/ID")->required();
}

}  // namespace tandem::cli
