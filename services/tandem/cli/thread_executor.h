// An executor of threads for the pure libraries' heavy computing on the command line.
#pragma once

#include <cstddef>
#include <functional>

#include "forecasting/backtest/executor.h"

namespace tandem::cli {

// Parts are handed out in small runs to `threads` threads, which live as long as one call.
class ThreadExecutor : public forecasting::Executor {
 public:
  explicit ThreadExecutor(std::size_t threads) : threads_(threads == 0 ? 1 : threads) {}
  void ForEach(std::size_t count, const std::function<void(std::size_t)>& part) override;

 private:
  std::size_t threads_;
};

}  // namespace tandem::cli
