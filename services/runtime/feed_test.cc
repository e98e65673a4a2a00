#include "services/runtime/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "services/runtime/feed_cursor.h"
#include "services/runtime/feed_fixture.h"
#include "tests/support/fake_time.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::SlotId kFirst{base::DomainId::kExchange, 0};
constexpr base::SlotId kSecond{base::DomainId::kExchange, 1};
constexpr base::SlotId kOther{base::DomainId::kForecast, 0};
// No round of deliveries waits longer for its turn.
constexpr absl::Duration kRestMax = absl::Milliseconds(20);

// A hub over a log in memory: two slots of one domain, one of another.
class FeedTest : public ::testing::Test {
 protected:
  FeedTest() { Build({}); }
  ~FeedTest() override { hub_->Stop(absl::UnavailableError("the test ends")); }

  void Build(FeedOptions options) {
    if (hub_ != nullptr) hub_->Stop(absl::UnavailableError("a restart"));
    FeedWorld world;
    world.log = &log_;
    world.slots = {{kFirst, &exchange_}, {kSecond, &exchange_}, {kOther, &forecast_}};
    world.grants = &grants_;
    world.fresh = [this] { return grants_.Fresh(); };
    world.changes_since = [this](std::string_view firm, std::uint64_t after) {
      return grants_.ChangesSince(firm, after);
    };
    world.admits = [this](const base::Caller& caller) -> absl::Status {
      if (caller.firm == suspended_) return base::Refuse(base::Reason::kFirmSuspended, "suspended");
      if (caller.principal == removed_) return base::Refuse(base::Reason::kRoleMissing, "removed");
      return absl::OkStatus();
    };
    world.sealer = &sealer_;
    world.clock = &clock_;
    world.executor = &executor_;
    world.options = options;
    hub_ = std::make_shared<FeedHub>(std::move(world));
    ASSERT_THAT(hub_->Start(), IsOk());
  }
  struct Reader {
    std::shared_ptr<KeepingSink> sink{};
    std::unique_ptr<Feed::Subscription> subscription{};
  };
  absl::StatusOr<Reader> TryFollow(FeedRequest request, bool slow = false) {
    Reader reader;
    reader.sink = std::make_shared<KeepingSink>(slow);
    auto subscription = FollowHub(hub_, std::move(request), reader.sink);
    if (!subscription.ok()) return subscription.status();
    reader.subscription = *std::move(subscription);
    executor_.RunDue();
    return reader;
  }
  Reader Follow(FeedRequest request, bool slow = false) {
    auto reader = TryFollow(std::move(request), slow);
    EXPECT_THAT(reader, IsOk());
    return reader.ok() ? *std::move(reader) : Reader{std::make_shared<KeepingSink>(), nullptr};
  }
  void Say(base::SlotId slot, const std::string& who, const std::string& text) {
    log_.Append(slot, {ToyFact(who, text)});
    executor_.Advance(kRestMax);
  }
  void Fold() {
    hub_->OnGrants();
    executor_.RunDue();
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  CountingRandom random_;
  Sealer sealer_{std::string(32, 'k'), random_};
  MemoryLog log_;
  GrantTable grants_;
  ToyDomain exchange_{base::DomainId::kExchange, 2};
  ToyDomain forecast_{base::DomainId::kForecast, 1};
  std::string suspended_ = "-";
  std::string removed_ = "-";
  std::shared_ptr<FeedHub> hub_;
};

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

TEST(FeedCursorTest, RefusesOtherBytes) {
  const FeedCursor cursor{7, 9, 3, {{kFirst, {5, 77}}}};
  const std::string bytes = EncodeCursor(cursor);
  ASSERT_THAT(DecodeCursor(bytes), IsOk());
  EXPECT_EQ(EncodeCursor(*DecodeCursor(bytes)), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(DecodeCursor(bytes.substr(0, size)), HasReason(base::Reason::kBadToken));
  }
  EXPECT_THAT(DecodeCursor(bytes + "x"), HasReason(base::Reason::kBadToken));
}

TEST(FeedCursorTest, TellsFiltersApartButNotTheirSpelling) {
  const FeedFilter a{{base::DomainId::kExchange, base::DomainId::kForecast}, "r", {"x", "y"}};
  const FeedFilter b{{base::DomainId::kForecast, base::DomainId::kExchange}, "r", {"y", "x"}};
  EXPECT_EQ(FilterHash(a), FilterHash(b));
  EXPECT_NE(FilterHash(a), FilterHash({}));
  EXPECT_NE(FilterHash({.relation = "x"}), FilterHash({.type_names = {"x"}}));
}

// Goal: whatever is killed and whenever, a subscriber that resumes from its last cursor gets each
// fact that it may see once, in the order of the slot, with dense numbers, and no other.
class FeedRandomTest : public FeedTest {
 protected:
  struct Follower {
    std::string firm{};
    Reader reader{};
    std::string cursor{};
    bool slow = false;
    std::vector<FeedRecord> got{};
    std::uint64_t noticed = 0;
  };
  void Collect(Follower& follower) {
    for (const FeedMessage& message : follower.reader.sink->messages()) {
      for (const FeedRecord& record : message.records) follower.got.push_back(record);
      for (const GrantChange& notice : message.notices) {
        EXPECT_GT(notice.number, follower.noticed) << "a notice came twice";
        follower.noticed = notice.number;
      }
      follower.cursor = message.cursor;
    }
  }
  void Resume(Follower& follower) {
    follower.slow = random_source_.OneIn(2);
    follower.reader =
        Follow({.caller = {.firm = follower.firm}, .cursor = follower.cursor, .from_start = true},
               follower.slow);
  }
  void Check(const Follower& follower) {
    std::map<base::SlotId, std::vector<std::string>> got;
    for (std::size_t i = 0; i < follower.got.size(); ++i) {
      EXPECT_EQ(follower.got[i].number, i + 1);
      got[follower.got[i].slot].push_back(follower.got[i].fact.payload);
    }
    for (const base::SlotId slot : {kFirst, kSecond, kOther}) {
      EXPECT_EQ(got[slot], want_[follower.firm][slot]) << follower.firm << " " << slot.ToString();
    }
  }
  testing::Random random_source_;
  std::map<std::string, std::map<base::SlotId, std::vector<std::string>>> want_;
};

TEST_F(FeedRandomTest, SeesEachVisibleFactOnceInOrderThroughKills) {
  Build({.unsent_bytes_max = 600, .queue_refs_max = 8});
  const std::vector<std::string> firms = {"a", "b", "c", "d"};
  grants_.Open("a", "b");
  grants_.Open("a", "c");
  grants_.Open("c", "b");
  const std::map<std::string, std::vector<std::string>> viewers = {
      {"a", {"a"}}, {"b", {"a", "b", "c"}}, {"c", {"a", "c"}}, {"d", {"d"}}};
  std::vector<Follower> followers;
  followers.reserve(12);
  for (int i = 0; i < 12; ++i) followers.push_back({.firm = firms[random_source_.Below(4)]});
  for (Follower& follower : followers) Resume(follower);
  const base::SlotId slots[] = {kFirst, kSecond, kOther};
  for (int step = 0; step < 3'000; ++step) {
    const base::SlotId slot = slots[random_source_.Below(3)];
    std::vector<base::Fact> facts;
    for (std::uint64_t i = 0; i <= random_source_.Below(4); ++i) {
      const std::string& owner = firms[random_source_.Below(4)];
      const std::string text =
          absl::StrCat(owner, step, ".", i, std::string(random_source_.Below(200), 'x'));
      facts.push_back(ToyFact(owner, text));
      for (const std::string& viewer : viewers.at(owner)) want_[viewer][slot].push_back(text);
    }
    log_.Append(slot, std::move(facts));
    if (random_source_.OneIn(3)) executor_.RunDue();
    if (random_source_.OneIn(20)) executor_.Advance(absl::Milliseconds(random_source_.Below(900)));
    if (random_source_.OneIn(50)) grants_.SetStale(random_source_.OneIn(2));
    Follower& follower = followers[random_source_.Below(followers.size())];
    if (random_source_.OneIn(2)) follower.reader.sink->Release();
    if (random_source_.OneIn(5)) {
      follower.reader.subscription.reset();
      Collect(follower);
      // A new subscription needs fresh grants only if it has no cursor yet.
      if (follower.cursor.empty()) grants_.SetStale(false);
      Resume(follower);
    }
  }
  grants_.SetStale(false);
  for (Follower& follower : followers) {
    for (int i = 0; i < 5'000; ++i) {
      follower.reader.sink->Release();
      executor_.RunDue();
    }
  }
  executor_.Advance(absl::Seconds(3));
  for (Follower& follower : followers) {
    for (int i = 0; i < 5'000; ++i) follower.reader.sink->Release();
    Collect(follower);
    Check(follower);
  }
}

}  // namespace
}  // namespace tandem::runtime
