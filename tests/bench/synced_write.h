// The bare thing on the storage side: a RocksDB of its own, written with a sync.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/process.h"

namespace rocksdb {
class DB;
}

namespace tandem::bench {

class SyncedDb {
 public:
  SyncedDb();
  ~SyncedDb();
  // One put of `bytes` bytes, synced; returns the seconds that it took.
  double Put(std::size_t bytes);

 private:
  TemporaryFolder folder_;
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t next_ = 0;
};

// Rows from many threads, written by one: all that came while the last write ran are the next.
class SyncedQueue {
 public:
  explicit SyncedQueue(const std::string& path);
  ~SyncedQueue();
  SyncedQueue(const SyncedQueue&) = delete;
  SyncedQueue& operator=(const SyncedQueue&) = delete;
  // `done` runs on the writer's thread once the row is synced.
  void Put(std::string key, std::string value, std::function<void()> done);

 private:
  struct Row {
    std::string key{};
    std::string value{};
    std::function<void()> done{};
  };
  void Work();

  std::unique_ptr<rocksdb::DB> db_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Row> rows_;
  bool stopping_ = false;
  std::thread thread_;
};

struct Replay {
  double seconds = 0.0;
  std::uint64_t batches = 0;
  double bytes = 0.0;
};

// Writes, synced and in order, the very write batches that a server left in the write-ahead log of
// its data folder, into a new database: what the disk allows for these bytes.
Replay ReplayBatches(const std::string& data_folder);

}  // namespace tandem::bench
