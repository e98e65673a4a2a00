#include "sequencing/stream/codec.h"

#include <utility>

#include "absl/status/status.h"

namespace tandem::sequencing {
namespace {

constexpr char kVersion = 1;
constexpr char kVersionEnded = 2;  // A head's, where the stream has ended.

class Writer {
 public:
  void Flag(bool flag) { bytes_.push_back(flag ? 1 : 0); }
  void Bits(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
  void Number(std::int64_t value) { Bits(static_cast<std::uint64_t>(value)); }
  void Text(std::string_view text) {
    Bits(text.size());
    bytes_.append(text);
  }
  void Call(const Message& message) {
    Number(message.epoch);
    Number(message.number);
    Number(message.version);
    Flag(message.is_change);
    Bits(message.hash);
    Flag(message.need_ms.has_value());
    Number(message.need_ms.value_or(0));
    Text(message.content);
  }
  void Version(char version = kVersion) { bytes_.push_back(version); }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what Writer wrote. After a fault everything reads as 0 and `ok` is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && bytes_.empty(); }
  void Fail() { ok_ = false; }

  bool Flag() {
    const std::string_view byte = Cut(1);
    if (byte.empty()) return false;
    if (byte[0] != 0 && byte[0] != 1) Fail();
    return byte[0] == 1;
  }
  std::uint64_t Bits() {
    std::uint64_t value = 0;
    int shift = 0;
    for (const char byte : Cut(8)) {
      value |= std::uint64_t{static_cast<unsigned char>(byte)} << shift;
      shift += 8;
    }
    return value;
  }
  std::int64_t Number() { return static_cast<std::int64_t>(Bits()); }
  std::string Text() { return std::string(Cut(Bits())); }
  // A count of things that take some bytes each; so never more than there are bytes.
  std::uint64_t Count() {
    const std::uint64_t count = Bits();
    if (count > bytes_.size()) Fail();
    return ok_ ? count : 0;
  }
  Message Call() {
    Message message;
    message.epoch = Number();
    message.number = Number();
    message.version = Number();
    message.is_change = Flag();
    message.hash = Bits();
    const bool has_need = Flag();
    const std::int64_t need_ms = Number();
    if (has_need) message.need_ms = need_ms;
    if (!has_need && need_ms != 0) Fail();
    message.content = Text();
    return message;
  }

