// The stored bytes of the log, version 1: groups of facts. FORMAT.md beside this file has every
// byte; they are never changed, and tests/integration/stored_bytes holds samples.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/base/fact.h"

namespace tandem::runtime {

// The most bytes of one encoded group; the facts of one command must fit in one.
inline constexpr std::size_t kGroupBytesMax = std::size_t{768} * 1024;

using Hash = std::array<std::uint8_t, 32>;  // SHA-256 of stored bytes.

struct GroupHeader {
  std::uint64_t log_id = 0;  // Of the network's log; drawn once.
  base::SlotId slot{};
  std::uint64_t term = 0;
  std::uint64_t seq = 0;           // 1 for a slot's first group, then dense.
  std::uint64_t first_number = 0;  // Of its first fact.
  std::uint32_t count = 0;         // Facts in it, at least 1.
  Hash previous{};                 // Hash of the previous valid group, zeros for the first.
};

// A group as it was read: header, facts, and the hash of its bytes.
struct Group {
  GroupHeader header{};
  std::vector<base::FactRecord> facts{};
  Hash hash{};
  std::size_t byte_size = 0;
  std::uint64_t last_number() const { return header.first_number + header.count - 1; }
};

// The most bytes of one fact's payload before compression.
inline constexpr std::size_t kPayloadBytesMax = std::size_t{64} << 20;

// One fact's envelope and payload (at most kPayloadBytesMax), compressed where that saves bytes
// (payloads above 128 bytes). `record`'s slot is not stored (the header has it).
std::string EncodeFact(const base::FactRecord& record);

// What a group adds to the sum of GroupBytesOf(fact) over its facts.
inline constexpr std::size_t kGroupOverheadBytes = 88;
// The bytes that an encoded fact takes in a group.
std::size_t GroupBytesOf(std::string_view encoded_fact);

// A group's bytes from the encoded facts. The caller keeps the sum within kGroupBytesMax. `hash`,
// if not null, gets the group's hash.
std::string EncodeGroup(const GroupHeader& header, std::span<const std::string> facts,
                        Hash* hash = nullptr);

// Reads a group and checks lengths, checksum and counts. Returns kDataLoss / STORED_BYTES_DAMAGED
// for bytes that are no group of version 1, with what is wrong and where. Safe for any bytes.
absl::StatusOr<Group> DecodeGroup(std::string_view bytes);
// The header alone: cheap, for skipping.
absl::StatusOr<GroupHeader> DecodeGroupHeader(std::string_view bytes);

// The instant of a group's last fact; the group must be one that EncodeGroup made.
absl::StatusOr<absl::Time> LastInstantOf(std::string_view group_bytes);

// SHA-256 of the bytes.
Hash HashOf(std::string_view bytes);

}  // namespace tandem::runtime
