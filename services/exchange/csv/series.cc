#include "services/exchange/csv/series.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/csv/registers.h"

namespace tandem::exchange::csv {
namespace {

using base::Reason;

constexpr std::int64_t kRevisionMax = 1'000'000'000;
constexpr std::string_view kStatusPrefix = "STOCK_STATUS_";

absl::StatusOr<v1::StockStatus> StatusOf(const Row& row, std::size_t field) {
  const std::string_view text = row.Text(field);
  if (text.empty()) return v1::STOCK_STATUS_FREE;
  v1::StockStatus status = v1::STOCK_STATUS_UNSPECIFIED;
  const std::string name = std::string(kStatusPrefix) + std::string(text);
  if (text != "UNSPECIFIED" && v1::StockStatus_Parse(name, &status)) return status;
  return row.Refused(field,
                     base::Refuse(Reason::kUnknownEnum, "FREE, BLOCKED, QUALITY or RESERVED"));
}

}  // namespace

absl::StatusOr<SeriesRow> SeriesRowParser::Parse(const Row& row) {
  enum { kLocation, kItem, kDate, kQuantity, kRevision, kOwner, kStatus };
  SeriesRow out;
  out.line = row.line();
  TANDEM_ASSIGN_OR_RETURN(out.location, row.Id(kLocation));
  TANDEM_ASSIGN_OR_RETURN(out.item, row.Id(kItem));
  if (date_text_.empty() || row.Text(kDate) != date_text_) {
    TANDEM_ASSIGN_OR_RETURN(day_, row.Date(kDate));
    date_text_ = std::string(row.Text(kDate));
  }
  out.day = day_;
  TANDEM_ASSIGN_OR_RETURN(out.quantity, row.Amount(kQuantity));
  TANDEM_ASSIGN_OR_RETURN(const std::int64_t revision,
                          row.Whole(kRevision, {.least = 0, .most = kRevisionMax}));
  out.revision = static_cast<std::uint32_t>(revision);
  if (measure_ != v1::MEASURE_STOCK) return out;
  TANDEM_ASSIGN_OR_RETURN(out.stock_status, StatusOf(row, kStatus));
  if (!row.Text(kOwner).empty()) {
    TANDEM_ASSIGN_OR_RETURN(out.stock_owner, row.Id(kOwner));
  }
  return out;
}

bool DaySet::Add(std::int32_t first, std::int32_t last) {
  constexpr std::int32_t kBits = 64;
  // Day numbers of a file are from 1990 on, so they are not negative.
  const std::int32_t first_word = first / kBits;
  const std::int32_t last_word = last / kBits;
  if (words_.empty()) first_word_ = first_word;
  if (first_word < first_word_) {
    words_.insert(words_.begin(), static_cast<std::size_t>(first_word_ - first_word), 0);
    first_word_ = first_word;
  }
  const auto end = static_cast<std::size_t>(last_word - first_word_) + 1;
  if (words_.size() < end) words_.resize(end);
  const auto each = [&](auto use) {
    for (std::int32_t word = first_word; word <= last_word; ++word) {
      std::uint64_t mask = ~std::uint64_t{0};
      if (word == first_word) mask &= mask << (first % kBits);
      if (word == last_word) mask &= ~std::uint64_t{0} >> (kBits - 1 - last % kBits);
      use(words_[static_cast<std::size_t>(word - first_word_)], mask);
    }
  };
  bool any = false;
  each([&](std::uint64_t word, std::uint64_t mask) { any = any || (word & mask) != 0; });
  if (any) return false;
  each([](std::uint64_t& word, std::uint64_t mask) { word |= mask; });
  return true;
}

SeriesBlocks::Group& SeriesBlocks::GroupOf(const SeriesRow& row) {
  const bool same =
      last_group_ != nullptr && last_key_.location == row.location &&
      last_key_.stock_status == row.stock_status && last_key_.revision == row.revision &&
      std::string_view(last_key_.stock_owner)
              .substr(std::min<std::size_t>(6, last_key_.stock_owner.size())) == row.stock_owner;
  if (same) return *last_group_;
  last_key_.location = std::string(row.location);
  last_key_.measure = measure_;
  last_key_.stock_owner =
      row.stock_owner.empty() ? "" : std::string("firms/") + std::string(row.stock_owner);
  last_key_.stock_status = row.stock_status;
  last_key_.revision = row.revision;
  last_group_ = &groups_[last_key_];
  return *last_group_;
}

absl::Status SeriesBlocks::Add(const SeriesRow& row) {
  Group& group = GroupOf(row);
  std::int32_t number = 0;
  if (!group.rows.empty() &&
      group.items[static_cast<std::size_t>(group.rows.back().item)] == row.item) {
    number = group.rows.back().item;
  } else {
    const auto found = group.numbers.find(absl::string_view(row.item.data(), row.item.size()));
    number = found != group.numbers.end() ? found->second
                                          : static_cast<std::int32_t>(group.items.size());
    if (found == group.numbers.end()) {
      group.items.emplace_back(row.item);
      group.numbers.emplace(group.items.back(), number);
    }
  }
  group.rows.push_back({number, row.day.number(), row.quantity.milli(), row.line});
  if (group.rows.size() < limits_.rows_max) return absl::OkStatus();
  return Flush(last_key_, group);
}

absl::Status SeriesBlocks::Flush(const SeriesKey& key, Group& group) {
  const auto before = [](const Pending& a, const Pending& b) {
    return std::tie(a.item, a.day, a.line) < std::tie(b.item, b.day, b.line);
  };
  std::vector<Pending>& rows = group.rows;
  if (!std::is_sorted(rows.begin(), rows.end(), before)) {
    std::sort(rows.begin(), rows.end(), before);
  }
  v1::SeriesBlock block;
  block.mutable_value_milli()->Reserve(static_cast<int>(rows.size()));
  const Pending* last = nullptr;
  DaySet* emitted = nullptr;
  lines_.clear();
  for (const Pending& row : rows) {
    const bool same_item = last != nullptr && last->item == row.item;
    if (!same_item) emitted = &group.emitted[group.items[static_cast<std::size_t>(row.item)]];
    if (!emitted->Add(row.day, row.day)) {
      RejectTwice(group, row, same_item && last->day == row.day ? last->line : 0);
      continue;
    }
    if (same_item && last->day + 1 == row.day) {
      const int run = block.run_length_size() - 1;
      block.set_run_length(run, block.run_length(run) + 1);
    } else {
      block.add_run_item(static_cast<std::uint32_t>(row.item));
      block.add_run_first_day(row.day);
      block.add_run_length(1);
    }
    block.add_value_milli(row.milli);
    lines_.push_back(row.line);
    last = &row;
  }
  group.rows.clear();
  for (std::string& item : group.items) block.add_items(std::move(item));
  group.items.clear();
  group.numbers.clear();
  if (lines_.empty()) return absl::OkStatus();  // All stand above.
  block.set_revision(key.revision);
  block.set_measure(key.measure);
  block.set_stock_owner(key.stock_owner);
  block.set_stock_status(key.stock_status);
  if (block.run_length_size() == block.value_milli_size()) block.clear_run_length();
  return emit_(key, std::move(block));
}

// `line_before` is 0 where the first of the two has left in an earlier block.
void SeriesBlocks::RejectTwice(const Group& group, const Pending& row, std::int64_t line_before) {
  on_reject_({.line = row.line,
              .column = "",
              .rule = std::string(base::ReasonName(Reason::kDuplicateRow)),
              .value = group.items[static_cast<std::size_t>(row.item)],
              .message = line_before == 0 ? "the item and day stand further above already"
                                          : absl::StrCat("the item and day stand in line ",
                                                         line_before, " already")});
}

absl::Status SeriesBlocks::Finish() {
  for (auto& [key, group] : groups_) {
    if (!group.rows.empty()) TANDEM_RETURN_IF_ERROR(Flush(key, group));
  }
  groups_.clear();
  last_group_ = nullptr;
  return absl::OkStatus();
}

std::optional<std::int64_t> ValueOf(const v1::ReadSeriesResponse& series, int item, int day) {
  const int at = item * series.day_count() + day;
  if (at < 0 || at >= series.value_milli_size()) return std::nullopt;
  const std::string& known = series.known();
  const auto byte = static_cast<std::size_t>(at / 8);
  if (!known.empty() && (byte >= known.size() || (known[byte] >> (at % 8) & 1) == 0)) {
    return std::nullopt;
  }
  return series.value_milli(at);
}

std::uint32_t RevisionOf(const v1::ReadSeriesResponse& series, int item, int day) {
  const int at = item * series.day_count() + day;
  return at < 0 || at >= series.revision_size() ? 0 : series.revision(at);
}

void WriteSeries(const v1::ReadSeriesResponse& series, Writer& out) {
  const std::string_view location = IdOf(series.location());
  for (int i = 0; i < series.items_size(); ++i) {
    for (int d = 0; d < series.day_count(); ++d) {
      const std::optional<std::int64_t> milli = ValueOf(series, i, d);
      if (!milli.has_value()) continue;
      out.Text(location).Text(series.items(i));
      out.Text(base::Day::FromNumber(series.first_day() + d).ToString());
      out.Amount(base::Quantity::FromMilli(*milli)).Revision(RevisionOf(series, i, d)).EndRecord();
    }
  }
}

void WriteStock(const v1::ReadSeriesResponse& series, std::string_view stock_owner,
                v1::StockStatus status, Writer& out) {
  const std::string_view location = IdOf(series.location());
  const std::string name = v1::StockStatus_Name(status);
  const std::string_view short_name =
      std::string_view(name).substr(std::min(name.size(), kStatusPrefix.size()));
  for (int i = 0; i < series.items_size(); ++i) {
    for (int d = 0; d < series.day_count(); ++d) {
      const std::optional<std::int64_t> milli = ValueOf(series, i, d);
      if (!milli.has_value()) continue;
      out.Text(location).Text(series.items(i));
      out.Text(base::Day::FromNumber(series.first_day() + d).ToString());
      out.Amount(base::Quantity::FromMilli(*milli)).Revision(RevisionOf(series, i, d));
      out.Text(stock_owner).Text(short_name).EndRecord();
    }
  }
}

}  // namespace tandem::exchange::csv
