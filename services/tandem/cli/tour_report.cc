#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "services/tandem/cli/progress.h"
#include "services/tandem/cli/session.h"
#include "services/tandem/cli/tour.h"

namespace tandem::cli {

bool TourReport::Step(const std::string& name, const std::function<StepResult()>& step) {
  ++steps_;
  const absl::Time begin = absl::Now();
  if (isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "  .. %s", name.c_str());
  const StepResult result = step();
  if (isatty(STDERR_FILENO) == 1) std::fputs("\r\x1b[K", stderr);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin);
  PrintText(absl::StrFormat("%s %2d. %-44s %7.2f s  %s\n", result.ok() ? "ok  " : "FAIL", steps_,
                            name, seconds, result.ok() ? *result : ""));
  std::fflush(stdout);
  if (result.ok()) return true;
  ++failed_;
  PrintError(result.status());
  return false;
}

void TourReport::Saw(const std::string& firm, const std::string& what, const std::string& outcome) {
  sights_.rows.push_back({firm, what, outcome});
}

void TourReport::Rate(const std::string& what, double count, double seconds) {
  rates_.rows.push_back({what, absl::StrFormat("%.0f", count), absl::StrFormat("%.2f", seconds),
                         Count(seconds > 0 ? count / seconds : 0.0)});
}

void TourReport::Accuracy(const std::string& method, const std::string& measure,
                          const std::string& value) {
  accuracy_.rows.push_back({method, measure, value});
}

void TourReport::Summary() const {
  PrintText(absl::StrFormat("\n%d steps, %d failed, %.1f s\n", steps_, failed_,
                            absl::ToDoubleSeconds(absl::Now() - begin_)));
  for (const auto& [title, table] :
       {std::pair("\nHow fast\n", &rates_),
        std::pair("\nHow accurate on the 28 days held back (0 is perfect)\n", &accuracy_),
        std::pair("\nWhat each firm could and could not see\n", &sights_)}) {
    if (!table->rows.empty()) PrintText(title + TableText(*table));
  }
  std::fflush(stdout);
}

}  // namespace tandem::cli
