// What makes one installation itself, drawn once at the first start on an empty store: the id in
// every group of its log, and the key that seals its tokens.
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "services/runtime/seams.h"
#include "services/runtime/store.h"

namespace tandem::runtime {

struct Network {
  std::uint64_t log_id = 0;
  std::string key{};  // 32 bytes, for Sealer.
};

// Reads the network's row, or draws and writes it where the store is empty; `done` runs once, on a
// thread of the store's or inside the call. Errors: kFailedPrecondition for a store that a newer
// version of the program has written; kDataLoss / STORED_BYTES_DAMAGED for a damaged row, or a
// store that holds rows but no network; what Store::Write gives. `store` must outlive the call.
void OpenNetwork(Store& store, Random& random,
                 absl::AnyInvocable<void(absl::StatusOr<Network>)> done);

}  // namespace tandem::runtime
