#include "services/runtime/rocks_store.h"

#include <sys/statvfs.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/utilities/checkpoint.h"
#include "services/base/reason.h"
#include "services/base/status.h"
#include "services/runtime/idle_threads.h"
#include "services/runtime/rocks_events.h"
#include "services/runtime/rocks_files.h"
#include "services/runtime/rocks_options.h"
#include "services/runtime/rocks_wal.h"

namespace tandem::runtime {
namespace {

constexpr int kExitCode = 74;                                  // EX_IOERR of sysexits.h.
constexpr std::size_t kCommitBytesMax = std::size_t{8} << 20;  // Of one synced write.
constexpr std::uint64_t kSpaceCheckBytes = std::uint64_t{4} << 20;
constexpr std::chrono::seconds kSpaceCheckPeriod{1};
// How long a committer that was told of a write stays awake for it; deciding takes a third of it.
constexpr std::chrono::microseconds kExpectMax{100};

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

void EndProcess(const absl::Status& status) {
  std::fprintf(
      stderr,
      "tandem: a write to disk failed, so the server stops: %s\n"
      "Nothing that was acknowledged is lost. Check the disk and its free space, then start "
      "again.\n",
      status.ToString().c_str());
  std::_Exit(kExitCode);
}

std::size_t SizeOf(const StoreBatch& batch) {
  std::size_t size = 0;
  for (const StoreChange& change : batch) {
    size += change.key.size() + (change.value.has_value() ? change.value->size() : 0);
  }
  return size;
}

}  // namespace

struct RocksStore::Impl {
  struct Pending {
    StoreBatch batch{};
    std::size_t size = 0;
    WriteDone done{};
    absl::Status status;  // Not OK: refused, only to be answered in its turn.
  };
  using Commit = std::vector<Pending>;

  explicit Impl(const RocksStoreOptions& with) : options(with) {}
  ~Impl();
  absl::Status OpenDb();
  // Looks at the write-ahead log and cuts what was torn, with the folder locked: another server's
  // log is not ours to cut. Opening locks it again, and fails if someone was faster.
  absl::Status MendWals() const;
  void Start();
  void WorkLoop();
  // Waits, awake, for the write that was told of.
  void AwaitExpected(std::unique_lock<std::mutex>& lock);
  Commit TakePending();
  void WriteCommit(Commit& commit);
  void Answer(std::unique_lock<std::mutex>& lock);
  void CheckSpace() const;

  rocksdb::ColumnFamilyHandle* Family(Space space) const {
    return families[static_cast<std::size_t>(space)];
  }

  const RocksStoreOptions options;
  const std::unique_ptr<rocksdb::Env> env = MakeRocksEnv();  // Outlives the database.
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;  // Owned by us, freed before the database.

  // Two threads take turns: while one runs answers, the other can already sync the next commit.
  std::mutex mutex;
  IdleThreads idle;
  std::deque<Pending> pending;
  bool stopping = false;
  bool committing = false;
  bool answering = false;
  bool expecting = false;            // A write was told of, for whom no thread is awake yet.
  bool awake = false;                // A thread looks for it.
  std::atomic<bool> quiet{false};    // All threads are idle: telling one helps.
  std::atomic<bool> arrived{false};  // Something is pending; read without the lock.
  std::deque<Pending> answers;
  rocksdb::WriteBatch batch;  // The committer's; its memory is used again.
  absl::Status stopped;       // After a failed write.
  std::vector<std::thread> threads;

  std::uint64_t unchecked_bytes = 0;  // Written since the last look at the disk's free space.
  mutable std::atomic<bool> disk_full{false};
  mutable std::atomic<std::int64_t> next_check_nanos{0};
};

RocksStore::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
    idle.WakeAll();
  }
  for (std::thread& thread : threads) thread.join();
  for (rocksdb::ColumnFamilyHandle* family : families) db->DestroyColumnFamilyHandle(family);
}

absl::Status RocksStore::Impl::OpenDb() {
  std::error_code error;
  if (!options.read_only) std::filesystem::create_directories(options.path, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("the data folder ", options.path, " cannot be made: ", error.message()));
  }
  TANDEM_RETURN_IF_ERROR(options.read_only ? CheckWals(options.path, true) : MendWals());
  rocksdb::DB* opened = nullptr;
  rocksdb::DBOptions db_options = RocksDbOptions();
  db_options.env = env.get();
  db_options.info_log = MakeRocksMessages(options.on_warning);
  db_options.listeners.push_back(MakeRocksListener());
  const rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(db_options, options.path, RocksFamilies(), &families,
                                         &opened)
          : rocksdb::DB::Open(db_options, options.path, RocksFamilies(), &families, &opened);
  db.reset(opened);
  return StatusOf(status, options.path);
}

