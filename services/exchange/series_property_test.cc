// Random histories against a plain model: a list of statements a cell.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "services/base/bug.h"
#include "services/exchange/codec.h"
#include "services/exchange/fold.h"
#include "services/exchange/testing.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::exchange {
namespace {

using tandem::testing::HasReason;
using tandem::testing::IsOk;
using tandem::testing::Random;
using testing::Row;
using testing::TestSlot;

constexpr std::uint32_t kItems = 150;  // Three groups.
constexpr std::int32_t kDays = 300;    // Three or four chunks.

// What the exchange should know, kept the simple way.
class Model {
 public:
  struct Said {
    std::uint32_t revision = 0;
    std::int64_t value = 0;
    std::uint64_t visible = 0;  // 0: its batch is open.
    std::string batch{};        // "" for a single report.
  };
  using CellKey = std::pair<std::uint32_t, std::int32_t>;

  // Whether a report would contradict what stands (open batches included).
  bool Conflicts(const Row& row, std::uint32_t revision) const {
    const auto found = cells_.find({row.item, row.day});
    if (found == cells_.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(), [&](const Said& said) {
      if (retracted_.contains(said.batch)) return false;
      return said.revision > revision || (said.revision == revision && said.value != row.value);
    });
  }
  void Say(const Row& row, const Said& said) { cells_[{row.item, row.day}].push_back(said); }
  void Close(const std::string& batch, std::uint64_t number) {
    for (auto& [key, all] : cells_) {
      for (Said& said : all) {
        if (said.batch == batch && said.visible == 0) said.visible = number;
      }
    }
  }
  void Retract(const std::string& batch, std::uint64_t number) { retracted_[batch] = number; }
  // What counts at a cut.
  std::optional<Said> At(const CellKey& key, std::uint64_t as_of) const {
    const auto found = cells_.find(key);
    if (found == cells_.end()) return std::nullopt;
    const Said* best = nullptr;
    for (const Said& said : found->second) {
      const auto gone = retracted_.find(said.batch);
      if (said.visible == 0 || said.visible > as_of) continue;
      if (!said.batch.empty() && gone != retracted_.end() && gone->second <= as_of) continue;
      if (best == nullptr || said.revision > best->revision) best = &said;
      if (said.revision == best->revision && said.visible > best->visible) best = &said;
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  }

 private:
  std::map<CellKey, std::vector<Said>> cells_;
  std::map<std::string, std::uint64_t> retracted_;
};

// Drives slot and model alike.
class History {
 public:
  explicit History(Random& random) : random_(random) {}

  void Step() {
    switch (random_.Below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Report();
      case 4:
      case 5:
        return Single();
      case 6:
        return CloseOpen();
      case 7:
        return Retract();
      default:
        return Fold();
    }
  }

  void CheckRead(std::uint64_t as_of) {
    SeriesCut cut(
        slot_.rows, place_, series_,
        {.as_of = as_of, .interest = {0, kItems, testing::kDay, testing::kDay + kDays - 1}});
    for (std::uint32_t group = 0; group <= GroupOf(kItems); ++group) {
      SeriesCut::Columns columns{.day_first = testing::kDay, .day_count = kDays};
      SeriesCut::Columns revised{
          .day_first = testing::kDay, .day_count = kDays, .with_revisions = true};
      ASSERT_THAT(cut.ReadGroup(group, columns), IsOk());
      ASSERT_THAT(cut.ReadGroup(group, revised), IsOk());
      ASSERT_EQ(columns.values_milli, revised.values_milli);
      ASSERT_EQ(columns.known, revised.known);
      ASSERT_TRUE(columns.revisions.empty());
      for (std::uint32_t i = 0; i < kTileItems; ++i) {
        for (std::int32_t d = 0; d < kDays; ++d) {
          const std::size_t at = std::size_t{i} * kDays + static_cast<std::size_t>(d);
          const auto item = group * static_cast<std::uint32_t>(kTileItems) + i;
          const auto want = model_.At({item, testing::kDay + d}, as_of);
          ASSERT_EQ(columns.known[at] != 0, want.has_value())
              << "item " << item << " day " << d << " as of " << as_of;
          ASSERT_EQ(columns.values_milli[at], want.has_value() ? want->value : 0)
              << "item " << item << " day " << d << " as of " << as_of;
          ASSERT_EQ(revised.revisions[at], want.has_value() ? want->revision : 0)
              << "item " << item << " day " << d << " as of " << as_of;
        }
      }
    }
  }

  void CheckReplay() const {
    base::MapRows again;
    for (const base::FactRecord& record : slot_.log) Apply(record, again);
    EXPECT_EQ(again.map(), slot_.rows.map());
  }

  std::uint64_t number() const { return slot_.number(); }

 private:
  std::vector<Row> RandomRows() {
    std::set<std::pair<std::uint32_t, std::int32_t>> cells;
    // A few items over many days, or many items over a few: like files and like days.
    const bool by_day = random_.OneIn(2);
    const auto item = 1 + static_cast<std::uint32_t>(random_.Below(kItems));
    const auto day = static_cast<std::int32_t>(random_.Below(kDays));
    const std::uint64_t count = 1 + random_.Below(200);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto spread = static_cast<std::int32_t>(random_.Below(by_day ? 2 : kDays));
      const auto items = static_cast<std::uint32_t>(random_.Below(by_day ? kItems : 2));
      cells.emplace(1 + (item + items) % kItems, testing::kDay + (day + spread) % kDays);
    }
    std::vector<Row> rows;
    rows.reserve(cells.size());
    for (const auto& [i, d] : cells) rows.push_back({i, d, random_.Between(-3, 3) * 1000});
    return rows;
  }

