#include "services/runtime/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/runtime/feed_hub_fixture.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using ::tandem::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(FeedTest, DeliversOwnGrantedAndJointFactsAndNothingElse) {
  grants_.Open("maker", "shop");
  Reader maker = Follow({.caller = {.firm = "maker"}});
  Reader rival = Follow({.caller = {.firm = "rival"}});
  Say(kFirst, "shop", "sold 1");
  Say(kFirst, "maker", "made 2");
  Say(kSecond, "+maker+shop", "agreed 3");
  Say(kSecond, "rival", "secret 4");
  EXPECT_THAT(maker.sink->texts(), ElementsAre("sold 1", "made 2", "agreed 3"));
  EXPECT_THAT(rival.sink->texts(), ElementsAre("secret 4"));
  const std::vector<FeedRecord> records = maker.sink->records();
  EXPECT_EQ(records[0].number, 1u);
  EXPECT_EQ(records[2].number, 3u);
  EXPECT_EQ(records[0].fact.relation, "of-shop");
}

TEST_F(FeedTest, BeginsNowOrAtTheStart) {
  Say(kFirst, "shop", "before");
  Reader now = Follow({.caller = {.firm = "shop"}});
  Reader start = Follow({.caller = {.firm = "shop"}, .from_start = true});
  Say(kFirst, "shop", "after");
  EXPECT_THAT(now.sink->texts(), ElementsAre("after"));
  EXPECT_THAT(start.sink->texts(), ElementsAre("before", "after"));
}

// Goal: two thousand subscribers that begin at once cost the log nothing.
TEST_F(FeedTest, BeginsNowWithoutReadingTheLog) {
  for (int i = 0; i < 20; ++i) Say(kFirst, "shop", absl::StrCat("before ", i));
  const std::uint64_t reads = log_.reads();
  std::vector<Reader> readers;
  readers.reserve(50);
  for (int i = 0; i < 50; ++i) readers.push_back(Follow({.caller = {.firm = "shop"}}));
  Say(kFirst, "shop", "after");
  for (const Reader& reader : readers) EXPECT_THAT(reader.sink->texts(), ElementsAre("after"));
  EXPECT_EQ(log_.reads(), reads);
}

// Goal: subscribers that come back together catch up on what is still in memory.
TEST_F(FeedTest, CatchesUpOnRecentGroupsWithoutReadingTheLog) {
  std::string cursor;
  {
    Reader reader = Follow({.caller = {.firm = "shop"}});
    Say(kFirst, "shop", "seen");
    cursor = reader.sink->cursor();
  }
  for (int i = 0; i < 20; ++i) Say(kFirst, "shop", absl::StrCat(i));
  const std::uint64_t reads = log_.reads();
  std::vector<Reader> readers;
  readers.reserve(50);
  for (int i = 0; i < 50; ++i) {
    readers.push_back(Follow({.caller = {.firm = "shop"}, .cursor = cursor}));
  }
  for (const Reader& reader : readers) {
    const std::vector<FeedRecord> records = reader.sink->records();
    ASSERT_THAT(records, SizeIs(20));
    EXPECT_EQ(records.front().number, 2u);
    EXPECT_EQ(records.back().fact.payload, "19");
  }
  EXPECT_EQ(log_.reads(), reads);
}

TEST_F(FeedTest, FiltersByDomainRelationAndType) {
  grants_.Open("maker", "shop");
  grants_.Open("maker", "store");
  Reader domain =
      Follow({.caller = {.firm = "maker"}, .filter = {.domains = {base::DomainId::kForecast}}});
  Reader relation = Follow({.caller = {.firm = "maker"}, .filter = {.relation = "of-store"}});
  Reader type = Follow({.caller = {.firm = "maker"}, .filter = {.type_names = {"toy.Agreed"}}});
  Say(kFirst, "shop", "1");
  Say(kFirst, "store", "2");
  Say(kFirst, "+maker", "3");
  Say(kOther, "maker", "4");
  EXPECT_THAT(domain.sink->texts(), ElementsAre("4"));
  EXPECT_THAT(relation.sink->texts(), ElementsAre("2"));
  EXPECT_THAT(type.sink->texts(), ElementsAre("3"));
}

