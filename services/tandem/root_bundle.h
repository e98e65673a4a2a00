// Keeps the file of the authorities that the TLS handshake lets in, as firms come and rotate
// theirs.
#pragma once

#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "services/runtime/identity.h"

namespace tandem::program {

// Safe on any thread. The book must outlive it.
class RootBundleFile {
 public:
  RootBundleFile(std::string path, std::string operator_authority_pem,
                 const runtime::FirmBook& book)
      : path_(std::move(path)),
        operator_authority_pem_(std::move(operator_authority_pem)),
        book_(book) {}
  // Writes the file if the firms' authorities have changed since. gRPC reads it again within a
  // second.
  absl::Status Refresh();
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const std::string operator_authority_pem_;
  const runtime::FirmBook& book_;
  std::mutex mutex_;
  std::string registered_;  // What the file was made from.
  bool written_ = false;
};

}  // namespace tandem::program
