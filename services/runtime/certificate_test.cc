#include "services/runtime/certificate.h"

#include <gtest/gtest.h>

#include "tests/support/certificates.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

// What a certificate says is proven with real ones in tests/integration/identity_test.cc; here,
// that other bytes do no harm.
TEST(CertificateTest, TakesNoBytesForACertificate) {
  testing::Random random;
  for (int i = 0; i < 200; ++i) {
    const std::string noise = random.Bytes(random.Below(300));
    const std::string wrapped =
        "-----BEGIN CERTIFICATE-----\n" + noise + "\n-----END CERTIFICATE-----\n";
    for (const std::string& pem : {noise, wrapped}) {
      EXPECT_THAT(ReadLeaf(pem), testing::HasReason(base::Reason::kFieldOutOfRange));
      EXPECT_THAT(VerifyLeaf(pem, {}, absl::UnixEpoch()),
                  testing::HasReason(base::Reason::kUnknownCaller));
      EXPECT_TRUE(CertificatesIn(pem).empty());
      EXPECT_THAT(SubjectHashOf(pem), testing::HasReason(base::Reason::kFieldOutOfRange));
    }
  }
}

// Goal: what a handshake takes for one name hashes alike; `openssl x509 -subject_hash` agrees.
TEST(CertificateTest, HashesSubjectsAsHandshakesCompareThem) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const std::string acme, SubjectHashOf(testing::kAcmeAuthority));
  EXPECT_EQ(acme.size(), 32u);
  EXPECT_EQ(*SubjectHashOf(testing::kAcmeAuthorityRespelled), acme);
  EXPECT_NE(*SubjectHashOf(testing::kOtherAuthority), acme);
  EXPECT_NE(*SubjectHashOf(testing::kAcmeAuthoritySwapped), acme);
}

TEST(CertificateTest, AKeyIsItsOwnCertificatesAlone) {
  const absl::Status another = CheckKey(testing::kAcmeAuthority, testing::kKeyedKey);
  EXPECT_THAT(another, testing::HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(another.message(), "is the private key of another certificate");
  EXPECT_THAT(CheckKey(testing::kKeyedCertificate, testing::kKeyedKey), testing::IsOk());
  for (const char* none : {"", "noise", testing::kAcmeAuthority}) {
    EXPECT_EQ(CheckKey(testing::kAcmeAuthority, none).message(),
              "holds no private key in PEM that needs no password");
  }
  EXPECT_FALSE(CheckKey("noise", testing::kKeyedKey).ok());
}

}  // namespace
}  // namespace tandem::runtime
