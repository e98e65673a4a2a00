#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sequencing/lineorder/csplib.h"
#include "sequencing/lineorder/roadef.h"

namespace tandem::sequencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Files {
  std::string vehicles =
      "Date;SeqRank;Ident;Paint Color;HPRC1;LPRC1;\n"
      "2003 38 2;7;old;4;1;0\n"
      "2003 38 3;1;one;4;1;1;\n"
      "2003 38 3;2;two;5;0;1\r\n";
  std::string ratios = "Ratio;Prio;Ident;\n1/3;1;HPRC1;\n10/15;0;LPRC1\n";
  std::string limit = "limitation;\n450;";
  std::string objectives =
      "rank;objective name;\n"
      "2;paint_color_batches;\n"
      "1;high_priority_level_and_easy_to_satisfy_ratio_constraints;\n"
      "3;low_priority_level_ratio_constraints;\n";

  absl::StatusOr<LineProblem> Parse() const {
    return ParseRoadef({vehicles, ratios, limit, objectives});
  }
};

void Replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

TEST(ParseRoadefTest, ReadsAnInstance) {
  const auto problem = Files().Parse();
  ASSERT_TRUE(problem.ok()) << problem.status();
  ASSERT_EQ(problem->previous.size(), 1u);
  EXPECT_EQ(problem->previous[0].ident, "old");
  ASSERT_EQ(problem->day.size(), 2u);
  EXPECT_EQ(problem->day[0].ident, "one");
  EXPECT_EQ(problem->day[0].colour, 4);
  EXPECT_EQ(problem->day[0].options, 3u);
  EXPECT_EQ(problem->day[1].options, 2u);
  ASSERT_EQ(problem->ratios.size(), 2u);
  EXPECT_EQ(problem->ratios[1].p, 10);
  EXPECT_EQ(problem->ratios[1].q, 15);
  EXPECT_TRUE(problem->ratios[0].high);
  EXPECT_FALSE(problem->ratios[1].high);
  EXPECT_EQ(problem->paint_batch_max, 450);
  EXPECT_THAT(problem->objectives, ElementsAre(Objective::kHighRatios, Objective::kColourChanges,
                                               Objective::kLowRatios));
}

TEST(ParseRoadefTest, ReadsColumnsByNameAndAnEmptyColumnAtTheEnd) {
  Files files;
  files.vehicles =
      "Ident;LPRC1;Date;HPRC1;Paint Color;SeqRank;;\n"
      "x;0;d1;0;1;1;;\n"
      "y;1;d2;0;2;1;;\n";
  const auto problem = files.Parse();
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->day[0].ident, "y");
  EXPECT_EQ(problem->day[0].options, 2u);
  EXPECT_EQ(problem->day[0].colour, 2);
}

TEST(ParseRoadefTest, SequencesAllDatesBehindTheFirstTogether) {
  Files files;
  files.vehicles =
      "Date;SeqRank;Ident;Paint Color;HPRC1;LPRC1\n"
      "51 1;1;x;1;0;0\n51 2;1;y;1;0;0\n51 2;2;z;1;0;0\n51 3;1;w;1;0;0\n";
  const auto problem = files.Parse();
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->previous.size(), 1u);
  ASSERT_EQ(problem->day.size(), 3u);
  EXPECT_EQ(problem->day[2].ident, "w");
  files.vehicles += "51 4;1;y;1;0;0\n";
  EXPECT_THAT(std::string(files.Parse().status().message()), HasSubstr("y is in the day twice"));
}

TEST(ParseRoadefTest, ReadsOtherEndsOfLinesEmptyLinesAndAMarkOfTheByteOrder) {
  Files files;
  for (std::string Files::*file :
       {&Files::vehicles, &Files::ratios, &Files::limit, &Files::objectives}) {
    std::string text = "\xEF\xBB\xBF";
    for (const char c : files.*file) {
      if (c == '\r') continue;
      text += c == '\n' ? "\r\n\r\n" : std::string(1, c);
    }
    files.*file = text;
  }
  const auto problem = files.Parse();
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->day[1].ident, "two");
  EXPECT_EQ(problem->day[1].options, 2u);
  EXPECT_EQ(problem->paint_batch_max, 450);
  Replace(files.vehicles, ";two;", ";one;");
  EXPECT_THAT(std::string(files.Parse().status().message()), HasSubstr("vehicles.txt line 7:"));
}

// The previous day's tail is built: it may name a vehicle twice, or one that comes again.
TEST(ParseRoadefTest, ThePreviousDayMayRepeatAVehicle) {
  Files files;
  Replace(files.vehicles, "2003 38 2;7;old;4;1;0\n",
          "2003 38 2;7;old;4;1;0\n2003 38 2;8;old;5;0;0\n2003 38 2;9;one;4;0;1\n");
  const auto problem = files.Parse();
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->previous.size(), 3u);
  EXPECT_EQ(problem->previous[2].options, 2u);
  EXPECT_EQ(problem->day.size(), 2u);
}

