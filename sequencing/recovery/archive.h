// Structs as bytes and back, of one list of fields each. For encode.cc and plan_encode.cc, which
// give each struct its `Fields(struct, pointer to it, each)` beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "sequencing/recovery/plan.h"
#include "sequencing/recovery/proposal.h"

namespace tandem::sequencing {

// Both directions share one list of fields for each struct: `go(archive, struct)` below.
class ArchiveWriter {
 public:
  void Byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void Number(std::int64_t value) {
    auto rest = static_cast<std::uint64_t>(value);
    char raw[8];
    for (char& byte : raw) {
      byte = static_cast<char>(rest & 0xff);
      rest >>= 8;
    }
    bytes_.append(raw, sizeof raw);
  }
  void Text(std::string_view text) {
    Number(static_cast<std::int64_t>(text.size()));
    bytes_.append(text);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_{};
};

class ArchiveReader {
 public:
  explicit ArchiveReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t Byte() {
    if (bytes_.empty()) {
      good_ = false;
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  std::int64_t Number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 8) value |= std::uint64_t{Byte()} << shift;
    return static_cast<std::int64_t>(value);
  }
  // Of a list or text: each entry takes a byte at least.
  std::size_t Length() {
    const std::int64_t length = Number();
    if (length < 0 || static_cast<std::uint64_t>(length) > bytes_.size()) {
      good_ = false;
      return 0;
    }
    return static_cast<std::size_t>(length);
  }
  std::string Text() {
    const std::size_t length = Length();
    std::string text(bytes_.substr(0, length));
    bytes_.remove_prefix(length);
    return text;
  }
  void Fail() { good_ = false; }
  bool good() const { return good_; }
  bool AtEnd() const { return good_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

// The last value of each enumeration.
constexpr std::uint8_t LastOf(OptionKind) { return static_cast<std::uint8_t>(OptionKind::kWait); }
constexpr std::uint8_t LastOf(RackAction) {
  return static_cast<std::uint8_t>(RackAction::kRebuild);
}
constexpr std::uint8_t LastOf(PartPlace) { return static_cast<std::uint8_t>(PartPlace::kAtLine); }
constexpr std::uint8_t LastOf(DropReason) {
  return static_cast<std::uint8_t>(DropReason::kBeyondReach);
}
constexpr std::uint8_t LastOf(SlotOrder) { return static_cast<std::uint8_t>(SlotOrder::kAny); }

template <typename T>
requires std::is_integral_v<T>
void Go(ArchiveWriter& to, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    to.Byte(value ? 1 : 0);
  } else {
    to.Number(value);
  }
}
template <typename T>
requires std::is_integral_v<T>
void Go(ArchiveReader& from, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    const std::uint8_t byte = from.Byte();
    if (byte > 1) from.Fail();
    value = byte == 1;
  } else {
    const std::int64_t number = from.Number();
    value = static_cast<T>(number);
    if (value != number) from.Fail();
  }
}
template <typename T>
requires std::is_enum_v<T>
void Go(ArchiveWriter& to, const T& value) { to.Byte(static_cast<std::uint8_t>(value)); }
template <typename T>
requires std::is_enum_v<T>
void Go(ArchiveReader& from, T& value) {
  const std::uint8_t byte = from.Byte();
  if (byte > LastOf(T{})) return from.Fail();
  value = static_cast<T>(byte);
}
inline void Go(ArchiveWriter& to, const std::string& value) { to.Text(value); }
inline void Go(ArchiveReader& from, std::string& value) { value = from.Text(); }

template <typename Archive>
void Go(Archive& archive, auto& of);

template <typename T>
void Go(ArchiveWriter& to, const std::optional<T>& value) {
  to.Byte(value.has_value() ? 1 : 0);
  if (value.has_value()) Go(to, *value);
}
template <typename T>
void Go(ArchiveReader& from, std::optional<T>& value) {
  const std::uint8_t byte = from.Byte();
  if (byte > 1) from.Fail();
  if (byte == 1) Go(from, value.emplace());
}
template <typename T>
void Go(ArchiveWriter& to, const std::vector<T>& list) {
  to.Number(static_cast<std::int64_t>(list.size()));
  for (const T& entry : list) Go(to, entry);
}
template <typename T>
void Go(ArchiveReader& from, std::vector<T>& list) {
  const std::size_t length = from.Length();
  for (std::size_t k = 0; k < length && from.good(); ++k) Go(from, list.emplace_back());
}

// Structs that both plans and proposals hold.
void Fields(auto& v, const Quantiles*, auto each) { each(v.p10_ms, v.p50_ms, v.p90_ms); }
void Fields(auto& v, const BasisVersions*, auto each) { each(v.plan, v.pegs, v.places); }

template <typename Archive>
void Go(Archive& archive, auto& of) {
  Fields(of, &of, [&archive](auto&... field) { (Go(archive, field), ...); });
}

// A struct behind the byte of its version.
template <typename T>
std::string EncodeVersion(std::uint8_t version, const T& value) {
  ArchiveWriter to;
  to.Byte(version);
  Go(to, value);
  return to.Take();
}

// And back. kDataLoss, naming `what` ("plan"), for another version and for bytes that none encodes
// to.
template <typename T>
absl::StatusOr<T> DecodeVersion(std::uint8_t version, const char* what, std::string_view bytes) {
  ArchiveReader from(bytes);
  if (from.Byte() != version) {
    return absl::DataLossError(absl::StrCat("a ", what, " of another version"));
  }
  T value;
  Go(from, value);
  if (!from.AtEnd()) {
    return absl::DataLossError(absl::StrCat("bytes that no ", what, " encodes to"));
  }
  return value;
}

}  // namespace tandem::sequencing
