#include "services/exchange/block.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <utility>

#include "services/base/bug.h"
#include "services/base/day.h"
#include "services/base/name.h"
#include "services/base/quantity.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/exchange/column.h"

namespace tandem::exchange {
namespace {

using base::Day;
using base::Reason;
using base::RefuseField;

std::string DayText(std::int64_t day) {
  return day >= Day::kFirst && day <= Day::kLast
             ? Day::FromNumber(static_cast<std::int32_t>(day)).ToString()
             : std::to_string(day);
}

absl::Status Damaged(std::string_view what) {
  return base::Refuse(Reason::kStoredBytesDamaged, what);
}

// The place is in the register.
absl::StatusOr<std::uint32_t> LocationNumber(const BlockScope& scope) {
  const std::uint32_t number = scope.registers->locations.NumberOf(scope.place.location);
  if (number == 0) {
    return RefuseField(Reason::kUnknownLocation, "location", "is not in the owner's register",
                       {{"location", scope.place.location}});
  }
  return number;
}

// Why an index of the dictionary names no item; `row` is the first row that uses it.
absl::Status UnknownItem(const BlockScope& scope, std::uint32_t index, std::size_t row) {
  if (index >= scope.dictionary.numbers.size()) {
    return RefuseField(Reason::kBadColumns, "run_item", "an index beyond the items",
                       {{"row", row}, {"index", index}});
  }
  return RefuseField(Reason::kUnknownItem, "items", "the item is not in the owner's register",
                     {{"row", row}, {"item", scope.dictionary.ids[index]}});
}

// Days within the calendar, and not after the item's or the location's last.
bool DaysFit(const BlockScope& scope, std::int32_t location_last_day, const Run& run) {
  const std::int64_t last = std::int64_t{run.day_first} + run.length - 1;
  return run.day_first >= Day::kFirst && last <= Day::kLast && last <= location_last_day &&
         last <= scope.registers->items.LastDay(run.item);
}

// Why they do not.
absl::Status DaysRefused(const BlockScope& scope, const Run& run, std::size_t row) {
  const std::int64_t last = std::int64_t{run.day_first} + run.length - 1;
  const std::string item(scope.registers->items.IdOf(run.item));
  if (run.day_first < Day::kFirst || last > Day::kLast) {
    const std::int64_t day = run.day_first < Day::kFirst ? run.day_first : last;
    return RefuseField(Reason::kDayOutOfRange, "run_first_day", "days are from 1990 to 2099",
                       {{"row", row}, {"item", item}, {"day", DayText(day)}});
  }
  const std::string_view closed = last > scope.registers->items.LastDay(run.item)
                                      ? "the item is closed by then"
                                      : "the location is closed by then";
  return RefuseField(Reason::kEntryClosed, "run_first_day", closed,
                     {{"row", row}, {"item", item}, {"day", DayText(last)}});
}

// Fills `touched` and refuses a cell that the block names twice.
absl::Status Touch(const BlockScope& scope, const std::vector<Run>& runs,
                   std::vector<TouchedItem>& touched) {
  std::vector<Run> sorted;
  if (!std::is_sorted(runs.begin(), runs.end(), ByItemAndDay)) {
    sorted = runs;
    std::sort(sorted.begin(), sorted.end(), ByItemAndDay);
  }
  touched.reserve(runs.size());
  for (const Run& run : sorted.empty() ? runs : sorted) {
    const std::int32_t last = run.day_first + static_cast<std::int32_t>(run.length) - 1;
    if (touched.empty() || touched.back().item != run.item) {
      touched.push_back({run.item, run.day_first, last});
      continue;
    }
    if (run.day_first <= touched.back().day_last) {
      return RefuseField(Reason::kDuplicateRow, "run_first_day", "the block names a day twice",
                         {{"row", run.value_index},
                          {"item", std::string(scope.registers->items.IdOf(run.item))},
                          {"day", DayText(run.day_first)}});
    }
    touched.back().day_last = last;
  }
  return absl::OkStatus();
}

const Dictionary::Derived& DerivedOf(const BlockScope& scope) {
  const std::vector<std::uint32_t>& numbers = scope.dictionary.numbers;
  std::optional<Dictionary::Derived>& derived = scope.dictionary.derived;
  if (!derived.has_value()) {
    const bool ascending =
        !numbers.empty() && numbers.front() != 0 &&
        std::ranges::adjacent_find(numbers, std::ranges::greater_equal()) == numbers.end();
    derived.emplace(Dictionary::Derived{.ascending = ascending});
  }
  if (derived->registers != scope.registers) {
    derived->registers = scope.registers;
    derived->last_day = Day::kLast;
    for (const std::uint32_t number : numbers) {
      if (number == 0) continue;
      derived->last_day = std::min(derived->last_day, scope.registers->items.LastDay(number));
    }
  }
  return *derived;
}

// Whether the block is one day of every item of the dictionary, in the items' order, with nothing
// to refuse in its runs: as shops send their days. What a run needs in general is known then for
// all of them.
bool IsPlainDay(const BlockScope& scope, std::uint32_t location, const v1::SeriesBlock& block) {
  const bool one_a_day =
      block.run_item().empty() && block.run_length().empty() && block.run_first_day_size() == 1 &&
      static_cast<std::size_t>(block.value_milli_size()) == scope.dictionary.numbers.size();
  if (!one_a_day) return false;
  const Dictionary::Derived& derived = DerivedOf(scope);
  const std::int32_t day = block.run_first_day(0);
  return derived.ascending && day >= Day::kFirst && day <= derived.last_day &&
         day <= scope.registers->locations.LastDay(location);
}

void FillDay(const BlockScope& scope, std::int32_t day, SeriesBlock& block) {
  const std::vector<std::uint32_t>& numbers = scope.dictionary.numbers;
  block.runs.resize(numbers.size());
  block.touched.resize(numbers.size());
  for (std::size_t r = 0; r < numbers.size(); ++r) {
    block.runs[r] = {numbers[r], day, 1, r};
    block.touched[r] = {numbers[r], day, day};
  }
  block.box = {numbers.front(), numbers.back(), day, day};
}

// Where no item is named, every item of the dictionary has a run.
std::size_t RunsOf(const BlockScope& scope, const v1::SeriesBlock& block) {
  return block.run_item().empty() ? scope.dictionary.ids.size()
                                  : static_cast<std::size_t>(block.run_item_size());
}

absl::Status CheckShape(const BlockScope& scope, const v1::SeriesBlock& block) {
  const std::size_t runs = RunsOf(scope, block);
  if (runs == 0 || block.run_first_day().empty()) {
    return RefuseField(Reason::kFieldMissing, "run_first_day", "a block has at least one row");
  }
  const auto fits = [&](int size) { return static_cast<std::size_t>(size) == runs; };
  if ((block.run_first_day_size() != 1 && !fits(block.run_first_day_size())) ||
      (block.run_length_size() != 0 && !fits(block.run_length_size()))) {
    return RefuseField(Reason::kBadColumns, "run_first_day", "columns of runs differ in length",
                       {{"runs", runs},
                        {"run_first_day", block.run_first_day_size()},
                        {"run_length", block.run_length_size()}});
  }
  if (static_cast<std::size_t>(block.value_milli_size()) > kBlockRowsMax) {
    return RefuseField(Reason::kBlockTooLarge, "value_milli", "too many rows in a block",
                       {{"rows", block.value_milli_size()}, {"rows_max", kBlockRowsMax}});
  }
  return absl::OkStatus();
}

// The runs of the wire with the sum of their lengths checked against the rows.
absl::StatusOr<std::vector<Run>> RunsFrom(const BlockScope& scope, std::uint32_t location,
                                          const v1::SeriesBlock& block) {
  std::vector<Run> runs(RunsOf(scope, block));
  const std::int32_t location_last_day = scope.registers->locations.LastDay(location);
  const bool one_day = block.run_first_day_size() == 1;
  const auto rows = static_cast<std::size_t>(block.value_milli_size());
  const std::vector<std::uint32_t>& numbers = scope.dictionary.numbers;
  std::size_t row = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const int i = static_cast<int>(r);
    const std::uint32_t length = block.run_length_size() == 0 ? 1 : block.run_length(i);
    if (length == 0 || length > rows - row) {
      return RefuseField(Reason::kBadColumns, "run_length", "the runs' lengths are not the rows",
                         {{"run", r}, {"rows", rows}});
    }
    const std::uint32_t index =
        block.run_item().empty() ? static_cast<std::uint32_t>(r) : block.run_item(i);
    if (index >= numbers.size() || numbers[index] == 0) return UnknownItem(scope, index, row);
    runs[r] = {numbers[index], block.run_first_day(one_day ? 0 : i), length, row};
    if (!DaysFit(scope, location_last_day, runs[r])) {
      return DaysRefused(scope, runs[r], row);
    }
    row += length;
  }
  if (row != rows) {
    return RefuseField(Reason::kBadColumns, "run_length", "the runs' lengths are not the rows",
                       {{"run_rows", row}, {"rows", rows}});
  }
  return runs;
}

absl::Status CheckValues(const BlockScope& scope, const SeriesBlock& block) {
  const auto [lowest, highest] = LowestAndHighest(block.values_milli);
  if (lowest >= -base::Quantity::kMilliMax && highest <= base::Quantity::kMilliMax) {
    return absl::OkStatus();
  }
  for (const Run& run : block.runs) {
    for (std::uint32_t d = 0; d < run.length; ++d) {
      const std::int64_t value = block.values_milli[run.value_index + d];
      if (value >= -base::Quantity::kMilliMax && value <= base::Quantity::kMilliMax) continue;
      return RefuseField(Reason::kQuantityOutOfRange, "value_milli",
                         "beyond 9 000 000 000 000 thousandths",
                         {{"row", run.value_index + d},
                          {"item", std::string(scope.registers->items.IdOf(run.item))},
                          {"day", DayText(std::int64_t{run.day_first} + d)}});
    }
  }
  return absl::OkStatus();
}

Box BoxOf(const std::vector<TouchedItem>& touched) {
  Box box{touched.front().item, touched.back().item, touched.front().day_first,
          touched.front().day_last};
  for (const TouchedItem& one : touched) {
    box.day_first = std::min(box.day_first, one.day_first);
    box.day_last = std::max(box.day_last, one.day_last);
  }
  return box;
}

template <typename Part>
std::string Compressed(std::span<const Run> runs, Part part) {
  std::vector<std::int64_t> column(runs.size());
  std::transform(runs.begin(), runs.end(), column.begin(), part);
  return EncodeColumn(column);
}

// What is touched has mostly the same columns as the runs: one run an item, in the items' order.
bool TouchedAsRuns(const SeriesBlock& block) {
  const auto same = [](const Run& run, const TouchedItem& touched) {
    return run.item == touched.item && run.day_first == touched.day_first;
  };
  const auto one_day = [](const Run& run) { return run.length == 1; };
  return std::equal(block.runs.begin(), block.runs.end(), block.touched.begin(),
                    block.touched.end(), same) &&
         std::all_of(block.runs.begin(), block.runs.end(), one_day);
}

void FillTouched(bool as_runs, SeriesBlock& block) {
  if (!as_runs) {
    block.touched_columns = EncodeTouched(block.series, block.touched);
    return;
  }
  v1::Touched& columns = block.touched_columns;
  columns = EncodeTouched(block.series, {});
  columns.set_item_column(block.fact.run_item_column());
  columns.set_first_day_column(block.fact.run_first_day_column());
  columns.set_last_day_column(block.fact.run_first_day_column());
}

// The items' column; a block of every item of the dictionary has the dictionary's.
std::string ItemColumn(const BlockScope& scope, bool every_item, std::span<const Run> runs) {
  const auto item = [](const Run& r) -> std::int64_t { return r.item; };
  if (!every_item) return Compressed(runs, item);
  DerivedOf(scope);
  std::string& column = scope.dictionary.derived->column;
  if (column.empty()) column = Compressed(runs, item);
  return column;
}

void FillFact(const BlockScope& scope, bool every_item, bool plain_day, SeriesBlock& block) {
  const Place& place = scope.place;
  v1::SeriesReported& fact = block.fact;
  fact.set_owner(place.owner);
  fact.set_location(place.location);
  fact.set_measure(block.series.measure);
  fact.set_stock_owner(block.series.stock_owner);
  fact.set_stock_status(block.series.stock_status);
  fact.set_revision(block.revision);
  fact.set_run_item_column(ItemColumn(scope, every_item, block.runs));
  if (plain_day) {
    fact.set_run_first_day_column(EncodeConstant(block.box.day_first, block.runs.size()));
    fact.set_run_length_column(EncodeConstant(1, block.runs.size()));
  } else {
    fact.set_run_first_day_column(
        Compressed(block.runs, [](const Run& r) -> std::int64_t { return r.day_first; }));
    fact.set_run_length_column(
        Compressed(block.runs, [](const Run& r) -> std::int64_t { return r.length; }));
  }
  fact.set_value_column(EncodeColumn(block.values_milli));
  fact.set_row_count(static_cast<std::int64_t>(block.values_milli.size()));
  fact.set_item_first(block.box.item_first);
  fact.set_item_last(block.box.item_last);
  fact.set_day_first(block.box.day_first);
  fact.set_day_last(block.box.day_last);
}

absl::Status CheckSize(std::size_t bytes) {
  if (bytes <= kBlockBytesMax) return absl::OkStatus();
  return RefuseField(Reason::kBlockTooLarge, "value_milli", "the block's columns are too large",
                     {{"bytes", bytes}, {"bytes_max", kBlockBytesMax}});
}

}  // namespace

