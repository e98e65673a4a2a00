#include <fstream>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/feed_client.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/forecast_client.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
// So that Any's JSON form knows the facts.
#include "tandem/exchange/v1/facts.pb.h"
#include "tandem/forecast/v1/facts.pb.h"
#include "tandem/governance/v1/facts.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = feed::v1;

struct Args {
  std::vector<std::string> domains{};
  std::vector<std::string> types{};
  std::string agreement{};
  std::string cursor_file{};
  bool from_start = false;
  std::int64_t count = 0;
};

void PrintRecord(const v1::Record& record, const std::string& output) {
  const std::string& url = record.fact().type_url();
  if (output == "json") {
    std::string json;
    if (google::protobuf::util::MessageToJsonString(record, &json).ok()) PrintText(json + "\n");
  } else {
    const char* separator = output == "csv" ? "," : "  ";
    PrintText(absl::StrCat(record.number(), separator, TimeText(record.accept_time()), separator,
                           record.actor_firm(), separator, url.substr(url.rfind('/') + 1),
                           separator, record.agreement(), "\n"));
  }
}

// What `tandem audit verify` takes; for programs alone, since it comes every second.
void PrintHead(const v1::AuditHead& head) {
  PrintText(absl::StrCat("{\"auditHead\":{\"hash\":\"", absl::BytesToHexString(head.hash()),
                         "\",\"seal\":\"", absl::WebSafeBase64Escape(head.seal()), "\"}}\n"));
}

absl::Status Follow(Client& client, const Args& args, const std::string& output) {
  v1::FollowRequest request;
  for (const std::string& domain : args.domains) request.add_domains(domain);
  for (const std::string& type : args.types) request.add_type_names(type);
  if (!args.agreement.empty()) request.set_agreement(AgreementName(args.agreement));
  request.set_from_start(args.from_start);
  if (!args.cursor_file.empty()) {
    const auto kept = ReadWholeFile(args.cursor_file);
    if (kept.ok() && !absl::WebSafeBase64Unescape(*kept, request.mutable_cursor())) {
      return base::RefuseField(base::Reason::kBadToken, "--cursor", "the file holds no cursor");
    }
  }
  std::int64_t left = args.count;
  absl::Status written;
  const absl::Status status = FollowFeed(client, request, [&](const v1::FollowResponse& message) {
    for (const v1::GrantNotice& notice : message.notices()) {
      std::fprintf(stderr, "tandem: %s %s\n", notice.agreement().c_str(),
                   v1::GrantNotice::Change_Name(notice.change()).substr(7).c_str());
    }
    for (const v1::Record& record : message.records()) PrintRecord(record, output);
    if (output == "json" && message.has_audit_head()) PrintHead(message.audit_head());
    std::fflush(stdout);
    if (!args.cursor_file.empty()) {
      const auto file = OutputFile::Open(args.cursor_file);
      written = file.status();
      if (file.ok()) {
        (*file)->Write(absl::WebSafeBase64Escape(message.cursor()));
        written = (*file)->Finish();
      }
    }
    left -= message.records_size();
    return written.ok() && (args.count == 0 || left > 0);
  });
  return written.ok() ? status : written;
}

}  // namespace

void AddFeedCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  CLI::App* noun = AddNoun(app, "feed", "What happens, as far as your agreements grant it");
  CLI::App* follow =
      AddVerb(noun, session,
              {"follow", "Print facts as they come, without an end",
               "tandem feed follow --from-start --cursor acme.cursor --output json"},
              [args, session](Client& client) { return Follow(client, *args, session->output); });
  follow->add_option("--domain", args->domains, "governance, exchange, forecast; all");
  follow->add_option("--type", args->types, "Full message names; all");
  follow->add_option("--agreement", args->agreement, "Only what is seen under it");
  follow->add_option("--cursor", args->cursor_file,
                     "File that keeps the place: the next call goes on there");
  follow->add_flag("--from-start", args->from_start, "From the first fact; else from now");
  follow->add_option("--count", args->count, "End after this many records");
}

}  // namespace tandem::cli
