#include "services/tandem/cli/readable_file.h"

#include <filesystem>
#include <system_error>

namespace tandem::cli {

std::string CheckReadable(const std::string& path) {
  if (path == "-") return "";
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return "File does not exist: " + path;
  return std::filesystem::is_directory(status) ? "File is a folder: " + path : "";
}

bool IsRegularFile(const std::string& path) {
  std::error_code error;
  return path != "-" && std::filesystem::is_regular_file(path, error);
}

}  // namespace tandem::cli
