#include "services/exchange/csv/registers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/exchange/csv/file.h"
#include "tests/support/status.h"

namespace tandem::exchange::csv {
namespace {

using ::testing::ElementsAre;

struct Result {
  std::string written{};
  std::vector<std::string> rules{};
};

// Reads a file with `parse`, and writes what was read with `write`.
template <typename Fields, typename Parse, typename Write>
Result RoundTrip(const Fields& fields, std::string_view text, Parse parse, Write write) {
  Result result{.written = HeaderOf(fields)};
  Writer out(result.written);
  TextSource source(text);
  const auto counts = ForEachRow(
      source, fields, {},
      [&](const Row& row) -> absl::Status {
        const auto parsed = parse(row);
        if (parsed.ok()) write(*parsed, out);
        return parsed.status();
      },
      [&](const Reject& reject) { result.rules.push_back(reject.column + ":" + reject.rule); });
  EXPECT_THAT(counts, testing::IsOk());
  return result;
}

TEST(RegistersTest, ItemsComeBackAsTheyWere) {
  const std::string text =
      "item,unit_code,gtin,display_name,hierarchy,partner_numbers\n"
      "4711,C62,4006381333931,\"Pen, blue\",OFFICE/PENS,acme=77;harvest=x 1\n"
      "4712,KGM,,,,\n";
  const Result result = RoundTrip(
      kItemFields, text, [](const Row& row) { return ParseItem(row, "shop"); }, WriteItem);
  EXPECT_EQ(result.written, text);
  EXPECT_THAT(result.rules, ElementsAre());
}

TEST(RegistersTest, ItemsAreRefusedByField) {
  const Result result = RoundTrip(
      kItemFields,
      "item,unit_code,gtin,display_name,hierarchy,partner_numbers\n"
      "-a,C62,,,,\n"
      "a,piece,,,,\n"
      "a,C62,4006381333932,,,\n"
      "a,C62,,\xFF,,\n"
      "a,C62,,,1/2/3/4/5/6/7/8/9,\n"
      "a,C62,,,,acme\n",
      [](const Row& row) { return ParseItem(row, "shop"); }, WriteItem);
  EXPECT_THAT(result.rules, ElementsAre("item:BAD_NAME", "unit_code:UNKNOWN_UNIT", "gtin:BAD_GTIN",
                                        "display_name:BAD_NAME", "hierarchy:FIELD_OUT_OF_RANGE",
                                        "partner_numbers:BAD_NAME"));
}

TEST(RegistersTest, LocationsComeBackAsTheyWere) {
  const std::string text =
      "location,kind,gln,display_name,time_zone,hierarchy\n"
      "s1,STORE,4012345000009,Store 1,Europe/Berlin,DE/BE\n"
      "dc,DISTRIBUTION_CENTER,,,,\n"
      "p,PLANT,,,,\n";
  const auto parse = [](const Row& row) { return ParseLocation(row, "shop"); };
  const Result result = RoundTrip(kLocationFields, text, parse, WriteLocation);
  EXPECT_EQ(result.written, text);
  EXPECT_THAT(result.rules, ElementsAre());
  EXPECT_THAT(
      RoundTrip(kLocationFields, "location,kind,gln\na,SHOP,\nb,STORE,1\n", parse, WriteLocation)
          .rules,
      ElementsAre("kind:UNKNOWN_ENUM", "gln:BAD_GLN"));
  EXPECT_THAT(RoundTrip(kLocationFields,
                        "location,kind,time_zone\na,STORE,CEST\nb,STORE,Europe/Berlin\n"
                        "c,STORE,Mars/Olympus\nd,STORE,\n",
                        parse, WriteLocation)
                  .rules,
              ElementsAre("time_zone:UNKNOWN_ENUM", "time_zone:UNKNOWN_ENUM"));
}

TEST(RegistersTest, EventsComeBackAsTheyWere) {
  const std::string text =
      "event,first_date,last_date,display_name,kind,locations\n"
      "xmas,2025-12-25,2025-12-26,Christmas,National,\n"
      "fair,2025-05-01,2025-05-01,Fair,Cultural,s1;s2\n";
  const Result result = RoundTrip(kEventFields, text, ParseEvent, WriteEvent);
  EXPECT_EQ(result.written, text);
  EXPECT_THAT(RoundTrip(kEventFields, "event,first_date,last_date\nx,2025-05-02,2025-05-01\n",
                        ParseEvent, WriteEvent)
                  .rules,
              ElementsAre("last_date:FIELD_OUT_OF_RANGE"));
}

TEST(RegistersTest, PromotionsComeBackAsTheyWere) {
  const std::string text =
      "location,promotion,items,first_date,last_date,mechanism,uplift_permille,revision\n"
      "s1,p1,a;b,2025-05-01,2025-05-07,price,1500,2\n";
  const auto write = [](const LocatedPromotion& p, Writer& out) {
    WritePromotion(p.location, p.promotion, out);
  };
  EXPECT_EQ(RoundTrip(kPromotionFields, text, ParsePromotion, write).written, text);
}

TEST(PlanBuilderTest, PutsPlansTogether) {
  const std::string text =
      "plan,location,item,date,quantity,bucket_days,revision\n"
      "w1,p,a,2025-05-05,10,7,1\n"
      "w1,p,a,2025-05-19,30,7,1\n"
      "w1,p,b,2025-05-12,2.5,7,1\n";
  const std::string bad_rows = "w1,p,a,2025-05-05,11,7,1\nw1,q,a,2025-06-02,1,7,1\n";
  const std::string all = text + bad_rows;
  TextSource source(all);
  PlanBuilder builder;
  std::vector<std::string> rules;
  const auto counts = ForEachRow(
      source, kPlanFields, {}, [&](const Row& row) { return builder.Add(row); },
      [&](const Reject& reject) { rules.push_back(reject.column + ":" + reject.rule); });
  ASSERT_THAT(counts, testing::IsOk());
  EXPECT_THAT(rules, ElementsAre("date:DUPLICATE_ROW", "plan:FIELD_OUT_OF_RANGE"));
  TANDEM_ASSERT_OK_AND_ASSIGN(const std::vector<v1::Plan> plans, builder.Build("maker"));
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].name(), "firms/maker/plans/w1");
  EXPECT_THAT(plans[0].quantity_milli(), ElementsAre(10'000, 0, 30'000, 0, 2'500, 0));
  std::string written = HeaderOf(kPlanFields);
  Writer out(written);
  WritePlan(plans[0], out);
  EXPECT_EQ(written,
            "plan,location,item,date,quantity,bucket_days,revision\n"
            "w1,p,a,2025-05-05,10,7,1\n"
            "w1,p,a,2025-05-12,0,7,1\n"
            "w1,p,a,2025-05-19,30,7,1\n"
            "w1,p,b,2025-05-05,0,7,1\n"
            "w1,p,b,2025-05-12,2.5,7,1\n"
            "w1,p,b,2025-05-19,0,7,1\n");
}

// Zeros were left out, so that a plan came back without its last bucket, its first, or an item.
TEST(PlanBuilderTest, APlanComesBackAsItWasWrittenZerosToo) {
  v1::Plan plan;
  plan.set_name("firms/maker/plans/w2");
  plan.set_location("p");
  plan.mutable_start_date()->set_year(2025);
  plan.mutable_start_date()->set_month(5);
  plan.mutable_start_date()->set_day(5);
  plan.set_bucket_days(7);
  plan.set_bucket_count(3);
  plan.set_revision(2);
  for (const char* item : {"a", "b"}) plan.add_items(item);
  for (const std::int64_t milli : {0, 5'000, 0, 0, 0, 0}) plan.add_quantity_milli(milli);
  std::string written = HeaderOf(kPlanFields);
  Writer out(written);
  WritePlan(plan, out);
  TextSource source(written);
  PlanBuilder builder;
  ASSERT_THAT(ForEachRow(
                  source, kPlanFields, {}, [&](const Row& row) { return builder.Add(row); },
                  [](const Reject& reject) { FAIL() << reject.message; }),
              testing::IsOk());
  TANDEM_ASSERT_OK_AND_ASSIGN(const std::vector<v1::Plan> plans, builder.Build("maker"));
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].SerializeAsString(), plan.SerializeAsString());
}

TEST(PlanBuilderTest, RefusesANegativeQuantity) {
  TextSource source(
      "plan,location,item,date,quantity\nw1,p,a,2025-05-05,-1\nw1,p,a,2025-05-12,0\n");
  PlanBuilder builder;
  std::vector<std::string> rules;
  ASSERT_THAT(
      ForEachRow(
          source, kPlanFields, {}, [&](const Row& row) { return builder.Add(row); },
          [&](const Reject& reject) { rules.push_back(reject.column + ":" + reject.rule); }),
      testing::IsOk());
  EXPECT_THAT(rules, ElementsAre("quantity:QUANTITY_OUT_OF_RANGE"));
}

// What the service refuses of one record was not named in the reject file.
TEST(RegistersTest, ReadsWhatTheServiceTakesAndNoMore) {
  const std::string fits(200, 'n');
  const std::string level(200, 'l');
  const std::string deep = level + "/" + level + "/" + level;
  const Result result = RoundTrip(
      kItemFields,
      "item,unit_code,gtin,display_name,hierarchy,partner_numbers\n"
      "a,XCT,," +
          fits + "," + deep +
          ",\n"          // Taken.
          "b,ZZZ,,,,\n"  // Well formed, and no unit that is known.
          "c,C62,," +
          fits +
          "n,,\n"  // A byte too long.
          "d,C62,,," +
          level +
          "l,\n"
          "e,C62,,,,acme=" +
          fits + "n\n",
      [](const Row& row) { return ParseItem(row, "shop"); }, WriteItem);
  EXPECT_THAT(result.written, ::testing::HasSubstr("a,XCT,," + fits + "," + deep + ",\n"));
  EXPECT_THAT(result.rules,
              ElementsAre("unit_code:UNKNOWN_UNIT", "display_name:FIELD_OUT_OF_RANGE",
                          "hierarchy:FIELD_OUT_OF_RANGE", "partner_numbers:FIELD_OUT_OF_RANGE"));
}

TEST(PlanBuilderTest, RefusesADayThatBeginsNoBucket) {
  TextSource source("plan,location,item,date,quantity\nw1,p,a,2025-05-05,1\nw1,p,a,2025-05-14,1\n");
  PlanBuilder builder;
  ASSERT_THAT(ForEachRow(
                  source, kPlanFields, {}, [&](const Row& row) { return builder.Add(row); },
                  [](const Reject&) {}),
              testing::IsOk());
  EXPECT_THAT(builder.Build("maker"), testing::HasReason(base::Reason::kFieldOutOfRange));
}

}  // namespace
}  // namespace tandem::exchange::csv
