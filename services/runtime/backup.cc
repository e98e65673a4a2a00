#include "services/runtime/backup.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/embedded_log.h"

namespace tandem::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifest = "MANIFEST.tandem";
constexpr std::string_view kTitle = "tandem backup 1";
constexpr std::string_view kStore = "store";

struct FileEntry {
  std::string hash{};  // SHA-256 in hexadecimal digits.
  std::uint64_t size = 0;
  friend bool operator==(const FileEntry&, const FileEntry&) = default;
};
struct Manifest {
  std::map<std::string, std::string> tails{};  // By slot: "last number, hash".
  std::map<std::string, FileEntry> files{};    // By name below `store`.
  std::uint64_t facts = 0;
};

absl::Status Damaged(const std::string& what, const std::string& where) {
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      absl::StrCat("the backup is damaged: ", where, ": ", what),
                      {{"path", where}});
}

absl::Status System(const std::string& what, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
}

absl::Status CheckEmpty(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || fs::is_empty(folder, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the folder ", folder, " is not empty: name a new one"));
}

// Counts the bytes read of those below a folder.
class Meter {
 public:
  Meter(const fs::path& folder, const BackupProgress& progress) : progress_(progress) {
    std::error_code ignored;  // Reading the files says what is wrong.
    if (!progress_) return;
    for (const auto& file : fs::recursive_directory_iterator(folder, ignored)) {
      if (file.is_regular_file(ignored)) total_ += file.file_size(ignored);
    }
  }
  void Add(std::uint64_t bytes) {
    done_ += bytes;
    if (progress_) progress_(done_, total_);
  }

 private:
  const BackupProgress& progress_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

absl::Status Unwritten(const fs::path& file) {
  return absl::UnavailableError(
      absl::StrCat(file.string(), " cannot be written: check the disk and its free space"));
}

// The file's hash and size, and a copy of it where `copy` is a path.
absl::StatusOr<FileEntry> ReadFile(const fs::path& file, const fs::path& copy, Meter& meter) {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::ifstream in(file, std::ios::binary);
  std::ofstream out;
  if (!copy.empty()) out.open(copy, std::ios::binary);
  std::vector<char> buffer(std::size_t{1} << 20);
  FileEntry entry;
  while (in && out) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto size = static_cast<std::size_t>(in.gcount());
    EVP_DigestUpdate(context.get(), buffer.data(), size);
    if (!copy.empty()) out.write(buffer.data(), in.gcount());
    entry.size += size;
    meter.Add(size);
  }
  if (!copy.empty()) out.close();
  if (!out) return Unwritten(copy);
  if (!in.eof()) return Damaged("it cannot be read", file.string());
  std::string digest(32, '\0');
  EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  entry.hash = absl::BytesToHexString(digest);
  return entry;
}

// Every file below `store`, copied to the same name below `copy` where that is a path.
absl::StatusOr<std::map<std::string, FileEntry>> ReadFiles(const fs::path& store,
                                                           const fs::path& copy,
                                                           const BackupProgress& progress) {
  std::map<std::string, FileEntry> files;
  Meter meter(store, progress);
  std::error_code error;
  for (const auto& file : fs::recursive_directory_iterator(store, error)) {
    if (!file.is_regular_file()) continue;
    const std::string name = file.path().lexically_relative(store).string();
    const fs::path to = copy.empty() ? fs::path() : copy / name;
    if (!copy.empty()) fs::create_directories(to.parent_path(), error);
    if (error) return System(to.string(), error);
    TANDEM_ASSIGN_OR_RETURN(files[name], ReadFile(file.path(), to, meter));
  }
  if (error) return System(store.string(), error);
  return files;
}

// Where every slot's log ends, read from the backup's own store. Only slots with facts.
absl::Status ReadTails(const std::string& store_folder, Manifest& manifest) {
  TANDEM_ASSIGN_OR_RETURN(const std::unique_ptr<RocksStore> store,
                          RocksStore::Open({.path = store_folder, .read_only = true}));
  const std::shared_ptr<const StoreSnapshot> snapshot = store->Snapshot();
  absl::StatusOr<std::vector<std::pair<base::SlotId, SlotTail>>> tails = ReadTails(*snapshot);
  if (!tails.ok()) return tails.status();
  for (const auto& [slot, tail] : *tails) {
    manifest.facts += tail.last_number;
    manifest.tails[slot.ToString()] =
        absl::StrCat(tail.last_number, " ",
                     absl::BytesToHexString(absl::string_view(
                         reinterpret_cast<const char*>(tail.hash.data()), tail.hash.size())));
  }
  return absl::OkStatus();
}

std::string TextOf(const Manifest& manifest) {
  std::string text = absl::StrCat(std::string(kTitle), "\n");
  for (const auto& [slot, tail] : manifest.tails) {
    absl::StrAppend(&text, "slot ", slot, " ", tail, "\n");
  }
  for (const auto& [name, file] : manifest.files) {
    absl::StrAppend(&text, "file ", file.hash, " ", file.size, " ", name, "\n");
  }
  return text;
}

absl::StatusOr<Manifest> ReadManifest(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  if (!in) {
    return absl::NotFoundError(absl::StrCat("there is no backup: ", path.string(), " is missing"));
  }
  if (!std::getline(in, line) || line != kTitle) {
    return Damaged("its title is unknown", path.string());
  }
  Manifest manifest;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "slot") {
      std::string slot;
      std::string number;
      std::string hash;
      words >> slot >> number >> hash;
      manifest.tails[slot] = absl::StrCat(number, " ", hash);
    } else if (kind == "file") {
      FileEntry file;
      std::string name;
      words >> file.hash >> file.size >> std::ws;
      std::getline(words, name);
      manifest.files[name] = file;
    } else {
      words.setstate(std::ios::failbit);
    }
    if (words.fail()) return Damaged(absl::StrCat("a line makes no sense: ", line), path.string());
  }
  return manifest;
}

