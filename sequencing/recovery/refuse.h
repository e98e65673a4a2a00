// Refusals of this folder: a reason first, then what was wrong, record and field.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tandem::sequencing {

inline constexpr std::int64_t kInstantMax = std::int64_t{1} << 50;
inline constexpr std::int64_t kAmountMax = std::int64_t{1} << 40;

template <typename... Words>
absl::Status Invalid(std::string_view reason, const Words&... words) {
  return absl::InvalidArgumentError(
      absl::StrCat(absl::string_view(reason.data(), reason.size()), ": ", words...));
}
template <typename... Words>
absl::Status Forbidden(std::string_view reason, const Words&... words) {
  return absl::FailedPreconditionError(
      absl::StrCat(absl::string_view(reason.data(), reason.size()), ": ", words...));
}
template <typename... Words>
absl::Status Missing(std::string_view reason, const Words&... words) {
  return absl::NotFoundError(
      absl::StrCat(absl::string_view(reason.data(), reason.size()), ": ", words...));
}

}  // namespace tandem::sequencing
