#include "sequencing/adherence/line_stop.h"

#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

TEST(MeasureLatenessTest, TheLineStopsForTheLatestPart) {
  // Late by 60 s and by 100 s: the line stops for 100 s, not for 160.
  const std::vector<PegTimes> pegs = {
      {.eta_ms = 50'000, .handling_ms = 20'000, .need_ms = 10'000},
      {.eta_ms = 150'000, .need_ms = 50'000},
      {.eta_ms = 5'000, .handling_ms = 5'000, .need_ms = 10'000},  // Just in time.
      {.eta_ms = 900'000, .need_ms = 0, .built_short = true},
  };
  const Lateness lateness = MeasureLateness(pegs).value();
  EXPECT_EQ(lateness.late_max_ms, 100'000);
  EXPECT_EQ(lateness.late, 2);
  EXPECT_EQ(lateness.on_time, (Share{2, 4}));
  EXPECT_FALSE(MeasureLateness({})->on_time.value().has_value());
}

TEST(MeasureLatenessTest, RefusesWhatIsNoTime) {
  const std::vector<PegTimes> negative = {{}, {.handling_ms = -1}};
  EXPECT_THAT(std::string(MeasureLateness(negative).status().message()),
              HasSubstr("peg 1: its handling is negative"));
  const std::vector<PegTimes> far = {{.eta_ms = kNever, .handling_ms = 1}};
  EXPECT_THAT(std::string(MeasureLateness(far).status().message()), HasSubstr("peg 0"));
}

TEST(ExpectStopTest, WeighsTheThreeQuantilesOfTheLatest) {
  const std::vector<UncertainPeg> pegs = {
      {.eta_p10_ms = 0, .eta_p50_ms = 10'000, .eta_p90_ms = 70'000, .need_ms = 10'000},
      {.eta_p10_ms = 5'000,
       .eta_p50_ms = 5'000,
       .eta_p90_ms = 5'000,
       .handling_ms = 25'000,
       .need_ms = 20'000},
      {.eta_p10_ms = 0, .eta_p50_ms = 0, .eta_p90_ms = 1'000'000, .built_short = true},
  };
  const ExpectedStop stop = ExpectStop(pegs).value();
  EXPECT_EQ(stop.late_max_p10_ms, 10'000);
  EXPECT_EQ(stop.late_max_p50_ms, 10'000);
  EXPECT_EQ(stop.late_max_p90_ms, 60'000);
  EXPECT_EQ(stop.TenthsOfMs(), 250'000);
  EXPECT_DOUBLE_EQ(stop.Seconds(), 25.0);
}

TEST(ExpectStopTest, RefusesWhatIsNoDistribution) {
  EXPECT_THAT(
      std::string(ExpectStop(std::vector<UncertainPeg>{{.eta_p10_ms = 1}}).status().message()),
      HasSubstr("peg 0: its quantiles fall"));
  EXPECT_FALSE(ExpectStop(std::vector<UncertainPeg>{{.handling_ms = -1}}).ok());
  EXPECT_FALSE(ExpectStop(std::vector<UncertainPeg>{{.eta_p90_ms = kNever}}).ok());
}

TEST(BookStopsTest, BooksToTheArrivalThatEndedTheStop) {
  const std::vector<LineStop> stops = {{100, 200}, {300, 400}, {500, 500}};
  const std::vector<PartArrival> arrivals = {{7, 200}, {4, 200}, {9, 150}, {1, 300}, {2, 450}};
  const auto booked = BookStops(stops, arrivals).value();
  EXPECT_EQ(booked[0].part, 4);
  EXPECT_FALSE(booked[1].part.has_value());  // The part of 300 was there when it began.
  EXPECT_FALSE(booked[2].part.has_value());
  const auto refused = BookStops(std::vector<LineStop>{{2, 1}}, {});
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("stop 0 ends at 1"));
}

}  // namespace
}  // namespace tandem::sequencing
