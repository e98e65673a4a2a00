// What RocksDB says, and what it does of its own accord after an error.
//
// Its log file in the data folder is not used: on a full disk RocksDB 7.8 (Debian 12's, built with
// its assertions) ends the process at the second line that it cannot write there, before anybody is
// told what to do. Nor does it try again after a failed write: the process is about to end then.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "rocksdb/env.h"
#include "rocksdb/listener.h"

namespace tandem::runtime {

// What DBOptions::info_log takes. `tell` gets each warning and error as one line, without the keys
// and values of rows; on any thread, also under RocksDB's own locks: it must not come back to the
// database. What is less than a warning is dropped. Empty: all is dropped.
std::shared_ptr<rocksdb::Logger> MakeRocksMessages(std::function<void(std::string_view)> tell);

// One of DBOptions::listeners. After a write for which there was no room, RocksDB would write
// memory's rows to tables, from a thread of its own, until there is; nobody knows then what the
// log holds, so it is kept from that. A flush or a compaction without room is tried again: its rows
// are in the log.
std::shared_ptr<rocksdb::EventListener> MakeRocksListener();

}  // namespace tandem::runtime