absl::Status RocksStore::Impl::MendWals() const {
  rocksdb::FileLock* lock = nullptr;
  TANDEM_RETURN_IF_ERROR(
      StatusOf(env->LockFile(options.path + "/LOCK", &lock), options.path));  // RocksDB's own.
  absl::Status status = CheckWals(options.path, false);
  status.Update(StatusOf(env->UnlockFile(lock), options.path));
  return status;
}

void RocksStore::Impl::Start() {
  for (int i = 0; i < 2; ++i) threads.emplace_back([this] { WorkLoop(); });
}

void RocksStore::Impl::WorkLoop() {
  std::unique_lock lock(mutex);
  for (;;) {
    if (pending.empty() || committing) {
      if (stopping && pending.empty()) return;
      if (!committing && std::exchange(expecting, false)) {
        AwaitExpected(lock);
        continue;
      }
      quiet = !committing && !answering;
      idle.Wait(lock);
      continue;
    }
    committing = true;
    Commit commit = TakePending();
    lock.unlock();
    WriteCommit(commit);
    lock.lock();
    committing = false;
    for (Pending& done : commit) answers.push_back(std::move(done));
    std::condition_variable* const next = pending.empty() ? nullptr : idle.Tell();
    if (next != nullptr) {
      lock.unlock();
      next->notify_one();
      lock.lock();
    }
    Answer(lock);
  }
}

// The lock is let go and others run if they have to: who brings the write may need this very core.
void RocksStore::Impl::AwaitExpected(std::unique_lock<std::mutex>& lock) {
  const auto until = std::chrono::steady_clock::now() + kExpectMax;
  awake = true;
  lock.unlock();
  while (!arrived && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  lock.lock();
  awake = false;
}

RocksStore::Impl::Commit RocksStore::Impl::TakePending() {
  arrived = false;
  expecting = false;
  Commit commit;
  std::size_t size = 0;
  while (!pending.empty() && (commit.empty() || size + pending.front().size <= kCommitBytesMax)) {
    size += pending.front().size;
    commit.push_back(std::move(pending.front()));
    pending.pop_front();
  }
  return commit;
}

void RocksStore::Impl::WriteCommit(Commit& commit) {
  batch.Clear();
  for (const Pending& write : commit) {
    if (!write.status.ok()) continue;
    unchecked_bytes += write.size;
    for (const StoreChange& change : write.batch) {
      rocksdb::ColumnFamilyHandle* const family = Family(change.space);
      if (change.value.has_value()) {
        batch.Put(family, change.key, *change.value);
      } else {
        batch.Delete(family, change.key);
      }
    }
  }
  if (batch.Count() > 0 && stopped.ok()) {
    rocksdb::WriteOptions write_options;
    write_options.sync = true;
    stopped = StatusOf(db->Write(write_options, &batch), options.path);
    if (!stopped.ok()) options.on_fatal ? options.on_fatal(stopped) : EndProcess(stopped);
  }
  for (Pending& write : commit) {
    write.batch.clear();
    if (write.status.ok()) write.status = stopped;
  }
  if (unchecked_bytes > kSpaceCheckBytes) {
    unchecked_bytes = 0;
    CheckSpace();
  }
}

// Runs what is to be answered, in order and by one thread at a time.
void RocksStore::Impl::Answer(std::unique_lock<std::mutex>& lock) {
  if (std::exchange(answering, true)) return;
  while (!answers.empty()) {
    Pending next = std::move(answers.front());
    answers.pop_front();
    lock.unlock();
    next.done(std::move(next.status));
    next.done = nullptr;
    lock.lock();
  }
  answering = false;
}

void RocksStore::Impl::CheckSpace() const {
  struct statvfs space {};
  if (statvfs(options.path.c_str(), &space) != 0) return;
  std::uint64_t in_memory = 0;
  db->GetAggregatedIntProperty("rocksdb.cur-size-all-mem-tables", &in_memory);
  const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
  disk_full.store(free < options.free_bytes_min + in_memory, std::memory_order_relaxed);
}

class RocksStore::RocksSnapshot final : public StoreSnapshot {
 public:
  explicit RocksSnapshot(const Impl& impl) : impl_(impl), snapshot_(impl.db->GetSnapshot()) {
    read_.snapshot = snapshot_;
  }
  ~RocksSnapshot() override { impl_.db->ReleaseSnapshot(snapshot_); }
  RocksSnapshot(const RocksSnapshot&) = delete;
  RocksSnapshot& operator=(const RocksSnapshot&) = delete;

  std::optional<std::string> Get(Space space, std::string_view key) const override {
    std::optional<std::string> value(std::in_place);
    const rocksdb::Status status = impl_.db->Get(read_, impl_.Family(space), SliceOf(key), &*value);
    if (status.ok()) return value;
    if (!status.IsNotFound()) Note(status);
    return std::nullopt;
  }

  void Scan(Space space, std::string_view first, std::string_view limit,
            base::RowVisitor visit) const override {
    const rocksdb::Slice bound = SliceOf(limit);
    rocksdb::ReadOptions read = read_;
    if (!limit.empty()) read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> row(impl_.db->NewIterator(read, impl_.Family(space)));
    for (row->Seek(SliceOf(first)); row->Valid(); row->Next()) {
      if (!visit(ViewOf(row->key()), ViewOf(row->value()))) return;
    }
    Note(row->status());
  }

  void ScanBack(Space space, std::string_view first, std::string_view limit,
                base::RowVisitor visit) const override {
    const rocksdb::Slice low = SliceOf(first);
    rocksdb::ReadOptions read = read_;
    if (!first.empty()) read.iterate_lower_bound = &low;
    const std::unique_ptr<rocksdb::Iterator> row(impl_.db->NewIterator(read, impl_.Family(space)));
    if (limit.empty()) {
      row->SeekToLast();
    } else {
      row->SeekForPrev(SliceOf(limit));
      if (row->Valid() && ViewOf(row->key()) == limit) row->Prev();
    }
    for (; row->Valid(); row->Prev()) {
      if (!visit(ViewOf(row->key()), ViewOf(row->value()))) return;
    }
    Note(row->status());
  }

  absl::Status status() const override {
    if (!failed_.load(std::memory_order_acquire)) return absl::OkStatus();
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  void Note(const rocksdb::Status& status) const {
    if (status.ok()) return;
    const std::lock_guard lock(mutex_);
    status_.Update(StatusOf(status, impl_.options.path));
    failed_.store(true, std::memory_order_release);
  }

  const Impl& impl_;
  const rocksdb::Snapshot* snapshot_;
  rocksdb::ReadOptions read_;
  mutable std::mutex mutex_;
  mutable absl::Status status_;
  mutable std::atomic<bool> failed_{false};
};

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksStore::~RocksStore() = default;

absl::StatusOr<std::unique_ptr<RocksStore>> RocksStore::Open(const RocksStoreOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  TANDEM_RETURN_IF_ERROR(impl->OpenDb());
  if (options.read_only) {
    impl->stopped = absl::FailedPreconditionError("the store was opened for reading only");
  }
  impl->Start();
  // The constructor is the store's own, which make_unique cannot reach.
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(impl)));
}

