#include "services/exchange/codec.h"

#include <bit>
#include <limits>
#include <utility>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/exchange/column.h"

namespace tandem::exchange {
namespace {

using base::ByteReader;
using base::ByteWriter;
using base::Require;

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kMarkVersion = 2;  // Of series marks: with the days of arrivals.

// Days sort as unsigned numbers: those before 1970 too.
std::uint32_t SortedDay(std::int32_t day) { return static_cast<std::uint32_t>(day) ^ 0x80000000u; }
std::int32_t DayOfSorted(std::uint32_t sorted) {
  return static_cast<std::int32_t>(sorted ^ 0x80000000u);
}

ByteReader Open(std::string_view value, const char* what) {
  ByteReader reader(value);
  Require(reader.Byte() == kVersion, what);
  return reader;
}

void AppendPlace(ByteWriter& out, RowKind kind, const Place& place) {
  out.Byte(static_cast<std::uint8_t>(kind)).KeyString(place.owner).KeyString(place.location);
}

void AppendSeries(ByteWriter& out, const SeriesKey& series) {
  out.Byte(static_cast<std::uint8_t>(series.measure));
  out.Byte(static_cast<std::uint8_t>(series.stock_status));
  out.KeyString(series.stock_owner);
}

SeriesKey SeriesFrom(ByteReader& reader) {
  SeriesKey series;
  series.measure = static_cast<v1::Measure>(reader.Byte());
  series.stock_status = static_cast<v1::StockStatus>(reader.Byte());
  series.stock_owner = reader.KeyString();
  return series;
}

std::string_view Tail(std::string_view key, std::size_t size) {
  Require(key.size() > size, "a key is too short");
  return key.substr(key.size() - size);
}

std::vector<std::int64_t> ColumnOf(ByteReader& reader, const char* what) {
  auto column = DecodeColumn(reader.Sized());
  Require(column.ok(), what);
  return *std::move(column);
}

}  // namespace

std::string PlacePrefix(RowKind kind, const Place& place) {
  ByteWriter out;
  AppendPlace(out, kind, place);
  return out.Take();
}

std::string SeriesPrefix(RowKind kind, const Place& place, const SeriesKey& series) {
  ByteWriter out;
  AppendPlace(out, kind, place);
  AppendSeries(out, series);
  return out.Take();
}

std::string OwnerPrefix(RowKind kind, std::string_view owner) {
  ByteWriter out;
  out.Byte(static_cast<std::uint8_t>(kind)).KeyString(owner);
  return out.Take();
}

std::string NumberKey(std::string_view prefix, std::uint64_t number) {
  return ByteWriter().Raw(prefix).BigEndian64(number).Take();
}

std::string TileKey(std::string_view series_prefix, std::uint32_t group, std::int32_t chunk) {
  return ByteWriter().Raw(series_prefix).BigEndian32(group).BigEndian32(SortedDay(chunk)).Take();
}

std::string SingleKey(std::string_view series_prefix, std::uint32_t item, std::int32_t day) {
  return ByteWriter().Raw(series_prefix).BigEndian32(item).BigEndian32(SortedDay(day)).Take();
}

std::string IdKey(std::string_view prefix, std::string_view id) {
  return ByteWriter().Raw(prefix).KeyString(id).Take();
}

std::string RegisterKey(std::string_view prefix, std::uint32_t number) {
  return ByteWriter().Raw(prefix).BigEndian32(number).Take();
}

std::string BatchKey(const Place& place, std::uint64_t batch) {
  return NumberKey(PlacePrefix(RowKind::kBatch, place), ~batch);
}

std::string BatchNameKey(const Place& place, std::string_view stream, std::int64_t first_block) {
  return NumberKey(IdKey(PlacePrefix(RowKind::kBatchName, place), stream),
                   static_cast<std::uint64_t>(first_block));
}

std::string BlockDigestKey(const Place& place, std::string_view stream, std::int64_t block) {
  return NumberKey(IdKey(PlacePrefix(RowKind::kBlockDigest, place), stream),
                   static_cast<std::uint64_t>(block));
}

std::string PriceKey(std::string_view prefix, std::uint32_t item, std::uint64_t number) {
  return ByteWriter().Raw(prefix).BigEndian32(item).BigEndian64(number).Take();
}

SeriesName SeriesOfKey(std::string_view key) {
  ByteReader reader(key);
  reader.Byte();
  SeriesName name;
  name.place.owner = reader.KeyString();
  name.place.location = reader.KeyString();
  name.series = SeriesFrom(reader);
  Require(reader.ok() && reader.AtEnd(), "a series mark's key is malformed");
  return name;
}

TilePlace TileOfKey(std::string_view key) {
  ByteReader reader(Tail(key, 8));
  const std::uint32_t group = reader.BigEndian32();
  return {.group = group, .chunk = DayOfSorted(reader.BigEndian32())};
}

std::uint64_t NumberOfKey(std::string_view key) { return ByteReader(Tail(key, 8)).BigEndian64(); }

SinglePlace SingleOfKey(std::string_view key) {
  ByteReader reader(Tail(key, 8));
  const std::uint32_t item = reader.BigEndian32();
  return {.item = item, .day = DayOfSorted(reader.BigEndian32())};
}

std::uint32_t ItemOfPriceKey(std::string_view key) {
  return ByteReader(Tail(key, 12)).BigEndian32();
}

std::string EncodeSeries(const SeriesKey& series) {
  ByteWriter out;
  AppendSeries(out, series);
  return out.Take();
}

std::optional<SeriesKey> DecodeSeries(std::string_view bytes) {
  ByteReader reader(bytes);
  SeriesKey series = SeriesFrom(reader);
  if (!reader.ok() || !reader.AtEnd()) return std::nullopt;
  return series;
}

std::string EncodeArrival(const ArrivalRow& arrival) {
  ByteWriter out;
  out.Byte(kVersion).Varint(arrival.batch).Varint(arrival.revision).Varint(arrival.row_count);
  out.Varint(arrival.box.item_first).Varint(arrival.box.item_last);
  out.Signed(arrival.box.day_first).Signed(arrival.box.day_last);
  return out.Take();
}

ArrivalRow DecodeArrival(std::string_view key, std::string_view value) {
  ByteReader reader = Open(value, "an arrival row is of an unknown version");
  ArrivalRow arrival{.number = NumberOfKey(key)};
  arrival.batch = reader.Varint();
  arrival.revision = static_cast<std::uint32_t>(reader.Varint());
  arrival.row_count = reader.Varint();
  arrival.box.item_first = static_cast<std::uint32_t>(reader.Varint());
  arrival.box.item_last = static_cast<std::uint32_t>(reader.Varint());
  arrival.box.day_first = static_cast<std::int32_t>(reader.Signed());
  arrival.box.day_last = static_cast<std::int32_t>(reader.Signed());
  Require(reader.ok() && reader.AtEnd(), "an arrival row is malformed");
  return arrival;
}

std::string EncodeBatch(const BatchRow& batch) {
  ByteWriter out;
  out.Byte(kVersion).Varint(batch.number).Byte(static_cast<std::uint8_t>(batch.state));
  out.Sized(batch.stream).Sized(batch.file_id);
  out.Signed(batch.first_block).Signed(batch.last_block).Signed(batch.row_count);
  out.Varint(batch.close_number).Signed(batch.close_unix_nanos).Varint(batch.retract_number);
  out.Sized(batch.touched);
  return out.Take();
}

BatchRow DecodeBatch(std::string_view value) {
  ByteReader reader = Open(value, "a batch row is of an unknown version");
  BatchRow batch;
  batch.number = reader.Varint();
  batch.state = static_cast<BatchState>(reader.Byte());
  batch.stream = std::string(reader.Sized());
  batch.file_id = std::string(reader.Sized());
  batch.first_block = reader.Signed();
  batch.last_block = reader.Signed();
  batch.row_count = reader.Signed();
  batch.close_number = reader.Varint();
  batch.close_unix_nanos = reader.Signed();
  batch.retract_number = reader.Varint();
  batch.touched = std::string(reader.Sized());
  Require(reader.ok() && reader.AtEnd(), "a batch row is malformed");
  return batch;
}

std::optional<BatchRow> BatchIn(const base::RowReader& rows, const Place& place,
                                std::uint64_t batch) {
  const std::optional<std::string> value = rows.Get(BatchKey(place, batch));
  if (!value.has_value()) return std::nullopt;
  return DecodeBatch(*value);
}

std::string EncodeStream(const StreamRow& stream) {
  ByteWriter out;
  out.Byte(kVersion).Signed(stream.durable_block).Signed(stream.row_count);
  out.Varint(stream.open_batch).Byte(stream.kind);
  return out.Take();
}

StreamRow StreamIn(const base::RowReader& rows, const Place& place, std::string_view stream) {
  const std::optional<std::string> value =
      rows.Get(IdKey(PlacePrefix(RowKind::kStream, place), stream));
  if (!value.has_value()) return {};
  ByteReader reader = Open(*value, "a stream row is of an unknown version");
  StreamRow row;
  row.durable_block = reader.Signed();
  row.row_count = reader.Signed();
  row.open_batch = reader.Varint();
  row.kind = reader.Byte();
  Require(reader.ok() && reader.AtEnd(), "a stream row is malformed");
  return row;
}

std::string EncodeMark(const SeriesMark& mark) {
  ByteWriter out;
  out.Byte(kMarkVersion).Signed(mark.folded_day_last);
  out.Varint(mark.arrival_blocks).Varint(mark.arrival_rows);
  out.Varint(mark.singles).Varint(mark.singles_folded);
  if (mark.arrival_blocks > 0) out.Signed(mark.arrival_days.first).Signed(mark.arrival_days.last);
  return out.Take();
}

SeriesMark DecodeMark(std::string_view value) {
  ByteReader reader(value);
  const std::uint8_t version = reader.Byte();
  Require(version == kMarkVersion || version == kVersion, "a series mark is of an unknown version");
  SeriesMark mark;
  mark.folded_day_last = static_cast<std::int32_t>(reader.Signed());
  mark.arrival_blocks = reader.Varint();
  mark.arrival_rows = reader.Varint();
  mark.singles = reader.Varint();
  mark.singles_folded = reader.Varint();
  if (mark.arrival_blocks > 0 && version == kVersion) {
    // Version 1 did not say: any day.
    mark.arrival_days = {SeriesMark::kNone, std::numeric_limits<std::int32_t>::max()};
  } else if (mark.arrival_blocks > 0) {
    mark.arrival_days.first = static_cast<std::int32_t>(reader.Signed());
    mark.arrival_days.last = static_cast<std::int32_t>(reader.Signed());
  }
  Require(reader.ok() && reader.AtEnd(), "a series mark is malformed");
  return mark;
}

SeriesMark MarkIn(const base::RowReader& rows, const Place& place, const SeriesKey& series) {
  const std::optional<std::string> value =
      rows.Get(SeriesPrefix(RowKind::kSeriesMark, place, series));
  return value.has_value() ? DecodeMark(*value) : SeriesMark{};
}

std::string EncodeFold(const FoldRow& fold) {
  ByteWriter out;
  out.Byte(kVersion).Varint(fold.first_number).Varint(fold.last_number);
  out.Varint(fold.cut).Varint(fold.next_group);
  return out.Take();
}

std::optional<FoldRow> FoldIn(const base::RowReader& rows, const Place& place,
                              const SeriesKey& series) {
  const std::optional<std::string> value = rows.Get(SeriesPrefix(RowKind::kFold, place, series));
  if (!value.has_value()) return std::nullopt;
  ByteReader reader = Open(*value, "a fold row is of an unknown version");
  FoldRow fold;
  fold.first_number = reader.Varint();
  fold.last_number = reader.Varint();
  fold.cut = reader.Varint();
  fold.next_group = static_cast<std::uint32_t>(reader.Varint());
  Require(reader.ok() && reader.AtEnd(), "a fold row is malformed");
  return fold;
}

std::string EncodeNumber(std::uint64_t number) {
  return ByteWriter().Byte(kVersion).Varint(number).Take();
}

std::uint64_t DecodeNumber(std::string_view value) {
  ByteReader reader = Open(value, "a number row is of an unknown version");
  const std::uint64_t number = reader.Varint();
  Require(reader.ok() && reader.AtEnd(), "a number row is malformed");
  return number;
}

std::optional<std::uint64_t> NumberIn(const base::RowReader& rows, std::string_view key) {
  const std::optional<std::string> value = rows.Get(key);
  if (!value.has_value()) return std::nullopt;
  return DecodeNumber(*value);
}

std::string EncodeStatements(std::span<const Statement> statements) {
  ByteWriter out;
  out.Byte(kVersion);
  for (const Statement& statement : statements) {
    out.Signed(statement.value_milli).Varint(statement.revision).Varint(statement.arrival);
  }
  return out.Take();
}

std::vector<Statement> DecodeStatements(std::string_view value) {
  ByteReader reader = Open(value, "a single report's row is of an unknown version");
  std::vector<Statement> statements;
  while (reader.ok() && !reader.AtEnd()) {
    Statement statement;
    statement.value_milli = reader.Signed();
    statement.revision = static_cast<std::uint32_t>(reader.Varint());
    statement.arrival = reader.Varint();
    statements.push_back(statement);
  }
  Require(reader.ok(), "a single report's row is malformed");
  return statements;
}

std::string EncodeHistory(std::span<const PastStatement> past) {
  std::vector<std::int64_t> cells, values, revisions, arrivals;
  for (const PastStatement& one : past) {
    cells.push_back(one.cell);
    values.push_back(one.statement.value_milli);
    revisions.push_back(one.statement.revision);
    arrivals.push_back(std::bit_cast<std::int64_t>(one.statement.arrival));
  }
  ByteWriter out;
  out.Byte(kVersion).Sized(EncodeColumn(cells)).Sized(EncodeColumn(values));
  out.Sized(EncodeColumn(revisions)).Sized(EncodeColumn(arrivals));
  return out.Take();
}

std::vector<PastStatement> DecodeHistory(std::string_view value) {
  ByteReader reader = Open(value, "a history row is of an unknown version");
  const std::vector<std::int64_t> cells = ColumnOf(reader, "a history row's cells are damaged");
  const std::vector<std::int64_t> values = ColumnOf(reader, "a history row's values are damaged");
  const std::vector<std::int64_t> revisions = ColumnOf(reader, "its revisions are damaged");
  const std::vector<std::int64_t> arrivals = ColumnOf(reader, "its arrivals are damaged");
  const bool equal = values.size() == cells.size() && revisions.size() == cells.size() &&
                     arrivals.size() == cells.size();
  Require(reader.ok() && reader.AtEnd() && equal, "a history row is malformed");
  std::vector<PastStatement> past(cells.size());
  for (std::size_t i = 0; i < past.size(); ++i) {
    past[i] = {.cell = static_cast<std::uint32_t>(cells[i]),
               .statement = {.value_milli = values[i],
                             .revision = static_cast<std::uint32_t>(revisions[i]),
                             .arrival = std::bit_cast<std::uint64_t>(arrivals[i])}};
  }
  return past;
}

std::string EncodePrices(const PriceArrival& prices) {
  ByteWriter out;
  out.Byte(kVersion).Varint(prices.batch).Varint(prices.revision);
  out.Signed(prices.scale).Sized(prices.currency_code);
  std::int32_t day = 0;
  for (const PriceRange& range : prices.ranges) {
    out.Signed(range.day_first - day).Signed(range.day_last - range.day_first).Signed(range.value);
    day = range.day_last;
  }
  return out.Take();
}

PriceArrival DecodePrices(std::string_view key, std::string_view value) {
  ByteReader reader = Open(value, "a price row is of an unknown version");
  PriceArrival prices{.number = NumberOfKey(key)};
  prices.batch = reader.Varint();
  prices.revision = static_cast<std::uint32_t>(reader.Varint());
  prices.scale = static_cast<std::int32_t>(reader.Signed());
  prices.currency_code = std::string(reader.Sized());
  std::int32_t day = 0;
  while (reader.ok() && !reader.AtEnd()) {
    PriceRange range;
    range.day_first = day + static_cast<std::int32_t>(reader.Signed());
    range.day_last = range.day_first + static_cast<std::int32_t>(reader.Signed());
    range.value = reader.Signed();
    day = range.day_last;
    prices.ranges.push_back(range);
  }
  Require(reader.ok(), "a price row is malformed");
  return prices;
}

}  // namespace tandem::exchange
