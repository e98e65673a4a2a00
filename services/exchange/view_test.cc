#include "services/exchange/view.h"

#include <gmock/gmock.h>

#include "services/exchange/facts.h"
#include "services/exchange/testing.h"
#include "tests/support/status.h"

namespace tandem::exchange {
namespace {

using tandem::testing::HasReason;
using tandem::testing::IsOk;
using ::testing::ElementsAre;
using testing::Row;
using testing::TestSlot;

class ViewTest : public ::testing::Test {
 protected:
  ViewTest() {
    registers_.firms["shop"] = firm_;
    grants_.table["maker/shop/l1"] = {"i1"};
    grants_.table["rival/shop/l1"] = {"i2"};
  }

  // The facts of one block.
  static TestSlot Reported(const std::vector<std::vector<Row>>& blocks) {
    TestSlot slot;
    const auto firm = testing::MakeRegister(3, 1);
    std::int64_t number = 0;
    for (const std::vector<Row>& rows : blocks) {
      const v1::SeriesBlock wire = testing::WireBlock(rows, 1, 3);
      const auto dictionary = MapDictionary(wire.items(), *firm);
      const Place place{"shop", "l1"};
      const auto block = PrepareSeries({place, firm, *dictionary}, wire);
      EXPECT_THAT(block, IsOk());
      ++number;
      EXPECT_THAT(slot.Run(ReportBlock{.place = place,
                                       .stream = "s",
                                       .block = number,
                                       .close_batch = number == std::ssize(blocks),
                                       .series = *block}),
                  IsOk());
    }
    return slot;
  }

  // What a viewer sees of a whole log, as type and bytes.
  std::vector<std::string> SeenBy(const std::string& viewer, const TestSlot& slot) const {
    std::vector<std::string> all;
    for (const base::FactRecord& record : slot.log) {
      const auto seen = ViewOf(record, viewer, grants_, registers_);
      EXPECT_THAT(seen, IsOk());
      if (seen.ok() && seen->has_value()) {
        all.push_back((*seen)->type_name + ":" + (*seen)->payload);
      }
    }
    return all;
  }

  const std::shared_ptr<FirmRegister> firm_ = testing::MakeRegister(3, 1);
  testing::TableRegisters registers_;
  testing::TableGrants grants_;
};

TEST_F(ViewTest, ShowsABatchOfOneBlockWithItsRows) {
  const TestSlot slot = Reported({{{1, testing::kDay, 1000}, {2, testing::kDay, 2000}}});
  ASSERT_EQ(slot.log.size(), 2u);
  EXPECT_EQ(TouchOf(slot.log[0]).kind, base::DataKind::kSales);
  EXPECT_EQ(TouchOf(slot.log[0]).location, "l1");
  EXPECT_EQ(TouchOf(slot.log[1]).owner, "");
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto seen, ViewOf(slot.log[0], "maker", grants_, registers_));
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->type_name, "tandem.exchange.v1.SeriesSeen");
  v1::SeriesSeen message;
  ASSERT_TRUE(message.ParseFromString(seen->payload));
  EXPECT_THAT(message.series().items(), ElementsAre("i1"));
  EXPECT_THAT(message.series().value_milli(), ElementsAre(1000));
  EXPECT_EQ(SeenBy("other", slot).size(), 0u);
}

TEST_F(ViewTest, AnnouncesABatchOfSeveralBlocksWhenItIsClosed) {
  const TestSlot slot =
      Reported({{{1, testing::kDay, 1000}, {2, testing::kDay, 1}}, {{1, testing::kDay + 5, 1000}}});
  const std::vector<std::string> seen = SeenBy("maker", slot);
  ASSERT_EQ(seen.size(), 1u);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto last,
                              ViewOf(slot.log.back(), "maker", grants_, registers_));
  v1::BatchSeen message;
  ASSERT_TRUE(message.ParseFromString(last->payload));
  ASSERT_EQ(message.series_size(), 1);
  EXPECT_THAT(message.series(0).items(), ElementsAre("i1"));
  EXPECT_THAT(message.series(0).last_day(), ElementsAre(testing::kDay + 5));
  EXPECT_EQ(message.batch(), "");
  EXPECT_EQ(message.row_count(), 0);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto own, ViewOf(slot.log.back(), "shop", grants_, registers_));
  ASSERT_TRUE(message.ParseFromString(own->payload));
  EXPECT_EQ(message.batch(), "firms/shop/locations/l1/batches/s-1");
  EXPECT_EQ(message.row_count(), 3);
}

