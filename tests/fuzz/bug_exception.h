// Targets that take this header and bug_exception.cc see base::Bug as an exception instead of the
// end of the program, so that "stopped by name" can be told from a crash.
#pragma once

#include <stdexcept>

namespace tandem::fuzz {

struct StoppedByName : std::logic_error {
  using std::logic_error::logic_error;
};

}  // namespace tandem::fuzz
