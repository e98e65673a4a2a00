#include "services/exchange/column.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "services/base/bug.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "zstd.h"

// Compiled for wider vector units too; the program takes what the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TANDEM_WIDE __attribute__((target_clones("default", "avx2", "arch=skylake-avx512")))
#else
#define TANDEM_WIDE
#endif

namespace tandem::exchange {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kDifferences = 1;
constexpr std::uint8_t kZstd = 2;
constexpr std::size_t kWidthMax = 16;

// Level 1 packs M5's sales as small as level 5 does, two to three times as fast.
constexpr int kZstdLevel = 1;
// Below this, a frame's header costs more than it saves.
constexpr std::size_t kZstdBytesMin = 16;

absl::Status Damaged(std::string_view what) {
  return base::Refuse(base::Reason::kStoredBytesDamaged, what);
}

ZSTD_CCtx* Compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context = [] {
    ZSTD_CCtx* made = ZSTD_createCCtx();
    base::Require(made != nullptr, "no memory for a zstd compressor");
    ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(made, ZSTD_c_contentSizeFlag, 0);  // The column's header knows it.
    return std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>(made, ZSTD_freeCCtx);
  }();
  return context.get();
}

ZSTD_DCtx* Decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                                  ZSTD_freeDCtx);
  base::Require(context != nullptr, "no memory for a zstd decompressor");
  return context.get();
}

// The bytes as one frame, or nothing where that is not smaller. Valid until the thread's next call.
std::optional<std::string_view> Compress(std::string_view raw) {
  if (raw.size() < kZstdBytesMin) return std::nullopt;
  thread_local std::string frame;  // Only grows: a bound's bytes are not cleared each time.
  frame.resize(std::max(frame.size(), ZSTD_compressBound(raw.size())));
  const std::size_t size =
      ZSTD_compress2(Compressor(), frame.data(), frame.size(), raw.data(), raw.size());
  base::Require(ZSTD_isError(size) == 0, "zstd cannot compress");
  if (size >= raw.size()) return std::nullopt;
  return std::string_view(frame).substr(0, size);
}

// Divides by `step` what is known to be a multiple of it, or tells that it is none: a
// multiplication by the inverse modulo 2^64 (Granlund and Montgomery, PLDI 1994, section 9).
class ExactDivision {
 public:
  explicit ExactDivision(std::uint64_t step)
      : shift_(std::countr_zero(step)),
        quotient_max_(std::numeric_limits<std::uint64_t>::max() / step) {
    const std::uint64_t odd = step >> shift_;
    inverse_ = (3 * odd) ^ 2;  // Right in 5 bits; each turn doubles them.
    for (int turn = 0; turn < 4; ++turn) inverse_ *= 2 - odd * inverse_;
  }
  std::uint64_t Quotient(std::uint64_t x) const { return std::rotr(x * inverse_, shift_); }
  bool Divides(std::uint64_t x) const { return Quotient(x) <= quotient_max_; }
  // For arithmetic modulo a smaller power of 2 the inverse's low bits are the inverse.
  std::uint64_t inverse() const { return inverse_; }
  int shift() const { return shift_; }

 private:
  int shift_;
  std::uint64_t inverse_ = 0;
  std::uint64_t quotient_max_;
};

struct Packing {
  std::uint64_t base = 0;
  std::uint64_t step = 1;
  std::size_t width = 0;
};

std::size_t WidthOf(std::uint64_t quotient) {
  return (static_cast<std::size_t>(std::bit_width(quotient)) + 3) / 4;
}

struct Range {
  std::uint64_t base = 0;  // The smallest, taken as signed.
  std::uint64_t span = 0;
};

Range RangeOf(std::span<const std::int64_t> values) {
  const auto [low, high] = LowestAndHighest(values);
  const auto base = static_cast<std::uint64_t>(low);
  return {.base = base, .span = static_cast<std::uint64_t>(high) - base};
}

// The range of value[k+1] - value[k], modulo 2^64 and taken as signed.
std::uint64_t SpanOfDifferences(std::span<const std::int64_t> values) {
  std::int64_t low = std::numeric_limits<std::int64_t>::max();
  std::int64_t high = std::numeric_limits<std::int64_t>::min();
  for (std::size_t k = 1; k < values.size(); ++k) {
    const auto difference = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[k]) -
                                                      static_cast<std::uint64_t>(values[k - 1]));
    low = std::min(low, difference);
    high = std::max(high, difference);
  }
  return static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
}

