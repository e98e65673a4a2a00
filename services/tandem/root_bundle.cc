#include "services/tandem/root_bundle.h"

#include <utility>

#include "services/base/status.h"
#include "services/runtime/server.h"

namespace tandem::program {

absl::Status RootBundleFile::Refresh() {
  const std::lock_guard lock(mutex_);
  // Most facts of governance are about something else: compare before parsing.
  std::string registered;
  for (const runtime::KnownFirm& firm : book_.Firms()) {
    for (const std::string& pem : firm.ca_pems) registered += pem;
  }
  if (written_ && registered == registered_) return absl::OkStatus();
  TANDEM_RETURN_IF_ERROR(
      runtime::WriteFileWhole(path_, runtime::RootBundle(operator_authority_pem_, book_)));
  registered_ = std::move(registered);
  written_ = true;
  return absl::OkStatus();
}

}  // namespace tandem::program
