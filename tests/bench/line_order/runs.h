// Runs of the search that are done, kept in a file: a measurement that takes hours may be cut and
// goes on where it was.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/line_order/instances.h"

namespace tandem::bench {

struct Run {
  std::string instance{};
  int seconds = 0;  // That it was given.
  int seed = 1;
  std::int64_t target = 0;
  // Of what the search does with the instance, whatever the machine: another one searches
  // otherwise.
  std::uint64_t search = 0;
  std::int64_t score = 0;
  double took_seconds = 0.0;  // Of the processor. Less than `seconds`: it stopped at the target.
  std::int64_t done = 0;      // Moves.
  std::int64_t iterations = 0;
};

class Runs {
 public:
  // `path` may be empty: nothing is kept then. Its lines are JSON objects, one a run.
  explicit Runs(std::string path);

  // The run of this instance, time, seed, target and search; null if there is none.
  const Run* Find(const Run& wanted) const;
  // Appends it to the file at once.
  void Add(const Run& run);

 private:
  std::string path_;
  std::vector<Run> runs_{};
};

// A short search's order as one number.
std::uint64_t SearchPrint(const Instance& instance);

}  // namespace tandem::bench
