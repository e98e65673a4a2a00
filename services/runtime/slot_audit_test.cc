// Goal: what the collector merges, bounds and never loses.
#include "services/runtime/slot_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/runtime/envelope.h"
#include "tandem/runtime/v1/facts.pb.h"
#include "tests/support/random.h"

namespace tandem::runtime {
namespace {

using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

AuditEntry Read(const std::string& firm, const std::string& resource,
                const std::string& principal = "bot") {
  return {.caller = {.firm = firm, .principal = principal},
          .method = "GetFirm",
          .resource = resource,
          .reason = "",
          .claimed = ""};
}
AuditEntry Stranger(const std::string& claimed) {
  return {.caller = {}, .method = "GetFirm", .reason = "UNKNOWN_CALLER", .claimed = claimed};
}

v1::Audited Taken(AuditCollector& collector) {
  v1::Audited audited;
  const std::optional<std::string> payload = collector.Take();
  EXPECT_TRUE(payload.has_value());
  if (payload.has_value()) {
    EXPECT_TRUE(audited.ParseFromString(*payload));
  }
  return audited;
}

std::int64_t CountOf(const v1::Audited& audited) {
  std::int64_t count = audited.dropped_count();
  for (const v1::Audited::Entry& entry : audited.entries()) count += entry.count();
  return count;
}

TEST(AuditCollectorTest, MergesWhatIsAlikeAndBeginsAnewOnceTaken) {
  AuditCollector collector;
  EXPECT_EQ(collector.Take(), std::nullopt);
  for (int i = 0; i < 3; ++i) collector.Add(kNow + absl::Seconds(i), Read("acme", "firms/a"));
  collector.Add(kNow, Read("acme", "firms/b"));
  const v1::Audited audited = Taken(collector);
  ASSERT_EQ(audited.entries_size(), 2);
  EXPECT_EQ(audited.entries(0).count(), 3);
  EXPECT_EQ(audited.entries(0).instant_unix_nanos(), absl::ToUnixNanos(kNow));
  EXPECT_EQ(audited.entries(1).resource(), "firms/b");
  EXPECT_TRUE(collector.empty());
}

// A firm that asks for a thousand names cannot hide what it, or another, asked for after them.
TEST(AuditCollectorTest, KeepsWhoAndWhatBeyondAFirmsShare) {
  AuditCollector collector;
  constexpr int kAsked = 3'000;
  for (int i = 0; i < kAsked; ++i) {
    collector.Add(kNow, Read("noisy", "firms/" + std::to_string(i), i % 2 == 0 ? "one" : "two"));
  }
  AuditEntry sales = Read("noisy", "firms/acme/items");
  sales.method = "ReadSeries";
  collector.Add(kNow, sales);
  collector.Add(kNow, Read("quiet", "firms/acme"));
  const v1::Audited audited = Taken(collector);
  const auto share = static_cast<int>(AuditCollector::kLinesFirmMax);
  ASSERT_EQ(audited.entries_size(), share + 3);
  const v1::Audited::Entry& more = audited.entries(share);
  EXPECT_EQ(more.resource(), AuditCollector::kMore);
  EXPECT_EQ(more.firm(), "noisy");
  EXPECT_THAT(more.principal(), IsEmpty());
  EXPECT_EQ(more.count(), kAsked - share);
  EXPECT_EQ(audited.entries(share + 1).method(), "ReadSeries");
  EXPECT_EQ(audited.entries(share + 2).firm(), "quiet");
  EXPECT_EQ(audited.entries(share + 2).resource(), "firms/acme");
  EXPECT_EQ(CountOf(audited), kAsked + 2);
  EXPECT_EQ(audited.dropped_count(), 0);
}

TEST(AuditCollectorTest, StrangersGetFewAndShortLines) {
  AuditCollector collector;
  for (int i = 0; i < 10'000; ++i) {
    collector.Add(kNow, Stranger(std::to_string(i) + std::string(1'000, 'x')));
  }
  const v1::Audited audited = Taken(collector);
  ASSERT_EQ(audited.entries_size(), static_cast<int>(AuditCollector::kLinesStrangersMax) + 1);
  EXPECT_EQ(CountOf(audited), 10'000);
  for (const v1::Audited::Entry& entry : audited.entries()) {
    EXPECT_THAT(entry.firm(), IsEmpty());
    EXPECT_LE(entry.claimed().size(), AuditCollector::kClaimedBytesMax);
  }
  // What a flood of strangers makes the log grow by in a second.
  EXPECT_LT(audited.ByteSizeLong(), 4'096u);
}

// Goal: an Audited fact always fits in a group, compressible or not: else it would be lost whole.
TEST(AuditCollectorTest, StaysFarBelowAGroupWhateverComes) {
  testing::Random random;
  const auto text = [&random] {
    std::string made;
    for (int i = 0; i < 300; ++i) made.push_back(static_cast<char>('0' + random.Below(75)));
    return made;
  };
  AuditCollector collector;
  constexpr int kAsked = 20'000;
  for (int i = 0; i < kAsked; ++i) {
    collector.Add(kNow, {.caller = {.firm = text(), .principal = text()},
                         .method = text(),
                         .resource = text(),
                         .reason = text()});
  }
  const v1::Audited audited = Taken(collector);
  EXPECT_LT(audited.ByteSizeLong(), kGroupBytesMax / 2);
  EXPECT_GT(audited.dropped_count(), 0);
  EXPECT_EQ(CountOf(audited), kAsked);
}

TEST(AuditCollectorTest, CutsTextsBetweenCharacters) {
  AuditCollector collector;
  std::string long_text;
  for (int i = 0; i < 200; ++i) long_text += "\xc3\xa9";
  collector.Add(kNow, Read("acme", "x" + long_text));
  const v1::Audited audited = Taken(collector);
  EXPECT_EQ(audited.entries(0).resource().size(), AuditCollector::kTextBytesMax - 1);
}

}  // namespace
}  // namespace tandem::runtime
