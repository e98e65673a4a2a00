#include "services/tandem/cli/import.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "services/tandem/cli/files.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

using testing::IsOk;

class RejectFileTest : public ::testing::Test {
 protected:
  RejectFileTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~RejectFileTest() override { std::filesystem::remove_all(folder_); }
  const std::string folder_ =
      ::testing::TempDir() + "reject_file_test-" + std::to_string(::getpid());
  const std::string path_ = folder_ + "/a.csv.rejects.csv";
};

// Goal: a file of rejects is about the last run.
TEST_F(RejectFileTest, ARunWithoutRejectsRemovesThoseOfAnEarlierOne) {
  RejectFile earlier(path_);
  earlier.Add({});
  ASSERT_THAT(earlier.Close(), IsOk());
  ASSERT_TRUE(std::filesystem::exists(path_));
  EXPECT_THAT(RejectFile(path_).Close(), IsOk());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THAT(RejectFile(path_).Close(), IsOk());  // There is none.
}

TEST_F(RejectFileTest, WhatIsNoFileOfRejectsStays) {
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto file, OutputFile::Open(path_));
  file->Write("location,item\n");
  ASSERT_THAT(file->Finish(), IsOk());
  EXPECT_THAT(RejectFile(path_).Close(), IsOk());
  EXPECT_EQ(*ReadWholeFile(path_), "location,item\n");
}

}  // namespace
}  // namespace tandem::cli
