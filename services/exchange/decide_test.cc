#include "services/exchange/decide.h"

#include <gmock/gmock.h>

#include "services/exchange/codec.h"
#include "services/exchange/prices.h"
#include "services/exchange/testing.h"
#include "services/exchange/units.h"
#include "tests/support/status.h"

namespace tandem::exchange {
namespace {

using base::Reason;
using tandem::testing::HasReason;
using tandem::testing::IsOk;
using testing::TestSlot;

v1::Item ItemOf(const std::string& id) {
  v1::Item item;
  item.set_name("firms/shop/items/" + id);
  item.set_unit_code("C62");
  return item;
}

RegisterItems Registering(std::initializer_list<v1::Item> items) {
  RegisterItems command{.owner = "shop"};
  for (const v1::Item& item : items) *command.items.Add() = item;
  return command;
}

TEST(DecideRegisterItemsTest, GivesDenseNumbersOnceAndAcceptsTheSameAgain) {
  TestSlot slot;
  ASSERT_THAT(slot.Run(Registering({ItemOf("a"), ItemOf("b")})), IsOk());
  ASSERT_THAT(slot.Run(Registering({ItemOf("b"), ItemOf("c")})), IsOk());
  EXPECT_EQ(slot.number(), 2u);
  EXPECT_EQ(NumberIn(slot.rows, IdKey(OwnerPrefix(RowKind::kItemId, "shop"), "c")), 3u);
  ASSERT_THAT(slot.Run(Registering({ItemOf("a")})), IsOk());
  EXPECT_EQ(slot.number(), 2u);  // Nothing new.
}

TEST(DecideRegisterItemsTest, RefusesAllForOne) {
  TestSlot slot;
  ASSERT_THAT(slot.Run(Registering({ItemOf("a")})), IsOk());
  v1::Item other = ItemOf("a");
  other.set_display_name("another");
  EXPECT_THAT(slot.Run(Registering({ItemOf("b"), other})), HasReason(Reason::kAlreadyExists));
  v1::Item bad = ItemOf("c");
  bad.set_unit_code("pieces");
  EXPECT_THAT(slot.Run(Registering({bad})), HasReason(Reason::kUnknownUnit));
  bad = ItemOf("c");
  bad.set_gtin("4006381333932");  // The check digit of 400638133393 is 1.
  EXPECT_THAT(slot.Run(Registering({bad})), HasReason(Reason::kBadGtin));
  EXPECT_THAT(slot.Run(Registering({ItemOf("d"), ItemOf("d")})), HasReason(Reason::kDuplicateRow));
  bad = ItemOf("e");
  bad.set_name("firms/maker/items/e");
  EXPECT_THAT(slot.Run(Registering({bad})), HasReason(Reason::kBadName));
  EXPECT_EQ(slot.number(), 1u);
}

TEST(DecideCloseItemTest, ClosesOnce) {
  TestSlot slot;
  ASSERT_THAT(slot.Run(Registering({ItemOf("a")})), IsOk());
  EXPECT_THAT(slot.Run(CloseItem{"shop", "b", testing::kDay}), HasReason(Reason::kUnknownItem));
  ASSERT_THAT(slot.Run(CloseItem{"shop", "a", testing::kDay}), IsOk());
  ASSERT_THAT(slot.Run(CloseItem{"shop", "a", testing::kDay}), IsOk());
  EXPECT_EQ(slot.number(), 2u);
  EXPECT_THAT(slot.Run(CloseItem{"shop", "a", testing::kDay + 1}), HasReason(Reason::kEntryClosed));
  EXPECT_THAT(slot.Run(Registering({ItemOf("a")})), HasReason(Reason::kEntryClosed));
}

// A block of prices of "i1".
ReportBlock Prices(std::int64_t number, const std::vector<PriceRange>& ranges,
                   std::uint32_t revision) {
  const auto firm = testing::MakeRegister(1, 1);
  v1::PriceBlock wire;
  wire.add_items("i1");
  for (const PriceRange& range : ranges) {
    wire.add_item(0);
    wire.add_first_day(range.day_first);
    wire.add_last_day(range.day_last);
    wire.add_value(range.value);
  }
  wire.set_scale(2);
  wire.set_currency_code("USD");
  wire.set_revision(revision);
  const auto dictionary = MapDictionary(wire.items(), *firm);
  const Place place{"shop", "l1"};
  auto block = PreparePrices({place, firm, *dictionary}, wire);
  base::Require(block.ok(), "a test's prices are not well formed");
  return {.place = place, .stream = "p", .block = number, .close_batch = true, .prices = *block};
}

TEST(DecidePricesTest, LaterRevisionsReplaceTheDaysTheyCover) {
  TestSlot slot;
  constexpr std::int32_t kDay = testing::kDay;
  ASSERT_THAT(slot.Run(Prices(1, {{kDay, kDay + 9, 100}}, 1)), IsOk());
  EXPECT_THAT(slot.Run(Prices(2, {{kDay + 9, kDay + 12, 200}}, 1)),
              HasReason(Reason::kRevisionConflict));
  ASSERT_THAT(slot.Run(Prices(2, {{kDay + 3, kDay + 4, 200}}, 2)), IsOk());
  EXPECT_THAT(slot.Run(Prices(3, {{kDay + 4, kDay + 4, 200}}, 1)),
              HasReason(Reason::kRevisionConflict));
  const auto ranges = PriceCut(slot.rows, {"shop", "l1"}, kNow, false).RangesOf(1);
  ASSERT_EQ(ranges.size(), 3u);
  EXPECT_EQ(ranges[0].day_last, kDay + 2);
  EXPECT_EQ(ranges[1].price.value, 200);
  EXPECT_EQ(ranges[2].day_first, kDay + 5);
  // Taken back, the first price counts again on all days; as of before, it is as it was.
  const std::uint64_t before = slot.number();
  ASSERT_THAT(slot.Run(RetractBatch{{"shop", "l1"}, "p-2"}), IsOk());
  EXPECT_EQ(PriceCut(slot.rows, {"shop", "l1"}, kNow, false).RangesOf(1).size(), 1u);
  EXPECT_EQ(PriceCut(slot.rows, {"shop", "l1"}, before, false).RangesOf(1).size(), 3u);
}

TEST(DecideStreamTest, HoldsOneKindAndNamesWhatIsNotThere) {
  TestSlot slot;
  const Place place{"shop", "l1"};
  ASSERT_THAT(slot.Run(Prices(1, {{testing::kDay, testing::kDay, 1}}, 1)), IsOk());
  const auto firm = testing::MakeRegister(1, 1);
  const v1::SeriesBlock wire = testing::WireBlock({{1, testing::kDay, 1000}}, 1, 1);
  const auto dictionary = MapDictionary(wire.items(), *firm);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto block, PrepareSeries({place, firm, *dictionary}, wire));
  EXPECT_THAT(slot.Run(ReportBlock{.place = place, .stream = "p", .block = 2, .series = block}),
              HasReason(Reason::kContentDiffers));
  // Of a block of before digests were kept nothing is known to compare with.
  ReportBlock again = Prices(1, {{testing::kDay, testing::kDay + 6, 958}}, 1);
  again.digest = std::string(16, 'x');
  EXPECT_THAT(slot.Run(again), IsOk());
  EXPECT_THAT(slot.Run(CloseBatch{place, "x"}), HasReason(Reason::kUnknownRecord));
  EXPECT_THAT(slot.Run(RetractBatch{place, "p-2"}), HasReason(Reason::kUnknownBatch));
  EXPECT_THAT(slot.Run(RetractBatch{place, "-"}), HasReason(Reason::kUnknownBatch));
}

TEST(DecideRegisterTest, ATimeZoneIsOneOfTheDatabase) {
  TestSlot slot;
  const auto command = [](const std::string& zone) {
    RegisterLocations locations{.owner = "shop"};
    v1::Location& location = *locations.locations.Add();
    location.set_name("firms/shop/locations/l1");
    location.set_kind(v1::LOCATION_KIND_STORE);
    location.set_time_zone(zone);
    return locations;
  };
  for (const char* zone : {"CEST", "Europe/Nowhere", "../../etc/passwd", "+02:00"}) {
    const absl::Status refused = slot.Run(command(zone));
    EXPECT_THAT(refused, HasReason(Reason::kUnknownEnum)) << zone;
    const auto refusal = base::RefusalOf(refused);
    ASSERT_TRUE(refusal.has_value());
    EXPECT_EQ(refusal->field, "locations[0].time_zone");
    using Details = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(refusal->details,
              (Details{{"location", "firms/shop/locations/l1"}, {"time_zone", zone}}));
  }
  EXPECT_THAT(slot.Run(command("Europe/Berlin")), IsOk());
}

// Nothing new is said of an item after its last day; what stands may be sent again.
TEST(DecidePutTest, RefusesPlansAndPromotionsBeyondTheLastDay) {
  TestSlot slot;
  ASSERT_THAT(slot.Run(Registering({ItemOf("a"), ItemOf("b")})), IsOk());
  RegisterLocations locations{.owner = "shop"};
  v1::Location& location = *locations.locations.Add();
  location.set_name("firms/shop/locations/l1");
  location.set_kind(v1::LOCATION_KIND_STORE);
  ASSERT_THAT(slot.Run(locations), IsOk());
  const auto plan = [](std::int32_t start, int days, int count) {
    PutPlan command{.owner = "shop"};
    command.plan.set_name("firms/shop/plans/p");
    command.plan.set_location("l1");
    *command.plan.mutable_start_date() = DateOf(start);
    command.plan.set_bucket_days(days);
    command.plan.set_bucket_count(count);
    command.plan.add_items("a");
    for (int i = 0; i < count; ++i) command.plan.add_quantity_milli(1000);
    return command;
  };
  const PutPlan standing = plan(testing::kDay, 7, 10);
  ASSERT_THAT(slot.Run(standing), IsOk());
  ASSERT_THAT(slot.Run(CloseItem{"shop", "a", testing::kDay + 20}), IsOk());
  EXPECT_THAT(slot.Run(standing), IsOk());
  EXPECT_THAT(slot.Run(plan(testing::kDay, 7, 4)), HasReason(Reason::kRevisionConflict));
  PutPlan next = plan(testing::kDay, 7, 4);
  next.plan.set_revision(1);
  EXPECT_THAT(slot.Run(next), HasReason(Reason::kEntryClosed));
  next = plan(testing::kDay, 7, 3);
  next.plan.set_revision(1);
  EXPECT_THAT(slot.Run(next), IsOk());
  next = plan(base::Day::kLast - 100, 366, 2);
  next.plan.set_revision(2);
  EXPECT_THAT(slot.Run(next), HasReason(Reason::kDayOutOfRange));

  auto registers = testing::MakeRegister(2, 1);
  PutPromotions promotions{.place = {"shop", "l1"}, .registers = registers};
  v1::Promotion& promotion = *promotions.promotions.Add();
  promotion.set_promotion("p");
  *promotion.mutable_start_date() = DateOf(testing::kDay);
  *promotion.mutable_end_date() = DateOf(testing::kDay + 9);
  promotion.add_items("i1");
  registers->items.Close(1, testing::kDay + 8);
  EXPECT_THAT(slot.Run(promotions), HasReason(Reason::kEntryClosed));
  registers->items.Close(1, testing::kDay + 9);
  EXPECT_THAT(slot.Run(promotions), IsOk());
  registers->locations.Close(1, testing::kDay);
  EXPECT_THAT(slot.Run(promotions), IsOk());  // It stands.
  promotion.set_revision(1);
  EXPECT_THAT(slot.Run(promotions), HasReason(Reason::kEntryClosed));
}

// A negative revision was reported as an uplift out of range, too many buckets as their length.
TEST(DecidePutTest, NamesTheFieldThatIsWrong) {
  TestSlot slot;
  ASSERT_THAT(slot.Run(Registering({ItemOf("a")})), IsOk());
  RegisterLocations locations{.owner = "shop"};
  v1::Location& location = *locations.locations.Add();
  location.set_name("firms/shop/locations/l1");
  location.set_kind(v1::LOCATION_KIND_PLANT);
  ASSERT_THAT(slot.Run(locations), IsOk());
  const auto field_of = [](const absl::Status& status) {
    const auto refusal = base::RefusalOf(status);
    return refusal.has_value() ? refusal->field : std::string(status.message());
  };
  const auto promotion = [&](const std::function<void(v1::Promotion&)>& change) {
    PutPromotions command{.place = {"shop", "l1"}, .registers = testing::MakeRegister(2, 1)};
    v1::Promotion& one = *command.promotions.Add();
    one.set_promotion("p");
    *one.mutable_start_date() = DateOf(testing::kDay);
    *one.mutable_end_date() = DateOf(testing::kDay);
    one.add_items("i1");
    change(one);
    return slot.Run(command);
  };
  EXPECT_EQ(field_of(promotion([](auto& p) { p.set_uplift_permille(-1); })),
            "promotions[0].uplift_permille");
  EXPECT_EQ(field_of(promotion([](auto& p) { p.set_revision(-1); })), "promotions[0].revision");
  EXPECT_EQ(field_of(promotion([](auto& p) {
              for (int i = 0; i < 10'000; ++i) p.add_items("i1");
            })),
            "promotions[0].items");
  EXPECT_THAT(promotion([](auto& p) { p.add_items("i1"); }), HasReason(Reason::kDuplicateRow));
  EXPECT_THAT(promotion([](auto& p) { p.add_items("i2"); }), IsOk());
  const auto plan = [&](const std::function<void(v1::Plan&)>& change) {
    PutPlan command{.owner = "shop"};
    command.plan.set_name("firms/shop/plans/p");
    command.plan.set_location("l1");
    *command.plan.mutable_start_date() = DateOf(testing::kDay);
    command.plan.set_bucket_days(7);
    command.plan.set_bucket_count(1);
    command.plan.add_items("a");
    command.plan.add_quantity_milli(1);
    change(command.plan);
    return slot.Run(command);
  };
  EXPECT_EQ(field_of(plan([](auto& p) { p.set_bucket_days(367); })), "plan.bucket_days");
  EXPECT_EQ(field_of(plan([](auto& p) { p.set_bucket_count(1'001); })), "plan.bucket_count");
  EXPECT_EQ(field_of(plan([](auto& p) { p.set_revision(-1); })), "plan.revision");
  EXPECT_THAT(plan([](auto&) {}), IsOk());
}

TEST(DecideRegisterItemsTest, APartnersNumberIsNotEmpty) {
  TestSlot slot;
  v1::Item item = ItemOf("a");
  v1::PartnerNumber& number = *item.add_partner_numbers();
  number.set_firm("firms/maker");
  EXPECT_THAT(slot.Run(Registering({item})), HasReason(Reason::kFieldMissing));
  number.set_number("4711");
  EXPECT_THAT(slot.Run(Registering({item})), IsOk());
}

TEST(UnitsTest, KnowsRecommendation20) {
  EXPECT_TRUE(IsUnitCode("C62"));
  EXPECT_TRUE(IsUnitCode("KGM"));
  EXPECT_FALSE(IsUnitCode(""));
  EXPECT_FALSE(IsUnitCode("kg"));
}

}  // namespace
}  // namespace tandem::exchange
