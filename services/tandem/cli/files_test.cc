#include "services/tandem/cli/files.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"

namespace tandem::cli {
namespace {

using ::testing::HasSubstr;

class OutputFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) / ("output_" + std::string(test->name()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const char* name) const { return (folder_ / name).string(); }
  std::int64_t FilesThere() const {
    return std::distance(std::filesystem::directory_iterator(folder_), {});
  }

  std::filesystem::path folder_;
};

TEST_F(OutputFileTest, ALaterFileReplacesWhatWasThereWhenItIsFinished) {
  std::ofstream(Path("order.txt")) << "old";
  auto file = OutputFile::Open(Path("order.txt")).value();
  file->Write("new order");
  EXPECT_EQ(ReadWholeFile(Path("order.txt")).value(), "old");
  ASSERT_TRUE(file->Finish().ok());
  file.reset();
  EXPECT_EQ(ReadWholeFile(Path("order.txt")).value(), "new order");
  EXPECT_EQ(FilesThere(), 1);
}

TEST_F(OutputFileTest, ALaterFileThatIsNotFinishedLeavesNothing) {
  std::ofstream(Path("order.txt")) << "old";
  OutputFile::Open(Path("order.txt")).value()->Write("new");
  OutputFile::Open(Path("other.txt")).value()->Write("new");
  EXPECT_EQ(ReadWholeFile(Path("order.txt")).value(), "old");
  EXPECT_EQ(FilesThere(), 1);
}

TEST_F(OutputFileTest, ALaterFileIsRefusedAtOnceWhereNoneCanBe) {
  EXPECT_THAT(std::string(OutputFile::Open(Path("none/order.txt")).status().message()),
              HasSubstr("No such file"));
  EXPECT_THAT(std::string(OutputFile::Open(folder_.string()).status().message()),
              HasSubstr("Is a directory"));
}

TEST_F(OutputFileTest, ALaterFileFollowsALinkAndWritesADevice) {
  std::ofstream(Path("target.txt")) << "old";
  std::filesystem::create_symlink(Path("target.txt"), Path("link.txt"));
  auto file = OutputFile::Open(Path("link.txt")).value();
  file->Write("new");
  ASSERT_TRUE(file->Finish().ok());
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link.txt")));
  EXPECT_EQ(ReadWholeFile(Path("target.txt")).value(), "new");
  EXPECT_TRUE(OutputFile::Open("/dev/null").value()->Finish().ok());
  const auto full = OutputFile::Open("/dev/full").value();  // A disk without room.
  full->Write("more than there is room for");
  EXPECT_THAT(std::string(full->Finish().message()), HasSubstr("not all could be written"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace tandem::cli
