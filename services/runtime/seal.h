// Tokens that only this network can make and read: positions, page tokens, cursors. AES-256-GCM
// with a key of the network, bound to what the token is for and for whom, so that another firm's
// cursor, or a cursor used as a page token, is refused as if it were noise.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/base/fact.h"
#include "services/runtime/seams.h"

namespace tandem::runtime {

class Sealer {
 public:
  // `key` is 32 bytes. The random source gives the nonces (96 bits each).
  Sealer(std::string_view key, Random& random);
  ~Sealer();
  // `purpose` and `firm` are authenticated, not contained. Safe on any thread.
  std::string Seal(std::string_view purpose, std::string_view firm, std::string_view content) const;
  // kInvalidArgument / BAD_TOKEN for anything that Seal with the same purpose and firm did not
  // make.
  absl::StatusOr<std::string> Open(std::string_view purpose, std::string_view firm,
                                   std::string_view token) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A position as a firm may hold it: what `min_position` takes and "tandem-position-bin" gives.
std::string SealPosition(const Sealer& sealer, std::string_view firm,
                         const base::Position& position);
// The position of such a token; "" is the empty position. kInvalidArgument / BAD_TOKEN.
absl::StatusOr<base::Position> OpenPosition(const Sealer& sealer, std::string_view firm,
                                            std::string_view token);

// A page token: the last key shown and the position that the first page was read at. `purpose`
// names the method, and the filter where there is one, so that a token continues only what it
// began. The token is ASCII (web-safe base64).
struct PageStart {
  std::string last_key{};  // "": from the beginning.
  base::Position position{};
};
std::string SealPage(const Sealer& sealer, std::string_view purpose, std::string_view firm,
                     const PageStart& page);
// "" is the first page. kInvalidArgument / BAD_PAGE_TOKEN naming the field page_token.
absl::StatusOr<PageStart> OpenPage(const Sealer& sealer, std::string_view purpose,
                                   std::string_view firm, std::string_view token);

}  // namespace tandem::runtime
