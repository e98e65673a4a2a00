// The files that RocksDB writes: the system's own, but for its write-ahead log, which is laid out
// ahead. A synced write that makes a file longer is three writes, one after the other (the bytes,
// the file system's journal, the journal's end); one into bytes that are there already is one.
#pragma once

#include <memory>

#include "rocksdb/env.h"

namespace tandem::runtime {

// What DBOptions::env takes; outlives the database. A log file of it ends in zeros that nobody
// wrote yet, at its close too: rocks_wal.h says how they are told from what was written.
std::unique_ptr<rocksdb::Env> MakeRocksEnv();

}  // namespace tandem::runtime
