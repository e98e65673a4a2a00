// Forecast's chunks, commands and facts. The promises are those of governance_fact_fuzz.cc; and a
// chunk of any columns that parse is refused, or cut to what a reader asks for without loss.
#include <optional>
#include <string>
#include <vector>

#include "services/base/rows.h"
#include "services/forecast/codec.h"
#include "services/forecast/decide.h"
#include "services/forecast/model.h"
#include "services/forecast/run_method.h"
#include "services/forecast/series.h"
#include "services/forecast/view.h"
#include "tests/fuzz/bug_exception.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::fuzz::Check;
using tandem::fuzz::Input;
namespace base = tandem::base;
namespace forecast = tandem::forecast;
namespace v1 = tandem::forecast::v1;

class Relation {
 public:
  explicit Relation(Input& input) : input_(input) {}

  void Step() {
    switch (input_.Byte() % 7) {
      case 0:
        return Stage();
      case 1:
        return Upload();
      case 2:
        return Run(forecast::PublishVersion{
            .relation = "r", .version = Version(), .chunk_count = input_.Byte() % 4});
      case 3:
        return Run(forecast::DropVersion{.relation = "r", .version = Version()});
      case 4:
        return Run(
            forecast::StartRun{.relation = "r",
                               .run = Version(),
                               .method = std::string(forecast::kSes),
                               .origin = base::Day::FromNumber(base::Day::kFirst + input_.Short()),
                               .horizon_days = input_.Byte(),
                               .bucket_days = 1,
                               .horizon_days_max = 100,
                               .agreement_version = 1});
      case 5:
        return Run(forecast::EndRun{.relation = "r",
                                    .run = Version(),
                                    .version = input_.Byte() % 2 == 0 ? "v1" : "",
                                    .error = "why"});
      default:
        return ApplyAny();
    }
  }

 private:
  std::string Version() { return std::string("v") + static_cast<char>('0' + input_.Byte() % 3); }

  base::Stamp Stamp() {
    return {.instant = absl::FromUnixNanos(static_cast<std::int64_t>(number_)),
            .first_number = number_,
            .caller = {.firm = input_.Byte() % 2 == 0 ? "acme" : "bolt", .principal = "ann"}};
  }

  void Stage() {
    base::Position basis;
    const std::uint8_t at = input_.Byte();
    if (at != 0) basis.Set({base::DomainId::kExchange, static_cast<std::uint16_t>(at % 2)}, at);
    std::vector<std::string> parents;
    if (input_.Byte() % 4 == 0) parents.push_back(Version());
    Run(forecast::StageVersion{.relation = "r",
                               .version = Version(),
                               .purpose = static_cast<v1::Purpose>(input_.Byte() % 4),
                               .method = "planner",
                               .basis = basis,
                               .parents = parents,
                               .reason = "run",
                               .start = base::Day::FromNumber(base::Day::kFirst + input_.Short()),
                               .bucket_count = input_.Byte() % 8,
                               .bucket_days = input_.Byte() % 2 == 0 ? 1 : 7,
                               .bucket_days_agreed = number_ % 8 == 0 ? 7 : 1,
                               .horizon_days_max = 40,
                               .leads = {.sales = "bolt", .order = "acme"},
                               .parties = {"acme", "bolt"},
                               .agreement_version = 1,
                               .quantile_levels = Levels()});
  }

  void Upload() {
    v1::SeriesColumns columns;
    if (!columns.ParseFromString(std::string(input_.Sized()))) return;
    if (!forecast::CheckSeries(columns).ok()) return;
    const v1::SeriesColumns all = forecast::Chosen(columns, {});
    Check(all.item_index_size() == columns.item_index_size(), "all series are chosen");
    Check(all.mean_milli_size() == columns.mean_milli_size(), "with all their values");
    const v1::SeriesColumns none = forecast::Chosen(columns, {.items = {"no-such-item"}});
    Check(none.mean_milli_size() == 0, "nothing else is chosen");
    v1::QuantileColumns quantiles;
    if (!quantiles.ParseFromString(std::string(input_.Sized()))) return;
    if (!forecast::CheckQuantiles(columns, quantiles).ok()) return;
    Check(forecast::ChosenQuantiles(columns, quantiles, {}).value_milli_size() ==
              quantiles.value_milli_size(),
          "all quantiles are chosen");
    const std::string bytes = columns.SerializeAsString();
    const std::string spread = quantiles.SerializeAsString();
    Run(forecast::UploadChunk{.relation = "r",
                              .version = Version(),
                              .chunk = input_.Byte() % 4,
                              .series = bytes,
                              .series_hash = forecast::Sha256(bytes),
                              .series_count = columns.item_index_size(),
                              .value_count = columns.mean_milli_size(),
                              .quantiles = spread,
                              .quantiles_hash = spread.empty() ? "" : forecast::Sha256(spread),
                              .quantile_count = quantiles.value_milli_size()});
  }

  // Mostly none.
  std::vector<std::int32_t> Levels() {
    std::vector<std::int32_t> levels;
    for (std::uint8_t left = input_.Byte() % 8; left > 5; --left) {
      levels.push_back(input_.Short());
    }
    return levels;
  }

  template <typename Command>
  void Run(const Command& command) {
    const base::Stamp stamp = Stamp();
    const auto facts = forecast::Decide(rows_, command, stamp);
    if (!facts.ok()) return;
    for (const base::Fact& fact : *facts) {
      Check(forecast::DecodeFact(fact).ok(), "what was decided is readable");
      const base::FactRecord record{
          .number = number_++, .instant = stamp.instant, .actor = stamp.caller, .fact = fact};
      View(record);
      forecast::Apply(record, rows_);
    }
  }

  static void View(const base::FactRecord& record) {
    (void)forecast::FirmsOf(record);
    for (const char* firm : {"acme", "bolt", "crate"}) (void)forecast::SeenBy(record, firm);
  }

  // On rows of its own: what was never decided would spoil those of the rest.
  void ApplyAny() {
    const base::FactRecord record{
        .number = number_,
        .instant = absl::FromUnixNanos(1),
        .actor = {.firm = "acme", .principal = "ann"},
        .fact = {.kind = 16u + input_.Byte() % 7u, .payload = std::string(input_.Sized())}};
    if (!forecast::DecodeFact(record.fact).ok()) return;
    base::OverlayRows rows(static_cast<const base::RowReader&>(rows_));
    try {
      View(record);
      forecast::Apply(record, rows);
    } catch (const tandem::fuzz::StoppedByName&) {
      // Said in governance_fact_fuzz.cc.
    }
  }

  Input& input_;
  base::MapRows rows_;
  std::uint64_t number_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Relation relation(input);
  while (!input.AtEnd()) relation.Step();
  return 0;
}
