// What terms must be whatever the state: complete, bounded, without contradiction. The same check
// on every instance, and before a command is queued, since 200,000 items take longer than a
// decision may.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tandem/governance/v1/governance.pb.h"

namespace tandem::governance {

inline constexpr int kPartiesMin = 2;
inline constexpr int kPartiesMax = 8;
inline constexpr int kScopesMax = 64;
inline constexpr int kGrantsMax = 256;
inline constexpr std::int64_t kItemsMax = 200'000;     // Of all scopes together.
inline constexpr std::int64_t kLocationsMax = 50'000;  // The same.
inline constexpr int kCriteriaMax = 100;
inline constexpr std::int32_t kHorizonDaysMax = 1'000;
inline constexpr std::int32_t kRetentionDaysMax = 36'525;
// Of the terms' bytes. The fact that holds them must fit in one group of the log (768 KiB).
inline constexpr std::size_t kTermsBytesMax = std::size_t{700} * 1024;

// OK if terms are whole: two to eight distinct parties; scopes of parties with distinct items and
// locations; grants between distinct parties, where the owner has a scope (events and forecasts
// need none); known kinds; lead roles of parties; numbers within their bounds. Otherwise
// kInvalidArgument with the field's path from the request: "terms.scopes[1].items[17]". O(size).
absl::Status CheckTerms(const v1::Terms& terms);

// The bytes that are hashed and signed: deterministic serialization of terms that CheckTerms
// passed.
std::string TermsBytes(const v1::Terms& terms);

// The ids in `terms.parties`, ascending, of terms that CheckTerms passed.
std::vector<std::string> PartyIds(const v1::Terms& terms);

// "acme" for "firms/acme"; the name must have that form.
std::string FirmIdOf(std::string_view name);

}  // namespace tandem::governance