absl::Status Compare(const Manifest& want, const Manifest& have) {
  for (const auto& [name, file] : want.files) {
    const auto found = have.files.find(name);
    if (found == have.files.end()) return Damaged("the file is missing", name);
    if (found->second != file) return Damaged("the file has other bytes", name);
  }
  for (const auto& [name, file] : have.files) {
    if (!want.files.contains(name)) return Damaged("the file does not belong to it", name);
  }
  if (want.tails != have.tails) return Damaged("the logs do not end where they should", "manifest");
  return absl::OkStatus();
}

BackupSummary SummaryOf(const Manifest& manifest) {
  BackupSummary summary{.files = manifest.files.size(),
                        .bytes = 0,
                        .slots = manifest.tails.size(),
                        .last_numbers = manifest.facts};
  for (const auto& [name, file] : manifest.files) summary.bytes += file.size;
  return summary;
}

absl::Status Sync(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const std::error_code error(errno, std::generic_category());
  if (descriptor >= 0) close(descriptor);
  return synced ? absl::OkStatus() : System(path.string(), error);
}

// What both kinds of backup end with: `copy` holds the files of `manifest`, which gets the tails
// and is written last, so that what stops before is no backup.
absl::StatusOr<BackupSummary> Seal(const fs::path& folder, Manifest manifest) {
  const fs::path copy = folder / kStore;
  TANDEM_RETURN_IF_ERROR(ReadTails(copy.string(), manifest));
  for (const auto& [name, file] : manifest.files) TANDEM_RETURN_IF_ERROR(Sync(copy / name));
  TANDEM_RETURN_IF_ERROR(Sync(copy));
  const fs::path path = folder / kManifest;
  std::ofstream out(path, std::ios::binary);
  out << TextOf(manifest);
  out.close();
  if (!out) return Unwritten(path);
  for (const fs::path& each : {path, folder}) TANDEM_RETURN_IF_ERROR(Sync(each));
  return SummaryOf(manifest);
}

