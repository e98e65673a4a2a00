// The exchange's commands and facts. Two promises:
// - A fact of any bytes is readable or not, and one that is readable is stored, or, where Decide
// can
//   never have made it (columns that do not agree, a batch that is not open), stops the program by
//   name. It never reads or writes what it should not.
// - What a partner sends is refused, or becomes facts that are readable, stored, and read back;
// moving
//   what is stored into tiles changes no answer.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/base/rows.h"
#include "services/exchange/block.h"
#include "services/exchange/decide.h"
#include "services/exchange/fold.h"
#include "services/exchange/model.h"
#include "services/exchange/prices.h"
#include "services/exchange/registers.h"
#include "services/exchange/series.h"
#include "services/exchange/view.h"
#include "tests/fuzz/bug_exception.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::fuzz::Check;
using tandem::fuzz::Input;
namespace base = tandem::base;
namespace exchange = tandem::exchange;
namespace v1 = tandem::exchange::v1;

const exchange::Place kPlace{"acme", "l1"};

// Items i1 to i70, so that two groups of tiles take part; i3 is closed.
std::shared_ptr<const exchange::FirmRegister> Registers() {
  auto registers = std::make_shared<exchange::FirmRegister>();
  for (std::uint32_t i = 1; i <= 70; ++i) registers->items.Add(i, "i" + std::to_string(i));
  registers->items.Close(3, 16'000);
  registers->locations.Add(1, "l1");
  return registers;
}

class Place {
 public:
  explicit Place(Input& input) : input_(input) {}

  void Step() {
    switch (input_.Byte() % 9) {
      case 0:
        return Ingest();
      case 1:
        return Report();
      case 2:
        return Store(Decide(exchange::CloseBatch{.place = kPlace, .stream = Stream()}));
      case 3:
        return Store(Decide(exchange::RetractBatch{
            .place = kPlace, .batch = Stream() + "-" + std::to_string(input_.Byte() % 4)}));
      case 4:
        return Fold();
      case 5:
        return Register();
      case 6:
        return Put();
      case 7:
        return Close();
      default:
        return ApplyAny();
    }
  }

 private:
  template <typename Command>
  absl::StatusOr<exchange::Facts> Decide(const Command& command) {
    return exchange::Decide(rows_, command);
  }

  template <typename Message>
  Message Any() {
    Message message;
    const std::string_view bytes = input_.Sized();
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) message.Clear();
    return message;
  }

  std::string Stream() { return input_.Byte() % 2 == 0 ? "s" : "t"; }

  void Ingest() {
    const auto request = Any<v1::IngestRequest>();
    const auto& names = request.has_prices() ? request.prices().items() : request.series().items();
    const auto dictionary = exchange::MapDictionary(names, *registers_);
    if (!dictionary.ok()) return;
    const exchange::BlockScope scope{kPlace, registers_, *dictionary};
    exchange::ReportBlock block{.place = kPlace,
                                .stream = Stream(),
                                .block = request.block(),
                                .close_batch = request.close_batch(),
                                .file_id = request.file_id()};
    if (request.has_prices()) {
      const auto prices = exchange::PreparePrices(scope, request.prices());
      if (!prices.ok()) return;
      block.prices = *prices;
    } else {
      const auto series = exchange::PrepareSeries(scope, request.series());
      if (!series.ok()) return;
      CheckColumns(**series);
      block.series = *series;
    }
    const auto decision = exchange::Decide(rows_, block);
    if (decision.ok()) Store(absl::StatusOr<exchange::Facts>(decision->facts));
  }

  static void CheckColumns(const exchange::SeriesBlock& series) {
    const auto columns = exchange::DecodeSeriesColumns(series.fact);
    Check(columns.ok() && columns->values_milli == series.values_milli, "columns read back");
    Check(columns->runs.size() == series.runs.size(), "runs read back");
    Check(exchange::DecodeTouched(series.touched_columns).ok(), "what is touched reads back");
  }

  void Report() {
    auto block = Any<v1::SeriesBlock>();
    block.set_measure(v1::MEASURE_STOCK);
    const auto dictionary = exchange::MapDictionary(block.items(), *registers_);
    if (!dictionary.ok()) return;
    const auto series = exchange::PrepareSeries({kPlace, registers_, *dictionary}, block);
    if (!series.ok() || (*series)->values_milli.size() != 1) return;
    Store(Decide(exchange::ReportStock{.place = kPlace, .row = *series}));
  }

  void Register() {
    if (input_.Byte() % 2 == 0) {
      Store(Decide(exchange::RegisterItems{.owner = "acme",
                                           .items = Any<v1::RegisterItemsRequest>().items()}));
    } else {
      Store(Decide(exchange::RegisterLocations{
          .owner = "acme", .locations = Any<v1::RegisterLocationsRequest>().locations()}));
    }
  }

  void Close() {
    const std::string id = "i" + std::to_string(input_.Byte() % 4);
    const std::int32_t last_day = base::Day::kFirst + input_.Short();
    if (last_day > base::Day::kLast) return;  // The request's date is checked before.
    if (input_.Byte() % 2 == 0) {
      Store(Decide(exchange::CloseItem{.owner = "acme", .item = id, .last_day = last_day}));
    } else {
      Store(Decide(exchange::CloseLocation{.owner = "acme", .location = id, .last_day = last_day}));
    }
  }

  void Put() {
    switch (input_.Byte() % 3) {
      case 0:
        return Store(Decide(
            exchange::PutEvents{.owner = "acme", .events = Any<v1::PutEventsRequest>().events()}));
      case 1:
        return Store(Decide(
            exchange::PutPromotions{.place = kPlace,
                                    .promotions = Any<v1::PutPromotionsRequest>().promotions(),
                                    .registers = registers_}));
      default:
        return Store(Decide(exchange::PutPlan{.owner = "acme", .plan = Any<v1::Plan>()}));
    }
  }

  void Store(const absl::StatusOr<exchange::Facts>& facts) {
    if (!facts.ok()) return;
    for (const base::Fact& fact : *facts) {
      const base::FactRecord record{.number = number_++,
                                    .instant = absl::FromUnixNanos(1),
                                    .actor = {.firm = "acme", .principal = "ann"},
                                    .fact = fact};
      Check(exchange::CheckReadable(record).ok(), "what was decided is readable");
      (void)exchange::TouchOf(record);
      exchange::Apply(record, rows_);
    }
  }

  // All values of the first two groups over four tiles' days.
  std::vector<std::int64_t> Answers(const exchange::SeriesKey& key) {
    constexpr std::int32_t kFirstDay = 15'999;
    constexpr std::size_t kDays = 400;
    exchange::SeriesCut cut(
        rows_, kPlace, key,
        {.interest = {1, 127, kFirstDay, kFirstDay + static_cast<std::int32_t>(kDays) - 1}});
    std::vector<std::int64_t> all;
    for (const std::uint32_t group : {0u, 1u}) {
      exchange::SeriesCut::Columns columns{.day_first = kFirstDay, .day_count = kDays};
      Check(cut.ReadGroup(group, columns).ok(), "what is stored can be read");
      all.insert(all.end(), columns.values_milli.begin(), columns.values_milli.end());
      all.insert(all.end(), columns.known.begin(), columns.known.end());
    }
    return all;
  }

  void Fold() {
    const exchange::SeriesKey key{
        .measure = input_.Byte() % 2 == 0 ? v1::MEASURE_SALES : v1::MEASURE_STOCK,
        .stock_status = v1::STOCK_STATUS_UNSPECIFIED};
    const exchange::FoldScope scope{rows_, number_ - 1, kPlace, key};
    auto step = exchange::NextFold(scope, {.all = true});
    if (!step.has_value()) return;
    const std::vector<std::int64_t> before = Answers(key);
    for (int steps = 0; step.has_value() && steps < 8; ++steps) {
      const auto facts = exchange::DecideFold(rows_, *step);
      Check(facts.ok(), "the next step of a fold is accepted");
      Store(facts);
      step = exchange::NextFold({rows_, number_ - 1, kPlace, key}, {.all = true});
    }
    Check(Answers(key) == before, "a fold changes no answer");
  }

  // On rows of its own: what was never decided would spoil those of the rest.
  void ApplyAny() {
    const base::FactRecord record{
        .number = number_,
        .instant = absl::FromUnixNanos(1),
        .actor = {.firm = "acme", .principal = "ann"},
        .fact = {.kind = 16u + input_.Byte() % 13u, .payload = std::string(input_.Sized())}};
    if (!exchange::CheckReadable(record).ok()) return;
    base::OverlayRows rows(static_cast<const base::RowReader&>(rows_));
    try {
      (void)exchange::TouchOf(record);
      exchange::Apply(record, rows);
    } catch (const tandem::fuzz::StoppedByName&) {
      // Said above.
    }
  }

  Input& input_;
  base::MapRows rows_;
  std::shared_ptr<const exchange::FirmRegister> registers_ = Registers();
  std::uint64_t number_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Place place(input);
  while (!input.AtEnd()) place.Step();
  return 0;
}
