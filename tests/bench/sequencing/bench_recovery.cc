// recovery_proposal: a proposal for each of the twelve perturbations of the reference (1.5), on a
// line of 10,000 vehicles with 50 families, in three plants: one has racked what is made, half of
// it; one is short of parts besides; one has racked everything. The draws are as large as the goal
// allows: where a perturbation can pull at all, up to about 500 pulls in a family.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sequencing/recovery/encode.h"
#include "sequencing/recovery/propose.h"
#include "tests/bench/sequencing/bench.h"

namespace tandem::bench {
namespace {

using namespace sequencing;  // NOLINT(google-build-using-namespace): a benchmark of one library.

constexpr std::int32_t kVehicles = 10'000;
constexpr std::int32_t kFamilies = 50;
constexpr std::int32_t kRackPlaces = 42;  // Two spare ones.
constexpr std::int32_t kRackParts = 40;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int32_t kMade = 5'000;  // Positions whose parts are made, the others are planned.
constexpr int kRuns = 100;

struct PlantTerms {
  std::int32_t racked = kMade;  // Parts of the vehicles before are in racks.
  // Of every so many vehicles one has lost its part of a family; 0: of none.
  std::int32_t lost_one_in = 0;
  int lifts = 0;           // Vehicles that Reordered lifts,
  std::int64_t swaps = 1;  // and pairs that Swapped swaps.
};

class Plant {
 public:
  explicit Plant(const PlantTerms& terms);
  const RecoveryBook& book() const { return *book_; }

  Happening Pulled();
  Happening Reordered();
  Happening Scrapped();
  Happening Respecified();
  Happening Swapped();
  Happening Retimed();
  Happening Rejected();
  Happening Delayed();
  Happening Down();
  Happening Missing();
  Happening Cancelled();
  Happening Allowed();
  Happening Broken();

