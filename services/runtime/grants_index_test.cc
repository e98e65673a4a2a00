#include "services/runtime/grants_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "services/runtime/grants_fixture.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using base::DataKind;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using testing::IsOk;

class GrantsIndexTest : public ::testing::Test {
 protected:
  void Fold(base::Fact fact) {
    base::FactRecord record;
    record.number = index_.version() + 1;
    record.fact = std::move(fact);
    auto change = index_.Prepare(record);
    ASSERT_THAT(change, IsOk());
    index_.Publish(*change);
  }
  void PutInForce(const std::string& relation, const gv1::Terms& terms, int version = 1) {
    Fold(Offered(relation, terms, version));
    Fold(InForce(relation, terms, version));
  }
  bool Allows(const std::string& viewer, const std::string& owner, DataKind kind,
              const std::string& item, const std::string& location) const {
    const auto pair = index_.Pair(viewer, owner);
    return pair != nullptr && pair->Allows(kind, item, location);
  }

  GrantsIndex index_;
};

TEST_F(GrantsIndexTest, GrantsTheScopeToTheReaderAlone) {
  PutInForce("a1", SalesShared("shop", "maker", {"i1", "i2"}, {"l1", "l2"}));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "i1", "l2"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "i3", "l1"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "i1", "l3"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kStock, "i1", "l1"));
  EXPECT_FALSE(Allows("shop", "maker", DataKind::kSales, "i1", "l1"));
  EXPECT_FALSE(Allows("rival", "shop", DataKind::kSales, "i1", "l1"));
}

TEST_F(GrantsIndexTest, NothingIsGrantedByAnOffer) {
  Fold(Offered("a1", SalesShared("shop", "maker", {"i1"}, {"l1"})));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "i1", "l1"));
  ASSERT_NE(index_.FindRelation("a1"), nullptr);
  EXPECT_THAT(index_.FindRelation("a1")->parties, ElementsAre("maker", "shop"));
}

// Two agreements of a pair are not a cross product: i1 at l1 and i2 at l2 say nothing of i1 at l2.
TEST_F(GrantsIndexTest, UnitesAgreementsExactly) {
  PutInForce("a1", SalesShared("shop", "maker", {"i1", "both"}, {"l1"}));
  PutInForce("a2", SalesShared("shop", "maker", {"i2", "both"}, {"l2"}));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "i1", "l1"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "i1", "l2"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "i2", "l1"));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "both", "l1"));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "both", "l2"));
  Fold(Revoked("a1"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "i1", "l1"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "both", "l1"));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "both", "l2"));
  EXPECT_TRUE(index_.FindRelation("a1")->revoked);
  EXPECT_TRUE(index_.FindRelation("a1")->terms->revoked);
}

TEST_F(GrantsIndexTest, ANewVersionTakesThePlaceOfTheOld) {
  PutInForce("a1", SalesShared("shop", "maker", {"i1", "i2"}, {"l1"}));
  const auto held = index_.Pair("maker", "shop");
  PutInForce("a1", SalesShared("shop", "maker", {"i2", "i3"}, {"l1"}), 2);
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "i1", "l1"));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "i2", "l1"));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "i3", "l1"));
  EXPECT_EQ(index_.FindRelation("a1")->terms->version, 2u);
  // What a reader holds does not change under it.
  EXPECT_TRUE(held->Allows(DataKind::kSales, "i1", "l1"));
  EXPECT_FALSE(held->Allows(DataKind::kSales, "i3", "l1"));
}

TEST_F(GrantsIndexTest, AsksForAnyItemOrLocationWhereARecordHasNone) {
  gv1::Terms terms = SalesShared("shop", "maker", {"i1"}, {"l1"});
  AddGrant(terms, "shop", "maker", {gv1::DATA_KIND_ITEMS, gv1::DATA_KIND_LOCATIONS});
  PutInForce("a1", terms);
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kItems, "i1", ""));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kItems, "i2", ""));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kLocations, "", "l1"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kLocations, "", "l2"));
  EXPECT_TRUE(Allows("maker", "shop", DataKind::kSales, "", ""));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kPlans, "", ""));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kPlans, "i1", ""));
  Fold(Revoked("a1"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kSales, "", ""));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kLocations, "", "l1"));
}

