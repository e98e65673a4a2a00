#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "services/governance/decide.h"
#include "services/governance/governance_fixture.h"
#include "tests/support/status.h"

namespace tandem::governance {
namespace {

using base::Reason;
using ::testing::ElementsAre;
using testing::HasReason;
using ::testing::IsEmpty;
using testing::IsOk;

AdmitFirm GoodAdmission() {
  return {.firm = "shop",
          .display_name = "The shop",
          .gln = "4006381333931",
          .authorities = {Ca()},
          .admin_principal = "admin"};
}

TEST(DecideAdmitFirmTest, AdmitsOnceAndByTheOperatorAlone) {
  World world;
  EXPECT_THAT(world.Do(CallerOf("shop"), GoodAdmission()), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(world.Do(Operator(), GoodAdmission()), IsOk());
  EXPECT_THAT(world.Do(Operator(), GoodAdmission()), HasReason(Reason::kAlreadyExists));
  const Firm firm = FirmIn(world.rows, "shop").value();
  EXPECT_EQ(firm.display_name, "The shop");
  EXPECT_EQ(firm.gln, "4006381333931");
  EXPECT_FALSE(firm.suspended);
  EXPECT_THAT(RolesIn(world.rows, "shop", "admin"), ElementsAre(v1::ROLE_ADMIN));
}

TEST(DecideAdmitFirmTest, NamesTheFieldThatIsWrong) {
  using enum base::Reason;
  struct Case {
    const char* name;
    std::function<void(AdmitFirm&)> spoil;
    base::Reason want_reason;
    const char* want_field;
  };
  const Case cases[] = {
      {"bad id", [](auto& c) { c.firm = "a/b"; }, kBadName, "firm_id"},
      {"reserved", [](auto& c) { c.firm = "operator"; }, kBadName, "firm_id"},
      {"no name", [](auto& c) { c.display_name = ""; }, kFieldMissing, "firm.display_name"},
      {"long name", [](auto& c) { c.display_name = std::string(201, 'x'); }, kFieldOutOfRange,
       "firm.display_name"},
      {"bad gln", [](auto& c) { c.gln = "4006381333930"; }, kBadGln, "firm.gln"},
      {"no pem", [](auto& c) { c.authorities = {{.pem = "hello"}}; }, kFieldOutOfRange,
       "firm.authority_pems[0]"},
      {"no base64", [](auto& c) { c.authorities[0].pem[40] = '!'; }, kFieldOutOfRange,
       "firm.authority_pems[0]"},
      {"a key",
       [](auto& c) {
         c.authorities = {{.pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}};
       },
       kFieldOutOfRange, "firm.authority_pems[0]"},
      {"two in one", [](auto& c) { c.authorities = {{.pem = Pem() + Pem()}}; }, kFieldOutOfRange,
       "firm.authority_pems[0]"},
      {"twice",
       [](auto& c) {
         c.authorities = {Ca(), Ca()};
       },
       kDuplicateRow, "firm.authority_pems[1]"},
      {"unreadable", [](auto& c) { c.authorities[0].subject = ""; }, kFieldOutOfRange,
       "firm.authority_pems[0]"},
      {"the operator's", [](auto& c) { c.operator_subject = c.authorities[0].subject; },
       kAuthorityTaken, "firm.authority_pems[0]"},
      {"nine",
       [](auto& c) {
         c.authorities.clear();
         for (char letter = 'a'; letter < 'j'; ++letter) c.authorities.push_back(Ca(letter));
       },
       kFieldOutOfRange, "firm.authority_pems"},
      {"bad admin", [](auto& c) { c.admin_principal = ""; }, kBadName, "admin_principal"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    World world;
    AdmitFirm command = GoodAdmission();
    c.spoil(command);
    const absl::Status status = world.Do(Operator(), command).status();
    EXPECT_THAT(status, HasReason(c.want_reason));
    EXPECT_EQ(base::RefusalOf(status).value_or(base::Refusal{}).field, c.want_field);
    EXPECT_TRUE(world.rows.map().empty());
  }
}

TEST(DecideAdmitFirmTest, NeedsNeitherGlnNorAuthority) {
  World world;
  AdmitFirm command = GoodAdmission();
  command.gln = "";
  command.authorities.clear();
  EXPECT_THAT(world.Do(Operator(), command), IsOk());
}

class DecideFirmTest : public ::testing::Test {
 protected:
  DecideFirmTest() {
    world_.Admit("shop");
    world_.Admit("maker");
  }
  World world_;
};

TEST_F(DecideFirmTest, SetsAuthoritiesOfTheOwnFirm) {
  const SetFirmAuthorities both{.firm = "shop", .authorities = {Ca('A'), Ca('B')}};
  EXPECT_THAT(world_.Do(CallerOf("maker"), both), HasReason(Reason::kNotYours));
  EXPECT_THAT(world_.Do(Operator(), both), HasReason(Reason::kNotYours));
  EXPECT_THAT(world_.Do(CallerOf("shop", "bot"), both), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(world_.Do(CallerOf("shop"), both), IsOk());
  EXPECT_EQ(FirmIn(world_.rows, "shop")->authority_pems.size(), 2u);
  EXPECT_EQ(FirmIn(world_.rows, "shop")->revision, 2u);
  EXPECT_THAT(world_.Do(CallerOf("shop"), SetFirmAuthorities{.firm = "shop", .authorities = {}}),
              HasReason(Reason::kFieldMissing));
}

// Goal: no firm's authority is named like another's, whoever comes first; each has its own name for
// as long as it lists it.
TEST_F(DecideFirmTest, KeepsSubjectsOfAuthoritiesApart) {
  const auto set = [this](const char* firm, std::vector<Authority> authorities) {
    return world_.Do(CallerOf(firm), SetFirmAuthorities{.firm = firm,
                                                        .authorities = std::move(authorities),
                                                        .operator_subject = Ca('O').subject});
  };
  EXPECT_THAT(set("shop", {Ca('A'), Ca('B')}), IsOk());
  const absl::Status taken = set("maker", {Ca('C'), Ca('B')}).status();
  EXPECT_THAT(taken, HasReason(Reason::kAuthorityTaken));
  EXPECT_EQ(base::RefusalOf(taken)->field, "authority_pems[1]");
  EXPECT_EQ(taken.message().find("shop"), std::string::npos);  // Whose it is, is not told.
  EXPECT_THAT(set("maker", {Ca('O')}), HasReason(Reason::kAuthorityTaken));
  AdmitFirm newcomer = GoodAdmission();
  newcomer.firm = "newcomer";
  newcomer.authorities = {Ca('A')};
  EXPECT_THAT(world_.Do(Operator(), newcomer), HasReason(Reason::kAuthorityTaken));
  // Rotation: another certificate of the own subject, beside the old one and then alone.
  Authority renewed = Ca('A');
  renewed.pem = Pem('Z');
  EXPECT_THAT(set("shop", {Ca('A'), renewed}), IsOk());
  EXPECT_THAT(set("shop", {renewed}), IsOk());
  EXPECT_THAT(set("maker", {Ca('A')}), HasReason(Reason::kAuthorityTaken));
  EXPECT_THAT(set("maker", {Ca('B')}), IsOk());  // Which the shop has given up.
  EXPECT_THAT(set("shop", {Ca('B')}), HasReason(Reason::kAuthorityTaken));
}

TEST_F(DecideFirmTest, SuspendsAndResumes) {
  const SetFirmSuspended suspend{.firm = "shop", .suspended = true, .explanation = "unpaid"};
  EXPECT_THAT(world_.Do(CallerOf("shop"), suspend), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(
      world_.Do(Operator(), SetFirmSuspended{.firm = "shop", .suspended = true, .explanation = ""}),
      HasReason(Reason::kFieldMissing));
  EXPECT_THAT(world_.Do(Operator(),
                        SetFirmSuspended{.firm = "nobody", .suspended = true, .explanation = "x"}),
              HasReason(Reason::kUnknownFirm));
  EXPECT_THAT(world_.Do(Operator(), suspend), IsOk());
  EXPECT_TRUE(FirmIn(world_.rows, "shop")->suspended);
  const auto again = world_.Do(Operator(), suspend);
  ASSERT_THAT(again, IsOk());
  EXPECT_THAT(*again, IsEmpty());
  EXPECT_THAT(CheckRole(world_.rows, CallerOf("shop"), v1::ROLE_READER),
              HasReason(Reason::kFirmSuspended));
  world_.Must(Operator(),
              SetFirmSuspended{.firm = "shop", .suspended = false, .explanation = "paid"});
  EXPECT_THAT(CheckRole(world_.rows, CallerOf("shop"), v1::ROLE_READER), IsOk());
}

TEST_F(DecideFirmTest, GivesRoles) {
  const SetPrincipal bot{.firm = "shop", .principal = "bot", .roles = {v1::ROLE_EDITOR}};
  EXPECT_THAT(world_.Do(CallerOf("maker"), bot), HasReason(Reason::kNotYours));
  EXPECT_THAT(world_.Do(Operator(), bot), HasReason(Reason::kNotYours));
  EXPECT_THAT(world_.Do(CallerOf("shop"), bot), IsOk());
  EXPECT_THAT(world_.Do(CallerOf("shop", "bot"), bot), HasReason(Reason::kRoleMissing));
  const base::Caller caller = CallerOf("shop", "bot");
  EXPECT_THAT(CheckRole(world_.rows, caller, v1::ROLE_EDITOR), IsOk());
  EXPECT_THAT(CheckRole(world_.rows, caller, v1::ROLE_READER), IsOk());
  EXPECT_THAT(CheckRole(world_.rows, caller, v1::ROLE_SIGNER), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(CheckRole(world_.rows, caller, v1::ROLE_ADMIN), HasReason(Reason::kRoleMissing));
  EXPECT_THAT(CheckRole(world_.rows, CallerOf("shop"), v1::ROLE_SIGNER), IsOk());
  EXPECT_THAT(CheckRole(world_.rows, Operator(), v1::ROLE_READER), HasReason(Reason::kRoleMissing));
  world_.Must(CallerOf("shop"), SetPrincipal{.firm = "shop", .principal = "bot", .roles = {}});
  EXPECT_THAT(CheckRole(world_.rows, caller, v1::ROLE_READER), HasReason(Reason::kRoleMissing));
}

TEST_F(DecideFirmTest, RefusesBadRolesAndKeepsAnAdministrator) {
  SetPrincipal command{.firm = "shop", .principal = "admin", .roles = {v1::ROLE_UNSPECIFIED}};
  EXPECT_THAT(world_.Do(CallerOf("shop"), command), HasReason(Reason::kUnknownEnum));
  command.roles = {v1::ROLE_READER, v1::ROLE_READER};
  EXPECT_THAT(world_.Do(CallerOf("shop"), command), HasReason(Reason::kDuplicateRow));
  command.roles = {v1::ROLE_READER};
  EXPECT_THAT(world_.Do(CallerOf("shop"), command), HasReason(Reason::kLastAdmin));
  world_.Must(CallerOf("shop"),
              SetPrincipal{.firm = "shop", .principal = "second", .roles = {v1::ROLE_ADMIN}});
  EXPECT_THAT(world_.Do(CallerOf("shop"), command), IsOk());
}

}  // namespace
}  // namespace tandem::governance
