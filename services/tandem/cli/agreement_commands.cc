#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/json_util.h"
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

struct AgreementArgs {
  std::string agreement{};
  std::string terms{};
  std::string hash{};
  std::string reason{};
  int version = 0;
};

std::string NameOf(const std::string& agreement) {
  return agreement.starts_with("agreements/") ? agreement : "agreements/" + agreement;
}

absl::StatusOr<v1::Agreement> Get(Client& client, const std::string& agreement, int version) {
  v1::GetAgreementRequest request;
  request.set_name(NameOf(agreement));
  request.set_as_of_version(version);
  v1::Agreement answer;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::GetAgreement, request, &answer));
  return answer;
}

absl::Status Offer(Client& client, const AgreementArgs& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(args.terms));
  v1::OfferAgreementRequest request;
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, request.mutable_terms());
  if (!parsed.ok()) {
    return base::Refuse(base::Reason::kFileMalformed, "the terms are not JSON of Terms",
                        {{"file", args.terms}, {"why", parsed.ToString()}});
  }
  if (!args.agreement.empty()) request.set_agreement(NameOf(args.agreement));
  request.set_request_id(NewRequestId());
  v1::Agreement answer;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::OfferAgreement, request, &answer));
  PrintMessage(output, answer);
  return absl::OkStatus();
}

absl::Status Sign(Client& client, const AgreementArgs& args, const std::string& output) {
  v1::SignAgreementRequest request;
  request.set_name(NameOf(args.agreement));
  request.set_terms_hash(args.hash);
  request.set_request_id(NewRequestId());
  v1::Agreement answer;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::SignAgreement, request, &answer));
  PrintMessage(output, answer);
  return absl::OkStatus();
}

absl::Status Revoke(Client& client, const AgreementArgs& args, const std::string& output) {
  v1::RevokeAgreementRequest request;
  request.set_name(NameOf(args.agreement));
  request.set_explanation(args.reason);
  request.set_request_id(NewRequestId());
  v1::Agreement answer;
  TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::RevokeAgreement, request, &answer));
  PrintMessage(output, answer);
  return absl::OkStatus();
}

absl::Status Show(Client& client, const AgreementArgs& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const v1::Agreement agreement, Get(client, args.agreement, args.version));
  PrintMessage(output, agreement);
  return absl::OkStatus();
}

absl::Status List(Client& client, const std::string& output) {
  std::vector<v1::Agreement> agreements;
  v1::ListAgreementsRequest request;
  do {
    v1::ListAgreementsResponse answer;
    TANDEM_RETURN_IF_ERROR(client.Call(&GovernanceService::Stub::ListAgreements, request, &answer));
    std::move(answer.mutable_agreements()->begin(), answer.mutable_agreements()->end(),
              std::back_inserter(agreements));
    request.set_page_token(answer.next_page_token());
  } while (!request.page_token().empty());
  PrintMessages(output, agreements,
                {"AGREEMENT", "STATE", "VERSION", "TITLE", "PARTIES", "OPEN OFFER", "BREAK-GLASS"},
                [](const v1::Agreement& agreement) -> std::vector<std::string> {
                  return {agreement.name(),
                          v1::Agreement::State_Name(agreement.state()).substr(6),
                          absl::StrCat(agreement.version()),
                          agreement.terms().title(),
                          absl::StrJoin(agreement.terms().parties(), " "),
                          agreement.offered_terms_hash().substr(0, 12),
                          absl::StrJoin(agreement.break_glasses(), " ",
                                        [](std::string* out, const v1::BreakGlass& glass) {
                                          out->append(glass.principal());
                                        })};
                });
  return absl::OkStatus();
}

}  // namespace

void AddAgreementCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<AgreementArgs>();
  CLI::App* noun = AddNoun(app, "agreement", "Offer, sign, revoke and read agreements");
  const auto name = [&](CLI::App* verb) {
    verb->add_option("agreement", args->agreement, "Its id, or agreements/ID")->required();
  };
  CLI::App* offer =
      AddVerb(noun, session,
              {"offer", "Offer terms to the other parties; the offer is your signature",
               "tandem agreement offer --terms terms.json"},
              [args, session](Client& client) { return Offer(client, *args, session->output); });
  offer->add_option("--terms", args->terms, "JSON file of tandem.governance.v1.Terms")->required();
  offer->add_option("--agreement", args->agreement, "To supersede or counter this one");
  CLI::App* sign = AddVerb(
      noun, session,
      {"sign", "Sign the open offer whose hash you have read",
       "tandem agreement sign 3f2a --hash $(tandem agreement show 3f2a | jq -r .offeredTermsHash)"},
      [args, session](Client& client) { return Sign(client, *args, session->output); });
  name(sign);
  sign->add_option("--hash", args->hash, "offeredTermsHash of `agreement show`")->required();
  CLI::App* revoke =
      AddVerb(noun, session,
              {"revoke", "End an agreement at once",
               "tandem agreement revoke 3f2a --reason \"contract ended\""},
              [args, session](Client& client) { return Revoke(client, *args, session->output); });
  name(revoke);
  revoke->add_option("--reason", args->reason, "For all parties to read");
  CLI::App* show =
      AddVerb(noun, session, {"show", "One agreement", "tandem agreement show 3f2a --version 1"},
              [args, session](Client& client) { return Show(client, *args, session->output); });
  name(show);
  show->add_option("--version", args->version, "An older signed version");
  AddVerb(noun, session, {"list", "Your agreements", "tandem agreement list"},
          [session](Client& client) { return List(client, session->output); });
}

}  // namespace tandem::cli
