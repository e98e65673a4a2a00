#include "sequencing/adherence/share.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {

std::optional<double> Share::value() const {
  if (denominator == 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

Share& Share::operator+=(const Share& other) {
  numerator += other.numerator;
  denominator += other.denominator;
  return *this;
}

absl::StatusOr<Share> ShareOf(std::int64_t numerator, std::int64_t denominator) {
  if (numerator < 0 || numerator > denominator) {
    return absl::InvalidArgumentError(absl::StrCat("a share of ", numerator, " in ", denominator,
                                                   "; it is at least 0 and at most all"));
  }
  return Share{numerator, denominator};
}

std::size_t PercentileIndex(std::size_t count, std::size_t permille) {
  return (count / 1000) * permille + ((count % 1000) * permille + 999) / 1000 - 1;
}

absl::StatusOr<Distribution> Describe(std::span<const std::int64_t> values) {
  if (values.empty()) return Distribution{};
  std::vector<std::int64_t> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const auto percentile = [&sorted](std::size_t permille) {
    return sorted[PercentileIndex(sorted.size(), permille)];
  };
  Distribution described = {.count = std::ssize(sorted),
                            .minimum = sorted.front(),
                            .p05 = percentile(50),
                            .p50 = percentile(500),
                            .p95 = percentile(950),
                            .p99 = percentile(990),
                            .maximum = sorted.back()};
  for (const std::int64_t value : sorted) {
    if (__builtin_add_overflow(described.sum, value, &described.sum)) {
      return absl::OutOfRangeError("the values are too large to add up");
    }
  }
  return described;
}

}  // namespace tandem::sequencing
