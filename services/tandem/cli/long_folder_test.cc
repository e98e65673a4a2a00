#include "services/tandem/cli/long_folder.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "services/base/reason.h"
#include "services/tandem/cli/folder_fixture.h"

namespace tandem::cli {
namespace {

using ::testing::IsSupersetOf;

class LongFolderTest : public FolderTest {
 protected:
  static constexpr char kSales[] =
      "series,date,value,out\na,2020-01-01,1,0\na,2020-01-02,2,1\na,2020-01-03,3,0\n";

  absl::StatusOr<LongFolder> Load(const std::string& stockout = "") const {
    return LoadLongFolder(folder(),
                          {.origin = "2020-01-03", .horizon_buckets = 1, .stockout = stockout});
  }
  void ExpectRefused(const std::string& stockout,
                     const std::map<std::string, std::string>& details) const {
    const auto loaded = Load(stockout);
    EXPECT_EQ(base::ReasonOf(loaded.status()), base::Reason::kFileMalformed) << loaded.status();
    EXPECT_THAT(DetailsOf(loaded.status()), IsSupersetOf(details));
  }
};

TEST_F(LongFolderTest, ReadsWhatIsKnown) {
  Put("sales.csv", kSales);
  const auto loaded = Load("out");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  using enum forecasting::Knowledge;
  EXPECT_THAT(loaded->panel.series[0].units, ::testing::ElementsAre(1.0, 2.0, 3.0));
  EXPECT_THAT(loaded->panel.series[0].knowledge,
              ::testing::ElementsAre(kKnown, kLowerBound, kKnown));
}

// The column used to become a driver: the future itself.
TEST_F(LongFolderTest, TheTargetIsNoDriver) {
  Put("sales.csv", kSales);
  Put("future.csv", "series,date,value\na,2020-01-04,9\n");
  ExpectRefused("", {{"file", Path("future.csv")},
                     {"line", "1"},
                     {"column", "value"},
                     {"rule", "FIELD_OUT_OF_RANGE"}});
  Put("future.csv", "series,date,out\na,2020-01-04,0\n");
  ExpectRefused("out", {{"file", Path("future.csv")}, {"line", "1"}, {"column", "out"}});
  EXPECT_TRUE(Load().ok());  // A driver of that name where it is not the stock-outs'.
}

TEST_F(LongFolderTest, ADuplicateIsNamedByItsOwnDate) {
  Put("sales.csv", "series,date,value\na,2020-01-03,1\nb,2020-01-07,2\na,2020-01-09,3\n");
  const auto loaded = LoadLongFolder(
      folder(),
      {.bucket = forecasting::BucketLength::kMonth, .origin = "2020-01", .horizon_buckets = 1});
  const std::map<std::string, std::string> want = {{"file", Path("sales.csv")},
                                                   {"line", "4"},
                                                   {"series", "a"},
                                                   {"rule", "DUPLICATE_ROW"},
                                                   {"value", "2020-01-09"}};
  EXPECT_THAT(DetailsOf(loaded.status()), IsSupersetOf(want));
}

TEST_F(LongFolderTest, ANumberIsDecimal) {
  for (const char* bad : {"0x1A", "1X2", "-0x1p3"}) {
    SCOPED_TRACE(bad);
    Put("sales.csv", std::string("series,date,value\na,2020-01-01,") + bad + "\n");
    ExpectRefused("", {{"line", "2"}, {"column", "value"}, {"value", bad}});
  }
  Put("sales.csv", "series,date,value\na,2020-01-01,-1.5e1\n");
  const auto loaded = Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->panel.series[0].units.front(), -15.0);
}

TEST_F(LongFolderTest, MidnightIsADay) {
  Put("sales.csv", "series,date,value\na,2020-01-01 00:00:00,1\na,2020-01-04 00:00:00,5\n");
  const auto loaded = Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->panel.series[0].units.size(), 3u);
  EXPECT_EQ(loaded->actuals.units.front(), 5.0);
}

TEST_F(LongFolderTest, SeriesWithoutHistoryAreKeptWithTheirGroups) {
  Put("sales.csv",
      "series,date,value\na,2020-01-01,1\nb,2020-01-04,5\nc,2020-01-01,\nd,2020-01-02,\n");
  Put("series.csv", "series,shop\na,north\nb,north\nc,south\n");
  const auto loaded = Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->names, ::testing::ElementsAre("a"));
  EXPECT_THAT(loaded->without_history, ::testing::ElementsAre("b", "c", "d"));
  ASSERT_EQ(loaded->newcomers.size(), 3u);
  EXPECT_THAT(loaded->newcomers[0].nodes, ::testing::ElementsAre(std::optional<std::size_t>(0)));
  EXPECT_THAT(loaded->newcomers[1].nodes,
              ::testing::ElementsAre(std::nullopt));  // Its group is new.
  EXPECT_THAT(loaded->newcomers[2].nodes, ::testing::ElementsAre(std::nullopt));  // It has none.
  Put("series.csv", "series,shop\na,north\nx,north\n");
  ExpectRefused("",
                {{"line", "3"}, {"column", "series"}, {"value", "x"}, {"rule", "UNKNOWN_RECORD"}});
}

}  // namespace
}  // namespace tandem::cli
