// How RocksDB is set up for the three spaces of store.h.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/db.h"

namespace tandem::runtime {

// For the whole database.
rocksdb::DBOptions RocksDbOptions();
// In the order of Space.
std::vector<rocksdb::ColumnFamilyDescriptor> RocksFamilies();

// What a RocksDB error means here: kDataLoss / STORED_BYTES_DAMAGED for rotten bytes (RocksDB's
// text names the file), kFailedPrecondition for a folder in use, kUnavailable for all else.
absl::Status StatusOf(const rocksdb::Status& status, const std::string& path);

}  // namespace tandem::runtime