TEST_F(GrantsIndexTest, EventsNeedNoScopeAndForecastsTakeAllScopes) {
  gv1::Terms terms = SalesShared("shop", "maker", {"i1"}, {"l1"});
  AddGrant(terms, "maker", "shop", {gv1::DATA_KIND_FORECASTS, gv1::DATA_KIND_EVENTS});
  PutInForce("a1", terms);
  EXPECT_TRUE(Allows("shop", "maker", DataKind::kForecasts, "i1", "l1"));
  EXPECT_FALSE(Allows("shop", "maker", DataKind::kForecasts, "i2", "l1"));
  EXPECT_TRUE(Allows("shop", "maker", DataKind::kEvents, "", "l9"));
  EXPECT_FALSE(Allows("shop", "maker", DataKind::kSales, "i1", "l1"));
  EXPECT_FALSE(Allows("maker", "shop", DataKind::kForecasts, "i1", "l1"));
  Fold(Revoked("a1"));
  EXPECT_FALSE(Allows("shop", "maker", DataKind::kEvents, "", "l9"));
  EXPECT_FALSE(Allows("shop", "maker", DataKind::kForecasts, "i1", "l1"));
}

TEST_F(GrantsIndexTest, ListsViewersByKindAndLocation) {
  PutInForce("a1", SalesShared("shop", "maker", {"i1"}, {"l1"}));
  PutInForce("a2", SalesShared("shop", "agent", {"i1"}, {"l1", "l2"}));
  EXPECT_THAT(index_.ViewersOf("shop", DataKind::kSales, ""), ElementsAre("agent", "maker"));
  EXPECT_THAT(index_.ViewersOf("shop", DataKind::kSales, "l1"), ElementsAre("agent", "maker"));
  EXPECT_THAT(index_.ViewersOf("shop", DataKind::kSales, "l2"), ElementsAre("agent"));
  EXPECT_THAT(index_.ViewersOf("shop", DataKind::kSales, "l3"), IsEmpty());
  EXPECT_THAT(index_.ViewersOf("shop", DataKind::kStock, ""), IsEmpty());
  EXPECT_THAT(index_.ViewersOf("maker", DataKind::kSales, ""), IsEmpty());
  Fold(Revoked("a1"));
  EXPECT_THAT(index_.ViewersOf("shop", DataKind::kSales, "l1"), ElementsAre("agent"));
}

TEST_F(GrantsIndexTest, NoticesTellEachPartyWhatOpenedAndWhatEnded) {
  for (const char* firm : {"shop", "maker"}) Fold(Admitted(firm));
  PutInForce("a1", SalesShared("shop", "maker", {"i1"}, {"l1"}));  // Facts 3 and 4.
  Fold(Suspended("maker", true));                                  // 5
  Fold(Suspended("maker", false));                                 // 6
  Fold(Revoked("a1"));                                             // 7
  const auto changes = index_.ChangesSince("maker", 0);
  std::vector<std::tuple<GrantChange::Kind, std::uint64_t, std::string>> seen;
  seen.reserve(changes.size());
  for (const GrantChange& change : changes) {
    seen.emplace_back(change.kind, change.number, change.relation);
  }
  using enum GrantChange::Kind;
  EXPECT_THAT(seen, ElementsAre(std::tuple(kOpened, 4u, "a1"), std::tuple(kRevoked, 5u, "a1"),
                                std::tuple(kOpened, 6u, "a1"), std::tuple(kRevoked, 7u, "a1")));
  EXPECT_EQ(index_.ChangesSince("maker", 6).size(), 1u);
  EXPECT_EQ(index_.ChangesSince("shop", 0).size(), 2u);
  EXPECT_THAT(index_.ChangesSince("rival", 0), IsEmpty());
}

TEST_F(GrantsIndexTest, RefusesWhatItCannotRead) {
  using enum base::Reason;
  base::FactRecord record;
  record.number = 2;  // A gap.
  record.fact = Admitted("shop");
  EXPECT_THAT(index_.Prepare(record), HasReason(kStoredBytesDamaged));
  record.number = 1;
  record.fact.schema_version = 2;
  EXPECT_THAT(index_.Prepare(record), HasReason(kStoredBytesDamaged));
  record.fact.schema_version = 1;
  record.fact.kind = 99;
  EXPECT_THAT(index_.Prepare(record), HasReason(kStoredBytesDamaged));
  record.fact.kind = base::kAuditedKind;
  EXPECT_THAT(index_.Prepare(record), IsOk());
  record.fact = Admitted("shop");
  record.fact.payload = "\xff\xff";
  EXPECT_THAT(index_.Prepare(record), HasReason(kStoredBytesDamaged));
  record.fact = InForce("nobody", SalesShared("shop", "maker", {"i1"}, {"l1"}));
  EXPECT_THAT(index_.Prepare(record), HasReason(kStoredBytesDamaged));
  record.fact = Revoked("nobody");
  EXPECT_THAT(index_.Prepare(record), HasReason(kStoredBytesDamaged));
  record.fact = Suspended("nobody", true);
  EXPECT_THAT(index_.Prepare(record), HasReason(kStoredBytesDamaged));
}

