#include "services/runtime/seal.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using testing::HasReason;

// Nonces that count: a test that repeats them would be wrong about nothing but secrecy.
class CountingRandom final : public Random {
 public:
  std::uint64_t Next() override { return ++count_; }

 private:
  std::uint64_t count_ = 0;
};

const std::string kKey(32, 'k');
const base::SlotId kSlot{.domain = base::DomainId::kExchange, .index = 3};

class SealerTest : public ::testing::Test {
 protected:
  CountingRandom random_;
  Sealer sealer_{kKey, random_};
};

TEST_F(SealerTest, OpensWhatItSealed) {
  testing::Random random;
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u}) {
    const std::string content = random.Bytes(size);
    const std::string token = sealer_.Seal("position", "acme", content);
    TANDEM_ASSERT_OK_AND_ASSIGN(const std::string opened, sealer_.Open("position", "acme", token));
    EXPECT_EQ(opened, content);
  }
}

TEST_F(SealerTest, SealsTheSameContentDifferentlyEachTime) {
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(sealer_.Seal("position", "acme", "content"));
  EXPECT_EQ(tokens.size(), 100u);
}

TEST_F(SealerTest, RefusesAnotherFirmsAndAnotherPurposesToken) {
  const std::string token = sealer_.Seal("position", "acme", "content");
  EXPECT_THAT(sealer_.Open("position", "rival", token), HasReason(base::Reason::kBadToken));
  EXPECT_THAT(sealer_.Open("cursor", "acme", token), HasReason(base::Reason::kBadToken));
  // Where purpose ends and firm begins is part of what is bound.
  EXPECT_THAT(sealer_.Open("positiona", "cme", token), HasReason(base::Reason::kBadToken));
}

TEST_F(SealerTest, RefusesEveryChangedByteAndEveryOtherLength) {
  const std::string token = sealer_.Seal("position", "acme", "content");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = static_cast<char>(forged[i] ^ 0x40);
    EXPECT_THAT(sealer_.Open("position", "acme", forged), HasReason(base::Reason::kBadToken)) << i;
    EXPECT_THAT(sealer_.Open("position", "acme", token.substr(0, i)),
                HasReason(base::Reason::kBadToken));
  }
  EXPECT_THAT(sealer_.Open("position", "acme", token + "x"), HasReason(base::Reason::kBadToken));
  EXPECT_THAT(sealer_.Open("position", "acme", std::string(100'000, '\x01')),
              HasReason(base::Reason::kBadToken));
}

TEST_F(SealerTest, RefusesTheTokenOfAnotherNetwork) {
  const Sealer other(std::string(32, 'o'), random_);
  EXPECT_THAT(other.Open("position", "acme", sealer_.Seal("position", "acme", "content")),
              HasReason(base::Reason::kBadToken));
}

TEST_F(SealerTest, CarriesPositions) {
  base::Position position;
  position.Set(kSlot, 4711);
  const std::string token = SealPosition(sealer_, "acme", position);
  TANDEM_ASSERT_OK_AND_ASSIGN(const base::Position opened, OpenPosition(sealer_, "acme", token));
  EXPECT_EQ(opened, position);
  TANDEM_ASSERT_OK_AND_ASSIGN(const base::Position none, OpenPosition(sealer_, "acme", ""));
  EXPECT_EQ(none, base::Position());
  EXPECT_THAT(OpenPosition(sealer_, "rival", token), HasReason(base::Reason::kBadToken));
}

TEST_F(SealerTest, CarriesPagesAsText) {
  base::Position position;
  position.Set(kSlot, 4711);
  const std::string key("k\0\xff", 3);
  const std::string token = SealPage(sealer_, "ListFirms", "acme", {key, position});
  for (const char c : token) EXPECT_TRUE(c > ' ' && c < 127);
  TANDEM_ASSERT_OK_AND_ASSIGN(const PageStart page, OpenPage(sealer_, "ListFirms", "acme", token));
  EXPECT_EQ(page.last_key, key);
  EXPECT_EQ(page.position, position);
  TANDEM_ASSERT_OK_AND_ASSIGN(const PageStart first, OpenPage(sealer_, "ListFirms", "acme", ""));
  EXPECT_EQ(first.last_key, "");

  for (const std::string& forged : {token + "!", token.substr(1), std::string("not base 64 $"),
                                    SealPage(sealer_, "ListItems", "acme", {key, position}),
                                    SealPage(sealer_, "ListFirms", "rival", {key, position})}) {
    EXPECT_THAT(OpenPage(sealer_, "ListFirms", "acme", forged),
                HasReason(base::Reason::kBadPageToken));
  }
}

}  // namespace
}  // namespace tandem::runtime
