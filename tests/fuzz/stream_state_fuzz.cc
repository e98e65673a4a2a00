// A stream's stored state: bytes decode to one state, that to those bytes; and a state as strange
// as it may be takes a message without a crash.
#include <string>
#include <string_view>

#include "sequencing/stream/codec.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  namespace sequencing = tandem::sequencing;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  if (const auto state = sequencing::DecodeStreamState(bytes); state.ok()) {
    Check(sequencing::EncodeStreamState(*state) == bytes, "a state has one encoding");
  }
  if (const auto head = sequencing::DecodeStreamHead(bytes); head.ok()) {
    Check(sequencing::EncodeStreamHead(*head) == bytes, "a head has one encoding");
  }
  sequencing::StreamState seen;
  if (sequencing::AddSeenNumber(bytes, seen).ok()) {
    const auto& [number, row] = *seen.seen.begin();
    Check(sequencing::EncodeSeenNumber(number, row) == bytes, "a number has one encoding");
  }

  // Messages made of the bytes, from a state that began well.
  tandem::fuzz::Input input(data, size);
  const sequencing::StreamTerms terms = {
      .modulus = input.Byte(), .window = input.Byte() % 8, .jump = {}, .memory_numbers = 16};
  auto state = sequencing::BeginStream(terms, {.epoch = 1, .first_number = input.Byte()});
  if (!state.ok()) return 0;
  std::int64_t now_ms = 0;
  std::int64_t delivered = state->next - 1;
  while (!input.AtEnd()) {
    now_ms += input.Byte();
    const sequencing::Message message = {.epoch = 1 + input.Byte() % 2,
                                         .number = input.Short() % 300,
                                         .version = input.Byte() % 3,
                                         .is_change = input.Byte() % 2 == 0,
                                         .hash = input.Byte() % 2U};
    const auto events = sequencing::Receive(terms, message, now_ms, *state);
    if (!events.ok()) continue;
    for (const sequencing::StreamEvent& event : *events) {
      if (event.kind != sequencing::StreamEventKind::kDelivered) continue;
      Check(event.number > delivered, "numbers are delivered once and rise");
      delivered = event.number;
    }
  }
  return 0;
}
