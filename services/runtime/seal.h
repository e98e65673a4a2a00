// Tokens that only this network can make and read: positions, page tokens, cursors. AES-256-GCM with a
// key of the network, bound to what the token is for and for whom, so that another firm's cursor, or
// a cursor used as a page token, is refused as if it were noise.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

class Sealer {
 public:
  // `key` is 32 bytes. The random source gives the nonces (96 bits each).
  Sealer(std::string_view key, Random& random);
  ~Sealer();
  // `purpose` and `firm` are authenticated, not contained. Safe on any thread.
  std::string Seal(std::string_view purpose, std::string_view firm, std::string_view content) const;
  // kInvalidArgument / BAD_TOKEN for anything that Seal with the same purpose and firm did not make.
  absl::StatusOr<std::string> Open(std::string_view purpose, std::string_view firm,
                                   std::string_view token) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::runtime