TEST_F(FeedTest, ResumesWhereTheCursorSays) {
  Reader reader = Follow({.caller = {.firm = "shop"}});
  Say(kFirst, "shop", "1");
  Say(kSecond, "shop", "2");
  const std::string cursor = reader.sink->cursor();
  reader.subscription.reset();
  Say(kFirst, "shop", "3");
  Reader resumed = Follow({.caller = {.firm = "shop"}, .cursor = cursor});
  Say(kSecond, "shop", "4");
  EXPECT_THAT(reader.sink->texts(), ElementsAre("1", "2"));
  EXPECT_THAT(resumed.sink->texts(), ElementsAre("3", "4"));
  EXPECT_EQ(resumed.sink->records()[0].number, 3u);
}

TEST_F(FeedTest, RefusesACursorOfAnotherFirmFilterOrNoise) {
  Reader reader = Follow({.caller = {.firm = "shop"}});
  Say(kFirst, "shop", "1");
  const std::string cursor = reader.sink->cursor();
  EXPECT_THAT(TryFollow({.caller = {.firm = "rival"}, .cursor = cursor}).status(),
              HasReason(base::Reason::kBadToken));
  EXPECT_THAT(TryFollow({.caller = {.firm = "shop"}, .filter = {.relation = "r"}, .cursor = cursor})
                  .status(),
              HasReason(base::Reason::kBadToken));
  EXPECT_THAT(TryFollow({.caller = {.firm = "shop"}, .cursor = "noise"}).status(),
              HasReason(base::Reason::kBadToken));
  const std::string as_position = sealer_.Seal("position", "shop", "x");
  EXPECT_THAT(TryFollow({.caller = {.firm = "shop"}, .cursor = as_position}).status(),
              HasReason(base::Reason::kBadToken));
}

TEST_F(FeedTest, DetectsARestoredLog) {
  Reader reader = Follow({.caller = {.firm = "shop"}});
  Say(kFirst, "shop", "1");
  Say(kFirst, "shop", "2");
  Say(kFirst, "shop", "3");
  const std::string cursor = reader.sink->cursor();
  reader.subscription.reset();
  log_.TakeBack(kFirst, 1);
  Build({});
  EXPECT_THAT(TryFollow({.caller = {.firm = "shop"}, .cursor = cursor}).status(),
              HasReason(base::Reason::kCursorFromTheFuture));
  // The new log reaches the same number with other facts.
  log_.Append(kFirst, {ToyFact("shop", "x")}, 9);
  log_.Append(kFirst, {ToyFact("shop", "y"), ToyFact("shop", "z")}, 9);
  executor_.RunDue();
  EXPECT_THAT(TryFollow({.caller = {.firm = "shop"}, .cursor = cursor}).status(),
              HasReason(base::Reason::kCursorFromTheFuture));
}

TEST_F(FeedTest, DetectsGrantsThatWereRestored) {
  grants_.Open("maker", "shop");
  Reader reader = Follow({.caller = {.firm = "maker"}});
  grants_.Revoke("maker", "shop");
  Fold();
  grants_.TakeBack();
  grants_.SetStale(true);  // While the replica only catches up, its version says nothing.
  Reader resumed = Follow({.caller = {.firm = "maker"}, .cursor = reader.sink->cursor()});
  EXPECT_THAT(resumed.sink->closed(), IsEmpty());
  grants_.SetStale(false);
  executor_.Advance(absl::Seconds(1));
  ASSERT_THAT(resumed.sink->closed(), SizeIs(1));
  EXPECT_THAT(resumed.sink->closed()[0], HasReason(base::Reason::kCursorFromTheFuture));
}

TEST_F(FeedTest, StopsAtRevocationAndTellsOfEveryChangeOnce) {
  Reader reader = Follow({.caller = {.firm = "maker"}});
  Say(kFirst, "shop", "1");
  grants_.Open("maker", "shop");
  Fold();
  Say(kFirst, "shop", "2");
  grants_.Revoke("maker", "shop");
  Fold();
  Say(kFirst, "shop", "3");
  const std::string cursor = reader.sink->cursor();
  reader.subscription.reset();
  grants_.Open("maker", "shop");
  Fold();
  Reader resumed = Follow({.caller = {.firm = "maker"}, .cursor = cursor});
  Say(kFirst, "shop", "4");
  EXPECT_THAT(reader.sink->texts(), ElementsAre("2"));
  const auto notices = reader.sink->notices();
  ASSERT_THAT(notices, SizeIs(2));
  EXPECT_EQ(notices[0].kind, GrantChange::Kind::kOpened);
  EXPECT_EQ(notices[1].kind, GrantChange::Kind::kRevoked);
  ASSERT_THAT(resumed.sink->notices(), SizeIs(1));
  EXPECT_EQ(resumed.sink->notices()[0].number, 3u);
  // The grant is today's: what was passed while it was closed is not repeated, what comes is seen.
  EXPECT_EQ(resumed.sink->texts().back(), "4");
}

