#include "services/tandem/cli/m5_panel.h"

#include <map>
#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "services/base/reason.h"
#include "services/tandem/cli/folder_fixture.h"

namespace tandem::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

class M5PanelTest : public FolderTest {
 protected:
  M5PanelTest() {
    Put("calendar.csv",
        "date,wm_yr_wk,d\n2011-01-29,11101,d_1\n2011-01-30,11101,d_2\n2011-01-31,11101,d_3\n"
        "2011-02-01,11101,d_4\n");
    Put("sales.csv", kSales);
    Put("prices.csv",
        "store_id,item_id,first_wm_yr_wk,last_wm_yr_wk,sell_price\nCA_1,A_1_001,11101,11101,2\n");
    Put("first_listed.csv", kListed);
  }
  static constexpr char kSales[] =
      "item_id,dept_id,cat_id,store_id,state_id,d_1,d_2,d_3,d_4\n"
      "A_1_001,A_1,A,CA_1,CA,0,2,3,4\nA_1_002,A_1,A,CA_1,CA,5,6,7,8\n";
  static constexpr char kListed[] = "store_id,item_id,first_listed_d\nCA_1,A_1_001,2\n";

  absl::StatusOr<M5Panel> Load() const {
    return LoadM5Panel(folder(), {.origin_d = 2, .horizon_days = 2});
  }
  // Puts the file in the place of the good one.
  void ExpectRefused(const std::string& file, const std::string& text,
                     const std::map<std::string, std::string>& details) const {
    Put(file, text);
    const auto panel = Load();
    EXPECT_EQ(base::ReasonOf(panel.status()), base::Reason::kFileMalformed) << panel.status();
    EXPECT_THAT(DetailsOf(panel.status()), IsSupersetOf(details));
    EXPECT_EQ(DetailsOf(panel.status())["file"], Path(file));
  }
};

TEST_F(M5PanelTest, ReadsAFolder) {
  const auto panel = Load();
  ASSERT_TRUE(panel.ok()) << panel.status();
  EXPECT_THAT(panel->units, ElementsAre(0.0F, 2.0F, 5.0F, 6.0F));
  EXPECT_THAT(panel->actual_units, ElementsAre(3.0F, 4.0F, 7.0F, 8.0F));
  EXPECT_EQ(panel->series[0].listed_day, 1u);
  EXPECT_EQ(panel->unmeasured.series, 0);
}

// Alone it was a panel without series, an error that named no file; beside others it was skipped.
TEST_F(M5PanelTest, ASalesFileWithoutRowsIsRefused) {
  const std::string text(kSales);
  const std::string header = text.substr(0, text.find('\n') + 1);
  ExpectRefused("sales.csv", header, {{"rule", "FILE_MALFORMED"}});
  Put("sales.csv", kSales);
  ExpectRefused("sales_b.csv", header, {{"rule", "FILE_MALFORMED"}});
}

TEST_F(M5PanelTest, AMissingColumnIsNamedWithItsFile) {
  ExpectRefused("sales.csv", absl::StrReplaceAll(kSales, {{"store_id", "store"}}),
                {{"column", "store_id"}, {"rule", "FIELD_MISSING"}});
  Put("sales.csv", kSales);
  ExpectRefused("first_listed.csv", absl::StrReplaceAll(kListed, {{"first_listed_d", "first"}}),
                {{"column", "first_listed_d"}, {"rule", "FIELD_MISSING"}});
  Put("first_listed.csv", kListed);
  ExpectRefused("prices.csv", "store_id,item_id,first_wm_yr_wk,last_wm_yr_wk\n",
                {{"column", "sell_price"}, {"rule", "FIELD_MISSING"}});
  ExpectRefused("calendar.csv", "date,wm_yr_wk\n", {{"column", "d"}, {"rule", "FIELD_MISSING"}});
}

TEST_F(M5PanelTest, AFirstListingThatIsNoDayIsNamed) {
  for (const char* bad : {"abc", "0", "", "-1", "2.5"}) {
    SCOPED_TRACE(bad);
    ExpectRefused("first_listed.csv",
                  absl::StrReplaceAll(kListed, {{",2\n", std::string(",") + bad + "\n"}}),
                  {{"line", "2"},
                   {"column", "first_listed_d"},
                   {"rule", "FIELD_OUT_OF_RANGE"},
                   {"value", bad}});
  }
}

TEST_F(M5PanelTest, ASeriesThatStandsTwiceIsTheFilesFault) {
  ExpectRefused("sales.csv", std::string(kSales) + "A_1_001,A_1,A,CA_1,CA,1,2,3,4\n",
                {{"line", "4"}, {"rule", "DUPLICATE_ROW"}, {"item", "A_1_001"}, {"store", "CA_1"}});
}

// One cell after the origin used to take all metrics away without a word.
TEST_F(M5PanelTest, TheSeriesWithoutActualsIsNamed) {
  for (const char* bad : {"x", ""}) {
    SCOPED_TRACE(bad);
    Put("sales.csv", absl::StrReplaceAll(kSales, {{"6,7,8", std::string("6,7,") + bad}}));
    const auto panel = Load();
    ASSERT_TRUE(panel.ok()) << panel.status();
    EXPECT_TRUE(panel->actual_units.empty());
    EXPECT_EQ(panel->unmeasured.series, 1);
    EXPECT_EQ(panel->unmeasured.item, "A_1_002");
    EXPECT_EQ(panel->unmeasured.store, "CA_1");
    EXPECT_EQ(panel->unmeasured.path, Path("sales.csv"));
    EXPECT_EQ(panel->unmeasured.line, 3);
    EXPECT_EQ(panel->unmeasured.first_d, 4);
  }
}

}  // namespace
}  // namespace tandem::cli