// A model that keeps every granted (kind, item, location) of every agreement apart.
class Model {
 public:
  using Cell = std::tuple<DataKind, std::string, std::string>;
  void PutInForce(const std::string& relation, const gv1::Terms& terms) {
    std::set<Cell>& cells = granted_[relation];
    cells.clear();
    for (const gv1::Grant& grant : terms.grants()) {
      for (const gv1::Scope& scope : terms.scopes()) {
        if (scope.owner() != grant.owner()) continue;
        for (const int kind : grant.kinds()) {
          for (const std::string& item : scope.items()) {
            for (const std::string& location : scope.locations()) {
              cells.emplace(static_cast<DataKind>(kind), item, location);
            }
          }
        }
      }
    }
  }
  void Revoke(const std::string& relation) { granted_[relation].clear(); }
  bool Allows(const Cell& cell) const {
    return std::any_of(granted_.begin(), granted_.end(),
                       [&cell](const auto& entry) { return entry.second.contains(cell); });
  }

 private:
  std::map<std::string, std::set<Cell>> granted_;
};

TEST_F(GrantsIndexTest, AgreesWithAModelOfCells) {
  testing::Random random;
  Model model;
  const auto some = [&random](char letter, std::uint64_t of) {
    std::vector<std::string> ids;
    for (std::uint64_t i = 0; i < of; ++i) {
      if (random.OneIn(3)) ids.push_back(absl::StrCat(std::string(1, letter), i));
    }
    if (ids.empty()) ids.push_back(std::string(1, letter) + "0");
    return ids;
  };
  std::map<std::string, int> versions;
  for (int round = 0; round < 300; ++round) {
    const std::string relation = absl::StrCat("a", round / 25, "-", random.Below(8));
    if (versions[relation] > 0 && random.OneIn(4)) {
      Fold(Revoked(relation));
      model.Revoke(relation);
      versions[relation] = -1;
    } else if (versions[relation] >= 0) {
      gv1::Terms terms = TermsBetween({"shop", "maker"});
      for (std::uint64_t i = 0; i <= random.Below(3); ++i) {
        AddScope(terms, "shop", some('i', 8), some('l', 4));
      }
      std::vector<gv1::DataKind> kinds;
      for (const gv1::DataKind kind :
           {gv1::DATA_KIND_SALES, gv1::DATA_KIND_STOCK, gv1::DATA_KIND_PRICES}) {
        if (random.OneIn(2)) kinds.push_back(kind);
      }
      AddGrant(terms, "shop", "maker", kinds);
      PutInForce(relation, terms, ++versions[relation]);
      model.PutInForce(relation, terms);
    }
    for (const DataKind kind : {DataKind::kSales, DataKind::kStock, DataKind::kPrices}) {
      for (int i = 0; i < 8; ++i) {
        for (int l = 0; l < 4; ++l) {
          const std::string item = absl::StrCat("i", i);
          const std::string location = absl::StrCat("l", l);
          ASSERT_EQ(Allows("maker", "shop", kind, item, location),
                    model.Allows({kind, item, location}))
              << "round " << round << " kind " << static_cast<int>(kind) << item << location;
        }
      }
    }
  }
}

TEST_F(GrantsIndexTest, SpreadsALargeTableAndForgetsItWhole) {
  std::vector<std::string> items;
  items.reserve(5'000);
  for (int i = 0; i < 5'000; ++i) items.push_back(absl::StrCat("item-", i));
  const std::vector<std::string> late(items.begin() + 4'000, items.end());
  PutInForce("a1", SalesShared("shop", "maker", items, {"l1"}));
  PutInForce("a2", SalesShared("shop", "maker", late, {"l2"}));
  for (std::size_t i = 0; i < items.size(); ++i) {
    ASSERT_TRUE(Allows("maker", "shop", DataKind::kSales, items[i], "l1"));
    ASSERT_EQ(Allows("maker", "shop", DataKind::kSales, items[i], "l2"), i >= 4'000);
  }
  EXPECT_EQ(index_.Pair("maker", "shop")->items.size(), 5'000u);
  Fold(Revoked("a1"));
  EXPECT_EQ(index_.Pair("maker", "shop")->items.size(), 1'000u);
  Fold(Revoked("a2"));
  EXPECT_EQ(index_.Pair("maker", "shop")->items.size(), 0u);
  EXPECT_EQ(index_.Pair("maker", "shop")->locations.size(), 0u);
}

}  // namespace
}  // namespace tandem::runtime