 private:
  std::int64_t Random(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  std::vector<std::int64_t> SomeVehicles(std::size_t count);
  PlanFamily Family(std::int32_t index);
  std::int64_t PartOf(std::int32_t family, std::int64_t vehicle) const {
    return (family + 1) * 1'000'000LL + vehicle;
  }
  std::int32_t VariantsOf(std::int32_t family) const {
    constexpr std::int32_t kVariants[] = {2, 4, 8, 20, 50, 100, 400};
    return kVariants[family % 7];
  }

  std::mt19937_64 random_{11};
  PlantTerms terms_;
  std::optional<RecoveryBook> book_{};
};

// Parts are there half an hour to four hours before they are needed.
PlanFamily Plant::Family(std::int32_t index) {
  PlanFamily family{.location = index % 10, .family = index, .supplier = index % 10};
  family.variant_count = VariantsOf(index);
  family.offset_positions = 10 * (index % 10);
  family.frozen_ms = 60 * kMinuteMs;
  family.rebuild_touches = 60;
  family.fetch_ms = 2 * kMinuteMs;
  if (index % 3 == 0) family.short_money = 200;
  family.express = ExpressTerms{.origin = index % 5,
                                .prepare_ms = 20 * kMinuteMs,
                                .travel_ms = {40 * kMinuteMs, 50 * kMinuteMs, 80 * kMinuteMs},
                                .travel_q95_ms = 90 * kMinuteMs,
                                .unload_ms = 10 * kMinuteMs,
                                .internal_ms = 10 * kMinuteMs,
                                .part_money = 30};
  family.sets = index == 1;
  for (std::int64_t v = 0; v < kVehicles; ++v) {
    const bool needs = index % 4 != 3 || Random(0, 3) > 0;
    family.variants.push_back(needs ? static_cast<std::int32_t>(Random(0, family.variant_count - 1))
                                    : kNoPart);
    if (!needs) continue;
    const std::int64_t need_ms = (v + 1 + family.offset_positions) * kMinuteMs;
    const std::int64_t p50_ms = need_ms - Random(30, 240) * kMinuteMs;
    const std::int64_t part = PartOf(index, v);
    const bool made = v < kMade;
    // Family 4 is short of variant 0, for which it may get an alternate.
    const bool scarce =
        terms_.lost_one_in > 0 && index == 4 && v < 1'000 && family.variants.back() == 0;
    const bool lost = terms_.lost_one_in > 0 && v >= 300 && Random(1, terms_.lost_one_in) == 1;
    if (lost || scarce) continue;
    family.parts.push_back({.part = part,
                            .variant = family.variants.back(),
                            .ready = {p50_ms - 5 * kMinuteMs, p50_ms, p50_ms + 9 * kMinuteMs},
                            .place = v < 100   ? PartPlace::kAtLine
                                     : v < 300 ? PartPlace::kAtDock
                                     : made    ? PartPlace::kInTransit
                                               : PartPlace::kPlanned,
                            .made_ms = made ? 0 : need_ms - 300 * kMinuteMs,
                            .lot = static_cast<std::int32_t>(v % 50),
                            .vehicle = v});
    if (v >= terms_.racked) continue;
    if (family.racks.empty() || std::ssize(family.racks.back().slots) == kRackParts) {
      family.racks.push_back({.rack = (index + 1) * 100'000LL + std::ssize(family.racks),
                              .capacity = kRackPlaces,
                              .place = made ? family.parts.back().place : PartPlace::kAtSource});
    }
    family.racks.back().slots.emplace_back(part);
  }
  for (std::int64_t k = 0; k < 300; ++k) {  // A safety stock, and pieces of sets.
    family.parts.push_back({.part = PartOf(index, 500'000 + k),
                            .variant = static_cast<std::int32_t>(k % family.variant_count),
                            .place = PartPlace::kAtSource});
    family.loose.push_back({.piece = k, .lot = static_cast<std::int32_t>(k % 50)});
  }
  return family;
}

Plant::Plant(const PlantTerms& terms) : terms_(terms) {
  RecoveryPlan plan{.horizon_ms = 20'000 * kMinuteMs};
  plan.runs = {{.from_ms = 0, .to_ms = 40'000 * kMinuteMs, .takt_ms = kMinuteMs}};
  plan.points = {{.point = 1, .position = 60, .reach_positions = 200},
                 {.point = 2, .position = 400, .reach_positions = 2'000}};
  plan.origins.assign(5, {.places = 48, .money = 900});
  for (std::int64_t v = 0; v < kVehicles; ++v) plan.vehicles.push_back({.vehicle = v});
  for (std::int32_t f = 0; f < kFamilies; ++f) plan.families.push_back(Family(f));
  book_.emplace(RecoveryBook::Create(std::move(plan)).value());
}

std::vector<std::int64_t> Plant::SomeVehicles(std::size_t count) {
  std::vector<std::int64_t> vehicles;
  while (vehicles.size() < count) {
    const std::int64_t vehicle = Random(100, kVehicles - 1);
    if (std::ranges::count(vehicles, vehicle) == 0) vehicles.push_back(vehicle);
  }
  return vehicles;
}

Happening Plant::Pulled() {
  VehiclesPulled pulled;
  for (const std::int64_t vehicle : SomeVehicles(20)) {
    pulled.vehicles.push_back({.vehicle = vehicle});
    if (Random(0, 1) == 0) pulled.vehicles.back().returns_ms = (vehicle + 20) * kMinuteMs;
  }
  return pulled;
}

// Vehicles that stand among what is racked are lifted and put in again up to 50 places away.
Happening Plant::Reordered() {
  VehiclesReordered order{.first = 0};
  order.vehicles.resize(kVehicles);
  std::iota(order.vehicles.begin(), order.vehicles.end(), 0);
  for (int k = 0; k < terms_.lifts; ++k) {
    const std::int64_t from = Random(200, terms_.racked - 200);
    const std::int64_t to = from + Random(-50, 50);
    const auto at = order.vehicles.begin();
    if (from < to) std::rotate(at + from, at + from + 1, at + to + 1);
    if (to < from) std::rotate(at + to, at + from, at + from + 1);
  }
  return order;
}

Happening Plant::Scrapped() { return VehiclesScrapped{SomeVehicles(20)}; }

Happening Plant::Respecified() {
  SpecificationChanged changed{.vehicle = Random(100, kVehicles - 1), .version = 1};
  for (std::int32_t f = 0; f < kFamilies; ++f) {
    changed.variants.push_back(
        {f % 10, f, static_cast<std::int32_t>(Random(0, VariantsOf(f) - 1))});
  }
  return changed;
}

Happening Plant::Swapped() {
  VehiclesSwapped swapped;
  const std::int64_t size = (terms_.racked - 200) / terms_.swaps;
  for (std::int64_t block = 0; block < terms_.swaps; ++block) {  // A pair in each.
    const std::int64_t first = 200 + size * block + Random(0, size / 2 - 1);
    swapped.pairs.push_back({first, first + Random(1, size / 2)});
  }
  return swapped;
}

// A stop of up to two hours, or a shift in which the line is up to 5 % faster.
Happening Plant::Retimed() {
  const std::int64_t end_ms = 40'000 * kMinuteMs;
  if (Random(0, 1) == 0) {
    return LineChanged{{{Random(0, 120) * kMinuteMs, end_ms, kMinuteMs}}};
  }
  const std::int64_t shift_ms = std::int64_t{8} * 60 * kMinuteMs;
  return LineChanged{{{0, shift_ms, kMinuteMs - Random(10, 3'000)}, {shift_ms, end_ms, kMinuteMs}}};
}

Happening Plant::Rejected() {
  const auto family = static_cast<std::int32_t>(4 * Random(2, 11));
  return PartRejected{.part = PartOf(family, Random(100, 299))};
}

// A truck with 12 racks (480 parts) of one family comes up to six hours late, or never.
Happening Plant::Delayed() {
  const std::int64_t family = 4 * Random(2, 11);
  const std::int64_t first = Random(8, 60);
  LoadDelayed delayed;
  for (std::int64_t k = 0; k < 12; ++k) {
    delayed.racks.push_back((family + 1) * 100'000 + first + k);
  }
  if (Random(0, 3) > 0) {
    const std::int64_t at_ms = (first * kRackParts + Random(0, 360)) * kMinuteMs;
    delayed.ready = Quantiles{at_ms, at_ms + 20 * kMinuteMs, at_ms + 60 * kMinuteMs};
  }
  return delayed;
}

Happening Plant::Down() {
  const std::int64_t from_ms = (kMade + Random(0, 4'000)) * kMinuteMs;
  return SupplierDown{.supplier = static_cast<std::int32_t>(Random(0, 9)),
                      .from_ms = from_ms,
                      .to_ms = from_ms + Random(60, 480) * kMinuteMs};
}

Happening Plant::Missing() { return CallsMissing{SomeVehicles(500)}; }

Happening Plant::Cancelled() {
  const auto family = static_cast<std::int32_t>(4 * Random(0, 11));
  return CallCancelled{
      .vehicle = Random(100, kVehicles - 1), .location = family % 10, .family = family};
}

Happening Plant::Allowed() {
  return AlternateAllowed{.location = 4, .family = 4, .alternate = {0, 1, 10}};
}

Happening Plant::Broken() {
  while (true) {  // A vehicle whose set is lost has none to break.
    const std::int64_t set = PartOf(1, Random(100, kMade - 1));
    if (book().PartPlaceOf(set).ok()) return SetBroken{set};
  }
}

struct Totals {
  std::vector<double> millis{};
  std::size_t bytes = 0;
  std::size_t pulls = 0;  // In a family's racks, those of re-pegs that are options too.
  std::size_t uncovered = 0;
  int better = 0;
  int exhaustive = 0;
};

void Measure(const char* name, const Plant& plant, const std::function<Happening()>& draw) {
  Totals totals;
  for (int run = 0; run < kRuns; ++run) {
    const Cause cause{.id = run, .what = draw()};
    const double begin = CpuSeconds();
    const auto proposal = Propose(plant.book(), cause);
    totals.millis.push_back(1e3 * (CpuSeconds() - begin));
    if (!proposal.ok()) {
      std::fprintf(stderr, "%s: %s\n", name, std::string(proposal.status().message()).c_str());
      return;
    }
    totals.bytes = std::max(totals.bytes, EncodeProposal(*proposal).size());
    std::size_t uncovered = 0;
    for (const FamilyProposal& family : proposal->families) {
      std::size_t pulls = 0;
      for (const ProposedRack& rack : family.racks) pulls += rack.pulls.size();
      totals.pulls = std::max(totals.pulls, pulls);
      uncovered += family.uncovered.size();
    }
    totals.uncovered = std::max(totals.uncovered, uncovered);
    totals.better += proposal->choice < proposal->do_nothing ? 1 : 0;
    totals.exhaustive += proposal->exhaustive ? 1 : 0;
  }
  const double p50 = Quantile(totals.millis, 0.5);
  Print({.name = std::string("recovery_proposal_") + name,
         .value = Quantile(totals.millis, 0.99),
         .unit = "ms",
         .goal = 50.0,
         .better = Better::kLower,
         .note = "p99 of " + std::to_string(kRuns) + ", p50 " + std::to_string(p50) +
                 " ms, processor time; 50 families, 10,000 vehicles; at most " +
                 std::to_string(totals.pulls) + " pulls a family, " +
                 std::to_string(totals.uncovered) + " positions uncovered, " +
                 std::to_string(totals.bytes) + " bytes; better than doing nothing " +
                 std::to_string(totals.better) + ", every listed option tried " +
                 std::to_string(totals.exhaustive) + " times"});
}

void MeasureAll(const std::string& where, Plant& plant) {
  int turn = 0;
  const auto measure = [&](const char* name, const std::function<Happening()>& draw) {
    Measure((name + where).c_str(), plant, draw);
  };
  measure("1_pulled", [&] { return plant.Pulled(); });
  measure("2_reordered", [&] { return plant.Reordered(); });
  measure("3_scrapped_changed",
          [&] { return ++turn % 2 == 0 ? plant.Scrapped() : plant.Respecified(); });
  measure("4_swapped", [&] { return plant.Swapped(); });
  measure("5_line_changed", [&] { return plant.Retimed(); });
  measure("6_rejected", [&] { return plant.Rejected(); });
  measure("7_load_delayed", [&] { return plant.Delayed(); });
  measure("8_supplier_down", [&] { return plant.Down(); });
  measure("9_calls_missing", [&] { return plant.Missing(); });
  measure("10_call_cancelled", [&] { return plant.Cancelled(); });
  measure("11_alternate", [&] { return plant.Allowed(); });
  measure("12_set_broken", [&] { return plant.Broken(); });
}

}  // namespace

void RecoveryProposal() {
  // Lifts and swaps: as many as come to about 500 pulls in the family that pulls the most.
  Plant plant({.lifts = 370, .swaps = 255});
  MeasureAll("", plant);
  Plant scarce({.lost_one_in = 2'500, .lifts = 215, .swaps = 140});
  MeasureAll("_short", scarce);
  // Harder than any plant: nobody racks what is not made.
  Plant racked({.racked = kVehicles, .lifts = 350, .swaps = 255});
  MeasureAll("_all_racked", racked);
}

}  // namespace tandem::bench
