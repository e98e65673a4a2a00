// The stores that the conformance tests of stores and logs run on.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <latch>
#include <memory>
#include <string>

#include "services/runtime/map_store.h"
#include "services/runtime/rocks_store.h"
#include "tests/integration/store_fixture.h"
#include "tests/support/fake_time.h"

namespace tandem::runtime {

class MapStoreFixture final : public StoreFixture {
 public:
  Store& store() override { return store_; }
  void Settle() override { executor_.RunDue(); }
  void Restart() override { store_.DropPending(); }
  MapStore& map_store() { return store_; }

 private:
  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  MapStore store_{executor_};
};

// A folder that is gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tandem-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

class RocksStoreFixture final : public StoreFixture {
 public:
  RocksStoreFixture() { Restart(); }
  Store& store() override { return *store_; }
  void Settle() override {
    std::latch answered(1);
    store_->Write({}, [&](const absl::Status&) { answered.count_down(); });
    answered.wait();
  }
  void Restart() override {
    store_.reset();
    absl::StatusOr<std::unique_ptr<RocksStore>> store =
        RocksStore::Open({.path = folder_ / "data"});
    if (!store.ok()) GTEST_FAIL() << store.status();
    store_ = *std::move(store);
  }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<RocksStore> store_;
};

}  // namespace tandem::runtime
