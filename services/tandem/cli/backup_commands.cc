// Backups. No trade passes through a service's interface for them: a server that runs keeps its
// storage as it is on its own disk, and this command, on the same machine, copies the files.
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/backup.h"
#include "services/runtime/rocks_store.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"
#include "services/tandem/cli/progress.h"
#include "tandem/runtime/v1/operator.grpc.pb.h"

namespace tandem::cli {
namespace {

namespace v1 = runtime::v1;
using v1::OperatorService;

struct BackupArgs {
  std::string data{};
  std::string backup{};
};

// A bar of the bytes read.
class Bar {
 public:
  explicit Bar(std::string label) : progress_(std::move(label), "bytes", 0) {}
  runtime::BackupProgress OnProgress() {
    return [this](std::uint64_t done, std::uint64_t total) {
      progress_.SetTotal(static_cast<std::int64_t>(total));
      progress_.Set(static_cast<std::int64_t>(done));
    };
  }

 private:
  Progress progress_;
};

absl::Status PrintSummary(const std::string& what,
                          const absl::StatusOr<runtime::BackupSummary>& summary) {
  if (!summary.ok()) return summary.status();
  PrintText(absl::StrCat(what, ": ", summary->files, " files, ", summary->bytes, " bytes, ",
                         summary->slots, " slots, ", summary->last_numbers, " facts\n"));
  return absl::OkStatus();
}

absl::StatusOr<runtime::BackupSummary> VerifiedBackup(const std::string& folder) {
  Bar bar("verifying");
  return runtime::VerifyBackup(folder, bar.OnProgress());
}

// Of a data folder whose server is stopped.
absl::Status CreateFromData(const BackupArgs& args) {
  const std::string path = args.data + "/store";
  std::error_code error;
  if (!std::filesystem::exists(path + "/CURRENT", error)) {
    return base::RefuseField(base::Reason::kUnknownRecord, "--data",
                             "the folder holds no store of `tandem serve`",
                             {{"folder", args.data}});
  }
  auto store = runtime::RocksStore::Open({.path = path});
  if (absl::IsFailedPrecondition(store.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat(store.status().message(),
                     "; while its server runs, make the backup through it: tandem backup create "
                     "--server HOST:PORT --to ",
                     args.backup));
  }
  if (!store.ok()) return store.status();
  Bar bar("copying");
  TANDEM_RETURN_IF_ERROR(runtime::CreateBackup(**store, args.backup, bar.OnProgress()).status());
  return PrintSummary("made", VerifiedBackup(args.backup));
}

absl::Status CopyFrom(const std::string& checkpoint, const std::string& backup) {
  std::error_code error;
  if (!std::filesystem::exists(checkpoint + "/CURRENT", error)) {
    return base::RefuseField(
        base::Reason::kUnknownRecord, "--server",
        "the server kept its storage on its own machine, where this command must run, as a user "
        "who may read that folder",
        {{"folder", checkpoint}});
  }
  Bar bar("copying");
  return runtime::CopyCheckpoint(checkpoint, backup, bar.OnProgress()).status();
}

// Of a server that runs.
absl::Status CreateFromServer(Client& client, const BackupArgs& args) {
  v1::CreateCheckpointRequest create;
  create.set_request_id(NewRequestId());
  v1::Checkpoint checkpoint;
  TANDEM_RETURN_IF_ERROR(
      client.Call(&OperatorService::Stub::CreateCheckpoint, create, &checkpoint));
  const absl::Status copied = CopyFrom(checkpoint.folder(), args.backup);
  v1::DeleteCheckpointRequest remove;
  remove.set_name(checkpoint.name());
  remove.set_request_id(NewRequestId());
  v1::DeleteCheckpointResponse removed;
  absl::Status deleted = client.Call(&OperatorService::Stub::DeleteCheckpoint, remove, &removed);
  TANDEM_RETURN_IF_ERROR(copied);
  TANDEM_RETURN_IF_ERROR(PrintSummary("made", VerifiedBackup(args.backup)));
  return deleted;  // The backup is whole; the server's disk has less room until it starts again.
}

void AddCreate(CLI::App* noun, const SessionPtr& session, const std::shared_ptr<BackupArgs>& args) {
  const auto connection = std::make_shared<Connection>();
  CLI::App* create = AddLocalVerb(
      noun, session,
      {"create",
       "Copy the storage of a server that runs (on its own machine, as the operator), or with "
       "--data of one that is stopped",
       "tandem backup create --server 127.0.0.1:7420 --cert root.pem --key root.key \\\n"
       "    --ca operator.pem --to /backup/2026-11-22\n"
       "  tandem backup create --insecure --as operator/root --to /backup/2026-11-22\n"
       "  tandem backup create --data /var/lib/tandem --to /backup/2026-11-22"},
      [args, connection]() -> absl::Status {
        if (!args->data.empty()) return CreateFromData(*args);
        auto client = Client::Connect(connection->Options());
        if (!client.ok()) return client.status();
        return CreateFromServer(**client, *args);
      });
  create->add_option("--to", args->backup, "A new or empty folder")->required();
  create->add_option("--data", args->data, "The data folder of a server that is stopped");
  AddConnection(create, session, connection);
}

}  // namespace

void AddBackupCommands(CLI::App& app, const SessionPtr& session) {
  const auto args = std::make_shared<BackupArgs>();
  CLI::App* noun = AddNoun(app, "backup", "Copies of a server's storage");
  AddCreate(noun, session, args);
  CLI::App* verify = AddLocalVerb(
      noun, session,
      {"verify", "Read every byte of a backup", "tandem backup verify /backup/2026-11-22"},
      [args] { return PrintSummary("whole", VerifiedBackup(args->backup)); });
  verify->add_option("backup", args->backup, "The backup's folder")->required();
  CLI::App* restore = AddLocalVerb(
      noun, session,
      {"restore", "Copy a backup into a new data folder",
       "tandem backup restore /backup/2026-11-22 --data /var/lib/tandem"},
      [args] {
        Bar bar("verifying");
        return PrintSummary("restored", runtime::RestoreBackup(args->backup, args->data + "/store",
                                                               bar.OnProgress()));
      });
  restore->add_option("backup", args->backup, "The backup's folder")->required();
  restore->add_option("--data", args->data, "A new or empty folder")->required();
}

}  // namespace tandem::cli
