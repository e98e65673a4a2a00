// Commands on a data folder of this machine: no service is called.
#include <algorithm>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/audit_head.h"
#include "services/runtime/chain.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/executor.h"
#include "services/runtime/network.h"
#include "services/runtime/rocks_store.h"
#include "services/tandem/cli/files.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "tandem/runtime/v1/facts.pb.h"

namespace tandem::cli {
namespace {

struct Args {
  std::string data{};
  std::string head{};
  std::string seal{};
  std::string seal_key{};
  std::string firm{};
  bool refused = false;
};

// Where `tandem serve --data FOLDER` keeps log and state. kNotFound where there is none, so that
// a wrong name makes no empty store.
absl::StatusOr<std::string> StoreIn(const std::string& data) {
  const std::string store = data + "/store";
  std::error_code error;
  if (std::filesystem::exists(store + "/CURRENT", error)) return store;
  return base::RefuseField(base::Reason::kUnknownRecord, "--data",
                           "the folder holds no store of `tandem serve`", {{"folder", data}});
}

absl::StatusOr<runtime::Network> NetworkOf(runtime::Store& store) {
  runtime::SystemRandom random;
  std::promise<absl::StatusOr<runtime::Network>> answer;
  runtime::OpenNetwork(store, random, [&](absl::StatusOr<runtime::Network> network) {
    answer.set_value(std::move(network));
  });
  return answer.get_future().get();
}

absl::Status VerifySlots(const runtime::EmbeddedLog& log, const runtime::StoreSnapshot& snapshot,
                         const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const auto tails, runtime::ReadTails(snapshot));
  Table table{.columns = {"SLOT", "FACTS", "HEAD"}, .rows = {}};
  for (const auto& [slot, tail] : tails) {
    Progress progress("verifying " + slot.ToString(), "facts",
                      static_cast<std::int64_t>(tail.last_number));
    TANDEM_RETURN_IF_ERROR(runtime::VerifyChain(log, slot, [&](std::uint64_t done, std::uint64_t) {
      progress.Set(static_cast<std::int64_t>(done));
    }));
    const std::string hash(reinterpret_cast<const char*>(tail.hash.data()), tail.hash.size());
    table.rows.push_back(
        {slot.ToString(), absl::StrCat(tail.last_number), absl::BytesToHexString(hash)});
  }
  if (output == "json") {
    std::string json = "[";
    for (const auto& row : table.rows) {
      absl::StrAppend(&json, json.size() == 1 ? "\n" : ",\n", "{\"slot\":\"", row[0],
                      "\",\"facts\":", row[1], ",\"head\":\"", row[2], "\"}");
    }
    PrintText(json + "\n]\n");
  } else {
    PrintText(output == "csv" ? CsvText(table) : TableText(table));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SealKeyOf(const Args& args, const runtime::Network& network) {
  if (args.seal_key.empty()) return network.key;
  TANDEM_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(args.seal_key));
  const absl::string_view digits = absl::StripTrailingAsciiWhitespace(text);
  if (digits.size() == 64 && std::ranges::all_of(digits, absl::ascii_isxdigit)) {
    return absl::HexStringToBytes(digits);
  }
  return base::RefuseField(base::Reason::kFieldOutOfRange, "--seal-key",
                           "the file holds the 64 hex digits of `tandem serve --seal-key`");
}

// What a partner was given must be what the log was. A head without its seal says not of when.
absl::Status CheckHead(const Args& args, const runtime::Network& network,
                       const runtime::EmbeddedLog& log) {
  if (args.head.empty()) return absl::OkStatus();
  std::string seal;
  if (args.head.size() != 64 || !std::ranges::all_of(args.head, absl::ascii_isxdigit)) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "--head", "is 64 hex digits");
  }
  if (!absl::WebSafeBase64Unescape(args.seal, &seal)) {
    return base::RefuseField(base::Reason::kBadToken, "--seal", "is no web-safe base64");
  }
  TANDEM_ASSIGN_OR_RETURN(const std::string key, SealKeyOf(args, network));
  runtime::SystemRandom random;
  const runtime::Sealer sealer(key, random);
  TANDEM_ASSIGN_OR_RETURN(const runtime::SealedHead head, runtime::OpenHead(sealer, seal));
  const std::string hash(reinterpret_cast<const char*>(head.hash.data()), head.hash.size());
  if (hash != absl::HexStringToBytes(args.head)) {
    return base::RefuseField(base::Reason::kContentDiffers, "--head",
                             "the seal was made for another head");
  }
  TANDEM_RETURN_IF_ERROR(runtime::VerifyHead(log, head));
  std::fprintf(stderr, "tandem: the head holds, over %zu slots\n", head.cut.numbers().size());
  return absl::OkStatus();
}

