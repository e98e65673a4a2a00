#include "tests/bench/sequencing/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace tandem::bench {
namespace {

constexpr std::size_t kSmall = std::size_t{1} << 20;
constexpr std::size_t kPage = std::size_t{1} << 21;

std::size_t WholePages(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

void* HugePages::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (bytes < kSmall) return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  // One page more than needed; what lies before and behind the aligned part goes back.
  const std::size_t whole = WholePages(bytes);
  void* const mapped =
      mmap(nullptr, whole + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(mapped);
  const std::size_t before = (kPage - reinterpret_cast<std::uintptr_t>(begin) % kPage) % kPage;
  if (before > 0) munmap(begin, before);
  if (before < kPage) munmap(begin + before + whole, kPage - before);
  madvise(begin + before, whole, MADV_HUGEPAGE);  // Refused where the system has none: no harm.
  bytes_ += whole;
  return begin + before;
}

void HugePages::do_deallocate(void* at, std::size_t bytes, std::size_t alignment) {
  if (bytes < kSmall) return std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
  munmap(at, WholePages(bytes));
  bytes_ -= WholePages(bytes);
}

}  // namespace tandem::bench
