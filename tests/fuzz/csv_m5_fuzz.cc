// Files in the layout of the M5 competition: calendar, first listings, sales and prices, of any
// bytes.
#include <string>

#include "services/exchange/csv/m5.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  namespace csv = tandem::exchange::csv;
  tandem::fuzz::Input input(data, size);

  csv::TextSource calendar_text(input.Sized());
  const auto calendar = csv::ReadM5Calendar(calendar_text);
  if (!calendar.ok()) return 0;
  Check(calendar->DayOf(1).InRange() && calendar->DayOf(calendar->day_count()).InRange(),
        "a calendar's days can be sent");
  for (const auto& event : csv::M5Events(*calendar, {{"CA", {"CA_1"}}, {"TX", {"TX_1", "TX_2"}}})) {
    Check(!event.event().empty(), "an event has an id");
  }

  csv::M5Listings listings;
  csv::TextSource listings_text(input.Sized());
  (void)listings.Read(listings_text);

  csv::TextSource sales_text(input.Sized());
  const csv::M5Blocks::Days days{1, calendar->day_count()};
  csv::M5Blocks blocks(*calendar, listings, days, {.rows_max = 7},
                       [](const std::string&, const auto& block) {
                         std::size_t rows = 0;
                         for (const std::uint32_t length : block.run_length()) rows += length;
                         Check(block.run_length_size() == 0 ||
                                   rows == static_cast<std::size_t>(block.value_milli_size()),
                               "runs are the rows");
                         return absl::OkStatus();
                       });
  const auto on_reject = [](const csv::Reject& reject) {
    Check(!reject.rule.empty(), "a reject names its rule");
  };
  const absl::Status read = csv::ReadM5Sales(
      sales_text, [&](const csv::M5Series& series) { return blocks.Add(series); }, on_reject);
  if (read.ok()) (void)blocks.Finish();

  csv::TextSource prices_text(input.Rest());
  (void)csv::ReadM5Prices(
      prices_text, *calendar,
      [](const csv::PriceRow& row) {
        Check(row.first_day <= row.last_day, "a range does not end before it begins");
        return absl::OkStatus();
      },
      on_reject);
  return 0;
}
