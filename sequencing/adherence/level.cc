#include "sequencing/adherence/level.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

struct Total {
  std::int64_t all = 0;     // N.
  std::int64_t so_far = 0;  // x.
};

absl::Status CheckUses(std::span<const std::vector<PartUse>> uses) {
  for (std::size_t m = 0; m < uses.size(); ++m) {
    std::vector<std::int32_t> parts;
    for (const PartUse& use : uses[m]) {
      if (use.part < 0 || use.uses < 0) {
        return absl::InvalidArgumentError(absl::StrCat("model ", m, ": part ", use.part, " used ",
                                                       use.uses, " times; neither is negative"));
      }
      parts.push_back(use.part);
    }
    std::ranges::sort(parts);
    const auto twice = std::ranges::adjacent_find(parts);
    if (twice != parts.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("model ", m, " names part ", *twice, " twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

double LevelDeviation::value() const {
  if (vehicles == 0) return 0.0;
  const auto n = static_cast<double>(vehicles);
  return static_cast<double>(scaled) / n / n;
}

absl::StatusOr<LevelDeviation> MeasureLevel(std::span<const std::int32_t> models,
                                            std::span<const std::vector<PartUse>> uses) {
  if (const absl::Status status = CheckUses(uses); !status.ok()) return status;
  absl::flat_hash_map<std::int32_t, Total> totals;
  double largest = 0.0;  // A bound of all uses.
  for (std::size_t k = 0; k < models.size(); ++k) {
    if (models[k] < 0 || static_cast<std::size_t>(models[k]) >= uses.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("vehicle ", k, " is of model ", models[k], ", and there are ", uses.size()));
    }
    for (const PartUse& use : uses[static_cast<std::size_t>(models[k])]) {
      totals[use.part].all += use.uses;
      largest += use.uses;
    }
  }
  const auto n = static_cast<std::int64_t>(models.size());
  // |n x - p N| <= n N, so a step adds at most n^2 (sum of N)^2, as does each of its three sums.
  const double bound = static_cast<double>(n) * static_cast<double>(n) * largest * largest;
  if (bound * static_cast<double>(std::max<std::int64_t>(n, 4)) > 1e38) {
    return absl::OutOfRangeError(absl::StrCat(n, " vehicles use too many parts to add up"));
  }
  absl::uint128 squares = 0;                  // Sum of x^2.
  absl::uint128 products = 0;                 // Sum of x N.
  absl::uint128 total_squares = 0;            // Sum of N^2.
  for (const auto& [part, total] : totals) {  // A sum of integers: in any order the same.
    total_squares += absl::uint128(total.all) * absl::uint128(total.all);
  }
  LevelDeviation deviation{.vehicles = n};
  for (std::int64_t p = 1; p <= n; ++p) {
    for (const PartUse& use :
         uses[static_cast<std::size_t>(models[static_cast<std::size_t>(p - 1)])]) {
      Total& total = totals[use.part];
      squares += absl::uint128(use.uses) * absl::uint128(2 * total.so_far + use.uses);
      products += absl::uint128(use.uses) * absl::uint128(total.all);
      total.so_far += use.uses;
    }
    // Never negative in the end, and modulo 2^128 the order of the terms does not matter.
    deviation.scaled += absl::uint128(n) * absl::uint128(n) * squares -
                        absl::uint128(2) * absl::uint128(n) * absl::uint128(p) * products +
                        absl::uint128(p) * absl::uint128(p) * total_squares;
  }
  return deviation;
}

}  // namespace tandem::sequencing