TEST(ParseRoadefTest, RefusesADayWithoutAnObjective) {
  Files files;
  files.objectives = "rank;objective name;\n";
  EXPECT_THAT(std::string(files.Parse().status().message()),
              HasSubstr("optimization_objectives.txt: no objective is named"));
}

TEST(ParseRoadefTest, RefusesBadInputByRecordFieldAndRule) {
  struct Case {
    const char* name;
    std::string Files::*file;
    const char* from;
    const char* to;
    const char* want;
  };
  const Case cases[] = {
      {"vehicle twice", &Files::vehicles, "two", "one", "line 4: vehicle one is in the day twice"},
      {"no colour column", &Files::vehicles, "Paint Color", "Colour",
       "vehicles.txt: the column Paint Color is missing"},
      {"no rank column", &Files::vehicles, "SeqRank", "",
       "vehicles.txt: the column SeqRank is missing"},
      {"no ratio of a column", &Files::ratios, "10/15;0;LPRC1\n", "",
       "vehicles.txt: the option column LPRC1 has no row in ratios.txt"},
      {"another column", &Files::vehicles, "1;LPRC1;", "1;LPRC1;Plant;", "column Plant has no row"},
      {"an empty field too many", &Files::vehicles, ";5;0;1", ";5;0;1;;",
       "line 4: an empty field stands behind the last column, LPRC1"},
      {"a short row of ratios", &Files::ratios, "1/3;1;HPRC1", "1/3;1", "line 2: the field Ident"},
      {"a ratio too long", &Files::ratios, "1/3;1;HPRC1;", "1/3;1;HPRC1;0;", "behind the last"},
      {"column twice", &Files::vehicles, "LPRC1", "Ident", "column Ident is there twice"},
      {"ratio's column", &Files::vehicles, ";LPRC1", ";LPRC9",
       "ratios.txt: ratio LPRC1: vehicles.txt: the column LPRC1 is missing"},
      {"short row", &Files::vehicles, ";5;0;1", ";5;0", "line 4: the field LPRC1 is missing"},
      {"colour", &Files::vehicles, ";5;0;1", ";red;0;1", "line 4: the field Paint Color is red"},
      {"negative", &Files::vehicles, ";5;0;1", ";-5;0;1", "Paint Color is -5, no whole number"},
      {"option", &Files::vehicles, ";5;0;1", ";5;0;2",
       "line 4: vehicle two: the option LPRC1 is neither 0 nor 1"},
      {"no ident", &Files::vehicles, "two", "", "line 4: the field Ident is missing"},
      {"quoted", &Files::vehicles, ";two;", ";\"two\";", "line 4: the field \"two\" has a quote"},
      {"quoted column", &Files::vehicles, "Ident", "\"Ident\"", "line 1: the field \"Ident\" has"},
      {"a field too many", &Files::vehicles, ";two;", ";t;wo;",
       "line 4: the field 1 stands behind the last column, LPRC1"},
      {"colour too large", &Files::vehicles, ";5;0;1", ";5000000000;0;1", "no whole number"},
      {"date comes back", &Files::vehicles, "2003 38 3;2", "2003 38 2;2", "comes back"},
      {"P > Q", &Files::ratios, "1/3", "4/3", "line 2: ratio 4/3: P exceeds Q"},
      {"P = 0", &Files::ratios, "1/3", "0/3", "P is at least 1"},
      {"no ratio", &Files::ratios, "1/3", "1:3", "the field Ratio is 1:3, not P/Q"},
      {"no number", &Files::ratios, "1/3", "1/x", "not P/Q"},
      {"prio", &Files::ratios, "1/3;1", "1/3;2", "line 2: the field Prio is neither"},
      {"ratio twice", &Files::ratios, "LPRC1", "HPRC1", "HPRC1 has a ratio already"},
      {"limit 0", &Files::limit, "450", "0", "line 2: the limit is at least 1"},
      {"limit text", &Files::limit, "450", "many", "the field limitation is many"},
      {"no limit", &Files::limit, "450;", "", "holds one limit"},
      {"objective", &Files::objectives, "paint_color_batches", "paint",
       "objective paint is unknown"},
      {"objective twice", &Files::objectives, "low_priority_level_ratio_constraints",
       "paint_color_batches", "is there twice"},
      {"rank twice", &Files::objectives, "3;low", "2;low", "a second rank 2"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Files files;
    Replace(files.*c.file, c.from, c.to);
    const auto problem = files.Parse();
    EXPECT_EQ(problem.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(problem.status().message()), HasSubstr(c.want));
  }
}

// Without a row that would miss it, too.
TEST(ParseRoadefTest, RefusesAHeaderWithoutItsColumns) {
  for (const char* column : {"Ratio", "Prio", "Ident"}) {
    Files files;
    files.vehicles = "Date;SeqRank;Ident;Paint Color;\nd1;1;x;1\nd2;1;y;1\n";
    files.ratios = "Ratio;Prio;Ident;\n";
    ASSERT_TRUE(files.Parse().ok());
    Replace(files.ratios, column, "Other");
    EXPECT_THAT(std::string(files.Parse().status().message()),
                HasSubstr("ratios.txt: the column " + std::string(column) + " is missing"));
  }
}

TEST(ParseRoadefTest, RefusesEmptyFilesAndAnEmptyDay) {
  for (std::string Files::*file :
       {&Files::vehicles, &Files::ratios, &Files::limit, &Files::objectives}) {
    Files files;
    (files.*file).clear();
    EXPECT_THAT(std::string(files.Parse().status().message()), HasSubstr("has no header"));
  }
  Files files;
  files.vehicles = "Date;SeqRank;Ident;Paint Color;HPRC1;LPRC1\n2003 38 2;7;old;4;1;0\n";
  EXPECT_THAT(std::string(files.Parse().status().message()), HasSubstr("the day is empty"));
}

constexpr char kCsplib[] =
    "% a comment\n"
    "5 2 2\n"
    "1 2\n"
    "2 3\n"
    "0 3 1 0\n"
    "1 2 0 1\n";

TEST(ParseCsplibTest, ReadsAnInstance) {
  const auto parsed = ParseCsplib(kCsplib);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->class_of, ElementsAre(0, 0, 0, 1, 1));
  EXPECT_EQ(parsed->problem.day.size(), 5u);
  EXPECT_EQ(parsed->problem.day[0].options, 1u);
  EXPECT_EQ(parsed->problem.day[4].options, 2u);
  EXPECT_EQ(parsed->problem.ratios[1].p, 2);
  EXPECT_EQ(parsed->problem.ratios[1].q, 3);
  EXPECT_EQ(parsed->problem.windows, WindowRule::kCompleteOnly);
  EXPECT_THAT(parsed->problem.objectives, ElementsAre(Objective::kHighRatios));
}

