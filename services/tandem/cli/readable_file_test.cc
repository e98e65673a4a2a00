#include "services/tandem/cli/readable_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tandem::cli {
namespace {

// `import -` was "File does not exist: -", and a pipe was read to its end by the first of two
// readings.
TEST(ReadableFileTest, TakesFilesPipesAndStandardInput) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "readable_file";
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "a.csv").string();
  std::ofstream(file) << "x";
  const std::string pipe = (folder / "pipe").string();
  std::filesystem::remove(pipe);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(CheckReadable("-"), "");
  EXPECT_EQ(CheckReadable(file), "");
  EXPECT_EQ(CheckReadable(pipe), "");
  EXPECT_NE(CheckReadable(folder.string()), "");
  EXPECT_NE(CheckReadable((folder / "none").string()), "");
  EXPECT_TRUE(IsRegularFile(file));
  EXPECT_FALSE(IsRegularFile("-"));
  EXPECT_FALSE(IsRegularFile(pipe));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tandem::cli
