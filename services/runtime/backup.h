// Backups of a data folder: a copy of the store as it was at one moment, and a manifest with the
// hash of every file and where each slot's log ends. A server that runs makes a checkpoint
// (checkpoints.h), which is copied while it goes on.
//
//   <folder>/MANIFEST.tandem   text: "tandem backup 1", then a line a slot and a file
//   <folder>/store/            the store's files
#pragma once

#include <cstdint>
#include <functional>
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

// Called after each file or mebibyte with the bytes read so far and all that are to be read.
using BackupProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Makes a backup of the store in `folder`, which must be missing or empty (kFailedPrecondition);
// files are hard links where the disk can. What fails half-way leaves the folder empty.
absl::StatusOr<BackupSummary> CreateBackup(RocksStore& store, const std::string& folder,
                                           const BackupProgress& progress = nullptr);

// The same from a checkpoint, that is a store's folder that nobody writes to, by copying it.
// kUnavailable naming the file that cannot be read or written.
absl::StatusOr<BackupSummary> CopyCheckpoint(const std::string& checkpoint,
                                             const std::string& folder,
                                             const BackupProgress& progress = nullptr);

// Reads every byte of the backup: files missing, added or changed, and logs that do not end as the
// manifest says, are kDataLoss / STORED_BYTES_DAMAGED naming the file or slot; kNotFound for a
// folder without a manifest.
absl::StatusOr<BackupSummary> VerifyBackup(const std::string& folder,
                                           const BackupProgress& progress = nullptr);

// Verifies the backup and copies it into `data_folder`, which must be missing or empty
// (kFailedPrecondition), synced to disk. What has failed half-way leaves a folder without a store.
absl::StatusOr<BackupSummary> RestoreBackup(const std::string& folder,
                                            const std::string& data_folder,
                                            const BackupProgress& progress = nullptr);

}  // namespace tandem::runtime
