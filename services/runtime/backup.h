// Backups of a data folder: a checkpoint of the store, and a manifest with the hash of every file
// and where each slot's log ends. Taken while the server runs.
//
//   <folder>/MANIFEST.tandem   text: "tandem backup 1", then a line a slot and a file
//   <folder>/store/            the store's files
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/rocks_store.h"

namespace tandem::runtime {

struct BackupSummary {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t slots = 0;         // With at least one fact.
  std::uint64_t last_numbers = 0;  // Sum over the slots: facts in the backup.
};

// Makes a backup of the store in `folder`, which must be missing or empty (kFailedPrecondition).
absl::StatusOr<BackupSummary> CreateBackup(RocksStore& store, const std::string& folder);

// Reads every byte of the backup: files missing, added or changed, and logs that do not end as the
// manifest says, are kDataLoss / STORED_BYTES_DAMAGED naming the file or slot; kNotFound for a
// folder without a manifest.
absl::StatusOr<BackupSummary> VerifyBackup(const std::string& folder);

// Verifies the backup and copies it into `data_folder`, which must be missing or empty
// (kFailedPrecondition), synced to disk. What has failed half-way leaves a folder without a store.
absl::StatusOr<BackupSummary> RestoreBackup(const std::string& folder,
                                            const std::string& data_folder);

}  // namespace tandem::runtime
