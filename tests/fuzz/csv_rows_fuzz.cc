// Files of every kind, with any mapping: each row is taken or rejected, and what is taken is
// written as a row that is taken again.
#include <string>
#include <vector>

#include "services/exchange/csv/file.h"
#include "services/exchange/csv/mapping.h"
#include "services/exchange/csv/registers.h"
#include "services/exchange/csv/series.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::fuzz::Check;
namespace csv = tandem::exchange::csv;
namespace v1 = tandem::exchange::v1;

struct File {
  std::string_view text{};
  const csv::Mapping& mapping;
};

// Reads the file with `use` and checks the counts. The reject lines are written too.
csv::RowCounts Read(const File& file, std::span<const csv::Field> fields,
                    const std::function<absl::Status(const csv::Row&)>& use) {
  csv::TextSource source(file.text);
  std::int64_t rejects = 0;
  const auto counts =
      csv::ForEachRow(source, fields, file.mapping, use, [&rejects](const csv::Reject& reject) {
        ++rejects;
        Check(!reject.rule.empty(), "a reject names its rule");
        (void)csv::RejectLine(reject);
      });
  if (!counts.ok()) return {};
  Check(counts->rejected == rejects, "every reject is told");
  return *counts;
}

// Parses and writes every row with `step`, then reads what was written: all of it is taken.
void ReadTwice(const File& file, std::span<const csv::Field> fields,
               const std::function<absl::Status(const csv::Row&, csv::Writer&)>& step) {
  std::string first = csv::HeaderOf(fields);
  csv::Writer writer(first);
  const csv::RowCounts taken =
      Read(file, fields, [&](const csv::Row& row) { return step(row, writer); });
  std::string second = csv::HeaderOf(fields);
  csv::Writer again(second);
  const csv::Mapping plain;
  const csv::RowCounts counts =
      Read({first, plain}, fields, [&](const csv::Row& row) { return step(row, again); });
  Check(counts.rejected == 0 && counts.taken == taken.taken, "what was taken is taken again");
  Check(first == second, "and is written as it was");
}

// A parser of one row and its writer as ReadTwice takes them.
template <typename Parse, typename Write>
auto Step(Parse parse, Write write) {
  return [=](const csv::Row& row, csv::Writer& out) {
    const auto parsed = parse(row);
    if (parsed.ok()) write(*parsed, out);
    return parsed.status();
  };
}

void ReadSeries(const File& file, v1::Measure measure, std::span<const csv::Field> fields) {
  csv::SeriesRowParser parser(measure);
  std::size_t rows = 0;
  csv::SeriesBlocks blocks(
      measure, {.rows_max = 7},
      [&rows](const csv::SeriesKey&, const v1::SeriesBlock& block) {
        rows += static_cast<std::size_t>(block.value_milli_size());
        std::size_t in_runs = 0;
        for (const std::uint32_t length : block.run_length()) in_runs += length;
        if (block.run_length_size() == 0) in_runs = static_cast<std::size_t>(block.run_item_size());
        Check(in_runs == static_cast<std::size_t>(block.value_milli_size()), "runs are the rows");
        return absl::OkStatus();
      },
      [&rows](const csv::Reject&) { ++rows; });
  const csv::RowCounts counts = Read(file, fields, [&](const csv::Row& row) {
    const auto parsed = parser.Parse(row);
    return parsed.ok() ? blocks.Add(*parsed) : parsed.status();
  });
  Check(blocks.Finish().ok(), "blocks end");
  Check(static_cast<std::int64_t>(rows) >= counts.taken, "every row is in a block or rejected");
}

void ReadPrices(const File& file) {
  csv::PriceBlocks blocks({.rows_max = 7}, [](const std::string&, const v1::PriceBlock& block) {
    Check(block.item_size() == block.value_size(), "columns of one length");
    return absl::OkStatus();
  });
  Read(file, csv::kPriceFields, [&](const csv::Row& row) {
    const auto parsed = csv::ParsePriceRow(row);
    return parsed.ok() ? blocks.Add(*parsed) : parsed.status();
  });
  Check(blocks.Finish().ok(), "blocks end");
}

void ReadPlans(const File& file) {
  csv::PlanBuilder builder;
  Read(file, csv::kPlanFields, [&](const csv::Row& row) { return builder.Add(row); });
  const auto plans = builder.Build("acme");
  if (!plans.ok()) return;
  for (const v1::Plan& plan : *plans) {
    Check(plan.quantity_milli_size() == plan.items_size() * plan.bucket_count(),
          "a plan's columns");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tandem::fuzz::Input input(data, size);
  const std::uint8_t kind = input.Byte() % 8;
  const auto mapping = csv::ParseMapping(input.Sized());
  if (!mapping.ok()) return 0;
  const File file{input.Rest(), *mapping};
  switch (kind) {
    case 0:
      ReadTwice(
          file, csv::kItemFields,
          Step([](const csv::Row& row) { return csv::ParseItem(row, "acme"); }, csv::WriteItem));
      break;
    case 1:
      ReadTwice(file, csv::kLocationFields,
                Step([](const csv::Row& row) { return csv::ParseLocation(row, "acme"); },
                     csv::WriteLocation));
      break;
    case 2:
      ReadTwice(file, csv::kEventFields, Step(csv::ParseEvent, csv::WriteEvent));
      break;
    case 3:
      ReadTwice(
          file, csv::kPromotionFields,
          Step(csv::ParsePromotion, [](const csv::LocatedPromotion& promotion, csv::Writer& out) {
            csv::WritePromotion(promotion.location, promotion.promotion, out);
          }));
      break;
    case 4:
      ReadSeries(file, v1::MEASURE_SALES, csv::kSalesFields);
      break;
    case 5:
      ReadSeries(file, v1::MEASURE_STOCK, csv::kStockFields);
      break;
    case 6:
      ReadPrices(file);
      break;
    default:
      ReadPlans(file);
  }
  return 0;
}