TEST(ParseCsplibTest, LineEndsAndAMarkOfTheByteOrderAreTheSame) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : std::string_view(kCsplib)) text += c == '\n' ? "\r\n" : std::string(1, c);
  const auto parsed = ParseCsplib(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->class_of, ParseCsplib(kCsplib)->class_of);
}

TEST(ParseCsplibTest, RefusesBadInputByLineFieldAndRule) {
  struct Case {
    const char* name;
    const char* from;
    const char* to;
    const char* want;
  };
  const Case cases[] = {
      {"no number", "5 2 2", "5 two 2", "line 2: field 2 is two"},
      {"negative", "5 2 2", "-5 2 2", "line 2: field 1 is -5"},
      {"sizes", "5 2 2", "5 2", "line 2: has 2 fields, cars, options, classes has 3"},
      {"no car", "5 2 2\n1 2\n2 3\n0 3 1 0\n1 2", "0 2 2\n1 2\n2 3\n0 0 1 0\n1 0", "no vehicle"},
      {"class missing", "1 2 0 1\n", "", "line 2: 2 classes are said, 1 lines"},
      {"class twice", "1 2 0 1", "0 2 0 1", "line 6: class 0 is there twice"},
      {"too few cars", "1 2 0 1", "1 1 0 1", "line 2: 5 cars are said, the classes have 4"},
      {"too many cars", "1 2 0 1", "1 3 0 1", "line 6: class 1: more cars"},
      {"option", "1 2 0 1", "1 2 0 2", "line 6: class 1, option 1: neither 0 nor 1"},
      {"short class", "1 2 0 1", "1 2 0", "line 6: has 3 fields, a class has 4"},
      {"P > Q", "1 2\n2 3", "3 2\n2 3", "line 4: option 0: P 3 exceeds Q 2"},
      {"P = 0", "1 2\n2 3", "0 2\n2 3", "line 3: option 0: P is at least 1"},
      {"short Q", "2 3\n", "2\n", "line 4: has 1 fields, Q of each option has 2"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::string text = kCsplib;
    Replace(text, c.from, c.to);
    const auto parsed = ParseCsplib(text);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(c.want));
  }
  EXPECT_FALSE(ParseCsplib("").ok());
  EXPECT_FALSE(ParseCsplib("% nothing\n").ok());
}

}  // namespace
}  // namespace tandem::sequencing
