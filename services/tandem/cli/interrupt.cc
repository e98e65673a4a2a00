#include "services/tandem/cli/interrupt.h"

namespace tandem::cli {
namespace {

volatile std::sig_atomic_t came_signal = 0;  // A handler reaches nothing else.

void Note(int) { came_signal = 1; }

void Catch(int number, struct sigaction& before) {
  sigaction(number, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return;
  struct sigaction noting {};
  noting.sa_handler = Note;
  noting.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigemptyset(&noting.sa_mask);
  sigaction(number, &noting, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  came_signal = 0;
  Catch(SIGINT, before_int_);
  Catch(SIGTERM, before_term_);
}

Interrupt::~Interrupt() {
  sigaction(SIGINT, &before_int_, nullptr);
  sigaction(SIGTERM, &before_term_, nullptr);
}

bool Interrupt::came() const { return came_signal != 0; }

}  // namespace tandem::cli