TEST_F(FeedTest, RevocationBeforeTheHandOverHoldsBackWhatWaits) {
  grants_.Open("maker", "shop");
  Reader reader = Follow({.caller = {.firm = "maker"}}, /*slow=*/true);
  Say(kFirst, "shop", "1");
  Say(kFirst, "shop", "2");  // Routed while the grant stood, and waits for the transport.
  grants_.Revoke("maker", "shop");
  reader.sink->Release();
  reader.sink->Release();
  EXPECT_THAT(reader.sink->texts(), ElementsAre("1"));
}

TEST_F(FeedTest, HoldsBackWhileTheGrantsAreStaleAndSkipsNothing) {
  grants_.Open("maker", "shop");
  Reader live = Follow({.caller = {.firm = "maker"}});
  Say(kFirst, "shop", "1");
  const std::string cursor = live.sink->cursor();
  grants_.SetStale(true);
  Reader behind = Follow({.caller = {.firm = "maker"}, .cursor = cursor});
  Say(kFirst, "shop", "2");
  Say(kSecond, "+maker", "joint");
  executor_.Advance(absl::Seconds(5));
  EXPECT_THAT(live.sink->texts(), ElementsAre("1", "joint"));
  EXPECT_THAT(behind.sink->texts(), ElementsAre("joint"));
  EXPECT_THAT(TryFollow({.caller = {.firm = "maker"}}).status(),
              HasReason(base::Reason::kGrantsStale));
  grants_.SetStale(false);
  executor_.Advance(absl::Milliseconds(100));
  EXPECT_THAT(live.sink->texts(), ElementsAre("1", "joint", "2"));
  EXPECT_THAT(behind.sink->texts(), ElementsAre("joint", "2"));
}

TEST_F(FeedTest, SendsProgressOnlyWhenTheCutHasMoved) {
  Reader reader = Follow({.caller = {.firm = "maker"}});
  executor_.Advance(absl::Seconds(3));
  EXPECT_THAT(reader.sink->messages(), IsEmpty());
  Say(kFirst, "shop", "unseen");
  EXPECT_THAT(reader.sink->messages(), IsEmpty());
  executor_.Advance(absl::Seconds(3));
  ASSERT_THAT(reader.sink->messages(), SizeIs(1));
  EXPECT_EQ(reader.sink->messages()[0].cut.At(kFirst), 1u);
  const std::uint64_t reads = log_.reads();
  Reader resumed = Follow({.caller = {.firm = "maker"}, .cursor = reader.sink->cursor()});
  EXPECT_EQ(log_.reads(), reads);  // The cursor is at the tail: nothing is read again.
}

TEST_F(FeedTest, SendsNoProgressWhereRecordsHaveSaidAsMuch) {
  Reader reader = Follow({.caller = {.firm = "shop"}});
  for (int i = 0; i < 10; ++i) {
    executor_.Advance(absl::Milliseconds(500));
    Say(kFirst, "shop", absl::StrCat(i));
  }
  EXPECT_THAT(reader.sink->messages(), SizeIs(10));
  Say(kFirst, "maker", "unseen");
  executor_.Advance(absl::Seconds(2));
  EXPECT_THAT(reader.sink->messages(), SizeIs(11));
}

TEST_F(FeedTest, GathersWhatComesWhileItRests) {
  std::vector<Reader> readers;
  readers.reserve(50);
  for (int i = 0; i < 50; ++i) readers.push_back(Follow({.caller = {.firm = "shop"}}));
  const auto say = [&](const char* text) {
    log_.Append(kFirst, {ToyFact("shop", text)});
    executor_.RunDue();
  };
  say("first");  // Nobody has waited yet.
  say("second");
  executor_.Advance(absl::Milliseconds(5));
  say("third");
  for (const Reader& reader : readers) EXPECT_THAT(reader.sink->texts(), ElementsAre("first"));
  executor_.Advance(absl::Milliseconds(5));  // 50 readers: 10 ms.
  for (const Reader& reader : readers) {
    EXPECT_THAT(reader.sink->texts(), ElementsAre("first", "second", "third"));
    EXPECT_THAT(reader.sink->messages(), SizeIs(2));
  }
  executor_.Advance(kRestMax);
  say("fourth");
  for (const Reader& reader : readers) EXPECT_THAT(reader.sink->messages(), SizeIs(3));
}

