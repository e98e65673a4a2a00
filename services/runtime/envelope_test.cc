#include "services/runtime/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/base/bytes.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using testing::HasReason;

base::FactRecord RandomFact(testing::Random& random, base::SlotId slot, std::uint64_t number) {
  base::FactRecord record;
  record.slot = slot;
  record.number = number;
  record.instant = absl::FromUnixNanos(static_cast<std::int64_t>(random.Wide() >> 1));
  record.actor.firm = random.Bytes(random.Below(20));
  record.actor.principal = random.Bytes(random.Below(20));
  if (random.OneIn(2)) {
    record.request_id = random.Bytes(36);
    record.request_digest = random.Bytes(16);
  }
  record.fact.kind = static_cast<std::uint32_t>(random.Wide() | 1);
  record.fact.schema_version = static_cast<std::uint32_t>(random.Wide());
  record.fact.agreement_version = static_cast<std::uint32_t>(random.Wide());
  record.fact.key_id = static_cast<std::uint32_t>(random.Wide());
  if (random.OneIn(2)) {
    record.fact.cause = {.slot = {.domain = base::DomainId::kForecast,
                                  .index = static_cast<std::uint16_t>(random.Wide())},
                         .number = random.Wide() | 1};
  }
  record.fact.payload =
      random.OneIn(2) ? random.Bytes(random.Below(400)) : std::string(random.Below(5'000), 'a');
  return record;
}

struct Sample {
  GroupHeader header{};
  std::vector<base::FactRecord> facts{};
  std::string bytes{};
  Hash hash{};
};

Sample RandomGroup(testing::Random& random) {
  Sample sample;
  sample.header.log_id = random.Next();
  sample.header.slot = {.domain = base::DomainId::kExchange,
                        .index = static_cast<std::uint16_t>(random.Wide())};
  sample.header.term = random.Wide();
  sample.header.seq = random.Wide();
  sample.header.first_number = random.Wide() >> 1;
  sample.header.count = static_cast<std::uint32_t>(1 + random.Below(5));
  for (std::uint8_t& byte : sample.header.previous) {
    byte = static_cast<std::uint8_t>(random.Next());
  }
  std::vector<std::string> encoded;
  for (std::uint32_t i = 0; i < sample.header.count; ++i) {
    sample.facts.push_back(RandomFact(random, sample.header.slot, sample.header.first_number + i));
    encoded.push_back(EncodeFact(sample.facts.back()));
  }
  sample.bytes = EncodeGroup(sample.header, encoded, &sample.hash);
  return sample;
}

// Goal: what was written is read, field by field, and the size is what the slot reckons with.
TEST(EnvelopeTest, ReadsWhatItWrote) {
  testing::Random random;
  for (int round = 0; round < 200; ++round) {
    const Sample sample = RandomGroup(random);
    TANDEM_ASSERT_OK_AND_ASSIGN(const Group group, DecodeGroup(sample.bytes));
    EXPECT_EQ(group.header.log_id, sample.header.log_id);
    EXPECT_EQ(group.header.slot, sample.header.slot);
    EXPECT_EQ(group.header.term, sample.header.term);
    EXPECT_EQ(group.header.seq, sample.header.seq);
    EXPECT_EQ(group.header.previous, sample.header.previous);
    EXPECT_EQ(group.hash, sample.hash);
    EXPECT_EQ(group.hash, HashOf(sample.bytes));
    EXPECT_EQ(group.byte_size, sample.bytes.size());
    std::size_t size = kGroupOverheadBytes;
    ASSERT_EQ(group.facts.size(), sample.facts.size());
    for (std::size_t i = 0; i < group.facts.size(); ++i) {
      const base::FactRecord& have = group.facts[i];
      const base::FactRecord& want = sample.facts[i];
      EXPECT_EQ(have.slot, want.slot);
      EXPECT_EQ(have.number, want.number);
      EXPECT_EQ(have.instant, want.instant);
      EXPECT_EQ(have.actor, want.actor);
      EXPECT_EQ(have.request_id, want.request_id);
      EXPECT_EQ(have.request_digest, want.request_digest);
      EXPECT_EQ(have.fact.kind, want.fact.kind);
      EXPECT_EQ(have.fact.schema_version, want.fact.schema_version);
      EXPECT_EQ(have.fact.agreement_version, want.fact.agreement_version);
      EXPECT_EQ(have.fact.key_id, want.fact.key_id);
      EXPECT_EQ(have.fact.cause, want.fact.cause);
      EXPECT_EQ(have.fact.payload, want.fact.payload);
      size += GroupBytesOf(EncodeFact(want));
    }
    EXPECT_EQ(size, sample.bytes.size());
    TANDEM_ASSERT_OK_AND_ASSIGN(const absl::Time last, LastInstantOf(sample.bytes));
    EXPECT_EQ(last, sample.facts.back().instant);
    TANDEM_ASSERT_OK_AND_ASSIGN(const GroupHeader header, DecodeGroupHeader(sample.bytes));
    EXPECT_EQ(header.first_number, sample.header.first_number);
  }
}

// Goal: no flipped bit and no cut passes; random bytes are refused, not believed.
TEST(EnvelopeTest, RefusesEveryOtherByte) {
  testing::Random random;
  const Sample sample = RandomGroup(random);
  for (std::size_t i = 0; i < sample.bytes.size(); ++i) {
    std::string damaged = sample.bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << random.Below(8)));
    ASSERT_THAT(DecodeGroup(damaged), HasReason(base::Reason::kStoredBytesDamaged)) << i;
    ASSERT_THAT(DecodeGroup(std::string_view(sample.bytes).substr(0, i)),
                HasReason(base::Reason::kStoredBytesDamaged))
        << i;
  }
  EXPECT_THAT(DecodeGroup(sample.bytes + "x"), HasReason(base::Reason::kStoredBytesDamaged));
  for (int round = 0; round < 1'000; ++round) {
    const std::string noise = random.Bytes(random.Below(300));
    EXPECT_FALSE(DecodeGroup(noise).ok());
    EXPECT_FALSE(DecodeGroupHeader(noise).ok());
    EXPECT_FALSE(LastInstantOf(noise).ok());
  }
}

