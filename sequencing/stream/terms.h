// What the parties agreed about a numbered stream of calls, and the numbers' arithmetic.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace tandem::sequencing {

enum class Numbering {
  kDense,             // Each number is used once: a missing one is a missing call.
  kSparse,            // Numbers only rise: what is missing must be found from the plan.
  kSparseWithTotals,  // The same, and the sender tells count and digest of an interval.
};

// What happens when a missing call's need enters the reaction fence.
enum class GapPolicy {
  kWait,       // Physical sequencing stays blocked at the gap.
  kLeaveOpen,  // The numbers are declared lost, their places left open, and delivery goes on.
};

// The farthest a number may lie from the next expected one without being held for a decision, where
// the agreement names no jump: so that one wrong number cannot declare a million calls lost.
inline constexpr std::int64_t kJumpMax = std::int64_t{1} << 20;
// The largest jump that can be agreed. Every number given up is an event of its own, so this bounds
// what one message can make us tell.
inline constexpr std::int64_t kJumpAgreedMax = std::int64_t{1} << 22;
inline constexpr std::int64_t kNumberMax = std::int64_t{1} << 60;

struct StreamTerms {
  Numbering numbering = Numbering::kDense;
  std::int64_t modulus = 0;  // M: numbers run 0..M-1 and then again; 0: they never wrap.
  std::int64_t window = 32;  // W: the most calls held back by a gap; at least 0.
  // J, W <= J < M/2: numbers farther from the next are held until somebody decides. None: M/2, and
  // never more than kJumpMax. At most kJumpAgreedMax.
  std::optional<std::int64_t> jump{};
  std::int64_t memory_numbers = 65'536;   // Numbers below the next one that are remembered.
  std::int64_t unclassified_max = 1'024;  // Calls held for a decision; more are refused.
  // A gap is suspect max(3 mean, p99.9) after the first call behind it; never if both are 0.
  std::int64_t interarrival_mean_ms = 0;
  std::int64_t interarrival_p999_ms = 0;
  std::int64_t fence_ms = 0;  // A missing call is confirmed missing this long before its need.
  GapPolicy gap_policy = GapPolicy::kWait;
  std::int64_t silence_ms = 0;  // Alarm when nothing came for so long; 0: never.
};

// Returns kInvalidArgument, naming the term, for one outside of what its comment says.
absl::Status CheckTerms(const StreamTerms& terms);

// J, or what stands for it.
std::int64_t JumpOf(const StreamTerms& terms);

// Whether `number` may come on the wire: 0..M-1, or 0..kNumberMax without a modulus.
bool IsNumber(const StreamTerms& terms, std::int64_t number);

// The number nearest to `next` that is `number` modulo M (after RFC 1982): with
// k = (number - next) mod M it is next + k if 2 k <= M, else next + k - M. `number` itself if M is
// 0.
std::int64_t Unwrap(const StreamTerms& terms, std::int64_t number, std::int64_t next);

}  // namespace tandem::sequencing
