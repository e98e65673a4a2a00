#include "sequencing/recovery/encode.h"

#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"

namespace tandem::sequencing {
namespace {

constexpr char kVersion = 1;

// Both directions share one list of fields for each struct: `go(archive, struct)` below.
class Writer {
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

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

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

template <typename T>
requires std::is_integral_v<T>
void Go(Writer& to, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    to.Byte(value ? 1 : 0);
  } else {
    to.Number(value);
  }
}
template <typename T>
requires std::is_integral_v<T>
void Go(Reader& from, T& value) {
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
void Go(Writer& to, const T& value) { to.Byte(static_cast<std::uint8_t>(value)); }
template <typename T>
requires std::is_enum_v<T>
void Go(Reader& from, T& value) {
  const std::uint8_t byte = from.Byte();
  if (byte > LastOf(T{})) return from.Fail();
  value = static_cast<T>(byte);
}
void Go(Writer& to, const std::string& value) { to.Text(value); }
void Go(Reader& from, std::string& value) { value = from.Text(); }

template <typename Archive>
void Go(Archive& archive, auto& of);

template <typename T>
void Go(Writer& to, const std::optional<T>& value) {
  to.Byte(value.has_value() ? 1 : 0);
  if (value.has_value()) Go(to, *value);
}
template <typename T>
void Go(Reader& from, std::optional<T>& value) {
  const std::uint8_t byte = from.Byte();
  if (byte > 1) from.Fail();
  if (byte == 1) Go(from, value.emplace());
}
template <typename T>
void Go(Writer& to, const std::vector<T>& list) {
  to.Number(static_cast<std::int64_t>(list.size()));
  for (const T& entry : list) Go(to, entry);
}
template <typename T>
void Go(Reader& from, std::vector<T>& list) {
  const std::size_t length = from.Length();
  for (std::size_t k = 0; k < length && from.good(); ++k) Go(from, list.emplace_back());
}

// The fields of each struct, in their order.
void Fields(auto& v, const Quantiles*, auto each) { each(v.p10_ms, v.p50_ms, v.p90_ms); }
void Fields(auto& v, const BasisVersions*, auto each) { each(v.plan, v.pegs, v.places); }
void Fields(auto& v, const RecoveryCost*, auto each) {
  each(v.stop_tenths, v.moves, v.transports, v.money);
}
void Fields(auto& v, const UncoveredNeed*, auto each) {
  each(v.vehicle, v.position, v.need_ms, v.late);
}
void Fields(auto& v, const StopAt*, auto each) { each(v.vehicle, v.need_ms); }
void Fields(auto& v, const ProposedRepeg*, auto each) { each(v.part, v.from, v.to, v.alternate); }
void Fields(auto& v, const RackInsert*, auto each) { each(v.vehicle, v.part); }
void Fields(auto& v, const ProposedHole*, auto each) { each(v.slot, v.vehicle, v.reason); }
void Fields(auto& v, const ProposedRack*, auto each) {
  each(v.rack, v.action, v.where, v.pulls, v.inserts, v.holes);
}
void Fields(auto& v, const AlignedRun*, auto each) { each(v.rack, v.slot, v.position, v.count); }
void Fields(auto& v, const RackProof*, auto each) {
  each(v.slots, v.needs, v.pulls, v.skipped, v.kept, v.fewest);
}
void Fields(auto& v, const FamilyProposal*, auto each) {
  each(v.location, v.family, v.uncovered, v.stop_before, v.stop_after, v.repegs, v.racks, v.proof,
       v.fetched, v.built_short, v.surplus, v.completed_by, v.decide_by_ms);
}
void Fields(auto& v, const ExpressPosition*, auto each) {
  each(v.location, v.family, v.vehicle, v.position, v.need_ms, v.arrival);
}
void Fields(auto& v, const ExpressLoad*, auto each) {
  each(v.origin, v.leave_by_ms, v.ready_ms, v.positions);
}
void Fields(auto& v, const ResequencedVehicle*, auto each) {
  each(v.vehicle, v.from, v.to, v.point);
}
void Fields(auto& v, const OptionCost*, auto each) {
  each(v.location, v.family, v.vehicle, v.kind, v.part, v.arrival, v.with, v.more_stop_tenths,
       v.in_use);
}
void Fields(auto& v, const SetCost*, auto each) { each(v.trucks, v.resequenced, v.cost); }
void Fields(auto& v, const DroppedOption*, auto each) {
  each(v.location, v.family, v.vehicle, v.kind, v.reason, v.fence_ms);
}
void Fields(auto& v, const Proposal*, auto each) {
  each(v.cause, v.versions, v.families, v.express, v.resequenced, v.choice, v.do_nothing, v.tried,
       v.not_taken, v.dropped, v.exhaustive);
}

template <typename Archive>
void Go(Archive& archive, auto& of) {
  Fields(of, &of, [&archive](auto&... field) { (Go(archive, field), ...); });
}

}  // namespace

std::string EncodeProposal(const Proposal& proposal) {
  Writer to;
  to.Byte(static_cast<std::uint8_t>(kVersion));
  Go(to, proposal);
  return to.Take();
}

absl::StatusOr<Proposal> DecodeProposal(std::string_view bytes) {
  Reader from(bytes);
  if (from.Byte() != static_cast<std::uint8_t>(kVersion)) {
    return absl::DataLossError("a proposal of another version");
  }
  Proposal proposal;
  Go(from, proposal);
  if (!from.AtEnd()) return absl::DataLossError("bytes that no proposal encodes to");
  return proposal;
}

}  // namespace tandem::sequencing
