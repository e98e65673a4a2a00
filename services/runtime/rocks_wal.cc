#include "services/runtime/rocks_wal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::runtime {
namespace {

constexpr std::size_t kBlock = std::size_t{32} * 1024;
constexpr std::size_t kSector = 512;           // What a disk writes whole or not at all.
constexpr std::size_t kHeader = 7;             // Checksum 4, length 2, type 1.
constexpr std::size_t kRecyclableHeader = 11;  // And the file's number.
constexpr std::uint8_t kFull = 1;
constexpr std::uint8_t kFirst = 2;
constexpr std::uint8_t kLast = 4;
constexpr std::uint8_t kRecyclableFirst = 5;
constexpr std::uint8_t kTypeLast = 9;

constexpr std::array<std::uint32_t, 256> Crc32cTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}

// As RocksDB stores it: rotated, and a constant added.
std::uint32_t MaskedCrc32c(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = Crc32cTable();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc = kTable[(crc ^ static_cast<std::uint8_t>(c)) & 0xff] ^ (crc >> 8);
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

std::uint32_t Little(std::string_view bytes, std::size_t offset, int size) {
  std::uint32_t value = 0;
  for (int i = size; i-- > 0;) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[offset + static_cast<std::size_t>(i)]);
  }
  return value;
}

std::uint8_t TypeAt(std::string_view bytes, std::size_t offset) {
  return static_cast<std::uint8_t>(bytes[offset + 6]);
}

// The size of the record that the header at `offset` tells, 0 if no record can stand there.
std::size_t RecordSize(std::string_view bytes, std::size_t offset) {
  const std::size_t block_left = kBlock - offset % kBlock;
  if (block_left < kHeader || bytes.size() - offset < kHeader) return 0;
  const auto type = static_cast<std::uint8_t>(bytes[offset + 6]);
  if (type == 0 || type > kTypeLast) return 0;
  const bool recyclable = type >= kRecyclableFirst && type < kTypeLast;
  const std::size_t size =
      (recyclable ? kRecyclableHeader : kHeader) + Little(bytes, offset + 4, 2);
  return size <= block_left && size <= bytes.size() - offset ? size : 0;
}

// The run of records that begins a file.
struct Run {
  std::size_t end = 0;         // Behind its last part.
  std::size_t last_begin = 0;  // Of its last record, which may have several parts.
  bool last_whole = true;      // Whether that record has its last part.
  bool in_order = true;        // Whether every part has its place: no tear mixes them up.
};

Run RunOf(std::string_view bytes) {
  Run run;
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    const std::size_t block_left = kBlock - offset % kBlock;
    if (block_left < kHeader) {
      offset += block_left;  // A block's end too short for a header is filled with zeros.
      continue;
    }
    const std::size_t size = RecordSize(bytes, offset);
    if (size == 0) break;
    const std::uint8_t type = TypeAt(bytes, offset);
    const bool begins = type == kFull || type == kFirst;
    if (begins != run.last_whole) run.in_order = false;
    if (begins) run.last_begin = offset;
    run.last_whole = type == kFull || type == kLast;
    offset += size;
    run.end = offset;
  }
  return run;
}

bool ChecksumFits(std::string_view bytes, std::size_t offset, std::size_t size) {
  return Little(bytes, offset, 4) == MaskedCrc32c(bytes.substr(offset + 6, size - 6));
}

// Whether a whole record begins here. The parts of one record do not count: a write that a power
// cut tore may have left its later parts without its first.
bool BeginsRecord(std::string_view bytes, std::size_t offset) {
  const std::size_t size = RecordSize(bytes, offset);
  const std::uint8_t type = TypeAt(bytes, offset);
  if (size <= kHeader || (type != kFull && type != kFirst)) return false;
  return ChecksumFits(bytes, offset, size);
}

