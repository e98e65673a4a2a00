// What partners register and present as certificates: any PEM is read or refused.
#include <string>
#include <vector>

#include "services/runtime/certificate.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  namespace runtime = tandem::runtime;
  const std::string pem(reinterpret_cast<const char*>(data), size);

  const auto leaf = runtime::ReadLeaf(pem);
  if (leaf.ok()) Check(leaf->fingerprint.size() == 32, "a fingerprint's length");
  const std::vector<std::string> all = runtime::CertificatesIn(pem);
  for (const std::string& one : all) {
    Check(runtime::CertificatesIn(one).size() == 1,
          "a certificate that was taken reads back alone");
  }
  const auto subject = runtime::SubjectHashOf(pem);
  if (!all.empty()) Check(subject.ok(), "what has a certificate has a subject");
  if (subject.ok()) Check(subject->size() == 32, "a subject's length");
  (void)runtime::VerifyLeaf(pem, all, absl::FromUnixSeconds(1'800'000'000));
  return 0;
}
