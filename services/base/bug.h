// Stops the program at what only a bug of ours can cause, in every build. Never for what a partner
// can cause: that is a refusal (reason.h).
#pragma once

#include <string_view>

namespace tandem::base {

// Prints `what` to standard error and aborts.
[[noreturn]] void Bug(std::string_view what);

// Bug(what) unless `holds`.
inline void Require(bool holds, std::string_view what) {
  if (!holds) Bug(what);
}

}  // namespace tandem::base
