// A compressed column of 64-bit integers: item numbers, days, run lengths or values of an arrival
// block, and the parts of a tile (tile.h). Sales in thousandths are mostly small multiples of
// 1,000, so a column takes out a common step and keeps what is left in a few bits, then lets zstd's
// entropy coder at them.
//
//   const std::string bytes = EncodeColumn(values);
//   TANDEM_ASSIGN_OR_RETURN(const std::vector<std::int64_t> same, DecodeColumn(bytes));
//
// Stored, never renumber: what changes gets a new version byte, and the old one stays readable.
//   version   byte, 1
//   flags     byte; bit 0: differences; bit 1: the planes are one zstd frame; others 0
//   width     byte; planes, 0 to 16
//   count     varint, at most kColumnValuesMax; the rest is there only if it is not 0
//   first     signed varint, only with differences: the first value
//   base      signed varint
//   step      varint, not 0, only if width is not 0
//   planes    to the end; empty if width is 0
// Packed number k is q[k] = (x[k] - base) / step, where x are the values, or with differences
// x[k] = value[k+1] - value[k] (so one less). Plane p holds four bits of each, q[k] >> 4p & 15, two
// a byte, the even k in the low half. All arithmetic is modulo 2^64, so every column has its bytes.
//
// The same values always give the same bytes under one version of libzstd, but another version may
// compress otherwise: hash decoded values, or bytes as they are stored, never a re-encoding.
// There is no checksum: the log and the store below have theirs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tandem::exchange {

// The longest column. It decodes to 8 MiB, whatever its bytes say.
inline constexpr std::size_t kColumnValuesMax = std::size_t{1} << 20;

// The column's bytes. More than kColumnValuesMax values are a bug of the caller.
// About 3 ns a value, most of it zstd's. Thread-safe (each thread has its own compressor).
std::string EncodeColumn(std::span<const std::int64_t> values);

// The bytes of EncodeColumn for `count` times one value, in no time.
std::string EncodeConstant(std::int64_t value, std::size_t count);

// The lowest and the highest value; 0 and 0 of none. Faster than a loop of one's own: it takes the
// widest vector unit that the processor has.
std::pair<std::int64_t, std::int64_t> LowestAndHighest(std::span<const std::int64_t> values);

// All values. Returns kDataLoss / STORED_BYTES_DAMAGED for bytes that EncodeColumn does not write
// or a column of more than `values_max` values. Any bytes may be given. Thread-safe.
absl::StatusOr<std::vector<std::int64_t>> DecodeColumn(std::string_view bytes,
                                                       std::size_t values_max = kColumnValuesMax);

// A column of which parts are read: zstd's work is done once, the arithmetic for what is read only
// (for all values at once where the column holds differences).
class Column {
 public:
  // An empty column.
  Column() = default;

  // Errors as DecodeColumn. `bytes` may go away afterwards.
  static absl::StatusOr<Column> Open(std::string_view bytes,
                                     std::size_t values_max = kColumnValuesMax);

  std::size_t size() const { return size_; }

  // Writes values first, first + 1, ... to `out`. To read past the end is a bug of the caller.
  void Read(std::size_t first, std::span<std::int64_t> out) const;

 private:
  // x[first], x[first + 1], ... of the format, from the planes.
  void Unpack(std::size_t first, std::span<std::int64_t> out) const;

  std::size_t size_ = 0;
  std::uint64_t base_ = 0;
  std::uint64_t step_ = 1;
  std::size_t width_ = 0;        // Planes.
  std::size_t plane_bytes_ = 0;  // Of one plane.
  std::string planes_{};
  std::vector<std::int64_t> summed_{};  // All values, if the column holds differences.
};

}  // namespace tandem::exchange