  // Mostly values that the model knows for an equal revision, so that repeats are common.
  void Report() {
    const std::string stream = "s" + std::to_string(random_.Below(3));
    const auto revision = static_cast<std::uint32_t>(random_.Below(5));
    const std::vector<Row> rows = RandomRows();
    const bool conflicts = std::any_of(
        rows.begin(), rows.end(), [&](const Row& row) { return model_.Conflicts(row, revision); });
    Stream& state = streams_[stream];
    const bool close = random_.OneIn(2);
    const auto block = Prepared(rows, revision);
    const absl::Status status = slot_.Run(ReportBlock{.place = place_,
                                                      .stream = stream,
                                                      .block = state.blocks + 1,
                                                      .close_batch = close,
                                                      .series = block});
    if (conflicts) {
      ASSERT_THAT(status, HasReason(base::Reason::kRevisionConflict));
      return;
    }
    ASSERT_THAT(status, IsOk());
    ++state.blocks;
    if (state.open.empty()) state.open = BatchIdOf(stream, state.blocks);
    for (const Row& row : rows) model_.Say(row, {revision, row.value, 0, state.open});
    if (close) Closed(state);
  }

  struct Stream {
    std::int64_t blocks = 0;
    std::string open{};
  };

  void Closed(Stream& state) {
    model_.Close(state.open, slot_.number());
    closed_.push_back(state.open);
    state.open.clear();
  }

  void CloseOpen() {
    for (auto& [name, state] : streams_) {
      if (state.open.empty()) continue;
      ASSERT_THAT(slot_.Run(CloseBatch{place_, name}), IsOk());
      return Closed(state);
    }
  }

  // An open batch: closed and taken back at once, and its stream goes on.
  void Drop() {
    for (auto& [name, state] : streams_) {
      if (state.open.empty()) continue;
      ASSERT_THAT(slot_.Run(RetractBatch{place_, state.open, slot_.number() + 1}), IsOk());
      model_.Close(state.open, slot_.number() - 1);
      model_.Retract(state.open, slot_.number());
      state.open.clear();
      return;
    }
  }

  void Retract() {
    if (closed_.empty() || random_.OneIn(4)) return Drop();
    const std::size_t at = random_.Below(closed_.size());
    ASSERT_THAT(slot_.Run(RetractBatch{place_, closed_[at]}), IsOk());
    model_.Retract(closed_[at], slot_.number());
    closed_.erase(closed_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void Single() {
    const Row row{1 + static_cast<std::uint32_t>(random_.Below(kItems)),
                  testing::kDay + static_cast<std::int32_t>(random_.Below(20)),
                  random_.Between(0, 2) * 1000};
    const auto revision = static_cast<std::uint32_t>(random_.Below(5));
    const bool conflicts = model_.Conflicts(row, revision);
    const std::uint64_t before = slot_.number();
    const absl::Status status = slot_.Run(ReportStock{place_, Prepared({row}, revision)});
    if (conflicts) {
      ASSERT_THAT(status, HasReason(base::Reason::kRevisionConflict));
      return;
    }
    ASSERT_THAT(status, IsOk());
    if (slot_.number() > before) model_.Say(row, {revision, row.value, slot_.number(), ""});
  }

  void Fold() {
    const FoldOptions options{.rows_max = 1 + random_.Below(500),
                              .tiles_max = static_cast<std::uint32_t>(1 + random_.Below(4)),
                              .all = true};
    const auto step = NextFold({slot_.rows, slot_.number(), place_, series_}, options);
    if (!step.has_value()) return;
    // Some facts may come between what the worker saw and its step.
    if (random_.OneIn(2)) Report();
    auto facts = DecideFold(slot_.rows, *step);
    ASSERT_THAT(facts, IsOk());
    slot_.Add(*std::move(facts));
  }

  std::shared_ptr<const SeriesBlock> Prepared(const std::vector<Row>& rows,
                                              std::uint32_t revision) const {
    const v1::SeriesBlock wire = testing::WireBlock(rows, revision, kItems);
    const auto dictionary = MapDictionary(wire.items(), *registers_);
    auto block = PrepareSeries({place_, registers_, *dictionary}, wire);
    base::Require(block.ok(), "a random block is not well formed");
    return *std::move(block);
  }

  Random& random_;
  const Place place_{"shop", "l1"};
  const SeriesKey series_{.measure = v1::MEASURE_SALES};
  const std::shared_ptr<const FirmRegister> registers_ = testing::MakeRegister(kItems, 1);
  TestSlot slot_;
  Model model_;
  std::map<std::string, Stream> streams_;
  std::vector<std::string> closed_;
};

// Goal: whatever comes in whatever order, reads now and as of any past fact are what was said,
// folding changes none of them, and replay gives the same rows.
TEST(SeriesPropertyTest, ReadsWhatWasSaid) {
  Random random;
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    History history(random);
    for (int step = 0; step < 60; ++step) {
      history.Step();
      if (HasFatalFailure()) return;
      if (step % 12 == 11) {
        history.CheckRead(kNow);
        history.CheckRead(random.Below(history.number() + 1));
        if (HasFatalFailure()) return;
      }
    }
    history.CheckReplay();
  }
}

}  // namespace
}  // namespace tandem::exchange
