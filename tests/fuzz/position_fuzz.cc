// Positions and feed cursors inside their seal: bytes decode to one value, and that to those bytes.
// Then the seal itself: nothing opens that was not sealed for that purpose and firm.
#include <string>

#include "services/base/fact.h"
#include "services/runtime/feed_cursor.h"
#include "services/runtime/seal.h"
#include "tests/fuzz/fuzz.h"

namespace {

// Nonces need not be secret here, and a run must repeat.
class Counter final : public tandem::runtime::Random {
 public:
  std::uint64_t Next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  using tandem::fuzz::Is;
  namespace base = tandem::base;
  namespace runtime = tandem::runtime;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  if (const auto position = base::Position::Decode(bytes); position.ok()) {
    Check(position->Encode() == bytes, "a position has one encoding");
    Check(position->Covers(*position), "a position covers itself");
  }
  if (const auto cursor = runtime::DecodeCursor(bytes); cursor.ok()) {
    Check(runtime::EncodeCursor(*cursor) == bytes, "a cursor has one encoding");
  }

  Counter random;
  const runtime::Sealer sealer(std::string(32, 'k'), random);
  Check(!sealer.Open("cursor", "acme", bytes).ok(), "what was never sealed does not open");
  // Decoders behind the seal get whatever an older version of ours may have sealed.
  const std::string token = sealer.Seal("position", "acme", bytes);
  Check(Is(sealer.Open("position", "acme", token), bytes), "what was sealed opens");
  Check(!sealer.Open("position", "bolt", token).ok(), "another firm's token does not open");
  Check(!sealer.Open("cursor", "acme", token).ok(), "another purpose's token does not open");
  (void)runtime::OpenPosition(sealer, "acme", token);
  (void)runtime::OpenPage(sealer, "items", "acme", bytes);
  std::string damaged = token;
  damaged[size % damaged.size()] = static_cast<char>(damaged[size % damaged.size()] ^ 1);
  Check(!sealer.Open("position", "acme", damaged).ok(), "a damaged token does not open");
  return 0;
}
