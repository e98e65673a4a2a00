#include "sequencing/stream/terms.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tandem::sequencing {
namespace {

absl::Status Refuse(const char* term, std::int64_t value, const char* rule) {
  return absl::InvalidArgumentError(absl::StrCat("term ", term, " is ", value, "; ", rule));
}

}  // namespace

absl::Status CheckTerms(const StreamTerms& terms) {
  if (terms.modulus < 0 || terms.modulus == 1 || terms.modulus > kNumberMax) {
    return Refuse("modulus", terms.modulus, "it is 0 or at least 2");
  }
  if (terms.window < 0 || terms.window > kJumpMax) {
    return Refuse("window", terms.window, "it is at least 0 and at most 2^20");
  }
  if (terms.jump.has_value() && (*terms.jump < terms.window || *terms.jump > kJumpAgreedMax)) {
    return Refuse("jump", *terms.jump, "it is at least the window and at most 2^22");
  }
  if (terms.jump.has_value() && terms.modulus > 0 && *terms.jump >= (terms.modulus + 1) / 2) {
    return Refuse("jump", *terms.jump, "it is below half of the modulus");
  }
  if (terms.memory_numbers < terms.window || terms.memory_numbers > kNumberMax) {
    return Refuse("memory_numbers", terms.memory_numbers, "it is at least the window");
  }
  if (terms.unclassified_max < 1) {
    return Refuse("unclassified_max", terms.unclassified_max, "it is at least 1");
  }
  constexpr std::int64_t kSpanMax = std::int64_t{1} << 50;
  for (const auto& [name, value] :
       {std::pair("interarrival_mean_ms", terms.interarrival_mean_ms),
        std::pair("interarrival_p999_ms", terms.interarrival_p999_ms),
        std::pair("fence_ms", terms.fence_ms), std::pair("silence_ms", terms.silence_ms)}) {
    if (value < 0 || value > kSpanMax) return Refuse(name, value, "it is 0 to 2^50");
  }
  return absl::OkStatus();
}

std::int64_t JumpOf(const StreamTerms& terms) {
  if (terms.jump.has_value()) return *terms.jump;
  return terms.modulus == 0 ? kJumpMax : std::min(kJumpMax, terms.modulus / 2);
}

bool IsNumber(const StreamTerms& terms, std::int64_t number) {
  return number >= 0 && (terms.modulus == 0 ? number <= kNumberMax : number < terms.modulus);
}

std::int64_t Unwrap(const StreamTerms& terms, std::int64_t number, std::int64_t next) {
  const std::int64_t m = terms.modulus;
  if (m == 0) return number;
  const std::int64_t k = ((number - next) % m + m) % m;
  return 2 * k <= m ? next + k : next + k - m;
}

}  // namespace tandem::sequencing