// Whether a sector's share of these bytes is zeros: it never reached the disk.
bool LacksSector(std::string_view bytes, std::size_t begin, std::size_t end) {
  for (std::size_t from = begin; from < end;) {
    const std::size_t to = std::min(end, (from / kSector + 1) * kSector);
    const std::string_view share = bytes.substr(from, to - from);
    if (share.find_first_not_of('\0') == std::string_view::npos) return true;
    from = to;
  }
  return false;
}

// Whether some part of the run's last record fails its checksum.
bool LastFails(std::string_view bytes, const Run& run) {
  for (std::size_t offset = run.last_begin; offset < run.end;) {
    const std::size_t size = RecordSize(bytes, offset);
    if (size == 0) {
      offset += kBlock - offset % kBlock;  // The zeros at a block's end.
      continue;
    }
    if (!ChecksumFits(bytes, offset, size)) return true;
    offset += size;
  }
  return false;
}

absl::Status Damaged(const std::string& file, std::size_t offset) {
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      absl::StrCat("stored bytes in ", file, " are damaged at offset ", offset,
                                   ", before the last commit. Keep the folder for inspection and "
                                   "restore a backup (tandem backup restore)"),
                      {{"path", file}, {"offset", offset}});
}

// A file as it is on disk.
class Mapped {
 public:
  explicit Mapped(const std::string& file) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    struct stat info {};
    if (fstat(descriptor, &info) == 0 && info.st_size > 0) {
      size_ = static_cast<std::size_t>(info.st_size);
      mapped_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    }
    close(descriptor);
  }
  ~Mapped() {
    if (mapped_ != MAP_FAILED) munmap(mapped_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  // Empty where it cannot be read: RocksDB says what is wrong with it.
  std::string_view bytes() const {
    if (mapped_ == MAP_FAILED) return {};
    return {static_cast<const char*>(mapped_), size_};
  }

 private:
  void* mapped_ = MAP_FAILED;
  std::size_t size_ = 0;
};

absl::Status Cut(const std::string& file, std::size_t size) {
  std::error_code error;
  std::filesystem::resize_file(file, size, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("storage in ", file, ": ", error.message()));
}

}  // namespace

std::optional<std::size_t> DamageInWal(std::string_view bytes) {
  const std::size_t end = RunOf(bytes).end;
  for (std::size_t offset = end + 1; offset + kHeader <= bytes.size(); ++offset) {
    if (BeginsRecord(bytes, offset)) return end;
  }
  return std::nullopt;
}

std::size_t WrittenInWal(std::string_view bytes) {
  const Run run = RunOf(bytes);
  const bool lacks = !run.last_whole || LacksSector(bytes, run.last_begin, run.end);
  return run.in_order && lacks && (!run.last_whole || LastFails(bytes, run)) ? run.last_begin
                                                                             : run.end;
}

absl::Status CheckWals(const std::string& folder, bool read_only) {
  struct Wal {
    std::size_t size = 0;
    std::size_t run = 0;
    std::size_t written = 0;
  };
  std::map<std::string, Wal> wals;  // In the order of their numbers.
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    // "000012.log" is a WAL, "LOG" RocksDB's own diary.
    if (entry.path().extension() != ".log") continue;
    const std::string file = entry.path().string();
    const Mapped mapped(file);
    const std::string_view bytes = mapped.bytes();
    if (const auto damage = DamageInWal(bytes); damage.has_value()) return Damaged(file, *damage);
    wals.emplace(
        file, Wal{.size = bytes.size(), .run = RunOf(bytes).end, .written = WrittenInWal(bytes)});
  }
  bool newer = false;  // Whether a file after this one holds a record: then this one was synced.
  for (auto wal = wals.rbegin(); wal != wals.rend(); ++wal) {
    const auto& [file, ends] = *wal;
    if (newer && ends.written < ends.run) return Damaged(file, ends.written);
    newer = newer || ends.written > 0;
  }
  for (const auto& [file, ends] : wals) {
    if (ends.written < ends.size && !read_only) TANDEM_RETURN_IF_ERROR(Cut(file, ends.written));
  }
  return absl::OkStatus();
}

}  // namespace tandem::runtime