// The greatest step that divides every value's distance from the smallest.
Packing PackingOf(std::span<const std::int64_t> values, const Range& range) {
  Packing packing{.base = range.base};
  if (range.span == 0) return packing;
  packing.step = range.span;
  ExactDivision division(packing.step);
  for (const std::int64_t v : values) {
    const std::uint64_t x = static_cast<std::uint64_t>(v) - packing.base;
    if (division.Divides(x)) continue;
    packing.step = std::gcd(packing.step, x);
    if (packing.step == 1) break;
    division = ExactDivision(packing.step);
  }
  packing.width = WidthOf(range.span / packing.step);
  return packing;
}

std::string PlanesOf(std::span<const std::int64_t> values, const Packing& packing) {
  const ExactDivision division(packing.step);
  const std::size_t plane_bytes = (values.size() + 1) / 2;
  std::string planes(packing.width * plane_bytes, '\0');
  if (packing.width == 0) return planes;
  const auto quotient = [&](std::size_t k) {
    return division.Quotient(static_cast<std::uint64_t>(values[k]) - packing.base);
  };
  for (std::size_t byte = 0; byte < plane_bytes; ++byte) {
    std::uint64_t even = quotient(2 * byte);
    std::uint64_t odd = 2 * byte + 1 < values.size() ? quotient(2 * byte + 1) : 0;
    for (std::size_t p = 0; p < packing.width; ++p) {
      planes[p * plane_bytes + byte] = static_cast<char>((even & 15) | (odd & 15) << 4);
      even >>= 4;
      odd >>= 4;
    }
  }
  return planes;
}

std::vector<std::int64_t> DifferencesOf(std::span<const std::int64_t> values) {
  std::vector<std::int64_t> differences(values.size() - 1);
  for (std::size_t k = 0; k < differences.size(); ++k) {
    differences[k] = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[k + 1]) -
                                               static_cast<std::uint64_t>(values[k]));
  }
  return differences;
}

// The same three for columns whose span is below 2^31, as nearly all are: in 32 bits, in loops that
// compilers turn into vector instructions. A test holds both forms to the same bytes.
constexpr std::uint64_t kNarrowSpanMax = std::numeric_limits<std::int32_t>::max();

TANDEM_WIDE void DistancesOf(std::span<const std::int64_t> values, std::uint64_t base,
                             std::uint32_t* out) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    out[k] = static_cast<std::uint32_t>(static_cast<std::uint64_t>(values[k]) - base);
  }
}

// Divides all by what `inverse` and `shift` stand for (see ExactDivision), and returns the largest
// quotient: beyond the quotient of the largest number, one of them was no multiple.
TANDEM_WIDE std::uint32_t DivideAll(std::span<const std::uint32_t> numbers, std::uint32_t inverse,
                                    int shift, std::uint32_t* out) {
  std::uint32_t largest = 0;
  const int back = (32 - shift) & 31;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const std::uint32_t product = numbers[k] * inverse;
    out[k] = product >> shift | product << back;
    largest = std::max(largest, out[k]);
  }
  return largest;
}

// The common step of numbers that are not all 0. What divides the first few divides the others
// mostly, so this seldom looks at all.
std::uint32_t StepOf(std::span<const std::uint32_t> numbers, std::uint32_t step) {
  for (const std::uint32_t x : numbers) {
    if (x % step == 0) continue;
    step = std::gcd(step, x);
    if (step == 1) break;
  }
  return step;
}

TANDEM_WIDE std::uint64_t SpanOfNarrowDifferences(std::span<const std::uint32_t> numbers) {
  std::int32_t low = std::numeric_limits<std::int32_t>::max();
  std::int32_t high = std::numeric_limits<std::int32_t>::min();
  for (std::size_t k = 1; k < numbers.size(); ++k) {
    const auto difference = static_cast<std::int32_t>(numbers[k] - numbers[k - 1]);
    low = std::min(low, difference);
    high = std::max(high, difference);
  }
  return static_cast<std::uint64_t>(std::int64_t{high} - low);
}

TANDEM_WIDE void PutPlane(std::span<const std::uint32_t> quotients, std::size_t plane, char* out) {
  const std::size_t shift = 4 * plane;
  for (std::size_t byte = 0; byte < quotients.size() / 2; ++byte) {
    const std::uint32_t even = quotients[2 * byte] >> shift & 15;
    const std::uint32_t odd = quotients[2 * byte + 1] >> shift & 15;
    out[byte] = static_cast<char>(even | odd << 4);
  }
  if (quotients.size() % 2 == 0) return;
  out[quotients.size() / 2] = static_cast<char>(quotients.back() >> shift & 15);
}