// Makes the folder, lets `fill` put the store's files below it, and seals them; on an error takes
// away what is there, so that the same command can be given again.
absl::StatusOr<BackupSummary> MakeBackup(
    const std::string& folder,
    const std::function<absl::StatusOr<std::map<std::string, FileEntry>>(const fs::path& copy)>&
        fill) {
  TANDEM_RETURN_IF_ERROR(CheckEmpty(folder));
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return System(folder, error);
  const auto make = [&]() -> absl::StatusOr<BackupSummary> {
    Manifest manifest;
    TANDEM_ASSIGN_OR_RETURN(manifest.files, fill(fs::path(folder) / kStore));
    return Seal(folder, std::move(manifest));
  };
  absl::StatusOr<BackupSummary> made = make();
  if (!made.ok()) {
    for (const std::string_view part : {kManifest, kStore}) {
      fs::remove_all(fs::path(folder) / part, error);
    }
  }
  return made;
}

}  // namespace

absl::StatusOr<BackupSummary> CreateBackup(RocksStore& store, const std::string& folder,
                                           const BackupProgress& progress) {
  return MakeBackup(folder,
                    [&](const fs::path& copy) -> absl::StatusOr<std::map<std::string, FileEntry>> {
                      TANDEM_RETURN_IF_ERROR(store.Checkpoint(copy.string()));
                      return ReadFiles(copy, "", progress);
                    });
}

absl::StatusOr<BackupSummary> CopyCheckpoint(const std::string& checkpoint,
                                             const std::string& folder,
                                             const BackupProgress& progress) {
  return MakeBackup(folder,
                    [&](const fs::path& copy) { return ReadFiles(checkpoint, copy, progress); });
}

absl::StatusOr<BackupSummary> VerifyBackup(const std::string& folder,
                                           const BackupProgress& progress) {
  const fs::path copy = fs::path(folder) / kStore;
  TANDEM_ASSIGN_OR_RETURN(const Manifest want, ReadManifest(fs::path(folder) / kManifest));
  // Bytes first: what is not as it was is not opened.
  Manifest have;
  have.tails = want.tails;
  TANDEM_ASSIGN_OR_RETURN(have.files, ReadFiles(copy, "", progress));
  TANDEM_RETURN_IF_ERROR(Compare(want, have));
  have.tails.clear();
  TANDEM_RETURN_IF_ERROR(ReadTails(copy.string(), have));
  TANDEM_RETURN_IF_ERROR(Compare(want, have));
  return SummaryOf(have);
}

absl::StatusOr<BackupSummary> RestoreBackup(const std::string& folder,
                                            const std::string& data_folder,
                                            const BackupProgress& progress) {
  TANDEM_RETURN_IF_ERROR(CheckEmpty(data_folder));
  TANDEM_ASSIGN_OR_RETURN(const BackupSummary summary, VerifyBackup(folder, progress));
  const fs::path copy = fs::path(folder) / kStore;
  TANDEM_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(fs::path(folder) / kManifest));
  std::error_code error;
  fs::create_directories(data_folder, error);
  if (error) return System(data_folder, error);
  // CURRENT last: without it there is no store, so a copy that stops half-way is not taken for one.
  std::vector<std::string> names;
  for (const auto& [name, file] : manifest.files) names.push_back(name);
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name != "CURRENT"; });
  for (const std::string& name : names) {
    const fs::path to = fs::path(data_folder) / name;
    fs::create_directories(to.parent_path(), error);
    if (!error) fs::copy_file(copy / name, to, error);
    if (error) return System(to.string(), error);
    TANDEM_RETURN_IF_ERROR(Sync(to));
  }
  TANDEM_RETURN_IF_ERROR(Sync(data_folder));
  return summary;
}

}  // namespace tandem::runtime
