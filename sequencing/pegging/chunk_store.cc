#include "sequencing/pegging/chunk_store.h"

namespace tandem::sequencing {

std::uint32_t ChunkStore::Take(std::uint32_t owner) {
  if (!spare_.empty()) {
    const std::uint32_t chunk = spare_.back();
    spare_.pop_back();
    owners_[chunk] = owner;
    return chunk;
  }
  if (slabs_.empty()) {
    slabs_.emplace_back(memory_);  // Doubled when it is full, until it is a whole slab.
  } else if (slabs_.back().size() > kSlabMask) {
    slabs_.emplace_back(memory_).reserve(kSlabMask + 1);
  }
  slabs_.back().emplace_back();
  owners_.push_back(owner);
  return static_cast<std::uint32_t>(owners_.size() - 1);
}

}  // namespace tandem::sequencing
