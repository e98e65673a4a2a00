// Programs under measurement run as processes of their own, as their users run them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tandem::bench {

// A folder that is removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A child process; ended with SIGTERM, and SIGKILL after 20 s, when it is destroyed.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Sends the signal and waits for the end.
  void Stop(int signal);
  bool running() const { return pid_ > 0; }
  // User and system seconds that it has used so far; 0 if it cannot be told.
  double CpuSeconds() const;

 private:
  pid_t pid_ = -1;
};

// Waits until the file has a line (a port) and returns it; ends the program after 60 s without one.
std::string AwaitLine(const std::string& file);

// The folder of the running program, where its siblings were built.
std::string BuildFolder();

// Bytes of all files below the folder.
double FolderBytes(const std::string& folder);

}  // namespace tandem::bench
