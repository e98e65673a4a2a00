#include "services/runtime/rocks_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "rocksdb/file_system.h"

namespace tandem::runtime {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Some forty small commits; the sync that follows a laying out pays for the journal once.
constexpr std::size_t kAheadBytes = std::size_t{16} << 10;
// Long writes would be written twice for little: the journal's share of their sync is small.
constexpr std::size_t kLongBytes = std::size_t{8} << 10;

IOStatus Failed(const std::string& path, int error) {
  if (error == ENOSPC) return IOStatus::NoSpace(path, std::strerror(error));
  return IOStatus::IOError(path, std::strerror(error));
}

// 0, or the error's number.
int WriteAt(int descriptor, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// A log file with zeros behind what was written. One thread at a time appends; Sync may run beside.
class LaidOutFile final : public rocksdb::FSWritableFile {
 public:
  LaidOutFile(const FileOptions& options, std::string path, int descriptor)
      : FSWritableFile(options), path_(std::move(path)), descriptor_(descriptor) {}
  ~LaidOutFile() override {
    if (descriptor_ >= 0) close(descriptor_);
  }
  LaidOutFile(const LaidOutFile&) = delete;
  LaidOutFile& operator=(const LaidOutFile&) = delete;

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const int error = WriteAt(descriptor_, {data.data(), data.size()}, size_);
    if (error != 0) return Failed(path_, error);
    size_ += data.size();
    if (size_ > laid_out_ && data.size() < kLongBytes) LayOut();
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override {
    // The zeros stay: who copies the file at this moment has taken its length already.
    const int closed = close(std::exchange(descriptor_, -1));
    return closed == 0 ? IOStatus::OK() : Failed(path_, errno);
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return fdatasync(descriptor_) == 0 ? IOStatus::OK() : Failed(path_, errno);
  }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return fsync(descriptor_) == 0 ? IOStatus::OK() : Failed(path_, errno);
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  void LayOut() {
    static constexpr std::array<char, kAheadBytes> kZeros{};
    laid_out_ = size_;
    // Without room for zeros the writes themselves tell of it, when there is none for them.
    if (WriteAt(descriptor_, {kZeros.data(), kZeros.size()}, size_) == 0) {
      laid_out_ += kZeros.size();
    }
  }

  const std::string path_;
  int descriptor_;
  std::uint64_t size_ = 0;      // Of what was written.
  std::uint64_t laid_out_ = 0;  // The file's length on disk, where it is more.
};

class RocksFiles final : public rocksdb::FileSystemWrapper {
 public:
  RocksFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "tandem"; }
  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    if (!path.ends_with(".log")) return target()->NewWritableFile(path, options, file, debug);
    const int descriptor = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    if (descriptor < 0) return Failed(path, errno);
    *file = std::make_unique<LaidOutFile>(options, path, descriptor);
    return IOStatus::OK();
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> MakeRocksEnv() {
  return rocksdb::NewCompositeEnv(std::make_shared<RocksFiles>());
}

}  // namespace tandem::runtime
