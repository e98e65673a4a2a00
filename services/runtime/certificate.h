// X.509 as the door needs it: what a leaf names, and whether it counts under given authorities.
// Every function takes outside bytes in PEM and is safe for any of them, on any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tandem::runtime {

// What a leaf certificate says of itself; believed only after VerifyLeaf.
struct Leaf {
  std::string fingerprint{};        // SHA-256 of its DER, 32 bytes.
  std::vector<std::string> uris{};  // Its URI SANs, in order.
  absl::Time not_after{};
};

// The first certificate in `pem`. kInvalidArgument / FIELD_OUT_OF_RANGE if there is none.
absl::StatusOr<Leaf> ReadLeaf(std::string_view pem);

// Whether the first certificate in `chain_pem` (leaf first, then intermediates) is signed, through
// them, by one of `authority_pems`, may be used by a TLS client, and is valid at `now`.
// kUnauthenticated / UNKNOWN_CALLER with OpenSSL's words otherwise.
absl::Status VerifyLeaf(std::string_view chain_pem, std::span<const std::string> authority_pems,
                        absl::Time now);

// The subject of the first certificate in `pem`, hashed: 32 bytes, the same for subjects that a TLS
// handshake takes for one another when it looks up who signed (case, white space and the type of a
// text do not count there). kInvalidArgument / FIELD_OUT_OF_RANGE if there is no certificate.
absl::StatusOr<std::string> SubjectHashOf(std::string_view pem);

// Whether `key_pem` holds the private key of the first certificate in `certificate_pem`.
// kInvalidArgument, with words to stand behind the key's name, where it is another's, holds no key
// in PEM, or one that asks for a password.
absl::Status CheckKey(std::string_view certificate_pem, std::string_view key_pem);

// All certificates in `pem`, each encoded anew, without what stands between them and whatever comes
// after the first that makes no sense: what a partner registers cannot spoil a bundle.
std::vector<std::string> CertificatesIn(std::string_view pem);

}  // namespace tandem::runtime
