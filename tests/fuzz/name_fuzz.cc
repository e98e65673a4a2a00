// Names, GTIN, GLN, identifiers and request ids: what is accepted has the form that it promises.
#include <string>
#include <vector>

#include "services/base/name.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  using tandem::fuzz::Is;
  namespace base = tandem::base;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (base::CheckId("id", text).ok()) Check(!text.empty() && text.size() <= 64, "an id's length");
  for (const std::string_view pattern :
       {"firms/*", "firms/*/items/*", "firms/*/locations/*/streams/*", "agreements/*/versions/*"}) {
    const auto parts = base::ParseName("name", pattern, text);
    if (!parts.ok()) continue;
    std::string again;
    auto part = parts->begin();
    for (const char c : pattern) {
      if (c == '*') {
        again += *part++;
      } else {
        again += c;
      }
    }
    Check(again == text && part == parts->end(), "a name is its pattern with its ids");
  }
  if (const auto gtin = base::NormalizeGtin("gtin", text); gtin.ok()) {
    Check(gtin->size() == 14, "a GTIN of 14 digits");
    Check(Is(base::NormalizeGtin("gtin", *gtin), *gtin), "a normal GTIN stays as it is");
  }
  if (base::CheckGln("gln", text).ok()) Check(size == 13, "a GLN of 13 digits");
  if (base::CheckRequestId(text).ok()) Check(size == 36, "a UUID's length");
  return 0;
}
