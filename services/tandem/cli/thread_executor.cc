#include "services/tandem/cli/thread_executor.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace tandem::cli {

void ThreadExecutor::ForEach(std::size_t count, const std::function<void(std::size_t)>& part) {
  const std::size_t run = std::max<std::size_t>(1, count / (threads_ * 16));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (;;) {
      const std::size_t begin = next.fetch_add(run);
      if (begin >= count) return;
      for (std::size_t k = begin; k < std::min(count, begin + run); ++k) part(k);
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t k = 1; k < std::min(threads_, count); ++k) others.emplace_back(work);
  work();
}

}  // namespace tandem::cli