// A data folder's log, to be read; a server may write it meanwhile.
struct OpenedLog {
  std::unique_ptr<runtime::RocksStore> store{};
  runtime::Network network{};
  runtime::ThreadExecutor executor{1};
  std::unique_ptr<runtime::EmbeddedLog> log{};
};
absl::StatusOr<std::unique_ptr<OpenedLog>> OpenLog(const std::string& data) {
  TANDEM_ASSIGN_OR_RETURN(const std::string path, StoreIn(data));
  auto opened = std::make_unique<OpenedLog>();
  TANDEM_ASSIGN_OR_RETURN(opened->store,
                          runtime::RocksStore::Open({.path = path, .read_only = true}));
  TANDEM_ASSIGN_OR_RETURN(opened->network, NetworkOf(*opened->store));
  opened->log = std::make_unique<runtime::EmbeddedLog>(*opened->store, opened->executor,
                                                       opened->network.log_id);
  return opened;
}

using AuditLines = std::vector<runtime::v1::Audited::Entry>;

bool Asked(const Args& args, const runtime::v1::Audited::Entry& entry) {
  return (args.firm.empty() || entry.firm() == args.firm) &&
         (!args.refused || !entry.reason().empty());
}

// The slot's audit lines, as far as they are asked for.
absl::Status AddLines(const Args& args, const runtime::EmbeddedLog& log, base::SlotId slot,
                      AuditLines& lines) {
  constexpr std::size_t kReadBytes = std::size_t{8} << 20;
  for (std::uint64_t from = 1;;) {
    TANDEM_ASSIGN_OR_RETURN(const auto groups, log.Read(slot, from, kReadBytes));
    if (groups.empty()) return absl::OkStatus();
    from = groups.back()->last_number() + 1;
    for (const auto& group : groups) {
      for (const base::FactRecord& record : group->facts) {
        runtime::v1::Audited audited;
        if (record.fact.kind != base::kAuditedKind) continue;
        if (!audited.ParseFromString(record.fact.payload)) {
          return base::Refuse(base::Reason::kStoredBytesDamaged, "an Audited fact does not parse",
                              {{"slot", slot.ToString()}, {"number", record.number}});
        }
        std::ranges::copy_if(audited.entries(), std::back_inserter(lines),
                             [&args](const auto& entry) { return Asked(args, entry); });
      }
    }
  }
}

absl::Status Show(const Args& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const auto opened, OpenLog(args.data));
  TANDEM_ASSIGN_OR_RETURN(const auto tails, runtime::ReadTails(*opened->store->Snapshot()));
  AuditLines lines;
  for (const auto& [slot, tail] : tails) {
    TANDEM_RETURN_IF_ERROR(AddLines(args, *opened->log, slot, lines));
  }
  std::ranges::stable_sort(lines, {}, &runtime::v1::Audited::Entry::instant_unix_nanos);
  PrintMessages(output, lines,
                {"TIME", "FIRM", "PRINCIPAL", "METHOD", "RESOURCE", "OUTCOME", "CLAIMED", "COUNT"},
                [](const runtime::v1::Audited::Entry& entry) -> std::vector<std::string> {
                  // Outside text: nothing of it may move the terminal's cursor.
                  return {absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ",
                                           absl::FromUnixNanos(entry.instant_unix_nanos()),
                                           absl::UTCTimeZone()),
                          entry.firm(),
                          absl::Utf8SafeCEscape(entry.principal()),
                          entry.method(),
                          absl::Utf8SafeCEscape(entry.resource()),
                          entry.reason().empty() ? "served" : entry.reason(),
                          absl::Utf8SafeCEscape(entry.claimed()),
                          absl::StrCat(entry.count())};
                });
  return absl::OkStatus();
}

absl::Status Verify(const Args& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const auto opened, OpenLog(args.data));
  const runtime::EmbeddedLog& log = *opened->log;
  const auto snapshot = opened->store->Snapshot();
  TANDEM_RETURN_IF_ERROR(VerifySlots(log, *snapshot, output));
  return CheckHead(args, opened->network, log);
}

}  // namespace

void AddLocalCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  CLI::App* audit = AddNoun(app, "audit", "The log's own proof");
  CLI::App* verify =
      AddLocalVerb(audit, session,
                   {"verify",
                    "Check every group's hash and place, slot by slot (a server may run), and that "
                    "a head from a feed is this log's",
                    "tandem audit verify --data /var/lib/tandem --head 5f0c... --seal AbC..."},
                   [args, session] { return Verify(*args, session->output); });
  verify->add_option("--data", args->data, "The data folder, or a backup's")->required();
  CLI::Option* head = verify->add_option("--head", args->head, "A head's hash, in hex");
  CLI::Option* seal = verify->add_option("--seal", args->seal, "The seal that came with it");
  head->needs(seal);
  seal->needs(head);
  verify->add_option("--seal-key", args->seal_key, "As of `tandem serve`, where it has one")
      ->needs(head);
  AddOutput(verify, session);
  CLI::App* show =
      AddLocalVerb(audit, session,
                   {"show", "Who read or was refused what, in the order of time (a server may run)",
                    "tandem audit show --data /var/lib/tandem --firm acme --refused"},
                   [args, session] { return Show(*args, session->output); });
  show->add_option("--data", args->data, "The data folder, or a backup's")->required();
  show->add_option("--firm", args->firm, "Only what this firm asked");
  show->add_flag("--refused", args->refused, "Only what was refused");
  AddOutput(show, session);
}

}  // namespace tandem::cli