 private:
  std::string_view Cut(std::uint64_t size) {
    if (!ok_ || size > bytes_.size()) {
      Fail();
      return {};
    }
    const std::string_view cut = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return cut;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

// Reads a map in the order of its keys; another order is a fault.
template <typename Map, typename ReadValue>
void ReadMap(Reader& reader, Map& map, ReadValue read_value) {
  for (std::uint64_t left = reader.Count(); left > 0 && reader.ok(); --left) {
    const std::int64_t key = reader.Number();
    if (!map.empty() && key <= map.rbegin()->first) reader.Fail();
    map.try_emplace(map.end(), key, read_value());
  }
}

OpenGap ReadGap(Reader& reader) {
  OpenGap gap;
  gap.last = reader.Number();
  gap.since_ms = reader.Number();
  gap.suspected = reader.Flag();
  gap.confirmed = reader.Flag();
  return gap;
}

absl::Status BadVersion() {
  return absl::DataLossError("a stream's row is of a version that is not known");
}

absl::Status BadBytes() { return absl::DataLossError("a stream's row cannot be read"); }

bool HasVersion(std::string_view bytes, char version = kVersion) {
  return !bytes.empty() && bytes.front() == version;
}

}  // namespace

std::string EncodeStreamHead(const StreamState& state) {
  Writer writer;
  writer.Version(state.ended ? kVersionEnded : kVersion);
  for (const std::int64_t value :
       {state.epoch, state.next, state.frozen_before, state.now_ms, state.last_good_ms}) {
    writer.Number(value);
  }
  writer.Flag(state.silent);
  writer.Bits(state.held.size());
  for (const auto& [number, message] : state.held) {
    writer.Number(number);
    writer.Call(message);
  }
  writer.Bits(state.gaps.size());
  for (const auto& [first, gap] : state.gaps) {
    writer.Number(first);
    writer.Number(gap.last);
    writer.Number(gap.since_ms);
    writer.Flag(gap.suspected);
    writer.Flag(gap.confirmed);
  }
  writer.Bits(state.given_up.size());
  for (const std::int64_t number : state.given_up) writer.Number(number);
  writer.Bits(state.unclassified.size());
  for (const Message& message : state.unclassified) writer.Call(message);
  return writer.Take();
}

absl::StatusOr<StreamState> DecodeStreamHead(std::string_view bytes) {
  const bool ended = HasVersion(bytes, kVersionEnded);
  if (!ended && !HasVersion(bytes)) return BadVersion();
  Reader reader(bytes.substr(1));
  StreamState state;
  state.ended = ended;
  for (std::int64_t* const value :
       {&state.epoch, &state.next, &state.frozen_before, &state.now_ms, &state.last_good_ms}) {
    *value = reader.Number();
  }
  state.silent = reader.Flag();
  ReadMap(reader, state.held, [&reader] { return reader.Call(); });
  ReadMap(reader, state.gaps, [&reader] { return ReadGap(reader); });
  for (std::uint64_t left = reader.Count(); left > 0 && reader.ok(); --left) {
    const std::int64_t number = reader.Number();
    if (!state.given_up.empty() && number <= *state.given_up.rbegin()) reader.Fail();
    state.given_up.insert(state.given_up.end(), number);
  }
  for (std::uint64_t left = reader.Count(); left > 0 && reader.ok(); --left) {
    state.unclassified.push_back(reader.Call());
  }
  if (!reader.AtEnd()) return BadBytes();
  return state;
}

std::string EncodeSeenNumber(std::int64_t number, const SeenNumber& seen) {
  Writer writer;
  writer.Version();
  writer.Number(number);
  writer.Number(seen.version);
  writer.Bits(seen.hash);
  writer.Bits(seen.amendments.size());
  for (const SeenNumber::Amendment& amendment : seen.amendments) {
    writer.Number(amendment.version);
    writer.Bits(amendment.hash);
  }
  return writer.Take();
}

absl::Status AddSeenNumber(std::string_view bytes, StreamState& state) {
  if (!HasVersion(bytes)) return BadVersion();
  Reader reader(bytes.substr(1));
  const std::int64_t number = reader.Number();
  SeenNumber seen;
  seen.version = reader.Number();
  seen.hash = reader.Bits();
  for (std::uint64_t left = reader.Count(); left > 0 && reader.ok(); --left) {
    const std::int64_t version = reader.Number();
    seen.amendments.push_back({version, reader.Bits()});
  }
  if (!reader.AtEnd() || !state.seen.try_emplace(number, std::move(seen)).second) {
    return BadBytes();
  }
  return absl::OkStatus();
}

std::string EncodeStreamState(const StreamState& state) {
  Writer writer;
  writer.Version();
  writer.Text(EncodeStreamHead(state));
  writer.Bits(state.seen.size());
  for (const auto& [number, seen] : state.seen) writer.Text(EncodeSeenNumber(number, seen));
  return writer.Take();
}

absl::StatusOr<StreamState> DecodeStreamState(std::string_view bytes) {
  if (!HasVersion(bytes)) return BadVersion();
  Reader reader(bytes.substr(1));
  absl::StatusOr<StreamState> state = DecodeStreamHead(reader.Text());
  if (!state.ok()) return state.status();
  for (std::uint64_t left = reader.Count(); left > 0 && reader.ok(); --left) {
    const std::int64_t highest = state->seen.empty() ? 0 : state->seen.rbegin()->first;
    const bool is_first = state->seen.empty();
    if (const absl::Status status = AddSeenNumber(reader.Text(), *state); !status.ok()) {
      return status;
    }
    // Ascending, so that a state has one encoding.
    if (!is_first && state->seen.rbegin()->first == highest) return BadBytes();
  }
  if (!reader.AtEnd()) return BadBytes();
  return state;
}

}  // namespace tandem::sequencing
