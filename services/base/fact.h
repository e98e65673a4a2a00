// What a slot decides and stores: facts, and what travels with them. These are the parts of the
// stored envelope (services/runtime/FORMAT.md) as values.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tandem::base {

// Domains by number. Stored: never renumber.
enum class DomainId : std::uint16_t {
  kGovernance = 1,
  kExchange = 2,
  kForecast = 3,
};
std::string_view DomainName(DomainId domain);  // "governance"

// The unit of order and of ownership.
struct SlotId {
  DomainId domain = DomainId::kGovernance;
  std::uint16_t index = 0;
  std::string ToString() const;  // "exchange/3"
  friend constexpr auto operator<=>(const SlotId&, const SlotId&) = default;
};

// The slot of a key in a domain with `slots` slots: StableHash(key) mod slots.
SlotId SlotOf(DomainId domain, std::uint16_t slots, std::string_view key);

// A place in the log: slot -> number of the last fact that is in. A slot that is missing is at 0,
// before its first fact (facts count from 1).
class Position {
 public:
  std::uint64_t At(SlotId slot) const;
  void Set(SlotId slot, std::uint64_t number);
  // Takes the later of both, slot by slot.
  void Merge(const Position& other);
  // Every slot at or after that of `other`.
  bool Covers(const Position& other) const;
  const std::map<SlotId, std::uint64_t>& numbers() const { return numbers_; }
  // Canonical bytes, stored in facts as a cut: domain, index and number of each slot as varints,
  // ascending. Decode returns kInvalidArgument for any other bytes.
  std::string Encode() const;
  static absl::StatusOr<Position> Decode(std::string_view bytes);
  friend bool operator==(const Position&, const Position&) = default;

 private:
  std::map<SlotId, std::uint64_t> numbers_;
};

// Who asks: taken from the certificate (or, without TLS on loopback, from metadata).
struct Caller {
  std::string firm{};          // "acme"; "operator" for the network's operator.
  std::string principal{};     // "planning-bot"
  bool operator_role = false;  // The operator's principals hold no grants.
  bool instance = false;       // Another instance of this network.
  friend bool operator==(const Caller&, const Caller&) = default;
};

struct FactRef {
  SlotId slot{};
  std::uint64_t number = 0;  // 0: none.
  friend bool operator==(const FactRef&, const FactRef&) = default;
};

// Kinds below this are the runtime's own (Audited, Erased, ...); a domain's begin here.
inline constexpr std::uint32_t kDomainKindFirst = 16;
// Stored: never renumber. Payload: tandem.runtime.v1.Audited.
inline constexpr std::uint32_t kAuditedKind = 1;

// A fact as Decide returns it: not yet numbered.
struct Fact {
  std::uint32_t kind = 0;
  std::uint32_t schema_version = 1;
  std::uint32_t agreement_version = 0;  // 0: none.
  std::uint32_t key_id = 0;             // 0: not encrypted.
  FactRef cause{};
  std::string payload{};  // A Protocol Buffers message, not compressed.
  // What the message holds is compressed already: the log does not try again. Not stored.
  bool packed = false;
};

// The instant and the number that a command's first fact will get.
struct Stamp {
  absl::Time instant{};
  std::uint64_t first_number = 0;
  Caller caller{};
};

// A fact as it stands in the log.
struct FactRecord {
  SlotId slot{};
  std::uint64_t number = 0;
  absl::Time instant{};
  Caller actor{};                // Firm and principal only.
  std::string request_id{};      // "" for what came without one.
  std::string request_digest{};  // 16 bytes over method and request; "" without a request id.
  Fact fact{};
};

}  // namespace tandem::base
