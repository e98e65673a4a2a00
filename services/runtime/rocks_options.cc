#include "services/runtime/rocks_options.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "services/base/reason.h"

namespace tandem::runtime {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

rocksdb::ColumnFamilyOptions Small() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 4 * kMiB;
  return options;
}

// Groups: large, compressed already, written once in ascending order, read in long runs.
rocksdb::ColumnFamilyOptions ForLog() {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = 32 * kMiB;
  options.target_file_size_base = 128 * kMiB;
  options.max_bytes_for_level_base = 512 * kMiB;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::uint64_t{32} * 1024;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ColumnFamilyOptions ForState() {
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.write_buffer_size = 16 * kMiB;  // A skip list of this size still fits a core's caches.
  options.target_file_size_base = 32 * kMiB;
  options.level_compaction_dynamic_level_bytes = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = std::uint64_t{16} * 1024;
  table.block_cache = rocksdb::NewLRUCache(128 * kMiB);
  // Most look-ups of request ids are for new ones.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // The same for what is still in memory: a skip list's look-up costs ten times a filter's.
  options.memtable_prefix_bloom_size_ratio = 0.1;
  options.memtable_whole_key_filtering = true;
  // Many rows come in ascending order after their slot and kind (6 bytes): ages, numbers, days.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(6));
  return options;
}

}  // namespace

rocksdb::DBOptions RocksDbOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // The default would open after damage in the middle with what came before it, without a word.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.avoid_flush_during_shutdown = true;
  // The committer alone writes, one batch at a time.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.max_total_wal_size = 128 * kMiB;  // What a restart reads.
  options.max_background_jobs = 2;
  options.bytes_per_sync = kMiB;
  options.allow_data_in_errors = false;  // Keys are names of partners' items: not for logs.
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> RocksFamilies() {
  return {{rocksdb::kDefaultColumnFamilyName, Small()}, {"log", ForLog()}, {"state", ForState()}};
}

absl::Status StatusOf(const rocksdb::Status& status, const std::string& path) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  // RocksDB reports a manifest that names missing or short files in two ways.
  if (status.IsCorruption() || (status.IsIOError() && absl::StrContains(text, "No such file"))) {
    return base::Refuse(
        base::Reason::kStoredBytesDamaged,
        absl::StrCat("stored bytes in ", path, " are damaged: ", text,
                     ". Stop the server, keep the folder for inspection and restore "
                     "a backup (tandem backup restore)"),
        {{"path", path}});
  }
  if (status.IsIOError() && absl::StrContains(text, "LOCK")) {
    return absl::FailedPreconditionError(
        absl::StrCat("the data folder ", path,
                     " is in use by another process: stop that one, or name another folder"));
  }
  return absl::UnavailableError(absl::StrCat("storage in ", path, ": ", text));
}

}  // namespace tandem::runtime