TEST_F(FeedTest, KeepsAtMost64KibOrOneRecordUnsent) {
  Reader reader = Follow({.caller = {.firm = "shop"}}, /*slow=*/true);
  Say(kFirst, "shop", std::string(100'000, 'a'));  // One record alone may be larger.
  for (int i = 0; i < 100; ++i) Say(kFirst, "shop", std::string(5'000, 'b'));
  ASSERT_THAT(reader.sink->messages(), SizeIs(1));
  for (int i = 0; i < 50; ++i) reader.sink->Release();
  const auto messages = reader.sink->messages();
  EXPECT_THAT(messages[0].records, SizeIs(1));
  EXPECT_THAT(reader.sink->records(), SizeIs(101));
  for (std::size_t i = 1; i < messages.size(); ++i) {
    EXPECT_LE(messages[i].byte_size, 64u * 1024);
    EXPECT_GE(messages[i].records.size(), i + 1 == messages.size() ? 1u : 12u);
  }
}

TEST_F(FeedTest, AnOverflowingQueueReadsTheLogAgainWithoutGapOrRepeat) {
  Build({.queue_refs_max = 10});
  Reader reader = Follow({.caller = {.firm = "shop"}}, /*slow=*/true);
  std::vector<std::string> want;
  for (int i = 0; i < 1'000; ++i) {
    want.push_back(absl::StrCat(i));
    Say(i % 3 == 0 ? kSecond : kFirst, "shop", want.back());
  }
  for (int i = 0; i < 100; ++i) {
    reader.sink->Release();
    executor_.RunDue();
  }
  std::vector<std::string> got = reader.sink->texts();
  EXPECT_THAT(got, SizeIs(1'000));
  std::ranges::sort(got);
  std::ranges::sort(want);
  EXPECT_EQ(got, want);
  Say(kFirst, "shop", "live again");
  reader.sink->Release();
  EXPECT_EQ(reader.sink->texts().back(), "live again");
}

TEST_F(FeedTest, EndsWithAStatusOnDrainSuspensionRemovalAndDamage) {
  Reader suspended = Follow({.caller = {.firm = "rogue"}});
  Reader shop = Follow({.caller = {.firm = "shop"}});
  suspended_ = "rogue";
  Fold();
  ASSERT_THAT(suspended.sink->closed(), SizeIs(1));
  EXPECT_THAT(suspended.sink->closed()[0], HasReason(base::Reason::kFirmSuspended));
  EXPECT_THAT(shop.sink->closed(), IsEmpty());
  Reader ann = Follow({.caller = {.firm = "shop", .principal = "ann"}});
  removed_ = "ann";
  Fold();
  ASSERT_THAT(ann.sink->closed(), SizeIs(1));
  EXPECT_THAT(ann.sink->closed()[0], HasReason(base::Reason::kRoleMissing));
  EXPECT_THAT(shop.sink->closed(), IsEmpty());
  log_.Damage(base::Refuse(base::Reason::kStoredBytesDamaged, "rotten"));
  executor_.Advance(absl::Seconds(2));
  ASSERT_THAT(shop.sink->closed(), SizeIs(1));
  EXPECT_THAT(shop.sink->closed()[0], HasReason(base::Reason::kStoredBytesDamaged));
  log_.Damage(absl::OkStatus());
  Reader last = Follow({.caller = {.firm = "shop"}});
  hub_->Drain(base::Refuse(base::Reason::kNotServing, "down"));
  ASSERT_THAT(last.sink->closed(), SizeIs(1));
  EXPECT_THAT(last.sink->closed()[0], HasReason(base::Reason::kNotServing));
  EXPECT_THAT(TryFollow({.caller = {.firm = "shop"}}).status(),
              HasReason(base::Reason::kNotServing));
}

TEST_F(FeedTest, SaysNothingAfterItsEnd) {
  Reader reader = Follow({.caller = {.firm = "shop"}});
  EXPECT_EQ(hub_->size(), 1u);
  log_.Append(kFirst, {ToyFact("shop", "on its way")});
  reader.subscription.reset();
  EXPECT_EQ(hub_->size(), 0u);
  executor_.Advance(absl::Seconds(3));
  EXPECT_THAT(reader.sink->messages(), IsEmpty());
}

}  // namespace
}  // namespace tandem::runtime
