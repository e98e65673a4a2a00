#include "services/tandem/cli/digest.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "openssl/evp.h"

namespace tandem::cli {

void Digest::Free::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void Digest::Add(std::string_view text) {
  const std::string size = absl::StrCat(text.size(), ":");
  EVP_DigestUpdate(context_.get(), size.data(), size.size());
  EVP_DigestUpdate(context_.get(), text.data(), text.size());
}

std::string Digest::Hex() {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return absl::BytesToHexString(digest.substr(0, 8));
}

}  // namespace tandem::cli
