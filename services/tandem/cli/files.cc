#include "services/tandem/cli/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "openssl/evp.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::cli {
namespace {

absl::Status CannotOpen(const std::string& path) {
  return absl::UnknownError(absl::StrCat(path, ": ", std::strerror(errno)));
}

// Where the system names an open file of this process.
std::string DescriptorPath(std::FILE* file) { return absl::StrCat("/proc/self/fd/", fileno(file)); }

// A file of `folder` without a name; null where the file system or the system cannot.
std::FILE* OpenNameless(const std::filesystem::path& folder) {
  const std::string at = folder.empty() ? "." : folder.string();
  const int descriptor = open(at.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor < 0) return nullptr;
  std::FILE* file = fdopen(descriptor, "wb");
  if (file == nullptr) {
    close(descriptor);
    return nullptr;
  }
  if (access(DescriptorPath(file).c_str(), F_OK) == 0) return file;
  std::fclose(file);  // It could not be named later.
  return nullptr;
}

class FileSource : public exchange::csv::Source {
 public:
  FileSource(std::FILE* file, std::string path, std::function<void(std::int64_t)> on_bytes)
      : file_(file), path_(std::move(path)), on_bytes_(std::move(on_bytes)) {}
  ~FileSource() override {
    if (file_ != stdin) std::fclose(file_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  absl::StatusOr<std::size_t> Read(std::span<char> to) override {
    const std::size_t size = std::fread(to.data(), 1, to.size(), file_);
    if (size == 0 && std::ferror(file_) != 0) {
      return absl::UnknownError(absl::StrCat(path_, ": ", std::strerror(errno)));
    }
    if (on_bytes_) on_bytes_(static_cast<std::int64_t>(size));
    return size;
  }

 private:
  std::FILE* file_;
  std::string path_;
  std::function<void(std::int64_t)> on_bytes_;
};

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return CannotOpen(path);
  FileSource source(file, path, {});
  std::string bytes;
  std::string piece(1 << 16, '\0');
  for (;;) {
    TANDEM_ASSIGN_OR_RETURN(const std::size_t size, source.Read({piece.data(), piece.size()}));
    if (size == 0) return bytes;
    bytes.append(piece, 0, size);
  }
}

absl::StatusOr<std::unique_ptr<exchange::csv::Source>> OpenSource(
    const std::string& path, std::function<void(std::int64_t)> on_bytes) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return CannotOpen(path);
  std::unique_ptr<exchange::csv::Source> source =
      std::make_unique<FileSource>(file, path, std::move(on_bytes));
  if (path.ends_with(".zst")) source = exchange::csv::UnpackZstd(std::move(source));
  return source;
}

std::int64_t SizeOfFile(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

absl::StatusOr<std::string> DigestOfFiles(const std::vector<std::string>& paths,
                                          std::string_view more) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
  EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
  std::string piece(1 << 18, '\0');
  for (const std::string& path : paths) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return CannotOpen(path);
    FileSource source(file, path, {});
    for (;;) {
      TANDEM_ASSIGN_OR_RETURN(const std::size_t size, source.Read({piece.data(), piece.size()}));
      if (size == 0) break;
      EVP_DigestUpdate(hash.get(), piece.data(), size);
    }
  }
  EVP_DigestUpdate(hash.get(), more.data(), more.size());
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  EVP_DigestFinal_ex(hash.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return absl::BytesToHexString(digest.substr(0, 8));
}

absl::StatusOr<std::vector<std::string>> AllInFolder(const std::string& folder,
                                                     const std::string& prefix) {
  std::error_code error;
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && (name.ends_with(".csv") || name.ends_with(".csv.zst"))) {
      found.push_back(entry.path().string());
    }
  }
  if (found.empty()) {
    return base::RefuseField(base::Reason::kUnknownRecord, "--data",
                             "the folder holds no such file",
                             {{"folder", folder}, {"file", prefix + "*.csv or .csv.zst"}});
  }
  std::sort(found.begin(), found.end());
  return found;
}

absl::StatusOr<std::string> FindInFolder(const std::string& folder, const std::string& prefix) {
  TANDEM_ASSIGN_OR_RETURN(const std::vector<std::string> found, AllInFolder(folder, prefix));
  return found.front();
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  if (path.empty() || path == "-") {
    return std::unique_ptr<OutputFile>(new OutputFile(stdout, path));
  }
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  const bool exists = std::filesystem::exists(status);
  if (exists && !std::filesystem::is_regular_file(status)) {
    // A device or a pipe is written as it is.
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return CannotOpen(path);
    return std::unique_ptr<OutputFile>(new OutputFile(file, path));
  }
  if (exists && access(path.c_str(), W_OK) != 0) return CannotOpen(path);
  // Where a link leads to, so that the link stays.
  const std::filesystem::path target =
      exists ? std::filesystem::canonical(path, error) : std::filesystem::path(path);
  if (error && exists) return CannotOpen(path);
  const std::string temporary = absl::StrCat(target.string(), ".", getpid(), ".part");
  std::FILE* file = OpenNameless(target.parent_path());
  const bool named = file == nullptr;
  if (named) file = std::fopen(temporary.c_str(), "wb");
  if (file == nullptr) return CannotOpen(path);
  std::unique_ptr<OutputFile> output(new OutputFile(file, target.string()));
  output->temporary_ = temporary;
  output->named_ = named;
  return output;
}

OutputFile::~OutputFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  if (named_) std::remove(temporary_.c_str());
}

void OutputFile::Write(std::string_view bytes) {
  failed_ = failed_ || std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size();
}

absl::Status OutputFile::Flush() {
  failed_ = std::fflush(file_) != 0 || failed_;
  if (failed_) return absl::UnknownError(absl::StrCat(path_, ": not all could be written"));
  return absl::OkStatus();
}

absl::Status OutputFile::PutInPlace() {
  if (temporary_.empty()) return absl::OkStatus();
  if (!named_) {
    const std::string descriptor = DescriptorPath(file_);
    const auto name = [&](const std::string& path) {
      return linkat(AT_FDCWD, descriptor.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (name(path_)) {  // Nothing stood there.
      temporary_.clear();
      return absl::OkStatus();
    }
    std::remove(temporary_.c_str());  // Left by a killed process of the same number.
    if (!name(temporary_)) return CannotOpen(path_);
    named_ = true;
  }
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return CannotOpen(path_);
  named_ = false;
  temporary_.clear();
  return absl::OkStatus();
}

absl::Status OutputFile::Finish() {
  TANDEM_RETURN_IF_ERROR(Flush());
  return PutInPlace();
}

absl::Status OutputFile::FinishTogether(std::span<const std::unique_ptr<OutputFile>> files) {
  for (const std::unique_ptr<OutputFile>& file : files) TANDEM_RETURN_IF_ERROR(file->Flush());
  if (files.size() > 1 && !files.back()->temporary_.empty()) {
    std::error_code gone;  // It need not have been there.
    std::filesystem::remove(files.back()->path_, gone);
  }
  for (const std::unique_ptr<OutputFile>& file : files) {
    TANDEM_RETURN_IF_ERROR(file->PutInPlace());
  }
  return absl::OkStatus();
}

}  // namespace tandem::cli