// The column's packing and planes, or nothing where the general form has to be used: a span too
// large, or differences narrower than the values.
std::optional<std::pair<Packing, std::string>> NarrowPlanes(std::span<const std::int64_t> values,
                                                            const Range& range) {
  if (range.span == 0 || range.span > kNarrowSpanMax) return std::nullopt;
  thread_local std::vector<std::uint32_t> room;
  room.resize(2 * values.size());
  const std::span<std::uint32_t> distances = std::span(room).first(values.size());
  const std::span<std::uint32_t> quotients = std::span(room).subspan(values.size());
  DistancesOf(values, range.base, distances.data());
  const auto span = static_cast<std::uint32_t>(range.span);
  std::uint32_t step = StepOf(distances.first(std::min<std::size_t>(64, distances.size())), span);
  const auto divide = [&] {
    const ExactDivision division(step);
    return DivideAll(distances, static_cast<std::uint32_t>(division.inverse()), division.shift(),
                     quotients.data());
  };
  if (divide() > span / step) {
    step = StepOf(distances, step);
    divide();
  }
  const Packing packing{.base = range.base, .step = step, .width = WidthOf(span / step)};
  if (WidthOf(SpanOfNarrowDifferences(quotients)) < packing.width) return std::nullopt;
  const std::size_t plane_bytes = (values.size() + 1) / 2;
  std::string planes(packing.width * plane_bytes, '\0');
  for (std::size_t p = 0; p < packing.width; ++p) {
    PutPlane(quotients, p, planes.data() + p * plane_bytes);
  }
  return std::pair(packing, std::move(planes));
}

// The planes, `size` bytes, out of what is stored of them.
absl::StatusOr<std::string> PlanesIn(std::string_view stored, bool compressed, std::size_t size) {
  if (!compressed) {
    if (stored.size() != size) return Damaged("a column's planes have another length");
    return std::string(stored);
  }
  std::string planes(size, '\0');
  const std::size_t got = ZSTD_decompressDCtx(Decompressor(), planes.data(), planes.size(),
                                              stored.data(), stored.size());
  if (size == 0 || ZSTD_isError(got) != 0 || got != size) {
    return Damaged("a column's planes do not decompress");
  }
  return planes;
}

// Writes the numbers of out.size() / 2 bytes of each plane, the first plane's from `plane` on. A
// `kWidth` other than 0 is packing.width, known early so that the loop over planes unrolls.
template <std::size_t kWidth>
void UnpackPairs(const char* plane, std::size_t plane_bytes, const Packing& packing,
                 std::span<std::int64_t> out) {
  const std::size_t width = kWidth == 0 ? packing.width : kWidth;
  for (std::size_t byte = 0; byte < out.size() / 2; ++byte) {
    std::uint64_t even = 0;
    std::uint64_t odd = 0;
    for (std::size_t p = 0; p < width; ++p) {
      const auto both = static_cast<std::uint8_t>(plane[p * plane_bytes + byte]);
      even |= static_cast<std::uint64_t>(both & 15) << (4 * p);
      odd |= static_cast<std::uint64_t>(both >> 4) << (4 * p);
    }
    out[2 * byte] = static_cast<std::int64_t>(packing.base + packing.step * even);
    out[2 * byte + 1] = static_cast<std::int64_t>(packing.base + packing.step * odd);
  }
}

}  // namespace

TANDEM_WIDE std::pair<std::int64_t, std::int64_t> LowestAndHighest(
    std::span<const std::int64_t> values) {
  if (values.empty()) return {};
  std::int64_t low = values[0];
  std::int64_t high = values[0];
  for (const std::int64_t v : values) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  return {low, high};
}

std::string EncodeColumn(std::span<const std::int64_t> values) {
  base::Require(values.size() <= kColumnValuesMax, "a column is too long to encode");
  const Range range = RangeOf(values);
  Packing packing;
  std::string planes;
  bool summed = false;
  if (auto narrow = NarrowPlanes(values, range); narrow.has_value()) {
    std::tie(packing, planes) = *std::move(narrow);
  } else {
    packing = PackingOf(values, range);
    // A difference is a multiple of the values' step, so its width is known without packing it.
    summed = packing.width > 0 && WidthOf(SpanOfDifferences(values) / packing.step) < packing.width;
    const std::vector<std::int64_t> differences =
        summed ? DifferencesOf(values) : std::vector<std::int64_t>();
    if (summed) packing = PackingOf(differences, RangeOf(differences));
    planes = PlanesOf(summed ? differences : values, packing);
  }
  const std::optional<std::string_view> frame = Compress(planes);

  base::ByteWriter out;
  out.Byte(kVersion);
  out.Byte(static_cast<std::uint8_t>((summed ? kDifferences : 0) | (frame ? kZstd : 0)));
  out.Byte(static_cast<std::uint8_t>(packing.width)).Varint(values.size());
  if (values.empty()) return std::move(out).Take();
  if (summed) out.Signed(values[0]);
  out.Signed(static_cast<std::int64_t>(packing.base));
  if (packing.width > 0) out.Varint(packing.step).Raw(frame.has_value() ? *frame : planes);
  return std::move(out).Take();
}