// A group whose checksum is right but whose facts are not: what only a bug or malice writes.
TEST(EnvelopeTest, RefusesFactsThatMakeNoSense) {
  base::FactRecord record;
  record.number = 7;
  record.fact.kind = 16;
  const std::string good = EncodeFact(record);
  base::FactRecord no_kind = record;
  no_kind.fact.kind = 0;
  base::FactRecord other_number = record;
  other_number.number = 8;
  std::string bomb = good.substr(0, good.size() - 2);  // Without encoding and payload.
  base::ByteWriter rest;
  rest.Byte(1).Varint(kPayloadBytesMax + 1).Sized("x");
  bomb += rest.bytes();
  struct Case {
    const char* name;
    std::string fact;
    bool good;
  };
  const Case cases[] = {{"as it is", good, true},
                        {"nothing", "", false},
                        {"cut off", good.substr(0, good.size() - 1), false},
                        {"something behind it", good + "x", false},
                        {"no kind", EncodeFact(no_kind), false},
                        {"another number", EncodeFact(other_number), false},
                        {"a payload that would fill the memory", bomb, false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const GroupHeader header{.slot = {}, .first_number = 7, .count = 1};
    EXPECT_EQ(DecodeGroup(EncodeGroup(header, std::vector{c.fact})).ok(), c.good);
  }
}

TEST(EnvelopeTest, CompressesWhatThatMakesSmaller) {
  base::FactRecord record;
  record.number = 1;
  record.fact.kind = 16;
  record.fact.payload = std::string(128, 'a');
  EXPECT_GT(EncodeFact(record).size(), 128u);
  record.fact.payload.push_back('a');
  EXPECT_LT(EncodeFact(record).size(), 64u);
}

// Published: FIPS 180-2, appendix B.1.
TEST(HashOfTest, IsSha256) {
  const Hash hash = HashOf("abc");
  EXPECT_EQ(hash[0], 0xba);
  EXPECT_EQ(hash[1], 0x78);
  EXPECT_EQ(hash[31], 0xad);
}

}  // namespace
}  // namespace tandem::runtime
