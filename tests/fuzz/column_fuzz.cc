// Compressed columns: any bytes decode or are refused; what decodes is read alike as a whole and in
// parts, and is encoded and decoded to the same values.
#include <vector>

#include "services/exchange/column.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  using tandem::fuzz::Is;
  namespace exchange = tandem::exchange;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // A bound keeps a run short: a column that names a million equal values is a dozen bytes.
  constexpr std::size_t kValuesMax = 4096;

  const auto values = exchange::DecodeColumn(bytes, kValuesMax);
  const auto column = exchange::Column::Open(bytes, kValuesMax);
  Check(values.ok() == column.ok(), "both ways of reading agree on what is a column");
  if (!values.ok()) return 0;
  Check(column->size() == values->size(), "both have the same size");
  const std::size_t half = values->size() / 2;
  std::vector<std::int64_t> part(values->size() - half);
  column->Read(half, part);
  Check(std::equal(part.begin(), part.end(), values->begin() + static_cast<std::ptrdiff_t>(half)),
        "a part is what stands in the whole");
  Check(Is(exchange::DecodeColumn(exchange::EncodeColumn(*values)), *values),
        "a column reads back");
  return 0;
}
