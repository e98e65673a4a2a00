// A signal to stop, for work that has something to give at any time.
#pragma once

#include <csignal>

namespace tandem::cli {

// While it lives, the first SIGINT or SIGTERM is noted instead of ending the process; the next of
// that kind ends it. A signal that the process was started to ignore stays ignored. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool came() const;

 private:
  struct sigaction before_int_ {};
  struct sigaction before_term_ {};
};

}  // namespace tandem::cli
