#include "services/governance/terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "services/governance/governance_fixture.h"
#include "tests/support/status.h"

namespace tandem::governance {
namespace {

using ::testing::ElementsAre;
using testing::HasReason;
using testing::IsOk;

TEST(CheckTermsTest, TakesWhatIsWhole) {
  EXPECT_THAT(CheckTerms(GoodTerms()), IsOk());
  EXPECT_THAT(CheckTerms(GoodTerms({"shop", "maker", "carrier"})), IsOk());
}

// Each case spoils good terms in one place: the reason and the field say where.
TEST(CheckTermsTest, NamesTheFieldThatIsWrong) {
  using enum base::Reason;
  struct Case {
    const char* name;
    std::function<void(v1::Terms&)> spoil;
    base::Reason want_reason;
    const char* want_field;
  };
  const Case cases[] = {
      {"one party", [](auto& t) { t.mutable_parties()->RemoveLast(); }, kFieldOutOfRange,
       "terms.parties"},
      {"nine parties",
       [](auto& t) {
         for (int i = 0; i < 7; ++i) t.add_parties(absl::StrCat("firms/f", i));
       },
       kFieldOutOfRange, "terms.parties"},
      {"a party twice", [](auto& t) { t.add_parties("firms/shop"); }, kDuplicateRow,
       "terms.parties[2]"},
      {"a party by id", [](auto& t) { t.set_parties(1, "maker"); }, kBadName, "terms.parties[1]"},
      {"no scope", [](auto& t) { t.clear_scopes(); }, kFieldMissing, "terms.scopes"},
      {"a stranger's scope", [](auto& t) { t.mutable_scopes(0)->set_owner("firms/rival"); },
       kFieldOutOfRange, "terms.scopes[0].owner"},
      {"no item", [](auto& t) { t.mutable_scopes(0)->clear_items(); }, kFieldMissing,
       "terms.scopes[0].items"},
      {"no location", [](auto& t) { t.mutable_scopes(0)->clear_locations(); }, kFieldMissing,
       "terms.scopes[0].locations"},
      {"a bad item", [](auto& t) { t.mutable_scopes(0)->add_items("a b"); }, kBadName,
       "terms.scopes[0].items[2]"},
      {"an item twice", [](auto& t) { t.mutable_scopes(0)->add_items("i1"); }, kDuplicateRow,
       "terms.scopes[0].items[2]"},
      {"a location twice", [](auto& t) { t.mutable_scopes(0)->add_locations("l2"); }, kDuplicateRow,
       "terms.scopes[0].locations[2]"},
      {"a stranger grants", [](auto& t) { t.mutable_grants(0)->set_owner("firms/rival"); },
       kFieldOutOfRange, "terms.grants[0].owner"},
      {"a stranger reads", [](auto& t) { t.mutable_grants(0)->set_reader("firms/rival"); },
       kFieldOutOfRange, "terms.grants[0].reader"},
      {"a grant to oneself", [](auto& t) { t.mutable_grants(0)->set_reader("firms/shop"); },
       kFieldOutOfRange, "terms.grants[0].reader"},
      {"a grant of nothing",
       [](auto& t) {
         t.mutable_grants(0)->clear_kinds();
         t.mutable_grants(0)->clear_derivations();
       },
       kFieldMissing, "terms.grants[0].kinds"},
      {"no kind", [](auto& t) { t.mutable_grants(0)->add_kinds(v1::DATA_KIND_UNSPECIFIED); },
       kUnknownEnum, "terms.grants[0].kinds[2]"},
      {"an unknown kind",
       [](auto& t) { t.mutable_grants(0)->add_kinds(static_cast<v1::DataKind>(77)); }, kUnknownEnum,
       "terms.grants[0].kinds[2]"},
      {"a kind twice", [](auto& t) { t.mutable_grants(0)->add_kinds(v1::DATA_KIND_SALES); },
       kDuplicateRow, "terms.grants[0].kinds[2]"},
      {"sales of who has no scope",
       [](auto& t) {
         v1::Grant& grant = *t.add_grants();
         grant.set_owner("firms/maker");
         grant.set_reader("firms/shop");
         grant.add_kinds(v1::DATA_KIND_FORECASTS);
         grant.add_kinds(v1::DATA_KIND_SALES);
       },
       kFieldOutOfRange, "terms.grants[1].kinds[1]"},
      {"an empty purpose", [](auto& t) { t.mutable_grants(0)->add_purposes(""); }, kFieldOutOfRange,
       "terms.grants[0].purposes[1]"},
      {"a derivation twice", [](auto& t) { t.mutable_grants(0)->add_derivations("forecast"); },
       kDuplicateRow, "terms.grants[0].derivations[1]"},
      {"a stranger leads",
       [](auto& t) { t.mutable_lead_roles()->set_order_generation("firms/rival"); },
       kFieldOutOfRange, "terms.lead_roles.order_generation"},
      {"no horizon", [](auto& t) { t.set_horizon_days(0); }, kFieldOutOfRange,
       "terms.horizon_days"},
      {"a long horizon", [](auto& t) { t.set_horizon_days(1'001); }, kFieldOutOfRange,
       "terms.horizon_days"},
      {"months", [](auto& t) { t.set_bucket_days(30); }, kFieldOutOfRange, "terms.bucket_days"},
      {"frozen beyond the horizon", [](auto& t) { t.set_frozen_days(29); }, kFieldOutOfRange,
       "terms.frozen_days"},
      {"frozen before now", [](auto& t) { t.set_frozen_days(-1); }, kFieldOutOfRange,
       "terms.frozen_days"},
      {"a level above one", [](auto& t) { t.set_service_level_permille(1'001); }, kFieldOutOfRange,
       "terms.service_level_permille"},
      {"no retention", [](auto& t) { t.set_retention_days(-1); }, kFieldOutOfRange,
       "terms.retention_days"},
      {"a key of gain", [](auto& t) { t.set_gain_share_key("winner-takes-all"); }, kUnknownEnum,
       "terms.gain_share_key"},
      {"a long title", [](auto& t) { t.set_title(std::string(201, 'x')); }, kFieldOutOfRange,
       "terms.title"},
      {"a criterion twice",
       [](auto& t) {
         *t.add_exception_criteria() = v1::ExceptionCriterion(t.exception_criteria(0));
       },
       kDuplicateRow, "terms.exception_criteria[1].criterion"},
      {"an unknown metric", [](auto& t) { t.mutable_exception_criteria(0)->set_metric("MOOD"); },
       kUnknownEnum, "terms.exception_criteria[0].metric"},
      {"no threshold", [](auto& t) { t.mutable_exception_criteria(0)->set_threshold_permille(0); },
       kFieldMissing, "terms.exception_criteria[0].threshold_permille"},
      {"a negative threshold",
       [](auto& t) { t.mutable_exception_criteria(0)->set_threshold_milli(-1); }, kFieldOutOfRange,
       "terms.exception_criteria[0].threshold_milli"},
      {"a negative lag", [](auto& t) { t.mutable_exception_criteria(0)->set_lag_buckets(-1); },
       kFieldOutOfRange, "terms.exception_criteria[0].lag_buckets"},
      {"a field of tomorrow",
       [](auto& t) { t.GetReflection()->MutableUnknownFields(&t)->AddVarint(999, 1); },
       kFieldOutOfRange, "terms"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    v1::Terms terms = GoodTerms();
    c.spoil(terms);
    const absl::Status status = CheckTerms(terms);
    EXPECT_THAT(status, HasReason(c.want_reason));
    EXPECT_EQ(base::RefusalOf(status).value_or(base::Refusal{}).field, c.want_field);
  }
}

// The other side of the edges above.
TEST(CheckTermsTest, TakesTheEdges) {
  v1::Terms terms = GoodTerms();
  for (int i = 0; i < 6; ++i) terms.add_parties(absl::StrCat("firms/f", i));
  terms.set_horizon_days(1'000);
  terms.set_frozen_days(1'000);
  terms.set_bucket_days(1);
  terms.set_service_level_permille(1'000);
  terms.set_retention_days(0);
  terms.set_gain_share_key("shapley");
  terms.set_title(std::string(200, 'x'));
  terms.mutable_lead_roles()->clear_sales_forecast();
  v1::Grant& grant = *terms.add_grants();
  grant.set_owner("firms/maker");
  grant.set_reader("firms/shop");
  grant.add_kinds(v1::DATA_KIND_FORECASTS);
  grant.add_kinds(v1::DATA_KIND_EVENTS);
  EXPECT_THAT(CheckTerms(terms), IsOk());
  terms.set_horizon_days(1);
  terms.set_frozen_days(0);
  EXPECT_THAT(CheckTerms(terms), IsOk());
}

TEST(CheckTermsTest, BoundsItemsAndBytes) {
  v1::Terms terms = GoodTerms();
  for (int i = 0; i < 30'490; ++i) terms.mutable_scopes(0)->add_items(absl::StrCat("FOODS_3_", i));
  EXPECT_THAT(CheckTerms(terms), IsOk());
  for (int i = 30'490; i < 199'998; ++i) {
    terms.mutable_scopes(0)->add_items(absl::StrCat("FOODS_3_", i));
  }
  ASSERT_EQ(terms.scopes(0).items_size(), 200'000);
  absl::Status status = CheckTerms(terms);  // Too many bytes for one fact.
  EXPECT_THAT(status, HasReason(base::Reason::kFieldOutOfRange));
  EXPECT_EQ(base::RefusalOf(status)->field, "terms");
  terms.mutable_scopes(0)->add_items("one-more");
  status = CheckTerms(terms);
  EXPECT_THAT(status, HasReason(base::Reason::kFieldOutOfRange));
  EXPECT_EQ(base::RefusalOf(status)->field, "terms.scopes");
}

TEST(TermsBytesTest, AreTheSameForTheSameTerms) {
  const std::string bytes = TermsBytes(GoodTerms());
  v1::Terms parsed;
  ASSERT_TRUE(parsed.ParseFromString(bytes));
  EXPECT_EQ(TermsBytes(parsed), bytes);
  parsed.set_horizon_days(29);
  EXPECT_NE(TermsBytes(parsed), bytes);
  EXPECT_THAT(PartyIds(parsed), ElementsAre("maker", "shop"));
}

}  // namespace
}  // namespace tandem::governance
