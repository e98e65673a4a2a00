// Every version of the stored bytes, as it was written once, is read forever. The files of
// tests/integration/stored_bytes are never changed; a new version adds files.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "services/runtime/envelope.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

// A file of hexadecimal digits, lines of any length.
std::string Sample(const std::string& name) {
  std::ifstream in(std::string(TANDEM_STORED_BYTES) + "/" + name);
  std::string digits;
  for (std::string line; in >> line;) digits += line;
  return absl::HexStringToBytes(digits);
}

// The facts that group_v1.hex holds.
std::vector<base::FactRecord> GoldenFacts() {
  base::FactRecord small;
  small.slot = {.domain = base::DomainId::kExchange, .index = 5};
  small.number = 300;
  small.instant = absl::FromUnixNanos(1'800'000'000'123'456'789);
  small.actor.firm = "acme";
  small.actor.principal = "planning-bot";
  small.request_id = "00000000-0000-0000-0000-00000000002a";
  small.request_digest = "0123456789abcdef";
  small.fact.kind = 16;
  small.fact.agreement_version = 2;
  small.fact.cause = {.slot = {.domain = base::DomainId::kGovernance, .index = 0}, .number = 77};
  small.fact.payload = "payload";
  base::FactRecord large = small;
  large.number = 301;
  large.request_id.clear();
  large.request_digest.clear();
  large.fact.kind = 1;
  large.fact.schema_version = 3;
  large.fact.key_id = 9;
  large.fact.cause = {};
  large.fact.payload = std::string(1'000, 'z');  // Stored compressed.
  return {small, large};
}

TEST(StoredBytesTest, AGroupOfVersion1IsRead) {
  const std::string bytes = Sample("group_v1.hex");
  TANDEM_ASSERT_OK_AND_ASSIGN(const Group group, DecodeGroup(bytes));
  EXPECT_EQ(group.header.log_id, 0x1122334455667788u);
  EXPECT_EQ(group.header.slot, (base::SlotId{.domain = base::DomainId::kExchange, .index = 5}));
  EXPECT_EQ(group.header.term, 4u);
  EXPECT_EQ(group.header.seq, 150u);
  EXPECT_EQ(group.header.first_number, 300u);
  EXPECT_EQ(group.header.previous, HashOf("before"));
  const std::vector<base::FactRecord> want = GoldenFacts();
  ASSERT_EQ(group.facts.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const base::FactRecord& have = group.facts[i];
    EXPECT_EQ(have.number, want[i].number);
    EXPECT_EQ(have.instant, want[i].instant);
    EXPECT_EQ(have.actor, want[i].actor);
    EXPECT_EQ(have.request_id, want[i].request_id);
    EXPECT_EQ(have.request_digest, want[i].request_digest);
    EXPECT_EQ(have.fact.kind, want[i].fact.kind);
    EXPECT_EQ(have.fact.schema_version, want[i].fact.schema_version);
    EXPECT_EQ(have.fact.agreement_version, want[i].fact.agreement_version);
    EXPECT_EQ(have.fact.key_id, want[i].fact.key_id);
    EXPECT_EQ(have.fact.cause, want[i].fact.cause);
    EXPECT_EQ(have.fact.payload, want[i].fact.payload);
  }
}

// Uncompressed facts are written as they were: the format has one form for each.
TEST(StoredBytesTest, WhatIsWrittenTodayIsVersion1) {
  const std::string golden = Sample("group_v1.hex");
  const std::string fact = EncodeFact(GoldenFacts().front());
  EXPECT_EQ(golden.substr(kGroupOverheadBytes - 8 + 1, fact.size()), fact);
}

}  // namespace
}  // namespace tandem::runtime
