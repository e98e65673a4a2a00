#include "services/runtime/certificate.h"

#include <ctime>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/pem.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"
#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/runtime/envelope.h"

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
using KeyPointer = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
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

// A text as OpenSSL compares it (asn1_string_canon): UTF-8, lower case, white space trimmed and
// collapsed. What is no text stays as it is.
std::string Comparable(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  std::string text;
  if (size < 0) {
    ERR_clear_error();
    text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                static_cast<std::size_t>(ASN1_STRING_length(value)));
    return text;
  }
  bool space = false;
  for (int i = 0; i < size; ++i) {
    if (absl::ascii_isspace(utf8[i])) {
      space = !text.empty();
      continue;
    }
    if (std::exchange(space, false)) text.push_back(' ');
    text.push_back(absl::ascii_tolower(utf8[i]));
  }
  OPENSSL_free(utf8);
  return text;
}

// The name's parts in order; within a part of several, sorted, since their order says nothing.
std::string Comparable(const X509_NAME* name) {
  std::map<int, std::multiset<std::string>> parts;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(entry);
    base::ByteWriter one;
    one.Sized({reinterpret_cast<const char*>(OBJ_get0_data(type)), OBJ_length(type)});
    one.Sized(Comparable(X509_NAME_ENTRY_get_data(entry)));
    parts[X509_NAME_ENTRY_set(entry)].insert(one.Take());
  }
  base::ByteWriter whole;
  for (const auto& [place, ones] : parts) {
    whole.Varint(ones.size());
    for (const std::string& one : ones) whole.Sized(one);
  }
  return whole.Take();
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

absl::StatusOr<std::string> SubjectHashOf(std::string_view pem) {
  const std::vector<CertificatePointer> certificates = Parse(pem);
  if (certificates.empty()) {
    return base::RefuseField(base::Reason::kFieldOutOfRange, "certificate",
                             "holds no certificate in PEM");
  }
  const Hash hash = HashOf(Comparable(X509_get_subject_name(certificates.front().get())));
  return std::string(hash.begin(), hash.end());
}

absl::Status CheckKey(std::string_view certificate_pem, std::string_view key_pem) {
  const std::vector<CertificatePointer> certificates = Parse(certificate_pem);
  if (certificates.empty()) {
    return absl::InvalidArgumentError("cannot be checked: the certificate's file holds none");
  }
  KeyPointer key;
  if (key_pem.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    const BioPointer bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
    if (bio != nullptr) {
      key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
    }
  }
  const bool fits =
      key != nullptr && X509_check_private_key(certificates.front().get(), key.get()) == 1;
  ERR_clear_error();
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(key == nullptr
                                        ? "holds no private key in PEM that needs no password"
                                        : "is the private key of another certificate");
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
