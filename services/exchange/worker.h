// Folds arrivals into tiles in the background: looks for series with enough that is closed, and
// submits one bounded step at a time, each only when the last one is durable.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "services/exchange/fold.h"
#include "services/runtime/router.h"
#include "services/runtime/seams.h"

namespace tandem::exchange {

struct FoldWorkerOptions {
  FoldOptions fold{};
  absl::Duration period = absl::Milliseconds(250);  // Between looks while nothing is to be done.
  // A series whose arrivals have not changed for this many looks is folded whatever its size.
  int idle_looks = 20;
  // One that grew since the last look waits for a pause, and so does every series while this many
  // rows come in from one look to the next, so that folding does not compete with an import; unless
  // so much of it has gathered.
  std::uint64_t import_rows = 250'000;
  std::uint64_t busy_rows_min = std::uint64_t{1} << 22;
  std::uint64_t busy_blocks_min = 1'024;
};

// The router and the executor must outlive it; what is under way when it goes is let go.
class FoldWorker {
 public:
  FoldWorker(runtime::Router& router, runtime::Executor& executor, FoldWorkerOptions options);
  ~FoldWorker();
  // Begins to look. Once, when the router serves.
  void Start();
  // Steps that were accepted so far, for telemetry.
  std::uint64_t steps() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tandem::exchange
