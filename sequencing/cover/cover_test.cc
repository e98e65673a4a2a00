#include "sequencing/cover/cover.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

using enum CoverLevel;
using testing::HasSubstr;

constexpr std::int32_t kA = 1;
constexpr std::int32_t kB = 2;

// Vehicles 1.. with the variants given, at 60 s, 120 s and so on.
std::vector<CoverVehicle> Line(const std::vector<std::int32_t>& variants) {
  std::vector<CoverVehicle> line;
  for (const std::int32_t variant : variants) {
    const std::int64_t number = std::ssize(line) + 1;
    line.push_back({.vehicle = number, .need_ms = 60'000 * number, .variant = variant});
  }
  return line;
}

CoverRack Rack(CoverLevel level, const std::vector<std::int32_t>& variants) {
  static std::int64_t part = 0;  // Each part has a number of its own.
  CoverRack rack{.level = level};
  for (const std::int32_t variant : variants) {
    rack.slots.push_back(CoverPart{.part = ++part, .variant = variant});
  }
  return rack;
}

Cover Measure(const std::vector<CoverVehicle>& line, const std::vector<CoverRack>& racks,
              const std::vector<Alternate>& alternates = {}) {
  return MeasureCover({.vehicles = line,
                       .after_last_ms = 60'000 * (std::ssize(line) + 1),
                       .racks = racks,
                       .alternates = alternates})
      .value();
}

// The reference's example: A B A A B A needed; A B B at the line, A A at the dock.
TEST(MeasureCoverTest, ThePhysicalOrderCounts) {
  const auto line = Line({kA, kB, kA, kA, kB, kA});
  std::vector<CoverRack> racks = {Rack(kLine, {kA, kB, kB}), Rack(kSite, {kA, kA})};
  Cover cover = Measure(line, racks);
  for (const CoverLevel level : {kLine, kSite, kPipeline}) {
    EXPECT_EQ(cover[level].cover_ms, 180'000);
    EXPECT_EQ(cover[level].stop->vehicle, 3);
    EXPECT_EQ(cover[level].stop->why, CoverEnd::kWrongVariant);
    EXPECT_EQ(cover[level].stop->part, racks[0].slots[2]->part);
  }
  EXPECT_EQ(cover[kLine].peg_cover_ms, 180'000);
  EXPECT_EQ(cover[kSite].peg_cover_ms, 360'000);
  racks[0].slots.pop_back();  // One pull.
  cover = Measure(line, racks);
  EXPECT_EQ(cover[kLine].cover_ms, 180'000);
  EXPECT_EQ(cover[kLine].stop->why, CoverEnd::kSlotMissing);
  EXPECT_EQ(cover[kSite].cover_ms, 300'000);
  EXPECT_EQ(cover[kSite].stop->vehicle, 5);
}

TEST(MeasureCoverTest, WithoutAStopItIsOpen) {
  const Cover cover = Measure(Line({kA}), {Rack(kSite, {kA})});
  EXPECT_EQ(cover[kLine].cover_ms, 60'000);
  EXPECT_FALSE(cover[kSite].stop.has_value());
  EXPECT_EQ(cover[kSite].cover_ms, 120'000);
  EXPECT_TRUE(cover[kSite].peg_open);
  EXPECT_DOUBLE_EQ(cover[kSite].CoverMinutes(), 2.0);
  EXPECT_EQ(Measure({}, {})[kPipeline].cover_ms, 60'000);
}

TEST(MeasureCoverTest, CoverIsNeverNegative) {
  const auto line = Line({kA});
  EXPECT_EQ(MeasureCover({.vehicles = line, .after_last_ms = 70'000, .now_ms = 65'000})
                ->levels[0]
                .cover_ms,
            0);
}

TEST(MeasureCoverTest, HolesAndPartsKeptForHeldVehiclesArePassedOver) {
  auto line = Line({kA, kB, kA, kB});
  line[1].passed_over = true;  // Held.
  line[2].pieces = 0;
  CoverRack rack = Rack(kLine, {kA, kB, kB});
  rack.slots[1]->kept_for_held = true;
  rack.slots.insert(rack.slots.begin(), std::nullopt);
  EXPECT_FALSE(Measure(line, {rack})[kLine].stop.has_value());
  rack.slots[2]->kept_for_held = false;  // The line has not been told: 4 meets the held one's B.
  EXPECT_FALSE(Measure(line, {rack})[kLine].stop.has_value());
  line[1].passed_over = false;
  line[1].variant = kA;
  EXPECT_EQ(Measure(line, {rack})[kLine].stop->vehicle, 2);
}

TEST(MeasureCoverTest, SaysWhyAPartDoesNotServe) {
  const auto line = Line({kA});
  const auto why = [&line](const CoverPart& part) {
    return Measure(line, {{.slots = {part}}})[kLine].stop;
  };
  EXPECT_FALSE(why({.variant = kA, .ready_ms = 60'000, .expires_ms = 60'000}).has_value());
  EXPECT_EQ(why({.variant = kA, .ready_ms = 60'001})->why, CoverEnd::kTooLate);
  EXPECT_EQ(why({.variant = kA, .expires_ms = 59'999})->why, CoverEnd::kUnusable);
  EXPECT_EQ(why({.variant = kA, .usable = false})->why, CoverEnd::kUnusable);
  EXPECT_EQ(why({.variant = kA, .pegged_to = 2})->why, CoverEnd::kUnusable);
  EXPECT_FALSE(why({.variant = kA, .pegged_to = 1}).has_value());
  EXPECT_EQ(why({.variant = kB})->why, CoverEnd::kWrongVariant);
}

TEST(MeasureCoverTest, AVehicleTakesAllItsPiecesOrStops) {
  auto line = Line({kA, kA});
  line[0].pieces = line[1].pieces = 2;
  const Cover cover = Measure(line, {Rack(kLine, {kA, kA, kA}), Rack(kPipeline, {kA})});
  EXPECT_EQ(cover[kLine].stop->vehicle, 2);
  EXPECT_EQ(cover[kSite].stop->vehicle, 2);
  EXPECT_FALSE(cover[kPipeline].stop.has_value());
}

TEST(MeasureCoverTest, ARandomAccessRackGivesAnyPartAndStaysOpenUntilEmpty) {
  CoverRack any = Rack(kLine, {kB, kA});
  any.is_random_access = true;
  EXPECT_FALSE(Measure(Line({kA, kB, kA}), {any, Rack(kLine, {kA})})[kLine].stop.has_value());
  // The B that nobody takes keeps the next rack from being opened.
  const Cover cover = Measure(Line({kA, kA}), {any, Rack(kLine, {kA})});
  EXPECT_EQ(cover[kLine].stop->vehicle, 2);
  EXPECT_EQ(cover[kLine].stop->why, CoverEnd::kWrongVariant);
}

TEST(MeasureCoverTest, RefusesWhatIsNoLine) {
  const auto refused = [](const std::vector<CoverVehicle>& line, std::int64_t after_last_ms,
                          const std::vector<CoverRack>& racks) {
    const auto cover =
        MeasureCover({.vehicles = line, .after_last_ms = after_last_ms, .racks = racks});
    EXPECT_EQ(cover.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(cover.status().message());
  };
  auto line = Line({kA, kA});
  EXPECT_THAT(refused(line, 119'999, {}), HasSubstr("the position after the last vehicle"));
  EXPECT_THAT(refused(line, 200'000, {Rack(kSite, {}), Rack(kLine, {})}), HasSubstr("rack 1"));
  const CoverRack rack = Rack(kLine, {kA});
  EXPECT_THAT(refused(line, 200'000, {rack, rack}), HasSubstr("rack 1: part"));
  line[1].vehicle = 1;
  EXPECT_THAT(refused(line, 200'000, {}), HasSubstr("vehicle 1: it stands twice"));
  line[1] = {.vehicle = 2, .need_ms = 0};
  EXPECT_THAT(refused(line, 200'000, {}), HasSubstr("vehicle 2: its need"));
  line[1] = {.vehicle = 2, .need_ms = 60'000, .pieces = -1};
  EXPECT_THAT(refused(line, 200'000, {}), HasSubstr("vehicle 2: it needs a negative"));
}

TEST(MeasureCoverTest, RefusesInstantsThatCannotBeSubtracted) {
  using Limits = std::numeric_limits<std::int64_t>;
  const auto refused = [](const CoverQuestion& question) {
    const auto cover = MeasureCover(question);
    EXPECT_EQ(cover.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(cover.status().message());
  };
  const std::vector<CoverVehicle> never = {{.vehicle = 1, .need_ms = Limits::max()}};
  EXPECT_THAT(refused({.vehicles = never, .now_ms = -10}), HasSubstr("vehicle 1: its need"));
  EXPECT_THAT(refused({.after_last_ms = Limits::max()}), HasSubstr("after_last_ms is 9223"));
  EXPECT_THAT(refused({.now_ms = Limits::min()}), HasSubstr("now_ms is -9223"));
  const std::int64_t most = std::int64_t{1} << 60;
  EXPECT_EQ(MeasureCover({.after_last_ms = most, .now_ms = -most}).value()[kLine].cover_ms,
            2 * most);
}

// By trying: the most vehicles, from `next` on, that a level's feed covers.
struct Trier {
  const std::vector<CoverVehicle>& line;
  const std::vector<CoverRack>& racks;
  const std::vector<Alternate>& alternates;
  CoverLevel level;

  bool Serves(const CoverVehicle& v, const CoverPart& p) const {
    const bool fits = v.variant == p.variant ||
                      std::ranges::count(alternates, Alternate{v.variant, p.variant}) > 0;
    return fits && p.usable && p.ready_ms <= v.need_ms &&
           (!p.expires_ms.has_value() || *p.expires_ms >= v.need_ms) &&
           (!p.pegged_to.has_value() || *p.pegged_to == v.vehicle);
  }
  // The first vehicle not covered; line.size() if all are. `left` is the open rack and those
  // behind.
  std::size_t Feed(std::size_t next, std::int32_t piece, std::vector<CoverRack> left) const {
    while (next < line.size() && (line[next].passed_over || piece == line[next].pieces)) {
      ++next;
      piece = 0;
    }
    if (next == line.size()) return next;
    while (!left.empty() && std::ranges::none_of(left[0].slots, [](const auto& slot) {
      return slot.has_value() && !slot->kept_for_held;
    })) {
      left.erase(left.begin());
    }
    if (left.empty() || left[0].level > level) return next;
    std::size_t best = next;
    for (auto& slot : left[0].slots) {
      if (!slot.has_value() || slot->kept_for_held) continue;
      if (Serves(line[next], *slot)) {
        const auto taken = std::exchange(slot, std::nullopt);
        best = std::max(best, Feed(next, piece + 1, left));
        slot = taken;
      }
      if (!left[0].is_random_access) break;
    }
    return best;
  }
  // The same if slots did not matter.
  std::size_t Anywhere() const {
    CoverRack all{.level = level, .is_random_access = true};
    for (const CoverRack& rack : racks) {
      if (rack.level > level) break;
      all.slots.insert(all.slots.end(), rack.slots.begin(), rack.slots.end());
    }
    return Feed(0, 0, {all});
  }
};

std::vector<CoverVehicle> DrawLine(std::mt19937_64& random) {
  auto line = Line(std::vector<std::int32_t>(random() % 7, kA));
  for (CoverVehicle& vehicle : line) {
    vehicle.variant = static_cast<std::int32_t>(random() % 3);
    vehicle.pieces = random() % 4 == 0 ? static_cast<std::int32_t>(random() % 3) : 1;
    vehicle.passed_over = random() % 8 == 0;
  }
  return line;
}

// With `plain` without expiries and hard pegs.
CoverPart DrawPart(std::int64_t part, std::int32_t variant, bool plain, std::mt19937_64& random) {
  const auto drawn_ms = [&random] { return static_cast<std::int64_t>(random() % 400'000); };
  CoverPart drawn = {.part = part,
                     .variant = variant,
                     .ready_ms = random() % 10 == 0 ? drawn_ms() : 0,
                     .usable = random() % 20 != 0,
                     .kept_for_held = random() % 12 == 0};
  if (!plain && random() % 6 == 0) drawn.expires_ms = drawn_ms();
  if (!plain && random() % 12 == 0) drawn.pegged_to = 1 + static_cast<std::int64_t>(random() % 7);
  return drawn;
}

// Mostly what the line needs, in its order.
std::vector<CoverRack> DrawRacks(const std::vector<CoverVehicle>& line, bool plain,
                                 std::mt19937_64& random) {
  std::vector<CoverRack> racks;
  std::uint64_t level = 0;
  std::int64_t part = 0;
  for (std::uint64_t k = random() % 4 + 1; k > 0; --k) {
    level = std::max(level, random() % 3);
    racks.push_back(
        {.level = static_cast<CoverLevel>(level), .is_random_access = random() % 3 == 0});
    for (std::uint64_t s = random() % 3 + 1; s > 0; --s) {
      const auto next = static_cast<std::size_t>(++part);
      const auto variant = line.empty() || random() % 4 == 0
                               ? static_cast<std::int32_t>(random() % 3)
                               : line[next % line.size()].variant;
      const CoverPart drawn = DrawPart(part, variant, plain, random);
      racks.back().slots.push_back(random() % 10 == 0 ? std::nullopt : std::optional(drawn));
    }
  }
  return racks;
}

TEST(MeasureCoverTest, IsWhatTryingEveryChoiceGives) {
  std::mt19937_64 random(61);
  for (int run = 0; run < 4'000; ++run) {
    SCOPED_TRACE(run);
    const bool plain = run % 2 == 0;
    const auto line = DrawLine(random);
    const auto racks = DrawRacks(line, plain, random);
    std::vector<Alternate> alternates;
    if (!plain) alternates = {{0, 1}, {2, 1}, {1, 2}};
    const Cover cover = Measure(line, racks, alternates);
    for (const CoverLevel level : {kLine, kSite, kPipeline}) {
      const Trier trier = {line, racks, alternates, level};
      const auto at_ms = [](std::size_t next) {
        return 60'000 * (static_cast<std::int64_t>(next) + 1);
      };
      const std::size_t next = trier.Feed(0, 0, racks);
      ASSERT_EQ(cover[level].cover_ms, at_ms(next));
      ASSERT_EQ(cover[level].stop.has_value(), next < line.size());
      if (next < line.size()) {
        ASSERT_EQ(cover[level].stop->vehicle, line[next].vehicle);
      }
      ASSERT_EQ(cover[level].peg_cover_ms, at_ms(trier.Anywhere()));
    }
    ASSERT_LE(cover[kLine].cover_ms, cover[kSite].cover_ms);
    ASSERT_LE(cover[kSite].cover_ms, cover[kPipeline].cover_ms);
  }
}

}  // namespace
}  // namespace tandem::sequencing
