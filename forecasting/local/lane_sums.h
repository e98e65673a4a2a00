// Numbers in vector lanes, and sums of products of the columns of a block of rows. Internal to the
// models; all inline, so that what calls it is wide under WidestOf (wide_lanes.h).
#pragma once

#include <cstddef>

namespace tandem::forecasting {

using Lane4 = double __attribute__((vector_size(32)));
inline constexpr std::size_t kLaneSize = 4;

// The lane with 1 at kAt, 0 elsewhere. A number that is added to one of a lane's four by means of
// it leaves the lane in its register; one that is stored there makes the next load of the lane wait
// for the cache.
template <std::size_t kAt>
inline constexpr Lane4 kUnit = {kAt % 4 == 0 ? 1.0 : 0.0, kAt % 4 == 1 ? 1.0 : 0.0,
                                kAt % 4 == 2 ? 1.0 : 0.0, kAt % 4 == 3 ? 1.0 : 0.0};

constexpr std::size_t ToLanes(std::size_t columns) {
  return (columns + kLaneSize - 1) / kLaneSize * kLaneSize;
}

template <std::size_t kLanes>
struct LaneRow {
  Lane4 lane[kLanes];
};

// Four numbers anywhere, as one load or store: a copy of bytes is made in halves, for which the
// next load of the whole would wait.
using LooseLane4 = double __attribute__((vector_size(32), aligned(8), may_alias));
inline void Load(const double* from, Lane4& lane) {
  lane = *reinterpret_cast<const LooseLane4*>(from);
}
inline void Store(const Lane4& lane, double* to) { *reinterpret_cast<LooseLane4*>(to) = lane; }

// `rows` rows of numbers, row r at first + r stride; the stride may be negative.
struct RowSpan {
  const double* first = nullptr;
  std::ptrdiff_t stride = 0;
};

// sum[i][j] += over rows a[i] b[j], for kI columns of a and 4 kJ of b; sums stay in registers for
// all rows. `width`: of a row of sums, in numbers.
template <std::size_t kI, std::size_t kJ>
inline void AddTile(std::size_t rows, RowSpan a, RowSpan b, std::size_t width, double* sum) {
  Lane4 at[kI][kJ];
  for (std::size_t i = 0; i < kI; ++i) {
    for (std::size_t j = 0; j < kJ; ++j) Load(sum + i * width + j * kLaneSize, at[i][j]);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    Lane4 right[kJ];
    for (std::size_t j = 0; j < kJ; ++j) Load(b.first + j * kLaneSize, right[j]);
    for (std::size_t i = 0; i < kI; ++i) {
      const double left = a.first[i];
      for (std::size_t j = 0; j < kJ; ++j) at[i][j] += left * right[j];
    }
    a.first += a.stride;
    b.first += b.stride;
  }
  for (std::size_t i = 0; i < kI; ++i) {
    for (std::size_t j = 0; j < kJ; ++j) Store(at[i][j], sum + i * width + j * kLaneSize);
  }
}

// The same for any number of columns of b, a multiple of 4.
template <std::size_t kI, std::size_t kColumns>
inline void AddStrip(std::size_t rows, RowSpan a, RowSpan b, std::size_t width, double* sum) {
  static_assert(kColumns % kLaneSize == 0);
  constexpr std::size_t kLanes = kColumns / kLaneSize;
  for (std::size_t j = 0; j + 1 < kLanes; j += 2) {
    AddTile<kI, 2>(rows, a, {b.first + j * kLaneSize, b.stride}, width, sum + j * kLaneSize);
  }
  if constexpr (kLanes % 2 == 1) {
    constexpr std::size_t kLast = (kLanes - 1) * kLaneSize;
    AddTile<kI, 1>(rows, a, {b.first + kLast, b.stride}, width, sum + kLast);
  }
}

// The sums on and above the diagonal of the kColumns columns of `rows`.
template <std::size_t kColumns, std::size_t kFrom = 0>
inline void AddTriangle(std::size_t rows, RowSpan a, std::size_t width, double* sum) {
  AddStrip<kLaneSize, kColumns - kFrom>(rows, {a.first + kFrom, a.stride},
                                        {a.first + kFrom, a.stride}, width,
                                        sum + kFrom * width + kFrom);
  if constexpr (kFrom + kLaneSize < kColumns) {
    AddTriangle<kColumns, kFrom + kLaneSize>(rows, a, width, sum);
  }
}

}  // namespace tandem::forecasting
