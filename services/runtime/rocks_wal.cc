#include "services/runtime/rocks_wal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::runtime {
namespace {

constexpr std::size_t kBlock = std::size_t{32} * 1024;
constexpr std::size_t kHeader = 7;             // Checksum 4, length 2, type 1.
constexpr std::size_t kRecyclableHeader = 11;  // And the file's number.
constexpr std::uint8_t kFull = 1;
constexpr std::uint8_t kFirst = 2;
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

// The offset behind the last record of the run that begins the file.
std::size_t EndOfRun(std::string_view bytes) {
  std::size_t offset = 0;
  while (offset < bytes.size()) {
    const std::size_t block_left = kBlock - offset % kBlock;
    if (block_left < kHeader) {
      offset += block_left;  // A block's end too short for a header is filled with zeros.
      continue;
    }
    const std::size_t size = RecordSize(bytes, offset);
    if (size == 0) return offset;
    offset += size;
  }
  return bytes.size();
}

// Whether a whole record begins here. The parts of one record do not count: a write that a power
// cut tore may have left its later parts without its first.
bool BeginsRecord(std::string_view bytes, std::size_t offset) {
  const std::size_t size = RecordSize(bytes, offset);
  const auto type = static_cast<std::uint8_t>(bytes[offset + 6]);
  if (size <= kHeader || (type != kFull && type != kFirst)) return false;
  return Little(bytes, offset, 4) == MaskedCrc32c(bytes.substr(offset + 6, size - 6));
}

absl::Status CheckWal(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return absl::OkStatus();  // RocksDB says what is wrong with it.
  struct stat info {};
  std::optional<std::size_t> damage;
  if (fstat(descriptor, &info) == 0 && info.st_size > 0) {
    const auto size = static_cast<std::size_t>(info.st_size);
    void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped != MAP_FAILED) {
      damage = DamageInWal({static_cast<const char*>(mapped), size});
      munmap(mapped, size);
    }
  }
  close(descriptor);
  if (!damage.has_value()) return absl::OkStatus();
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      absl::StrCat("stored bytes in ", file, " are damaged at offset ", *damage,
                                   ", before the last commit. Keep the folder for inspection and "
                                   "restore a backup (tandem backup restore)"),
                      {{"path", file}, {"offset", *damage}});
}

}  // namespace

std::optional<std::size_t> DamageInWal(std::string_view bytes) {
  const std::size_t end = EndOfRun(bytes);
  for (std::size_t offset = end + 1; offset + kHeader <= bytes.size(); ++offset) {
    if (BeginsRecord(bytes, offset)) return end;
  }
  return std::nullopt;
}

absl::Status CheckWals(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    // "000012.log" is a WAL, "LOG" RocksDB's own diary.
    if (entry.path().extension() != ".log") continue;
    TANDEM_RETURN_IF_ERROR(CheckWal(entry.path().string()));
  }
  return absl::OkStatus();
}

}  // namespace tandem::runtime
