#include "services/exchange/model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "services/base/bug.h"
#include "services/base/day.h"
#include "services/base/reason.h"
#include "services/exchange/block.h"
#include "services/exchange/codec.h"
#include "services/exchange/facts.h"
#include "services/exchange/fold.h"

namespace tandem::exchange {
namespace {

using base::Require;

template <typename Message>
Message Parsed(const base::FactRecord& record) {
  Message message;
  Require(message.ParseFromString(record.fact.payload), "a fact came unread through CheckReadable");
  return message;
}

template <typename Message>
Place PlaceOf(const Message& fact) {
  return {fact.owner(), fact.location()};
}

// Registers, events, plans, promotions.

std::string IdOfName(std::string_view name) {
  return std::string(name.substr(name.rfind('/') + 1));
}

void ApplyItems(const v1::ItemsRegistered& fact, base::Rows& rows) {
  const std::string by_number = OwnerPrefix(RowKind::kItem, fact.owner());
  const std::string by_id = OwnerPrefix(RowKind::kItemId, fact.owner());
  std::uint64_t last = 0;
  for (const v1::Item& item : fact.items()) {
    const auto number = static_cast<std::uint32_t>(item.register_number());
    rows.Put(RegisterKey(by_number, number), item.SerializeAsString());
    rows.Put(IdKey(by_id, IdOfName(item.name())), EncodeNumber(number));
    last = std::max<std::uint64_t>(last, number);
  }
  rows.Put(IdKey(OwnerPrefix(RowKind::kCounters, fact.owner()), "items"), EncodeNumber(last));
}

void ApplyLocations(const v1::LocationsRegistered& fact, base::Rows& rows) {
  const std::string by_number = OwnerPrefix(RowKind::kLocation, fact.owner());
  const std::string by_id = OwnerPrefix(RowKind::kLocationId, fact.owner());
  std::uint64_t last = 0;
  for (const v1::Location& location : fact.locations()) {
    const auto number = static_cast<std::uint32_t>(location.register_number());
    rows.Put(RegisterKey(by_number, number), location.SerializeAsString());
    rows.Put(IdKey(by_id, IdOfName(location.name())), EncodeNumber(number));
    last = std::max<std::uint64_t>(last, number);
  }
  rows.Put(IdKey(OwnerPrefix(RowKind::kCounters, fact.owner()), "locations"), EncodeNumber(last));
}

// Sets last_date of the entry's row.
template <typename Entry>
void CloseEntry(const std::string& by_number, const std::string& id_key, std::int32_t last_day,
                base::Rows& rows) {
  const std::optional<std::uint64_t> number = NumberIn(rows, id_key);
  Require(number.has_value(), "an entry that is not in was closed");
  const std::string key = RegisterKey(by_number, static_cast<std::uint32_t>(*number));
  const std::optional<std::string> bytes = rows.Get(key);
  Entry entry;
  Require(bytes.has_value() && entry.ParseFromString(*bytes), "a register's entry is damaged");
  *entry.mutable_last_date() = DateOf(last_day);
  rows.Put(key, entry.SerializeAsString());
}

void ApplyEvents(const v1::EventsPut& fact, base::Rows& rows) {
  const std::string prefix = OwnerPrefix(RowKind::kEvent, fact.owner());
  for (const v1::Event& event : fact.events()) {
    rows.Put(IdKey(prefix, event.event()), event.SerializeAsString());
  }
}

void ApplyPromotions(const v1::PromotionsPut& fact, base::Rows& rows) {
  const std::string prefix = PlacePrefix(RowKind::kPromotion, PlaceOf(fact));
  for (const v1::Promotion& promotion : fact.promotions()) {
    rows.Put(IdKey(prefix, promotion.promotion()), promotion.SerializeAsString());
  }
}

// Batches.

// What a block adds to its stream and batch.
struct BlockPart {
  std::string stream{};
  std::int64_t block = 0;
  std::int64_t row_count = 0;
  std::string file_id{};
  base::DataKind kind = base::DataKind::kUnspecified;
  bool whole_batch = false;
  std::string digest{};
};

void PutBatch(const Place& place, const BatchRow& batch, base::Rows& rows) {
  rows.Put(BatchKey(place, batch.number), EncodeBatch(batch));
}

// Advances the stream and its open batch; returns the batch's number. `touched` is asked for only
// where the batch has more than this block (its BatchClosed brings it otherwise).
template <typename TouchedFn>
std::uint64_t AddToBatch(const Place& place, const BlockPart& part, std::uint64_t number,
                         base::Rows& rows, TouchedFn touched) {
  const std::string stream_key = IdKey(PlacePrefix(RowKind::kStream, place), part.stream);
  StreamRow stream = StreamIn(rows, place, part.stream);
  BatchRow batch;
  if (stream.open_batch == 0) {
    batch = {.number = number,
             .stream = part.stream,
             .file_id = part.file_id,
             .first_block = part.block};
    rows.Put(BatchNameKey(place, part.stream, part.block), EncodeNumber(number));
  } else {
    std::optional<BatchRow> open = BatchIn(rows, place, stream.open_batch);
    Require(open.has_value(), "a stream's open batch is missing");
    batch = *std::move(open);
  }
  batch.last_block = part.block;
  batch.row_count += part.row_count;
  if (!part.whole_batch) {
    v1::BatchClosed all;
    Require(all.ParseFromString(batch.touched), "a batch's touched items are damaged");
    AddTouched(*all.mutable_touched(), touched());
    batch.touched = all.SerializeAsString();
  }
  PutBatch(place, batch, rows);
  stream.durable_block = part.block;
  stream.row_count += part.row_count;
  stream.open_batch = batch.number;
  stream.kind = static_cast<std::uint8_t>(part.kind);
  rows.Put(stream_key, EncodeStream(stream));
  if (!part.digest.empty()) {
    rows.Put(BlockDigestKey(place, part.stream, part.block), part.digest);
  }
  return batch.number;
}

SeriesKey SeriesOf(const v1::SeriesReported& fact) {
  return {fact.measure(), fact.stock_status(), fact.stock_owner()};
}

// A report of one row without a stream: visible at once, and found by item and day.
void ApplySingle(const v1::SeriesReported& fact, std::uint64_t number, base::Rows& rows) {
  const Place place = PlaceOf(fact);
  const SeriesKey series = SeriesOf(fact);
  const auto columns = DecodeSeriesColumns(fact);
  Require(columns.ok() && columns->values_milli.size() == 1, "a single report is not one row");
  const Run& run = columns->runs[0];
  const std::string key =
      SingleKey(SeriesPrefix(RowKind::kSingle, place, series), run.item, run.day_first);
  std::vector<Statement> statements;
  if (const std::optional<std::string> value = rows.Get(key); value.has_value()) {
    statements = DecodeStatements(*value);
  }
  statements.push_back({columns->values_milli[0], fact.revision(), number});
  rows.Put(key, EncodeStatements(statements));
  SeriesMark mark = MarkIn(rows, place, series);
  ++mark.singles;
  rows.Put(SeriesPrefix(RowKind::kSeriesMark, place, series), EncodeMark(mark));
}

void ApplySeries(const v1::SeriesReported& fact, std::uint64_t number, base::Rows& rows) {
  if (fact.stream().empty()) return ApplySingle(fact, number, rows);
  const Place place = PlaceOf(fact);
  const SeriesKey series = SeriesOf(fact);
  const BlockPart part{.stream = fact.stream(),
                       .block = fact.block(),
                       .row_count = fact.row_count(),
                       .file_id = fact.file_id(),
                       .kind = KindOf(fact.measure()),
                       .whole_batch = fact.whole_batch(),
                       .digest = fact.content_digest()};
  const auto touched = [&] {
    auto columns = DecodeSeriesRuns(fact);
    Require(columns.ok(), "a reported block's columns are damaged");
    return EncodeTouched(series, TouchedBy(*std::move(columns)));
  };
  const ArrivalRow arrival{
      .number = number,
      .batch = AddToBatch(place, part, number, rows, touched),
      .revision = fact.revision(),
      .row_count = static_cast<std::uint64_t>(fact.row_count()),
      .box = {fact.item_first(), fact.item_last(), fact.day_first(), fact.day_last()}};
  rows.Put(NumberKey(SeriesPrefix(RowKind::kArrival, place, series), number),
           EncodeArrival(arrival));
  v1::SeriesReported columns;  // The columns alone: the rest stands in the other rows.
  columns.set_run_item_column(fact.run_item_column());
  columns.set_run_first_day_column(fact.run_first_day_column());
  columns.set_run_length_column(fact.run_length_column());
  columns.set_value_column(fact.value_column());
  rows.Put(NumberKey(SeriesPrefix(RowKind::kArrivalColumns, place, series), number),
           columns.SerializeAsString());
  SeriesMark mark = MarkIn(rows, place, series);
  ++mark.arrival_blocks;
  mark.arrival_rows += arrival.row_count;
  mark.arrival_days.first = std::min(mark.arrival_days.first, arrival.box.day_first);
  mark.arrival_days.last = std::max(mark.arrival_days.last, arrival.box.day_last);
  rows.Put(SeriesPrefix(RowKind::kSeriesMark, place, series), EncodeMark(mark));
}

void ApplyPrices(const v1::PricesReported& fact, std::uint64_t number, base::Rows& rows) {
  const Place place = PlaceOf(fact);
  const auto items = DecodePriceColumns(fact);
  Require(items.ok(), "a price block's columns are damaged");
  const BlockPart part{.stream = fact.stream(),
                       .block = fact.block(),
                       .row_count = fact.range_count(),
                       .file_id = fact.file_id(),
                       .kind = base::DataKind::kPrices,
                       .whole_batch = fact.whole_batch(),
                       .digest = fact.content_digest()};
  const std::uint64_t batch =
      AddToBatch(place, part, number, rows, [&] { return EncodeTouched({}, TouchedBy(*items)); });
  const std::string prefix = PlacePrefix(RowKind::kPrice, place);
  std::uint64_t day_last = NumberIn(rows, PlacePrefix(RowKind::kPriceMark, place)).value_or(0);
  for (const PriceBlock::Item& item : *items) {
    const PriceArrival arrival{.number = number,
                               .batch = batch,
                               .revision = fact.revision(),
                               .scale = fact.scale(),
                               .currency_code = fact.currency_code(),
                               .ranges = item.ranges};
    rows.Put(PriceKey(prefix, item.item, number), EncodePrices(arrival));
    day_last = std::max(day_last, static_cast<std::uint64_t>(item.ranges.back().day_last));
  }
  rows.Put(PlacePrefix(RowKind::kPriceMark, place), EncodeNumber(day_last));
}

void ApplyBatchClosed(const v1::BatchClosed& fact, const base::FactRecord& record,
                      base::Rows& rows) {
  const Place place = PlaceOf(fact);
  StreamRow stream = StreamIn(rows, place, fact.stream());
  std::optional<BatchRow> batch = BatchIn(rows, place, stream.open_batch);
  Require(batch.has_value(), "a batch that is not open was closed");
  batch->state = BatchState::kClosed;
  batch->close_number = record.number;
  batch->close_unix_nanos = absl::ToUnixNanos(record.instant);
  v1::BatchClosed touched;
  *touched.mutable_touched() = fact.touched();
  batch->touched = touched.SerializeAsString();
  PutBatch(place, *batch, rows);
  stream.open_batch = 0;
  rows.Put(IdKey(PlacePrefix(RowKind::kStream, place), fact.stream()), EncodeStream(stream));
}

void ApplyBatchRetracted(const v1::BatchRetracted& fact, std::uint64_t number, base::Rows& rows) {
  const Place place = PlaceOf(fact);
  const std::optional<BatchId> id = ParseBatchId(fact.batch());
  Require(id.has_value(), "a batch's id is malformed");
  const auto batch_number = NumberIn(rows, BatchNameKey(place, id->stream, id->first_block));
  Require(batch_number.has_value(), "a batch that is not there was taken back");
  std::optional<BatchRow> batch = BatchIn(rows, place, *batch_number);
  Require(batch.has_value(), "a batch's row is missing");
  batch->state = BatchState::kRetracted;
  batch->retract_number = number;
  PutBatch(place, *batch, rows);
  rows.Put(NumberKey(PlacePrefix(RowKind::kRetraction, place), batch->close_number),
           EncodeNumber(number));
}

template <typename Message>
bool Parses(const base::FactRecord& record) {
  return Message().ParseFromString(record.fact.payload);
}

// Whether the payload is a message of its kind; nullopt for a kind that is not known.
std::optional<bool> PayloadParses(const base::FactRecord& record) {
  switch (static_cast<FactKind>(record.fact.kind)) {
    case FactKind::kItemsRegistered:
      return Parses<v1::ItemsRegistered>(record);
    case FactKind::kItemClosed:
      return Parses<v1::ItemClosed>(record);
    case FactKind::kLocationsRegistered:
      return Parses<v1::LocationsRegistered>(record);
    case FactKind::kLocationClosed:
      return Parses<v1::LocationClosed>(record);
    case FactKind::kEventsPut:
      return Parses<v1::EventsPut>(record);
    case FactKind::kPromotionsPut:
      return Parses<v1::PromotionsPut>(record);
    case FactKind::kPlanPut:
      return Parses<v1::PlanPut>(record);
    case FactKind::kSeriesReported:
      return Parses<v1::SeriesReported>(record);
    case FactKind::kPricesReported:
      return Parses<v1::PricesReported>(record);
    case FactKind::kBatchClosed:
      return Parses<v1::BatchClosed>(record);
    case FactKind::kBatchRetracted:
      return Parses<v1::BatchRetracted>(record);
    case FactKind::kSeriesFolded:
      return Parses<v1::SeriesFolded>(record);
  }
  return std::nullopt;
}

}  // namespace

std::string SlotKey(const Place& place) { return place.owner + "/" + place.location; }

void Box::Include(const Box& other) {
  item_first = std::min(item_first, other.item_first);
  item_last = std::max(item_last, other.item_last);
  day_first = std::min(day_first, other.day_first);
  day_last = std::max(day_last, other.day_last);
}

base::DataKind KindOf(v1::Measure measure) {
  return measure == v1::MEASURE_STOCK ? base::DataKind::kStock : base::DataKind::kSales;
}

std::string BatchIdOf(std::string_view stream, std::int64_t first_block) {
  return std::string(stream) + "-" + std::to_string(first_block);
}

std::optional<BatchId> ParseBatchId(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const std::string_view digits = id.substr(dash + 1);
  if (digits.empty() || digits.size() > 18 || digits[0] == '0') return std::nullopt;
  std::int64_t block = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    block = block * 10 + (c - '0');
  }
  return BatchId{std::string(id.substr(0, dash)), block};
}