std::shared_ptr<const StoreSnapshot> RocksStore::Snapshot() const {
  return std::make_shared<RocksSnapshot>(*impl_);
}

void RocksStore::Write(StoreBatch batch, WriteDone done) {
  Impl::Pending write{
      .batch = std::move(batch), .size = 0, .done = std::move(done), .status = Room()};
  write.size = SizeOf(write.batch);
  std::unique_lock lock(impl_->mutex);
  impl_->pending.push_back(std::move(write));
  impl_->arrived = true;
  impl_->quiet = false;
  const bool tell = !impl_->committing && !impl_->awake;
  std::condition_variable* const next = tell ? impl_->idle.Tell() : nullptr;
  lock.unlock();
  if (next != nullptr) next->notify_one();
}

void RocksStore::Expect() {
  // Under load somebody is awake anyway, and this is all it costs.
  if (!impl_->quiet.load(std::memory_order_relaxed) || !impl_->quiet.exchange(false)) return;
  std::unique_lock lock(impl_->mutex);
  if (impl_->committing || impl_->answering || !impl_->pending.empty()) return;
  std::condition_variable* const next = impl_->idle.Tell();
  impl_->expecting = next != nullptr;
  lock.unlock();
  if (next != nullptr) next->notify_one();
}

absl::Status RocksStore::Room() const {
  const std::int64_t now =
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  std::int64_t next = impl_->next_check_nanos.load(std::memory_order_relaxed);
  const std::int64_t then = now + std::chrono::nanoseconds(kSpaceCheckPeriod).count();
  if (now >= next && impl_->next_check_nanos.compare_exchange_strong(next, then)) {
    impl_->CheckSpace();
  }
  if (!impl_->disk_full.load(std::memory_order_relaxed)) return absl::OkStatus();
  return base::Refuse(
      base::Reason::kDiskFull,
      "the disk of the data folder is nearly full: free space on it, writes go on then",
      {{"free_bytes_min", impl_->options.free_bytes_min}});
}

absl::Status RocksStore::Checkpoint(const std::string& folder) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
  return StatusOf(status, folder);
}

absl::Status RocksStore::Compact() {
  for (rocksdb::ColumnFamilyHandle* family : impl_->families) {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    const rocksdb::Status status = impl_->db->CompactRange(options, family, nullptr, nullptr);
    if (!status.ok()) return StatusOf(status, impl_->options.path);
  }
  return absl::OkStatus();
}

}  // namespace tandem::runtime
