// A day's files, in the forms of the ROADEF challenge and of CSPLib, of any bytes: what is read
// makes sense and can be planned, and what is not is refused with a reason.
#include <vector>

#include "sequencing/lineorder/csplib.h"
#include "sequencing/lineorder/line_search.h"
#include "sequencing/lineorder/roadef.h"
#include "sequencing/lineorder/score.h"
#include "tests/fuzz/fuzz.h"

namespace {

using tandem::fuzz::Check;
namespace sequencing = tandem::sequencing;

void CheckPlanned(const sequencing::LineProblem& problem) {
  Check(sequencing::CheckProblem(problem).ok(), "what is read makes sense");
  if (problem.day.size() > 200) return;  // Else it takes long.
  auto search = sequencing::LineSearch::Begin(problem, {.seed = 1, .iterations = 300});
  if (!search.ok()) return;  // No order keeps the paint limit.
  while (search->Advance(100)) {
  }
  const auto score = sequencing::ScoreOf(problem, search->BestOrder());
  Check(score.ok(), "an order keeps the rules");
  Check(score->score == search->best_score(), "a score is that of its order");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tandem::fuzz::Input input(data, size);
  if (input.Byte() % 2 == 0) {
    sequencing::RoadefText text{};
    text.ratios = input.Sized();
    text.paint_batch_limit = input.Sized();
    text.optimization_objectives = input.Sized();
    text.vehicles = input.Rest();
    const auto problem = sequencing::ParseRoadef(text);
    if (problem.ok()) CheckPlanned(*problem);
    Check(problem.ok() || !problem.status().message().empty(), "a refusal has a reason");
    return 0;
  }
  const auto parsed = sequencing::ParseCsplib(input.Rest());
  Check(parsed.ok() || !parsed.status().message().empty(), "a refusal has a reason");
  if (!parsed.ok()) return 0;
  Check(parsed->class_of.size() == parsed->problem.day.size(), "each car has its class");
  CheckPlanned(parsed->problem);
  return 0;
}
