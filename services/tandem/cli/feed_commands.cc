#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/json_util.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/tandem/cli/feed_client.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/forecast_client.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
// Also so that Any's JSON form knows the facts.
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

// Of the logs' facts, those that feeds show as another message, or not at all.
constexpr std::string_view kNeverSeen[] = {
    "tandem.exchange.v1.SeriesReported", "tandem.exchange.v1.PricesReported",
    "tandem.exchange.v1.BatchClosed",    "tandem.exchange.v1.BatchRetracted",
    "tandem.exchange.v1.SeriesFolded",   "tandem.forecast.v1.ChunkUploaded"};

// The full names of the messages that a feed may bring.
std::vector<std::string> KnownTypes() {
  std::vector<std::string> names = {exchange::v1::SeriesSeen::descriptor()->full_name(),
                                    exchange::v1::PricesSeen::descriptor()->full_name(),
                                    exchange::v1::BatchSeen::descriptor()->full_name()};
  for (const auto* fact : {governance::v1::Fact::descriptor(), exchange::v1::Fact::descriptor(),
                           forecast::v1::Fact::descriptor()}) {
    for (int k = 0; k < fact->field_count(); ++k) {
      const std::string& name = fact->field(k)->message_type()->full_name();
      if (std::ranges::find(kNeverSeen, name) == std::end(kNeverSeen)) names.push_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

absl::Status CheckTypes(const std::vector<std::string>& types) {
  const std::vector<std::string> known = KnownTypes();
  for (const std::string& type : types) {
    if (std::ranges::binary_search(known, type)) continue;
    return base::RefuseField(base::Reason::kUnknownEnum, "--type",
                             absl::StrCat("is one of ", absl::StrJoin(known, ", ")),
                             {{"value", type}});
  }
  return absl::OkStatus();
}

// Where to go on; "" where the file is not there yet, so that a first call begins from now.
absl::StatusOr<std::string> CursorIn(const std::string& path) {
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error)) return std::string();
  TANDEM_ASSIGN_OR_RETURN(const std::string kept, ReadWholeFile(path));
  std::string cursor;
  if (absl::WebSafeBase64Unescape(absl::StripAsciiWhitespace(kept), &cursor) && !cursor.empty()) {
    return cursor;
  }
  return base::RefuseField(
      base::Reason::kBadToken, "--cursor",
      "the file holds no cursor: restore it, or remove it to begin from now or --from-start",
      {{"file", path}});
}

absl::Status SaveCursor(const std::string& path, const std::string& cursor) {
  if (path.empty()) return absl::OkStatus();
  TANDEM_ASSIGN_OR_RETURN(const auto file, OutputFile::Open(path));
  file->Write(absl::WebSafeBase64Escape(cursor));
  return file->Finish();
}

void PrintRecord(const v1::Record& record, const std::string& output) {
  if (output == "json") {
    std::string json;
    if (google::protobuf::util::MessageToJsonString(record, &json).ok()) PrintText(json + "\n");
    return;
  }
  const std::string& url = record.fact().type_url();
  const std::string cells[] = {absl::StrCat(record.number()), TimeText(record.accept_time()),
                               record.actor_firm(), url.substr(url.rfind('/') + 1),
                               record.agreement()};
  if (output == "csv") return PrintText(absl::StrJoin(cells, ",") + "\n");
  PrintText(Visible(absl::StrJoin(cells, "  ")) + "\n");
}

// What `tandem audit verify` takes; for programs alone, since it comes every second.
void PrintHead(const v1::AuditHead& head) {
  PrintText(absl::StrCat("{\"auditHead\":{\"hash\":\"", absl::BytesToHexString(head.hash()),
                         "\",\"seal\":\"", absl::WebSafeBase64Escape(head.seal()), "\"}}\n"));
}

absl::Status Follow(Client& client, const Args& args, const std::string& output) {
  TANDEM_RETURN_IF_ERROR(CheckTypes(args.types));
  v1::FollowRequest request;
  for (const std::string& domain : args.domains) request.add_domains(domain);
  for (const std::string& type : args.types) request.add_type_names(type);
  if (!args.agreement.empty()) request.set_agreement(AgreementName(args.agreement));
  request.set_from_start(args.from_start);
  TANDEM_ASSIGN_OR_RETURN(*request.mutable_cursor(), CursorIn(args.cursor_file));
  // A cursor stands behind a whole message, so all of it is printed where one is kept.
  const bool exactly = args.count > 0 && args.cursor_file.empty();
  std::int64_t left = args.count;
  absl::Status written;
  const absl::Status status = FollowFeed(client, request, [&](const v1::FollowResponse& message) {
    for (const v1::GrantNotice& notice : message.notices()) {
      std::fprintf(stderr, "tandem: %s %s\n", Visible(notice.agreement()).c_str(),
                   v1::GrantNotice::Change_Name(notice.change()).substr(7).c_str());
    }
    for (const v1::Record& record : message.records()) {
      if (!exactly || left > 0) PrintRecord(record, output);
      --left;
    }
    if (output == "json" && message.has_audit_head()) PrintHead(message.audit_head());
    // What was not written is asked for again: its cursor is not kept.
    written = FlushPrinted();
    if (written.ok()) written = SaveCursor(args.cursor_file, message.cursor());
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
  follow->add_option("--type", args->types,
                     "Full message names, such as tandem.exchange.v1.SeriesSeen; all");
  follow->add_option("--agreement", args->agreement, "Only what is seen under it");
  follow->add_option("--cursor", args->cursor_file,
                     "File that keeps the place: the next call goes on there");
  follow->add_flag("--from-start", args->from_start, "From the first fact; else from now");
  follow
      ->add_option(
          "--count", args->count,
          "End after this many records; with --cursor, which stands behind whole messages, "
          "after the message that brings so many")
      ->check(CLI::NonNegativeNumber);
}

}  // namespace tandem::cli
