#include "services/base/bug.h"

#include <cstdio>
#include <cstdlib>

namespace tandem::base {

void Bug(std::string_view what) {
  std::fprintf(stderr, "tandem: this is a bug, stopping: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

}  // namespace tandem::base
