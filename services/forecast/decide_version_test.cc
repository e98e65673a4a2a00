#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/base/reason.h"
#include "services/forecast/codec.h"
#include "services/forecast/decide.h"
#include "tests/support/status.h"

namespace tandem::forecast {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;
using enum base::Reason;

base::Position Cut(std::uint64_t first, std::uint64_t second = 0) {
  base::Position position;
  position.Set({base::DomainId::kExchange, 0}, first);
  position.Set({base::DomainId::kExchange, 1}, second);
  return position;
}

// A relation's rows, changed by commands as a slot would change them.
class VersionsTest : public ::testing::Test {
 protected:
  template <typename Command>
  absl::StatusOr<Facts> Try(const Command& command, const std::string& firm = "maker") {
    const base::Stamp stamp{absl::FromUnixSeconds(1'700'000'000), number_ + 1, {firm, "bot"}};
    return Decide(rows_, command, stamp);
  }
  template <typename Command>
  absl::StatusOr<Facts> Do(const Command& command, const std::string& firm = "maker") {
    auto facts = Try(command, firm);
    if (!facts.ok()) return facts;
    for (const base::Fact& fact : *facts) {
      base::FactRecord record;
      record.number = ++number_;
      record.instant = absl::FromUnixSeconds(1'700'000'000);
      record.fact = fact;
      EXPECT_THAT(DecodeFact(fact), IsOk());
      Apply(record, rows_);
    }
    return facts;
  }
  static StageVersion Stage(const std::string& id, const base::Position& basis = Cut(5)) {
    StageVersion command;
    command.relation = "deal";
    command.version = id;
    command.purpose = v1::PURPOSE_SALES;
    command.method = "planner";
    command.basis = basis;
    command.start = *base::Day::Parse("2026-11-23");
    command.bucket_count = 2;
    command.bucket_days = 1;
    command.bucket_days_agreed = 1;
    command.horizon_days_max = 400;
    command.parties = {"maker", "shop"};
    command.agreement_version = 3;
    return command;
  }
  static UploadChunk Chunk(const std::string& id, std::int64_t chunk,
                           const std::string& content = "x") {
    return {"deal", id, chunk, content, Sha256(content), 1, 2};
  }
  void Publish(const std::string& id, const base::Position& basis) {
    ASSERT_THAT(Do(Stage(id, basis)), IsOk());
    ASSERT_THAT(Do(Chunk(id, 1)), IsOk());
    ASSERT_THAT(Do(PublishVersion{"deal", id, 1}), IsOk());
  }
  v1::Version::State StateOf(const std::string& id) {
    const auto version = VersionIn(rows_, "deal", id);
    return version.has_value() ? version->state : v1::Version::STATE_UNSPECIFIED;
  }

  base::MapRows rows_;
  std::uint64_t number_ = 0;
};

TEST_F(VersionsTest, StagesOnlyWhatIsWhole) {
  struct Case {
    const char* name;
    void (*change)(StageVersion&);
    base::Reason want;
  };
  const Case cases[] = {
      {"whole", [](StageVersion&) {}, kNone},
      {"no purpose", [](StageVersion& c) { c.purpose = v1::PURPOSE_UNSPECIFIED; }, kUnknownEnum},
      {"unknown purpose", [](StageVersion& c) { c.purpose = static_cast<v1::Purpose>(9); },
       kUnknownEnum},
      {"no method", [](StageVersion& c) { c.method.clear(); }, kFieldMissing},
      {"method of 64", [](StageVersion& c) { c.method = std::string(64, 'm'); }, kNone},
      {"method of 65", [](StageVersion& c) { c.method = std::string(65, 'm'); }, kFieldOutOfRange},
      {"long reason", [](StageVersion& c) { c.reason = std::string(201, 'r'); }, kFieldOutOfRange},
      {"no bucket", [](StageVersion& c) { c.bucket_count = 0; }, kFieldOutOfRange},
      {"400 buckets", [](StageVersion& c) { c.bucket_count = 400; }, kNone},
      {"401 buckets", [](StageVersion& c) { c.bucket_count = 401; }, kFieldOutOfRange},
      {"to the agreed horizon",
       [](StageVersion& c) {
         c.bucket_count = 28;
         c.horizon_days_max = 28;
       },
       kNone},
      {"a day beyond it",
       [](StageVersion& c) {
         c.bucket_count = 29;
         c.horizon_days_max = 28;
       },
       kFieldOutOfRange},
      {"weeks to it",
       [](StageVersion& c) {
         c.bucket_count = 4;
         c.bucket_days = c.bucket_days_agreed = 7;
         c.horizon_days_max = 28;
       },
       kNone},
      {"a week beyond it",
       [](StageVersion& c) {
         c.bucket_count = 5;
         c.bucket_days = c.bucket_days_agreed = 7;
         c.horizon_days_max = 34;
       },
       kFieldOutOfRange},
      {"weeks from Monday", [](StageVersion& c) { c.bucket_days = c.bucket_days_agreed = 7; },
       kNone},
      {"weeks from Tuesday",
       [](StageVersion& c) {
         c.bucket_days = c.bucket_days_agreed = 7;
         c.start = c.start + 1;
       },
       kFieldOutOfRange},
      {"months", [](StageVersion& c) { c.bucket_days = 30; }, kFieldOutOfRange},
      {"weeks where days are agreed", [](StageVersion& c) { c.bucket_days = 7; }, kFieldOutOfRange},
      {"days where weeks are agreed", [](StageVersion& c) { c.bucket_days_agreed = 7; },
       kFieldOutOfRange},
      {"sales that another leads", [](StageVersion& c) { c.leads.sales = "shop"; }, kNone},
      {"orders that anybody may",
       [](StageVersion& c) {
         c.purpose = v1::PURPOSE_ORDER;
         c.leads.sales = "shop";
       },
       kNone},
      {"orders that it leads",
       [](StageVersion& c) {
         c.purpose = v1::PURPOSE_ORDER;
         c.leads.order = "maker";
       },
       kNone},
      {"orders that another leads",
       [](StageVersion& c) {
         c.purpose = v1::PURPOSE_ORDER;
         c.leads.order = "shop";
       },
       kNotLead},
      {"the far future", [](StageVersion& c) { c.start = *base::Day::Parse("2099-12-31"); },
       kDayOutOfRange},
      {"no such parent", [](StageVersion& c) { c.parents = {"none"}; }, kUnknownVersion},
      {"too many parents",
       [](StageVersion& c) { c.parents = std::vector<std::string>(17, "none"); }, kFieldOutOfRange},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    StageVersion command = Stage("v1");
    c.change(command);
    EXPECT_EQ(base::ReasonOf(Try(command).status()), c.want);
  }
}

TEST_F(VersionsTest, ARefusalForTheBucketsNamesBothLengths) {
  StageVersion command = Stage("v1");
  command.bucket_days_agreed = 7;
  const auto refusal = base::RefusalOf(Try(command).status());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->field, "version.bucket_days");
  using Details = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(refusal->details, (Details{{"bucket_days", "1"}, {"agreed_days", "7"}}));
}

// A copy of the retailer's sales forecast beside the lead's own: both are there to be compared.
TEST_F(VersionsTest, AVersionSaysWhoLeads) {
  StageVersion copy = Stage("copy");
  copy.leads = {.sales = "shop", .order = "maker"};
  ASSERT_THAT(Do(copy), IsOk());
  EXPECT_EQ(VersionIn(rows_, "deal", "copy")->lead, "shop");
  ASSERT_THAT(Do(Chunk("copy", 1)), IsOk());
  // Superseded meanwhile: nobody leads now.
  ASSERT_THAT(Do(PublishVersion{"deal", "copy", 1}), IsOk());
  EXPECT_EQ(VersionIn(rows_, "deal", "copy")->lead, "");
  StageVersion order = copy;
  order.version = "order";
  order.purpose = v1::PURPOSE_ORDER;
  ASSERT_THAT(Do(order), IsOk());
  EXPECT_EQ(VersionIn(rows_, "deal", "order")->lead, "maker");
}

TEST_F(VersionsTest, PublishesNoOrderForecastThatAnotherLeadsByNow) {
  StageVersion order = Stage("order");
  order.purpose = v1::PURPOSE_ORDER;
  ASSERT_THAT(Do(order), IsOk());
  ASSERT_THAT(Do(Chunk("order", 1)), IsOk());
  const Leads theirs{.sales = "maker", .order = "shop"};
  const auto refused = Try(PublishVersion{"deal", "order", 1, true, theirs});
  ASSERT_THAT(refused, HasReason(kNotLead));
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("led by shop"));
  const Leads ours{.sales = "shop", .order = "maker"};
  ASSERT_THAT(Do(PublishVersion{"deal", "order", 1, true, ours}), IsOk());
  EXPECT_EQ(VersionIn(rows_, "deal", "order")->lead, "maker");
}

TEST_F(VersionsTest, AParentMustBePublished) {
  ASSERT_THAT(Do(Stage("theirs"), "shop"), IsOk());
  StageVersion child = Stage("child");
  child.parents = {"theirs"};
  EXPECT_THAT(Try(child), HasReason(kUnknownVersion));
  // Nor by whoever staged it: the other party could not follow it.
  EXPECT_THAT(Try(child, "shop"), HasReason(kUnknownVersion));
  ASSERT_THAT(Do(Chunk("theirs", 1), "shop"), IsOk());
  ASSERT_THAT(Do(PublishVersion{"deal", "theirs", 1}, "shop"), IsOk());
  EXPECT_THAT(Try(child), IsOk());
}

TEST_F(VersionsTest, BoundsWhatIsStaged) {
  for (std::size_t i = 0; i < kStagedMax; ++i) {
    ASSERT_THAT(Do(Stage("v" + std::to_string(i))), IsOk());
  }
  EXPECT_THAT(Try(Stage("one more")), HasReason(kQuotaExceeded));
  EXPECT_THAT(Try(Stage("another's"), "shop"), IsOk());
  ASSERT_THAT(Do(DropVersion{"deal", "v0"}), IsOk());
  EXPECT_THAT(Try(Stage("one more")), IsOk());
}

TEST_F(VersionsTest, TakesChunksInOrderAndRepeatsOnce) {
  ASSERT_THAT(Do(Stage("v1")), IsOk());
  EXPECT_THAT(Try(Chunk("v1", 0)), HasReason(kFieldOutOfRange));
  EXPECT_THAT(Try(Chunk("v1", kChunksMax + 1)), HasReason(kFieldOutOfRange));
  EXPECT_THAT(Try(Chunk("v1", 2)), HasReason(kStreamGap));
  EXPECT_THAT(Try(Chunk("none", 1)), HasReason(kUnknownVersion));
  EXPECT_THAT(Try(Chunk("v1", 1), "shop"), HasReason(kUnknownVersion));
  UploadChunk uneven = Chunk("v1", 1);
  uneven.value_count = 3;
  EXPECT_THAT(Try(uneven), HasReason(kBadColumns));
  ASSERT_THAT(Do(Chunk("v1", 1, "a")), IsOk());
  EXPECT_TRUE(Try(Chunk("v1", 1, "a"))->empty());  // A repeat.
  EXPECT_THAT(Try(Chunk("v1", 1, "b")), HasReason(kContentDiffers));
  ASSERT_THAT(Do(Chunk("v1", 2, "b")), IsOk());
  ASSERT_THAT(Do(PublishVersion{"deal", "v1", 2}), IsOk());
  EXPECT_TRUE(Try(Chunk("v1", 2, "b"))->empty());
  EXPECT_THAT(Try(Chunk("v1", 2, "c")), HasReason(kNotStaged));
  EXPECT_THAT(Try(Chunk("v1", 3)), HasReason(kNotStaged));
}

TEST_F(VersionsTest, ContentHashIsTheChainOverTheChunks) {
  ASSERT_THAT(Do(Stage("v1")), IsOk());
  ASSERT_THAT(Do(Chunk("v1", 1, "a")), IsOk());
  ASSERT_THAT(Do(Chunk("v1", 2, "b")), IsOk());
  const std::string first = Sha256(std::string(32, '\0') + Sha256("a"));
  EXPECT_EQ(VersionIn(rows_, "deal", "v1")->content_hash, Sha256(first + Sha256("b")));
}

TEST_F(VersionsTest, PublishesWhatIsCompleteOnce) {
  ASSERT_THAT(Do(Stage("v1")), IsOk());
  EXPECT_THAT(Try(PublishVersion{"deal", "v1", 0}), HasReason(kStreamGap));  // Nothing in it.
  ASSERT_THAT(Do(Chunk("v1", 1)), IsOk());
  EXPECT_THAT(Try(PublishVersion{"deal", "v1", 2}), HasReason(kStreamGap));
  EXPECT_THAT(Try(PublishVersion{"deal", "v1", 1}, "shop"), HasReason(kUnknownVersion));
  EXPECT_THAT(Try(PublishVersion{"deal", "none", 1}), HasReason(kUnknownVersion));
  EXPECT_FALSE(VersionIn(rows_, "deal", "v1")->VisibleTo("shop"));
  EXPECT_THAT(Try(PublishVersion{"deal", "v1", 1, false}), HasReason(kStreamGap));
  ASSERT_THAT(Do(PublishVersion{"deal", "v1", 1}), IsOk());
  EXPECT_TRUE(VersionIn(rows_, "deal", "v1")->VisibleTo("shop"));
  EXPECT_FALSE(VersionIn(rows_, "deal", "v1")->VisibleTo("rival"));
  EXPECT_THAT(Try(PublishVersion{"deal", "v1", 1}), HasReason(kNotStaged));
  EXPECT_THAT(Try(DropVersion{"deal", "v1"}), HasReason(kNotStaged));
}

TEST_F(VersionsTest, DropsWhatRestsOnOlderDataThanWhatStands) {
  struct Case {
    const char* name;
    base::Position basis;
    v1::Version::State want;
  };
  const Case cases[] = {
      {"the same", Cut(5, 5), v1::Version::STATE_PUBLISHED},
      {"newer in one slot", Cut(6, 5), v1::Version::STATE_PUBLISHED},
      {"older in one slot", Cut(9, 4), v1::Version::STATE_DROPPED},
      {"a slot that it does not read", Cut(9), v1::Version::STATE_PUBLISHED},
      {"older in the one that it reads", Cut(4), v1::Version::STATE_DROPPED},
      {"none claimed", {}, v1::Version::STATE_PUBLISHED},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    rows_ = {};
    Publish("stands", Cut(5, 5));
    Publish("later", c.basis);
    EXPECT_EQ(StateOf("later"), c.want);
    EXPECT_EQ(StateOf("stands"), v1::Version::STATE_PUBLISHED);
  }
  EXPECT_EQ(VersionIn(rows_, "deal", "later")->drop_reason, "");
}

TEST_F(VersionsTest, ARefusalForTheHorizonNamesTheDays) {
  StageVersion command = Stage("v1");
  command.bucket_count = 30;
  command.horizon_days_max = 28;
  const auto refusal = base::RefusalOf(Try(command).status());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->field, "version.bucket_count");
  using Details = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(refusal->details, (Details{{"agreed_days", "28"},
                                       {"last_day_agreed", "2026-12-20"},
                                       {"last_day", "2026-12-22"}}));
}

// An agreement that is superseded with fewer locations has its author read fewer slots from then
// on: its versions were dropped for ever.
TEST_F(VersionsTest, LessScopeDoesNotOvertakeAllLaterVersions) {
  Publish("wide", Cut(5, 7));
  Publish("narrow", Cut(6));
  EXPECT_EQ(StateOf("narrow"), v1::Version::STATE_PUBLISHED);
  Publish("narrow again", Cut(6));
  EXPECT_EQ(StateOf("narrow again"), v1::Version::STATE_PUBLISHED);
  // What stood where it did not read stands yet.
  Publish("wide but older there", Cut(8, 6));
  EXPECT_EQ(StateOf("wide but older there"), v1::Version::STATE_DROPPED);
  Publish("wide again", Cut(8, 7));
  EXPECT_EQ(StateOf("wide again"), v1::Version::STATE_PUBLISHED);
}

TEST_F(VersionsTest, AnotherAuthorOrPurposeIsNotInTheWay) {
  Publish("stands", Cut(5, 5));
  ASSERT_THAT(Do(Stage("theirs", Cut(1)), "shop"), IsOk());
  ASSERT_THAT(Do(Chunk("theirs", 1), "shop"), IsOk());
  ASSERT_THAT(Do(PublishVersion{"deal", "theirs", 1}, "shop"), IsOk());
  EXPECT_EQ(StateOf("theirs"), v1::Version::STATE_PUBLISHED);
  StageVersion order = Stage("order", Cut(1));
  order.purpose = v1::PURPOSE_ORDER;
  ASSERT_THAT(Do(order), IsOk());
  ASSERT_THAT(Do(Chunk("order", 1)), IsOk());
  ASSERT_THAT(Do(PublishVersion{"deal", "order", 1}), IsOk());
  EXPECT_EQ(StateOf("order"), v1::Version::STATE_PUBLISHED);
}

TEST_F(VersionsTest, DroppingLeavesNoSeries) {
  ASSERT_THAT(Do(Stage("v1")), IsOk());
  ASSERT_THAT(Do(Chunk("v1", 1)), IsOk());
  ASSERT_THAT(Do(DropVersion{"deal", "v1"}), IsOk());
  EXPECT_EQ(StateOf("v1"), v1::Version::STATE_DROPPED);
  EXPECT_EQ(VersionIn(rows_, "deal", "v1")->drop_reason, "GIVEN_UP");
  EXPECT_FALSE(rows_.Get(ChunkKey("deal", "v1", 1)).has_value());
  EXPECT_THAT(Try(Chunk("v1", 1)), HasReason(kNotStaged));
  EXPECT_THAT(Try(DropVersion{"deal", "v1"}, "shop"), HasReason(kUnknownVersion));
  EXPECT_THAT(Try(Stage("v1")), HasReason(kAlreadyExists));
}

}  // namespace
}  // namespace tandem::forecast
