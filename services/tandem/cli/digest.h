// A digest of texts that come one after the other.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "openssl/types.h"

namespace tandem::cli {

// SHA-256 over texts in their order; where one ends and the next begins counts.
class Digest {
 public:
  Digest();
  void Add(std::string_view text);
  // The first 16 hex digits. Nothing is added after.
  std::string Hex();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const;
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace tandem::cli