google::type::Date DateOf(std::int32_t day) {
  const std::string text = base::Day::FromNumber(day).ToString();  // "2016-05-22"
  google::type::Date date;
  date.set_year(std::stoi(text.substr(0, 4)));
  date.set_month(std::stoi(text.substr(5, 2)));
  date.set_day(std::stoi(text.substr(8, 2)));
  return date;
}

absl::Status CheckReadable(const base::FactRecord& record) {
  const std::optional<bool> parses = PayloadParses(record);
  if (parses.has_value() && *parses && record.fact.schema_version == 1) return absl::OkStatus();
  return base::Refuse(base::Reason::kStoredBytesDamaged,
                      "a fact of the exchange that this build cannot read",
                      {{"slot", record.slot.ToString()},
                       {"number", record.number},
                       {"kind", record.fact.kind},
                       {"schema_version", record.fact.schema_version}});
}

void Apply(const base::FactRecord& record, base::Rows& rows) {
  switch (static_cast<FactKind>(record.fact.kind)) {  // No default: a new kind must fail here.
    case FactKind::kItemsRegistered:
      return ApplyItems(Parsed<v1::ItemsRegistered>(record), rows);
    case FactKind::kItemClosed: {
      const auto fact = Parsed<v1::ItemClosed>(record);
      return CloseEntry<v1::Item>(OwnerPrefix(RowKind::kItem, fact.owner()),
                                  IdKey(OwnerPrefix(RowKind::kItemId, fact.owner()), fact.item()),
                                  fact.last_day(), rows);
    }
    case FactKind::kLocationsRegistered:
      return ApplyLocations(Parsed<v1::LocationsRegistered>(record), rows);
    case FactKind::kLocationClosed: {
      const auto fact = Parsed<v1::LocationClosed>(record);
      return CloseEntry<v1::Location>(
          OwnerPrefix(RowKind::kLocation, fact.owner()),
          IdKey(OwnerPrefix(RowKind::kLocationId, fact.owner()), fact.location()), fact.last_day(),
          rows);
    }
    case FactKind::kEventsPut:
      return ApplyEvents(Parsed<v1::EventsPut>(record), rows);
    case FactKind::kPromotionsPut:
      return ApplyPromotions(Parsed<v1::PromotionsPut>(record), rows);
    case FactKind::kPlanPut: {
      const auto fact = Parsed<v1::PlanPut>(record);
      rows.Put(IdKey(OwnerPrefix(RowKind::kPlan, fact.owner()), IdOfName(fact.plan().name())),
               fact.plan().SerializeAsString());
      return;
    }
    case FactKind::kSeriesReported:
      return ApplySeries(Parsed<v1::SeriesReported>(record), record.number, rows);
    case FactKind::kPricesReported:
      return ApplyPrices(Parsed<v1::PricesReported>(record), record.number, rows);
    case FactKind::kBatchClosed:
      return ApplyBatchClosed(Parsed<v1::BatchClosed>(record), record, rows);
    case FactKind::kBatchRetracted:
      return ApplyBatchRetracted(Parsed<v1::BatchRetracted>(record), record.number, rows);
    case FactKind::kSeriesFolded:
      return ApplyFold(Parsed<v1::SeriesFolded>(record), rows);
  }
  base::Bug("a fact without a kind came through CheckReadable");
}

}  // namespace tandem::exchange
