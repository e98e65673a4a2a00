// Memory in huge pages, for a large book: an event of a PegBook reads lines of memory far from each
// other, and with pages of 4 KiB each of them costs a walk through the page tables too.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace tandem::bench {

// Pieces of 1 MiB and more are mapped at a multiple of 2 MiB and advised to lie in huge pages;
// where the system has none to give (or never does: /sys/kernel/mm/transparent_hugepage/enabled),
// they are ordinary memory. Smaller pieces come from operator new. One thread at a time.
class HugePages : public std::pmr::memory_resource {
 public:
  std::size_t bytes() const { return bytes_; }  // Mapped now.

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::size_t bytes_ = 0;
};

}  // namespace tandem::bench
