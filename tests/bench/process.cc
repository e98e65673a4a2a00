#include "tests/bench/process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace tandem::bench {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  const char* parent = std::getenv("TANDEM_BENCH_FOLDER");  // To measure another disk.
  std::string pattern =
      (parent != nullptr ? std::string(parent) : std::filesystem::temp_directory_path().string()) +
      "/tandem-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) Fail("no temporary folder can be made: " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::Process(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // Ends with us, however we end.
    execv(arguments[0], arguments.data());
    std::perror(arguments[0]);
    std::_Exit(127);
  }
  if (pid_ < 0) Fail("fork failed");
}

Process::~Process() {
  if (running()) Stop(SIGTERM);
}

void Process::Stop(int signal) {
  kill(pid_, signal);
  for (int i = 0; i < 2000; ++i) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

double Process::CpuSeconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return 0.0;
  std::istringstream fields(text.substr(end + 2));
  std::string field;
  double ticks = 0.0;
  // Fields 14 and 15 of proc(5), utime and stime; the first here is field 3.
  for (int i = 3; i <= 15 && fields >> field; ++i) {
    if (i >= 14) ticks += std::stod(field);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::string AwaitLine(const std::string& file) {
  for (int i = 0; i < 6000; ++i) {
    std::ifstream in(file);
    std::string line;
    if (std::getline(in, line) && !line.empty()) return line;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  Fail("nothing was written to " + file + " within 60 s");
}

std::string BuildFolder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

double FolderBytes(const std::string& folder) {
  double bytes = 0.0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  }
  return bytes;
}

}  // namespace tandem::bench
