#include "sequencing/stream/codec.h"

#include <map>
#include <string>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

StreamState FullState() {
  const Message message = {.epoch = 3,
                           .number = 12,
                           .version = 1,
                           .is_change = true,
                           .hash = 0xfedcba9876543210,
                           .need_ms = 77,
                           .content = std::string("a\0b", 3)};
  StreamState state = {.epoch = 3,
                       .next = 11,
                       .frozen_before = 10,
                       .now_ms = 99,
                       .last_good_ms = 98,
                       .silent = true};
  state.seen[-4] = {.version = 2, .hash = 5, .amendments = {{1, 6}, {2, 7}}};
  state.seen[12] = {.hash = 9};
  state.held[12] = message;
  state.gaps[11] = {.last = 11, .since_ms = 90, .suspected = true, .confirmed = false};
  state.given_up = {13, 14};
  state.unclassified = {message, {.epoch = 4}};
  return state;
}

TEST(StreamCodecTest, ReadsWhatItWrote) {
  EXPECT_EQ(DecodeStreamState(EncodeStreamState(FullState())).value(), FullState());
  EXPECT_EQ(DecodeStreamState(EncodeStreamState({})).value(), StreamState{});
}

// As a service keeps it: a head and a row a number, of which a message changes at most its own.
TEST(StreamCodecTest, AMessageChangesTheHeadAndItsOwnNumber) {
  const StreamTerms terms = {.window = 2, .memory_numbers = 4};
  StreamState state = BeginStream(terms, {.epoch = 1, .first_number = 10}).value();
  std::map<std::int64_t, std::string> rows;
  for (const std::int64_t number : {10, 12, 12, 11, 15, 14, 17, 18, 13, 20}) {
    const Message message = {.epoch = 1, .number = number, .hash = 7};
    ASSERT_TRUE(Receive(terms, message, 0, state).ok());
    if (state.seen.contains(number)) rows[number] = EncodeSeenNumber(number, state.seen[number]);
    while (!rows.empty() && rows.begin()->first < state.next - terms.memory_numbers) {
      rows.erase(rows.begin());
    }
    StreamState stored = DecodeStreamHead(EncodeStreamHead(state)).value();
    for (const auto& [seen, row] : rows) ASSERT_TRUE(AddSeenNumber(row, stored).ok());
    ASSERT_EQ(stored, state);
  }
  EXPECT_FALSE(AddSeenNumber(rows.begin()->second, state).ok());  // It is there.
}

TEST(StreamCodecTest, BytesAreThoseOfVersion1) {
  const std::string bytes = EncodeStreamHead({.epoch = 258});
  EXPECT_EQ(bytes.size(), 1u + 5 * 8 + 1 + 4 * 8);
  EXPECT_EQ(bytes.substr(0, 4), std::string("\x01\x02\x01\x00", 4));
}

TEST(StreamCodecTest, AHeadOfVersion2HasEnded) {
  std::string bytes = EncodeStreamHead(FullState());
  bytes[0] = 2;
  const StreamState ended = DecodeStreamHead(bytes).value();
  EXPECT_TRUE(ended.ended);
  EXPECT_EQ(EncodeStreamHead(ended), bytes);
  bytes[0] = 3;
  EXPECT_EQ(DecodeStreamHead(bytes).status().code(), absl::StatusCode::kDataLoss);
}

TEST(StreamCodecTest, RefusesBytesThatNoStateHas) {
  const std::string bytes = EncodeStreamState(FullState());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeStreamState(bytes.substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_FALSE(DecodeStreamState(bytes + "x").ok());
  EXPECT_FALSE(DecodeStreamState("\x02" + bytes.substr(1)).ok());
  // Any byte changed either is another state or none; never a crash.
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char other : {'\x00', '\x01', '\x7f', '\xff'}) {
      std::string changed = bytes;
      changed[at] = other;
      const auto state = DecodeStreamState(changed);
      if (state.ok()) {
        EXPECT_EQ(EncodeStreamState(*state), changed);
      }
    }
  }
}

}  // namespace
}  // namespace tandem::sequencing
