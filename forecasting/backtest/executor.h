// Who runs the parts of a computation: the library starts no thread, it is handed one of these. The
// parts of one call are independent and each writes its own place, so a result is the same whatever
// the number of threads and their order.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace tandem::forecasting {

class Executor {
 public:
  virtual ~Executor() = default;
  // Calls `part(0)` to `part(count - 1)`, each once, in any order and on any threads, and returns
  // when all have returned. Not to be called from within a part.
  virtual void ForEach(std::size_t count, const std::function<void(std::size_t)>& part) = 0;
};

// In order, on the caller's thread.
class SerialExecutor : public Executor {
 public:
  void ForEach(std::size_t count, const std::function<void(std::size_t)>& part) override {
    for (std::size_t k = 0; k < count; ++k) part(k);
  }
};

// ForEach over parts that may fail. The first part's error, by number: the same whatever the order
// in which parts ran.
inline absl::Status RunAll(Executor& executor, std::size_t count,
                           const std::function<absl::Status(std::size_t)>& part) {
  std::vector<absl::Status> statuses(count);
  executor.ForEach(count, [&](std::size_t k) { statuses[k] = part(k); });
  for (absl::Status& status : statuses) {
    if (!status.ok()) return std::move(status);
  }
  return absl::OkStatus();
}

}  // namespace tandem::forecasting
