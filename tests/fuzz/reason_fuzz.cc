// A refusal's payload, which also comes back from other instances: any bytes are a refusal or none.
#include <string>

#include "absl/strings/cord.h"
#include "services/base/reason.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  namespace base = tandem::base;
  tandem::fuzz::Input input(data, size);

  // The payload's type URL is taken from a refusal, so that it need not be repeated here.
  std::string url;
  const absl::Status refused = base::Refuse(base::Reason::kBadName, "wrong", {{"name", "x"}});
  refused.ForEachPayload(
      [&](absl::string_view type, const absl::Cord&) { url.assign(type.data(), type.size()); });
  absl::Status status = refused;
  const std::string_view payload = input.Rest();
  status.SetPayload(url, absl::Cord(absl::string_view(payload.data(), payload.size())));

  const auto refusal = base::RefusalOf(status);
  (void)base::ReasonOf(status);
  const absl::Status more = base::WithDetail(status, {"row", 17});
  if (refusal.has_value()) {
    const auto again = base::RefusalOf(more);
    Check(again.has_value() && again->details.size() == refusal->details.size() + 1,
          "a detail is added");
    Check(again->reason == refusal->reason, "the reason stays");
  }
  return 0;
}