std::string EncodeConstant(std::int64_t value, std::size_t count) {
  base::Require(count <= kColumnValuesMax, "a column is too long to encode");
  base::ByteWriter out;
  out.Byte(kVersion).Byte(0).Byte(0).Varint(count);
  if (count > 0) out.Signed(value);
  return std::move(out).Take();
}

absl::StatusOr<Column> Column::Open(std::string_view bytes, std::size_t values_max) {
  base::ByteReader in(bytes);
  const std::uint8_t version = in.Byte();
  const std::uint8_t flags = in.Byte();
  const std::size_t width = in.Byte();
  const std::uint64_t count = in.Varint();
  if (!in.ok() || version != kVersion || flags > (kDifferences | kZstd) || width > kWidthMax) {
    return Damaged("a column's header makes no sense");
  }
  if (count > std::min(values_max, kColumnValuesMax)) return Damaged("a column is too long");
  Column column;
  column.size_ = static_cast<std::size_t>(count);
  column.width_ = width;
  if (count == 0) {
    if (flags != 0 || width != 0 || !in.AtEnd()) return Damaged("an empty column holds something");
    return column;
  }
  const bool differences = (flags & kDifferences) != 0;
  const auto first = static_cast<std::uint64_t>(differences ? in.Signed() : 0);
  column.base_ = static_cast<std::uint64_t>(in.Signed());
  if (width > 0) column.step_ = in.Varint();
  if (!in.ok() || column.step_ == 0) return Damaged("a column's header makes no sense");

  const std::size_t packed = column.size_ - (differences ? 1 : 0);
  column.plane_bytes_ = (packed + 1) / 2;
  TANDEM_ASSIGN_OR_RETURN(column.planes_,
                          PlanesIn(in.Rest(), (flags & kZstd) != 0, width * column.plane_bytes_));
  if (!differences) return column;
  column.summed_.resize(column.size_);
  column.Unpack(0, std::span(column.summed_).subspan(1));
  std::uint64_t sum = first;
  column.summed_[0] = static_cast<std::int64_t>(sum);
  for (std::size_t k = 1; k < column.size_; ++k) {
    sum += static_cast<std::uint64_t>(column.summed_[k]);
    column.summed_[k] = static_cast<std::int64_t>(sum);
  }
  column.planes_ = {};
  return column;
}

void Column::Unpack(std::size_t first, std::span<std::int64_t> out) const {
  if (width_ == 0) {
    std::ranges::fill(out, static_cast<std::int64_t>(base_));
    return;
  }
  const auto one = [&](std::size_t k) {
    std::uint64_t q = 0;
    for (std::size_t p = 0; p < width_; ++p) {
      const auto both = static_cast<std::uint8_t>(planes_[p * plane_bytes_ + k / 2]);
      q |= static_cast<std::uint64_t>((both >> (4 * (k % 2))) & 15) << (4 * p);
    }
    return static_cast<std::int64_t>(base_ + step_ * q);
  };
  if (first % 2 != 0 && !out.empty()) {
    out[0] = one(first++);
    out = out.subspan(1);
  }
  const char* const plane = planes_.data() + first / 2;
  const Packing packing{.base = base_, .step = step_, .width = width_};
  switch (width_) {
    case 1:
      UnpackPairs<1>(plane, plane_bytes_, packing, out);
      break;
    case 2:
      UnpackPairs<2>(plane, plane_bytes_, packing, out);
      break;
    case 3:
      UnpackPairs<3>(plane, plane_bytes_, packing, out);
      break;
    default:
      UnpackPairs<0>(plane, plane_bytes_, packing, out);
  }
  if (out.size() % 2 != 0) out.back() = one(first + out.size() - 1);
}

void Column::Read(std::size_t first, std::span<std::int64_t> out) const {
  base::Require(first <= size_ && out.size() <= size_ - first, "a read past a column's end");
  if (summed_.empty()) {
    Unpack(first, out);
  } else {
    std::copy_n(summed_.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
  }
}

absl::StatusOr<std::vector<std::int64_t>> DecodeColumn(std::string_view bytes,
                                                       std::size_t values_max) {
  TANDEM_ASSIGN_OR_RETURN(const Column column, Column::Open(bytes, values_max));
  std::vector<std::int64_t> values(column.size());
  column.Read(0, values);
  return values;
}

}  // namespace tandem::exchange
