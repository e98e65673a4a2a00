// What batches touch: which items, and from which to which day (block.h).
#include <algorithm>
#include <span>
#include <utility>

#include "services/base/bug.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/block.h"
#include "services/exchange/column.h"

namespace tandem::exchange {
namespace {

bool SameSeries(const v1::Touched& a, const v1::Touched& b) {
  return a.measure() == b.measure() && a.stock_owner() == b.stock_owner() &&
         a.stock_status() == b.stock_status();
}

v1::Touched MergeOf(std::span<const v1::Touched* const> parts) {
  std::vector<TouchedItem> all;
  for (const v1::Touched* part : parts) {
    const auto items = DecodeTouched(*part);
    if (!items.ok()) base::Bug("a batch's touched items do not decode");
    all.insert(all.end(), items->begin(), items->end());
  }
  std::ranges::stable_sort(all, {}, &TouchedItem::item);
  std::vector<TouchedItem> unique;
  for (const TouchedItem& one : all) {
    if (unique.empty() || unique.back().item != one.item) {
      unique.push_back(one);
      continue;
    }
    unique.back().day_first = std::min(unique.back().day_first, one.day_first);
    unique.back().day_last = std::max(unique.back().day_last, one.day_last);
  }
  const v1::Touched& of = *parts.front();
  return EncodeTouched({of.measure(), of.stock_status(), of.stock_owner()}, unique);
}

}  // namespace

bool ByItemAndDay(const Run& a, const Run& b) {
  return std::pair(a.item, a.day_first) < std::pair(b.item, b.day_first);
}

v1::Touched EncodeTouched(const SeriesKey& series, const std::vector<TouchedItem>& touched) {
  v1::Touched out;
  out.set_measure(series.measure);
  out.set_stock_owner(series.stock_owner);
  out.set_stock_status(series.stock_status);
  std::vector<std::int64_t> column(touched.size());
  const auto encode = [&](auto part) {
    std::transform(touched.begin(), touched.end(), column.begin(), part);
    return EncodeColumn(column);
  };
  out.set_item_column(encode([](const TouchedItem& t) { return std::int64_t{t.item}; }));
  out.set_first_day_column(encode([](const TouchedItem& t) { return std::int64_t{t.day_first}; }));
  out.set_last_day_column(encode([](const TouchedItem& t) { return std::int64_t{t.day_last}; }));
  return out;
}

absl::StatusOr<std::vector<TouchedItem>> DecodeTouched(const v1::Touched& touched) {
  TANDEM_ASSIGN_OR_RETURN(const auto items, DecodeColumn(touched.item_column()));
  TANDEM_ASSIGN_OR_RETURN(const auto first, DecodeColumn(touched.first_day_column()));
  TANDEM_ASSIGN_OR_RETURN(const auto last, DecodeColumn(touched.last_day_column()));
  if (first.size() != items.size() || last.size() != items.size()) {
    return base::Refuse(base::Reason::kStoredBytesDamaged,
                        "a batch's touched items: columns differ in length");
  }
  std::vector<TouchedItem> all(items.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = {static_cast<std::uint32_t>(items[i]), static_cast<std::int32_t>(first[i]),
              static_cast<std::int32_t>(last[i])};
  }
  return all;
}

TouchedParts MergeTouched(const TouchedParts& parts) {
  std::vector<std::vector<const v1::Touched*>> by_series;  // A batch has few series.
  for (const v1::Touched& part : parts) {
    const auto found = std::ranges::find_if(
        by_series, [&](const auto& series) { return SameSeries(*series.front(), part); });
    if (found != by_series.end()) {
      found->push_back(&part);
    } else {
      by_series.push_back({&part});
    }
  }
  TouchedParts merged;
  for (const auto& series : by_series) {
    // A part alone is a block's own: merged already. Most batches of a day are one block.
    *merged.Add() = series.size() == 1 ? *series.front() : MergeOf(series);
  }
  return merged;
}

void AddTouched(TouchedParts& parts, v1::Touched more) {
  constexpr int kPartsMax = 16;
  *parts.Add() = std::move(more);
  if (parts.size() >= kPartsMax) parts = MergeTouched(parts);
}

std::vector<TouchedItem> TouchedBy(std::vector<Run> runs) {
  if (!std::is_sorted(runs.begin(), runs.end(), ByItemAndDay)) {
    std::sort(runs.begin(), runs.end(), ByItemAndDay);
  }
  std::vector<TouchedItem> touched;
  for (const Run& run : runs) {
    const std::int32_t last = run.day_first + static_cast<std::int32_t>(run.length) - 1;
    if (touched.empty() || touched.back().item != run.item) {
      touched.push_back({run.item, run.day_first, last});
    } else {
      touched.back().day_last = last;
    }
  }
  return touched;
}

std::vector<TouchedItem> TouchedBy(const std::vector<PriceBlock::Item>& items) {
  std::vector<TouchedItem> touched;
  touched.reserve(items.size());
  for (const PriceBlock::Item& item : items) {
    touched.push_back({item.item, item.ranges.front().day_first, item.ranges.back().day_last});
  }
  return touched;
}

}  // namespace tandem::exchange
