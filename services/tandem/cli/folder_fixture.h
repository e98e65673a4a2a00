// A folder of files for a test, gone after it.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "services/base/reason.h"

namespace tandem::cli {

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string(test->test_suite_name()) + "_" + test->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string folder() const { return folder_.string(); }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Put(const std::string& name, std::string_view text) const {
    std::ofstream(Path(name)) << text;
  }
  // What a refusal mentions, by name.
  static std::map<std::string, std::string> DetailsOf(const absl::Status& status) {
    const auto refusal = base::RefusalOf(status);
    if (!refusal.has_value()) return {};
    return {refusal->details.begin(), refusal->details.end()};
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace tandem::cli