// Goal: what a firm sees does not change by a byte when a competitor's numbers do.
TEST_F(ViewTest, SaysNothingOfABatchThatWasDroppedOpen) {
  TestSlot slot = Reported({{{1, testing::kDay, 1000}}, {{1, testing::kDay + 1, 2000}}});
  const std::vector<std::string> before = SeenBy("maker", slot);
  const auto firm = testing::MakeRegister(3, 1);
  const v1::SeriesBlock wire = testing::WireBlock({{1, testing::kDay + 2, 3000}}, 1, 3);
  const auto dictionary = MapDictionary(wire.items(), *firm);
  const Place place{"shop", "l1"};
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto block, PrepareSeries({place, firm, *dictionary}, wire));
  ASSERT_THAT(slot.Run(ReportBlock{.place = place, .stream = "s", .block = 3, .series = block}),
              IsOk());
  ASSERT_THAT(slot.Run(RetractBatch{place, "s-3", slot.number() + 1}), IsOk());
  ASSERT_EQ(slot.log.size(), 6u);
  EXPECT_EQ(SeenBy("maker", slot), before);
  for (std::size_t i = 3; i < slot.log.size(); ++i) EXPECT_EQ(TouchOf(slot.log[i]).owner, "");
}

TEST_F(ViewTest, ItemsAreCutToTheViewersOwnNumbers) {
  v1::Item item;
  item.set_name("firms/shop/items/i1");
  item.set_register_number(7);
  const std::vector<std::string> firms{"maker", "rival", "make"};
  for (const std::string& firm : firms) {
    v1::PartnerNumber& number = *item.add_partner_numbers();
    number.set_firm("firms/" + firm);
    number.set_number(firm + "'s");
  }
  for (const std::string& viewer : firms) {
    const v1::Item seen = CutItem(item, "shop", viewer);
    EXPECT_EQ(seen.register_number(), 0);
    ASSERT_EQ(seen.partner_numbers_size(), 1) << viewer;
    EXPECT_EQ(seen.partner_numbers(0).number(), viewer + "'s");
  }
  EXPECT_EQ(CutItem(item, "shop", "operator").partner_numbers_size(), 0);
  EXPECT_EQ(CutItem(item, "shop", "shop").SerializeAsString(), item.SerializeAsString());
}

TEST_F(ViewTest, IsIndependentOfWhatIsNotGranted) {
  const TestSlot one = Reported(
      {{{1, testing::kDay, 1000}, {2, testing::kDay, 2000}}, {{2, testing::kDay + 1, 7000}}});
  const TestSlot other =
      Reported({{{1, testing::kDay, 1000}, {2, testing::kDay + 40, 9}, {2, testing::kDay + 41, 9}},
                {{3, testing::kDay + 1, 7000}}});
  EXPECT_EQ(SeenBy("maker", one), SeenBy("maker", other));
  EXPECT_NE(SeenBy("rival", one), SeenBy("rival", other));
}

TEST_F(ViewTest, WaitsForGrantsAndRegisters) {
  const TestSlot slot = Reported({{{1, testing::kDay, 1000}}});
  testing::TableRegisters empty;
  EXPECT_THAT(ViewOf(slot.log[0], "maker", grants_, empty),
              HasReason(base::Reason::kPositionNotReached));
  grants_.stale = true;
  EXPECT_THAT(ViewOf(slot.log[0], "maker", grants_, registers_),
              HasReason(base::Reason::kGrantsStale));
}

}  // namespace
}  // namespace tandem::exchange