absl::StatusOr<Dictionary> MapDictionary(
    const google::protobuf::RepeatedPtrField<std::string>& items, const FirmRegister& registers) {
  if (static_cast<std::size_t>(items.size()) > kDictionaryMax) {
    return RefuseField(Reason::kBlockTooLarge, "items", "too many items in a dictionary",
                       {{"items", items.size()}, {"items_max", kDictionaryMax}});
  }
  Dictionary dictionary;
  dictionary.ids.assign(items.begin(), items.end());
  dictionary.numbers.reserve(dictionary.ids.size());
  for (const std::string& id : dictionary.ids) {
    dictionary.numbers.push_back(registers.items.NumberOf(id));
  }
  return dictionary;
}

absl::StatusOr<SeriesKey> SeriesKeyFrom(v1::Measure measure, std::string_view stock_owner,
                                        v1::StockStatus status, std::string_view place_owner) {
  SeriesKey key{.measure = measure};
  if (measure == v1::MEASURE_SALES) {
    if (stock_owner.empty() && status == v1::STOCK_STATUS_UNSPECIFIED) return key;
    return RefuseField(Reason::kFieldOutOfRange, "stock_status", "sales have no stock status");
  }
  if (measure != v1::MEASURE_STOCK) {
    return RefuseField(Reason::kUnknownEnum, "measure", "is not one that is known",
                       {{"measure", static_cast<int>(measure)}});
  }
  if (status < v1::STOCK_STATUS_FREE || status > v1::STOCK_STATUS_RESERVED) {
    return RefuseField(Reason::kUnknownEnum, "stock_status", "is not one that is known",
                       {{"stock_status", static_cast<int>(status)}});
  }
  key.stock_status = status;
  if (!stock_owner.empty()) {
    TANDEM_ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                            base::ParseName("stock_owner", "firms/*", stock_owner));
    if (ids[0] != place_owner) key.stock_owner = ids[0];
  }
  return key;
}

