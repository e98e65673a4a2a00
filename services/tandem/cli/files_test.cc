#include "services/tandem/cli/files.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

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

// What is not finished when the process is killed leaves nothing behind; at any other moment the
// mark stands beside the files of its own run alone. `moment` is what the child does before it is
// killed.
TEST_F(OutputFileTest, AKillLeavesNoHalf) {
  const auto killed = [&](const std::function<void()>& moment) {
    std::ofstream(Path("data.csv")) << "old data";
    std::ofstream(Path("mark.json")) << "old mark";
    const pid_t child = fork();
    if (child == 0) {
      moment();
      kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
  };
  killed([&] {
    const auto file = OutputFile::Open(Path("data.csv")).value();
    file->Write(std::string(1 << 20, 'x'));
    kill(getpid(), SIGKILL);  // Before the file goes out of scope.
  });
  EXPECT_EQ(ReadWholeFile(Path("data.csv")).value(), "old data");
  EXPECT_EQ(ReadWholeFile(Path("mark.json")).value(), "old mark");
  EXPECT_EQ(FilesThere(), 2);
  // The first of the two goes to a folder that is gone by then, so that the second is not reached:
  // as if killed between them.
  std::filesystem::create_directory(Path("gone"));
  killed([&] {
    std::vector<std::unique_ptr<OutputFile>> files;
    files.push_back(OutputFile::Open(Path("gone/data.csv")).value());
    files.push_back(OutputFile::Open(Path("mark.json")).value());
    std::filesystem::remove_all(Path("gone"));
    if (OutputFile::FinishTogether(files).ok()) _exit(1);
    kill(getpid(), SIGKILL);
  });
  EXPECT_FALSE(std::filesystem::exists(Path("mark.json")));
}

TEST_F(OutputFileTest, FilesThatBelongTogetherAreReplacedTogether) {
  std::ofstream(Path("data.csv")) << "old data";
  std::ofstream(Path("mark.json")) << "old mark";
  std::vector<std::unique_ptr<OutputFile>> files;
  files.push_back(OutputFile::Open(Path("data.csv")).value());
  files.push_back(OutputFile::Open(Path("mark.json")).value());
  files[0]->Write("new data");
  files[1]->Write("new mark");
  EXPECT_EQ(ReadWholeFile(Path("data.csv")).value(), "old data");
  ASSERT_TRUE(OutputFile::FinishTogether(files).ok());
  files.clear();
  EXPECT_EQ(ReadWholeFile(Path("data.csv")).value(), "new data");
  EXPECT_EQ(ReadWholeFile(Path("mark.json")).value(), "new mark");
  EXPECT_EQ(FilesThere(), 2);
}

TEST_F(OutputFileTest, OneThatCannotBeWrittenLeavesAllOldOnes) {
  std::ofstream(Path("data.csv")) << "old data";
  std::ofstream(Path("mark.json")) << "old mark";
  std::vector<std::unique_ptr<OutputFile>> files;
  files.push_back(OutputFile::Open(Path("data.csv")).value());
  files.push_back(OutputFile::Open("/dev/full").value());
  files.push_back(OutputFile::Open(Path("mark.json")).value());
  for (const auto& file : files) file->Write("new");
  EXPECT_FALSE(OutputFile::FinishTogether(files).ok());
  files.clear();
  EXPECT_EQ(ReadWholeFile(Path("data.csv")).value(), "old data");
  EXPECT_EQ(ReadWholeFile(Path("mark.json")).value(), "old mark");
  EXPECT_EQ(FilesThere(), 2);
}

}  // namespace
}  // namespace tandem::cli
