#include "sequencing/stream/digest.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "openssl/sha.h"

namespace tandem::sequencing {

std::string Sha256Hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex.push_back(kDigits[byte >> 4U]);
    hex.push_back(kDigits[byte & 15U]);
  }
  return hex;
}

std::string NumbersDigest(std::span<const std::int64_t> numbers) {
  return Sha256Hex(absl::StrJoin(numbers, ","));
}

std::string OutputId(const CauseKey& cause, std::int64_t index) {
  // The length stands before the stream's name, so that no two causes read the same.
  std::string text = absl::StrCat(cause.stream.size(), ":");
  text.append(cause.stream);
  absl::StrAppend(&text, "/", cause.epoch, "/", cause.number, "/", cause.version, "/", index);
  return Sha256Hex(text).substr(0, 32);
}

}  // namespace tandem::sequencing
