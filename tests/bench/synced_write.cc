#include "tests/bench/synced_write.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/transaction_log.h"
#include "rocksdb/write_batch.h"

namespace tandem::bench {
namespace {

using Clock = std::chrono::steady_clock;

void Check(const rocksdb::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "bench: %s: %s\n", what, status.ToString().c_str());
  std::exit(1);
}

double Since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The same batch on the default column family: a batch names the families by number.
class OneFamily final : public rocksdb::WriteBatch::Handler {
 public:
  explicit OneFamily(rocksdb::WriteBatch& out) : out_(&out) {}
  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    return out_->Put(std::string(1, static_cast<char>(family)) + key.ToString(), value);
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    return out_->Delete(std::string(1, static_cast<char>(family)) + key.ToString());
  }
  rocksdb::Status DeleteRangeCF(std::uint32_t family, const rocksdb::Slice& first,
                                const rocksdb::Slice& last) override {
    const std::string mark(1, static_cast<char>(family));
    return out_->DeleteRange(mark + first.ToString(), mark + last.ToString());
  }

 private:
  rocksdb::WriteBatch* out_;
};

std::unique_ptr<rocksdb::DB> Open(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  Check(rocksdb::DB::Open(options, path, &db), "open the bare database");
  return std::unique_ptr<rocksdb::DB>(db);
}

}  // namespace

SyncedDb::SyncedDb() : db_(Open(folder_.path() + "/db")) {}
SyncedDb::~SyncedDb() = default;

SyncedQueue::SyncedQueue(const std::string& path) : db_(Open(path)), thread_([this] { Work(); }) {}

SyncedQueue::~SyncedQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SyncedQueue::Put(std::string key, std::string value, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    rows_.push_back({std::move(key), std::move(value), std::move(done)});
  }
  wake_.notify_one();  // No call of the system where the writer is at work.
}

void SyncedQueue::Work() {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  for (;;) {
    std::vector<Row> rows;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !rows_.empty(); });
      if (rows_.empty()) return;
      rows.swap(rows_);
    }
    rocksdb::WriteBatch batch;
    for (const Row& row : rows) Check(batch.Put(row.key, row.value), "gather a batch");
    Check(db_->Write(synced, &batch), "write a batch");
    for (const Row& row : rows) row.done();
  }
}

double SyncedDb::Put(std::size_t bytes) {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const Clock::time_point begin = Clock::now();
  Check(db_->Put(synced, std::to_string(next_++), std::string(bytes, 'x')), "put");
  return Since(begin);
}

Replay ReplayBatches(const std::string& data_folder) {
  rocksdb::DB* raw = nullptr;
  std::vector<std::string> names;
  Check(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), data_folder, &names),
        "list families");
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.reserve(names.size());
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  Check(rocksdb::DB::OpenForReadOnly(rocksdb::DBOptions(), data_folder, families, &handles, &raw),
        "open the server's database");
  const std::unique_ptr<rocksdb::DB> source(raw);
  std::unique_ptr<rocksdb::TransactionLogIterator> log;
  Check(source->GetUpdatesSince(0, &log), "read the server's write-ahead log");
  std::vector<rocksdb::WriteBatch> batches;
  Replay replay;
  for (; log->Valid(); log->Next()) {
    rocksdb::BatchResult result = log->GetBatch();
    rocksdb::WriteBatch batch;
    OneFamily copy(batch);
    Check(result.writeBatchPtr->Iterate(&copy), "copy a batch");
    replay.bytes += static_cast<double>(batch.GetDataSize());
    batches.push_back(std::move(batch));
  }
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    Check(source->DestroyColumnFamilyHandle(handle), "close a family");
  }
  const TemporaryFolder folder;
  const std::unique_ptr<rocksdb::DB> target = Open(folder.path() + "/db");
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const Clock::time_point begin = Clock::now();
  for (rocksdb::WriteBatch& batch : batches) Check(target->Write(synced, &batch), "write a batch");
  replay.seconds = Since(begin);
  replay.batches = batches.size();
  return replay;
}

}  // namespace tandem::bench