namespace {

enum class Belongs { kToBatch, kToNone };

absl::StatusOr<std::shared_ptr<const SeriesBlock>> Prepare(const BlockScope& scope,
                                                           const v1::SeriesBlock& block,
                                                           Belongs belongs) {
  TANDEM_RETURN_IF_ERROR(CheckShape(scope, block));
  auto prepared = std::make_shared<SeriesBlock>();
  TANDEM_ASSIGN_OR_RETURN(prepared->series, SeriesKeyFrom(block.measure(), block.stock_owner(),
                                                          block.stock_status(), scope.place.owner));
  TANDEM_ASSIGN_OR_RETURN(const std::uint32_t location, LocationNumber(scope));
  prepared->revision = block.revision();
  const bool plain_day = IsPlainDay(scope, location, block);
  if (plain_day) {
    FillDay(scope, block.run_first_day(0), *prepared);
  } else {
    TANDEM_ASSIGN_OR_RETURN(prepared->runs, RunsFrom(scope, location, block));
  }
  prepared->values_milli.assign(block.value_milli().begin(), block.value_milli().end());
  TANDEM_RETURN_IF_ERROR(CheckValues(scope, *prepared));
  if (!plain_day) {
    TANDEM_RETURN_IF_ERROR(Touch(scope, prepared->runs, prepared->touched));
    prepared->box = BoxOf(prepared->touched);
  }
  prepared->registers = scope.registers;
  FillFact(scope, block.run_item().empty(), plain_day, *prepared);
  if (belongs == Belongs::kToBatch) FillTouched(plain_day || TouchedAsRuns(*prepared), *prepared);
  TANDEM_RETURN_IF_ERROR(CheckSize(prepared->fact.ByteSizeLong()));
  return prepared;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SeriesBlock>> PrepareSeries(const BlockScope& scope,
                                                                 const v1::SeriesBlock& block) {
  return Prepare(scope, block, Belongs::kToBatch);
}

absl::StatusOr<std::shared_ptr<const SeriesBlock>> PrepareSingle(const BlockScope& scope,
                                                                 const v1::SeriesBlock& block) {
  return Prepare(scope, block, Belongs::kToNone);
}

absl::StatusOr<std::vector<Run>> DecodeSeriesRuns(const v1::SeriesReported& fact) {
  TANDEM_ASSIGN_OR_RETURN(const auto items, DecodeColumn(fact.run_item_column(), kBlockRowsMax));
  TANDEM_ASSIGN_OR_RETURN(const auto days,
                          DecodeColumn(fact.run_first_day_column(), kBlockRowsMax));
  TANDEM_ASSIGN_OR_RETURN(const auto lengths,
                          DecodeColumn(fact.run_length_column(), kBlockRowsMax));
  if (days.size() != items.size() || lengths.size() != items.size()) {
    return Damaged("a reported block: columns of runs differ in length");
  }
  std::vector<Run> runs(items.size());
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const bool fits = items[r] > 0 && items[r] <= 0x7fffffff && days[r] >= Day::kFirst &&
                      days[r] <= Day::kLast && lengths[r] > 0 &&
                      lengths[r] <= Day::kLast - days[r] + 1;
    if (!fits) return Damaged("a reported block: a run is out of range");
    runs[r] = {static_cast<std::uint32_t>(items[r]), static_cast<std::int32_t>(days[r]),
               static_cast<std::uint32_t>(lengths[r]), 0};
  }
  return runs;
}

absl::StatusOr<SeriesColumns> DecodeSeriesColumns(const v1::SeriesReported& fact) {
  SeriesColumns columns;
  TANDEM_ASSIGN_OR_RETURN(columns.runs, DecodeSeriesRuns(fact));
  TANDEM_ASSIGN_OR_RETURN(columns.values_milli, DecodeColumn(fact.value_column(), kBlockRowsMax));
  std::size_t row = 0;
  for (Run& run : columns.runs) {
    if (run.length > columns.values_milli.size() - row) {
      return Damaged("a reported block: the runs are not its rows");
    }
    run.value_index = row;
    row += run.length;
  }
  if (row != columns.values_milli.size() || row == 0) {
    return Damaged("a reported block: the runs are not its rows");
  }
  return columns;
}

absl::StatusOr<SeriesColumns> DecodeSeriesOf(const v1::SeriesReported& fact,
                                             std::uint32_t item_first, std::uint32_t item_last) {
  // The blocks of a stream mostly name the same items: what was decoded last is kept.
  thread_local std::string decoded_bytes;
  thread_local std::vector<std::int64_t> decoded;
  if (decoded.empty() || decoded_bytes != fact.run_item_column()) {
    decoded.clear();
    TANDEM_ASSIGN_OR_RETURN(decoded, DecodeColumn(fact.run_item_column(), kBlockRowsMax));
    decoded_bytes = fact.run_item_column();
  }
  const std::vector<std::int64_t>& items = decoded;
  TANDEM_ASSIGN_OR_RETURN(const Column lengths,
                          Column::Open(fact.run_length_column(), kBlockRowsMax));
  TANDEM_ASSIGN_OR_RETURN(const Column days,
                          Column::Open(fact.run_first_day_column(), kBlockRowsMax));
  TANDEM_ASSIGN_OR_RETURN(const Column values, Column::Open(fact.value_column(), kBlockRowsMax));
  const bool plain = std::is_sorted(items.begin(), items.end()) && items.size() == values.size() &&
                     lengths.size() == items.size() && days.size() == items.size();
  if (!plain) {  // Runs of several days: which row an item begins at needs all lengths.
    TANDEM_ASSIGN_OR_RETURN(SeriesColumns all, DecodeSeriesColumns(fact));
    std::erase_if(all.runs,
                  [&](const Run& run) { return run.item < item_first || run.item > item_last; });
    return all;
  }
  const auto first = std::lower_bound(items.begin(), items.end(), std::int64_t{item_first});
  const auto end = std::upper_bound(first, items.end(), std::int64_t{item_last});
  const auto offset = static_cast<std::size_t>(first - items.begin());
  const auto count = static_cast<std::size_t>(end - first);
  SeriesColumns part;
  part.values_milli.resize(count);
  values.Read(offset, part.values_milli);
  std::vector<std::int64_t> day(count);
  days.Read(offset, day);
  std::vector<std::int64_t> length(count);
  lengths.Read(offset, length);
  for (std::size_t r = 0; r < count; ++r) {
    if (first[static_cast<std::ptrdiff_t>(r)] <= 0 || day[r] < Day::kFirst || day[r] > Day::kLast ||
        length[r] != 1) {
      return Damaged("a reported block: a run is out of range");
    }
    part.runs.push_back({static_cast<std::uint32_t>(first[static_cast<std::ptrdiff_t>(r)]),
                         static_cast<std::int32_t>(day[r]), 1, r});
  }
  return part;
}

}  // namespace tandem::exchange
