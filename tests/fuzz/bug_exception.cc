#include "tests/fuzz/bug_exception.h"

#include <string>

#include "services/base/bug.h"

namespace tandem::base {

// Stands in for the library's own: the linker takes this definition first.
void Bug(std::string_view what) { throw fuzz::StoppedByName(std::string(what)); }

}  // namespace tandem::base
