#include "services/runtime/certificate.h"

#include <ctime>
#include <limits>
#include <memory>
#include <optional>

#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/pem.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
void FreeStack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

using BioPointer = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using CertificatePointer = std::unique_ptr<X509, Freer<X509_free>>;
using StackPointer = std::unique_ptr<STACK_OF(X509), Freer<FreeStack>>;
using StorePointer = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using ContextPointer = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using NamesPointer = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

// Enough for any chain; a bound on what one peer makes us parse.
constexpr std::size_t kCertificatesMax = 16;

// A password callback that has none: an encrypted PEM must not make OpenSSL ask at the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return 0; }

std::vector<CertificatePointer> Parse(std::string_view pem) {
  std::vector<CertificatePointer> certificates;
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return certificates;
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (bio != nullptr && certificates.size() < kCertificatesMax) {
    CertificatePointer next(PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr));
    if (next == nullptr) break;
    certificates.push_back(std::move(next));
  }
  ERR_clear_error();  // The end of the bytes is an error to OpenSSL.
  return certificates;
}

std::vector<std::string> UrisOf(X509* certificate) {
  std::vector<std::string> uris;
  const NamesPointer names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names.get());
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

std::optional<absl::Time> TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::Status Unverified(std::string_view why) {
  return base::Refuse(base::Reason::kUnknownCaller,
                      "the certificate does not count under the authorities of the firm it names",
                      {{"cause", absl::string_view(why.data(), why.size())}});
}

StorePointer StoreOf(std::span<const std::string> authority_pems) {
  StorePointer store(X509_STORE_new());
  for (const std::string& pem : authority_pems) {
    for (const CertificatePointer& authority : Parse(pem)) {
      X509_STORE_add_cert(store.get(), authority.get());  // Takes its own reference.
    }
  }
  return store;
}

}  // namespace

absl::StatusOr<Leaf> ReadLeaf(std::string_view pem) {
  const std::vector<CertificatePointer> certificates = Parse(pem);
  if (certificates.empty()) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "certificate",
                             "holds no certificate in PEM");
  }
  X509* leaf = certificates.front().get();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int digest_size = 0;
  const std::optional<absl::Time> not_after = TimeOf(X509_get0_notAfter(leaf));
  if (X509_digest(leaf, EVP_sha256(), digest, &digest_size) != 1 || !not_after.has_value()) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "certificate", "cannot be read");
  }
  return Leaf{.fingerprint = std::string(reinterpret_cast<const char*>(digest), digest_size),
              .uris = UrisOf(leaf),
              .not_after = *not_after};
}

absl::Status VerifyLeaf(std::string_view chain_pem, std::span<const std::string> authority_pems,
                        absl::Time now) {
  const std::vector<CertificatePointer> chain = Parse(chain_pem);
  if (chain.empty()) return Unverified("no certificate");
  const StackPointer intermediates(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    X509_up_ref(chain[i].get());
    sk_X509_push(intermediates.get(), chain[i].get());
  }
  const StorePointer store = StoreOf(authority_pems);
  const ContextPointer context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(),
                                                intermediates.get()) != 1) {
    return Unverified("out of memory");
  }
  X509_STORE_CTX_set_time(context.get(), 0, absl::ToTimeT(now));
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT);
  const bool verified = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (verified) return absl::OkStatus();
  return Unverified(X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
}

std::vector<std::string> CertificatesIn(std::string_view pem) {
  std::vector<std::string> encoded;
  for (const CertificatePointer& certificate : Parse(pem)) {
    const BioPointer bio(BIO_new(BIO_s_mem()));
    if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate.get()) != 1) continue;
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    encoded.emplace_back(bytes, static_cast<std::size_t>(size));
  }
  return encoded;
}

}  // namespace tandem::runtime
