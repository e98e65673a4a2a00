// A store under a test's control: what the conformance tests of stores and logs ask for.
#pragma once

#include <memory>

#include "services/runtime/store.h"

namespace tandem::runtime {

// A store, and the way to let its own work run to its end.
class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  virtual Store& store() = 0;
  // Returns once every Write so far has been answered.
  virtual void Settle() = 0;
  // A new object over the same bytes, as after the end of a process.
  virtual void Restart() = 0;
};
using MakeStore = std::unique_ptr<StoreFixture> (*)();

}  // namespace tandem::runtime
