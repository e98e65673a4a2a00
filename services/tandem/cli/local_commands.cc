// Commands on a data folder of this machine: no service is called.
#include <filesystem>
#include <future>
#include <memory>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/chain.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/executor.h"
#include "services/runtime/network.h"
#include "services/runtime/rocks_store.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"

namespace tandem::cli {
namespace {

struct Args {
  std::string data{};
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

absl::Status Verify(const Args& args, const std::string& output) {
  TANDEM_ASSIGN_OR_RETURN(const std::string path, StoreIn(args.data));
  TANDEM_ASSIGN_OR_RETURN(auto store, runtime::RocksStore::Open({.path = path, .read_only = true}));
  TANDEM_ASSIGN_OR_RETURN(const runtime::Network network, NetworkOf(*store));
  runtime::ThreadExecutor executor(1);
  const runtime::EmbeddedLog log(*store, executor, network.log_id);
  const auto snapshot = store->Snapshot();
  return VerifySlots(log, *snapshot, output);
}

}  // namespace

void AddLocalCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<Args>();
  CLI::App* audit = AddNoun(app, "audit", "The log's own proof");
  CLI::App* verify =
      AddLocalVerb(audit, session,
                   {"verify", "Check every group's hash and place, slot by slot (a server may run)",
                    "tandem audit verify --data /var/lib/tandem"},
                   [args, session] { return Verify(*args, session->output); });
  verify->add_option("--data", args->data, "The data folder")->required();
  verify->add_option("--output", session->output, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

}  // namespace tandem::cli
