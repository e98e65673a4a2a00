#include <algorithm>
#include <utility>

#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/series.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;

constexpr std::int64_t kRevisionMax = 1'000'000'000;

bool IsCurrency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

absl::StatusOr<PriceRow> ParsePriceRow(const Row& row) {
  enum { kLocation, kItem, kFirstDate, kLastDate, kPrice, kCurrency, kRevision };
  PriceRow out;
  out.line = row.line();
  TANDEM_ASSIGN_OR_RETURN(out.location, row.Id(kLocation));
  TANDEM_ASSIGN_OR_RETURN(out.item, row.Id(kItem));
  TANDEM_ASSIGN_OR_RETURN(out.first_day, row.Date(kFirstDate));
  TANDEM_ASSIGN_OR_RETURN(out.last_day, row.Date(kLastDate));
  if (out.last_day < out.first_day) {
    return row.Refused(kLastDate, base::Refuse(Reason::kFieldOutOfRange, "ends before it begins"));
  }
  TANDEM_ASSIGN_OR_RETURN(out.price, row.Price(kPrice));
  out.currency = row.Text(kCurrency);
  if (!IsCurrency(out.currency)) {
    return row.Refused(kCurrency, base::Refuse(Reason::kBadName, "an ISO 4217 code: \"EUR\""));
  }
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t revision,
                          row.Whole(kRevision, {.least = 0, .most = kRevisionMax}));
  out.revision = static_cast<std::uint32_t>(revision);
  return out;
}

absl::Status PriceBlocks::Add(const PriceRow& row) {
  DaySet& days = days_[{std::string(row.location), row.revision}][std::string(row.item)];
  if (!days.Add(row.first_day.number(), row.last_day.number())) {
    return base::Refuse(Reason::kDuplicateRow,
                        "a row above has a day of this range, at the same revision");
  }
  const Key key(row.location, row.currency, row.price.scale, row.revision);
  Group& group = groups_[key];
  v1::PriceBlock& block = group.block;
  const auto [found, is_new] =
      group.numbers.emplace(row.item, static_cast<std::uint32_t>(block.items_size()));
  if (is_new) block.add_items(std::string(row.item));
  block.add_item(found->second);
  block.add_first_day(row.first_day.number());
  block.add_last_day(row.last_day.number());
  block.add_value(row.price.value);
  block.set_scale(row.price.scale);
  if (block.currency_code().empty()) {
    block.set_currency_code(std::string(row.currency));
    block.set_revision(row.revision);
  }
  group.lines.push_back(row.line);
  if (static_cast<std::size_t>(block.item_size()) < limits_.rows_max) return absl::OkStatus();
  return Flush(key, group);
}

absl::Status PriceBlocks::Flush(const Key& key, Group& group) {
  v1::PriceBlock full;
  full.Swap(&group.block);
  lines_.swap(group.lines);
  group.lines.clear();
  group.numbers.clear();
  return emit_(std::get<0>(key), std::move(full));
}

absl::Status PriceBlocks::Finish() {
  for (auto& [key, group] : groups_) {
    if (group.block.item_size() == 0) continue;
    TANDEM_RETURN_IF_ERROR(Flush(key, group));
  }
  groups_.clear();
  days_.clear();
  return absl::OkStatus();
}

void WritePrices(std::string_view location, const v1::PriceBlock& block, Writer& out) {
  const int ranges = std::min(
      {block.item_size(), block.first_day_size(), block.last_day_size(), block.value_size()});
  for (int r = 0; r < ranges; ++r) {
    if (block.item(r) >= static_cast<std::uint32_t>(block.items_size())) return;
    out.Text(location).Text(block.items(static_cast<int>(block.item(r))));
    out.Text(base::Day::FromNumber(block.first_day(r)).ToString());
    out.Text(base::Day::FromNumber(block.last_day(r)).ToString());
    out.Text(ToString(base::UnitPrice{block.value(r), block.scale()}));
    out.Text(block.currency_code()).Revision(block.revision()).EndRecord();
  }
}

}  // namespace tandem::exchange::csv
