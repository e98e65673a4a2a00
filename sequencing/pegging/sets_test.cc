#include "sequencing/pegging/sets.h"

#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "sequencing/pegging/peg_book.h"

namespace tandem::sequencing {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

using ReadyTicks = std::vector<std::vector<std::int32_t>>;

// Every choice of an option or none for every vehicle; possible iff at every due tick no stock has
// given more pieces to what is due by then than it had.
std::int64_t BestByTrying(const std::vector<SetVehicle>& vehicles, const ReadyTicks& ready) {
  std::int64_t best = 0;
  std::vector<std::size_t> pick(vehicles.size(), 0);  // 0: late, else the option + 1.
  while (true) {
    std::int64_t weight = 0;
    bool possible = true;
    for (std::size_t v = 0; v < vehicles.size(); ++v) {
      if (pick[v] == 0) continue;
      weight += vehicles[v].weight;
      std::vector<std::int64_t> asked(ready.size(), 0);
      for (std::size_t u = 0; u < vehicles.size(); ++u) {
        if (pick[u] == 0 || vehicles[u].due_tick > vehicles[v].due_tick) continue;
        for (const StockPieces& p : vehicles[u].options[pick[u] - 1]) {
          asked[static_cast<std::size_t>(p.stock)] += p.pieces;
        }
      }
      for (std::size_t s = 0; s < ready.size(); ++s) {
        const std::int64_t there = std::count_if(ready[s].begin(), ready[s].end(),
                                                 [&](auto r) { return r <= vehicles[v].due_tick; });
        possible = possible && asked[s] <= there;
      }
    }
    if (possible) best = std::max(best, weight);
    std::size_t v = 0;
    while (v < vehicles.size() && pick[v] == vehicles[v].options.size()) pick[v++] = 0;
    if (v == vehicles.size()) return best;
    ++pick[v];
  }
}

struct Drawn {
  std::vector<SetVehicle> vehicles{};
  ReadyTicks ready{};
};

Drawn Draw(std::mt19937_64& random, int stocks, int options, int weight_max) {
  const auto between = [&](int low, int high) {
    return std::uniform_int_distribution(low, high)(random);
  };
  Drawn drawn;
  for (int s = 0; s < stocks; ++s) {
    std::vector<std::int32_t>& ready = drawn.ready.emplace_back();
    for (int k = between(0, 8); k > 0; --k) ready.push_back(between(0, 10));
  }
  for (int v = between(1, 6); v > 0; --v) {
    SetVehicle vehicle{.due_tick = between(0, 10), .weight = between(1, weight_max)};
    for (int o = 0; o < options; ++o) {
      std::vector<StockPieces> option;
      for (int s = 0; s < stocks; ++s) {
        const bool last = option.empty() && s + 1 == stocks;
        if (last || between(0, 1) == 0) option.push_back({.stock = s, .pieces = between(1, 4)});
      }
      vehicle.options.push_back(option);
    }
    drawn.vehicles.push_back(vehicle);
  }
  return drawn;
}

void ExpectBest(int stocks, int options, int weight_max, SetMethod method) {
  std::mt19937_64 random(7);
  for (int k = 0; k < 3000; ++k) {
    const Drawn drawn = Draw(random, stocks, options, weight_max);
    const SetChoice choice = ChooseSets(drawn.vehicles, drawn.ready).value();
    ASSERT_EQ(choice.weight_on_time, BestByTrying(drawn.vehicles, drawn.ready)) << "case " << k;
    if (weight_max > 1 && choice.method == SetMethod::kMooreHodgson) continue;  // Drawn equal.
    ASSERT_EQ(choice.method, method);
  }
}

TEST(ChooseSetsTest, OneStockIsExact) { ExpectBest(1, 1, 1, SetMethod::kMooreHodgson); }

TEST(ChooseSetsTest, OneStockWithWeightsIsExact) { ExpectBest(1, 1, 5, SetMethod::kLawlerMoore); }

TEST(ChooseSetsTest, SeveralStocksAndLotsAreExactWhereTheSearchEnds) {
  ExpectBest(3, 2, 3, SetMethod::kBranchAndBound);
}

// One piece each of a left and a right one. The heaviest vehicle wants both; two others, heavier
// together, want one each. By weight alone the heaviest gets them.
TEST(ChooseSetsTest, SaysWhenTheSearchWasCutOff) {
  const std::vector<SetVehicle> vehicles = {
      {.due_tick = 5, .weight = 3, .options = {{{.stock = 0}, {.stock = 1}}}},
      {.due_tick = 5, .weight = 2, .options = {{{.stock = 0}}}},
      {.due_tick = 5, .weight = 2, .options = {{{.stock = 1}}}},
  };
  const SetChoice cut = ChooseSets(vehicles, {{1}, {1}}, {.nodes = 1}).value();
  EXPECT_EQ(cut.method, SetMethod::kGreedy);
  EXPECT_FALSE(cut.exact());
  EXPECT_THAT(cut.options, ElementsAre(0, -1, -1));
  const SetChoice best = ChooseSets(vehicles, {{1}, {1}}).value();
  EXPECT_EQ(best.method, SetMethod::kBranchAndBound);
  EXPECT_TRUE(best.exact());
  EXPECT_THAT(best.options, ElementsAre(-1, 0, 0));
}

// By hand: pieces ready at 0 0 1 2 3; vehicle 0 wants 4 at 3, vehicles 1 and 2 want 2 each at 1 and
// 3. Serving 0 leaves one piece, so the two others go first: 2 <= R(1) = 3, 4 <= R(3) = 5.
TEST(ChooseSetsTest, DropsTheOneWithTheMostPieces) {
  const auto wants = [](std::int32_t due, std::int32_t pieces) {
    return SetVehicle{.due_tick = due, .options = {{{.stock = 0, .pieces = pieces}}}};
  };
  const SetChoice choice =
      ChooseSets(std::vector{wants(3, 4), wants(1, 2), wants(3, 2)}, {{0, 0, 1, 2, 3}}).value();
  EXPECT_THAT(choice.options, ElementsAre(-1, 0, 0));
  EXPECT_EQ(choice.weight_on_time, 2);
}

// One that nothing can serve is late, and the others are still chosen by their exact method.
TEST(ChooseSetsTest, AVehicleWithoutAnOptionLeavesTheMethodAsItIs) {
  const auto wants = [](std::int32_t weight, std::int32_t pieces) {
    return SetVehicle{
        .due_tick = 5, .weight = weight, .options = {{{.stock = 0, .pieces = pieces}}}};
  };
  const SetVehicle nothing = {.due_tick = 5, .weight = 9};
  const std::vector<std::vector<std::int32_t>> ready = {{1, 1, 1}};
  const SetChoice equal =
      ChooseSets(std::vector{nothing, wants(1, 3), wants(1, 1), nothing, wants(1, 2)}, ready)
          .value();
  EXPECT_EQ(equal.method, SetMethod::kMooreHodgson);
  EXPECT_THAT(equal.options, ElementsAre(-1, -1, 0, -1, 0));
  const SetChoice weighed =
      ChooseSets(std::vector{nothing, wants(5, 3), wants(2, 1), nothing, wants(2, 2)}, ready)
          .value();
  EXPECT_EQ(weighed.method, SetMethod::kLawlerMoore);
  EXPECT_THAT(weighed.options, ElementsAre(-1, 0, -1, -1, -1));
  EXPECT_EQ(weighed.weight_on_time, 5);
  const SetChoice none = ChooseSets(std::vector{nothing, nothing}, ready).value();
  EXPECT_TRUE(none.exact());
  EXPECT_THAT(none.options, ElementsAre(-1, -1));
}

TEST(ChooseSetsTest, RefusesWhatMakesNoSense) {
  struct Case {
    const char* reason;
    SetVehicle vehicle;
  };
  const Case cases[] = {
      {"UNKNOWN_STOCK", {.options = {{{.stock = 2}}}}},
      {"STOCK_TWICE", {.options = {{{.stock = 1}, {.stock = 1}}}}},
      {"SET_SIZE", {.options = {{{.stock = 1, .pieces = 0}}}}},
      {"SET_SIZE", {.options = {{}}}},
      {"WEIGHT_NOT_POSITIVE", {.weight = 0}},
      {"TICK_OUT_OF_RANGE", {.due_tick = kTickMax + 1}},
  };
  for (const Case& c : cases) {
    const auto choice = ChooseSets(std::vector{c.vehicle}, {{1}, {2}});
    EXPECT_EQ(choice.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(choice.status().message()), StartsWith(c.reason));
  }
  EXPECT_FALSE(ChooseSets({}, {{kTickMax + 1}}).ok());
  EXPECT_EQ(ChooseSets(std::vector{SetVehicle{}}, {}).value().weight_on_time, 0);
}

// Two lots of wheels, four to a vehicle: lot 1 has its first set with the piece at 5, lot 0 at 9.
TEST(KitSetsTest, ASetIsOfOneLotAndAsEarlyAsItsLatestPiece) {
  std::vector<Piece> pieces;
  std::uint64_t id = 1;
  for (const std::int32_t ready : {9, 1, 2, 3, 4}) {
    pieces.push_back({.supply = SupplyId{id++}, .lot = 0, .ready_tick = ready});
  }
  for (const std::int32_t ready : {5, 5, 5, 2, 7, 8, 8, 9}) {
    pieces.push_back({.supply = SupplyId{id++}, .lot = 1, .ready_tick = ready});
  }
  const std::vector<PieceSet> sets = KitSets(pieces, 4).value();
  ASSERT_EQ(sets.size(), 3U);
  EXPECT_EQ(sets[0].lot, 0);
  EXPECT_EQ(sets[0].ready_tick, 4);
  EXPECT_EQ(sets[1].ready_tick, 5);
  EXPECT_THAT(sets[1].pieces, ElementsAre(SupplyId{9}, SupplyId{6}, SupplyId{7}, SupplyId{8}));
  EXPECT_EQ(sets[2].ready_tick, 9);
}

// The pooled sets of all lots, as supplies: as many vehicles on time as trying all says.
TEST(KitSetsTest, PooledSetsServeAsManyVehiclesAsCanBe) {
  std::mt19937_64 random(9);
  for (int k = 0; k < 2000; ++k) {
    Drawn drawn = Draw(random, 3, 1, 1);
    std::vector<Piece> pieces;
    for (std::size_t lot = 0; lot < drawn.ready.size(); ++lot) {
      for (const std::int32_t ready : drawn.ready[lot]) {
        pieces.push_back({.supply = SupplyId{pieces.size()},
                          .lot = static_cast<std::int32_t>(lot),
                          .ready_tick = ready});
      }
    }
    std::vector<Event> events;
    for (SetVehicle& vehicle : drawn.vehicles) {
      vehicle.options = {
          {{.stock = 0, .pieces = 2}}, {{.stock = 1, .pieces = 2}}, {{.stock = 2, .pieces = 2}}};
      events.push_back(
          {.kind = EventKind::kNeedAdded, .need = NeedId{events.size()}, .tick = vehicle.due_tick});
    }
    const std::vector<PieceSet> sets = KitSets(pieces, 2).value();
    for (std::size_t s = 0; s < sets.size(); ++s) {
      events.push_back(
          {.kind = EventKind::kSupplyAdded, .supply = SupplyId{s}, .tick = sets[s].ready_tick});
    }
    PegBook book = PegBook::Create({}).value();
    PegOutcome outcome;
    ASSERT_TRUE(book.Apply(events, outcome).ok());
    ASSERT_EQ(book.needs() - book.late(), BestByTrying(drawn.vehicles, drawn.ready));
  }
}

TEST(KitSetsTest, RefusesWhatMakesNoSense) {
  const std::vector<Piece> twice = {{.supply = SupplyId{3}}, {.supply = SupplyId{3}}};
  EXPECT_THAT(std::string(KitSets(twice, 2).status().message()), StartsWith("DUPLICATE_SUPPLY"));
  EXPECT_THAT(std::string(KitSets({}, 0).status().message()), StartsWith("SET_SIZE"));
  const std::vector<Piece> far = {{.ready_tick = kTickMax + 1}};
  EXPECT_THAT(std::string(KitSets(far, 1).status().message()), StartsWith("TICK_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace tandem::sequencing
