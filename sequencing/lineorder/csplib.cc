#include "sequencing/lineorder/csplib.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tandem::sequencing {
namespace {

struct Line {
  int number = 0;  // From 1.
  std::vector<int> values{};
};

absl::Status Refusal(const Line& line, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line.number, ": ", reason));
}

absl::StatusOr<std::vector<Line>> LinesOf(std::string_view text) {
  std::vector<Line> lines;
  absl::string_view rest(text.data(), text.size());
  absl::ConsumePrefix(&rest, "\xEF\xBB\xBF");  // A mark of the byte order, as in roadef.cc.
  int number = 0;
  for (absl::string_view piece : absl::StrSplit(rest, '\n')) {
    ++number;
    piece = absl::StripAsciiWhitespace(piece);
    if (piece.empty() || piece.front() == '%') continue;
    Line line{.number = number, .values = {}};
    for (const absl::string_view field :
         absl::StrSplit(piece, absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
      int value = 0;
      if (!absl::SimpleAtoi(field, &value) || value < 0) {
        return Refusal(line, absl::StrCat("field ", line.values.size() + 1, " is ", field,
                                          ", no whole number from 0"));
      }
      line.values.push_back(value);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

absl::Status CheckWidth(const Line& line, std::size_t width, absl::string_view what) {
  if (line.values.size() == width) return absl::OkStatus();
  return Refusal(line, absl::StrCat("has ", line.values.size(), " fields, ", what, " has ", width));
}

absl::Status ParseRatios(const Line& p_line, const Line& q_line, std::size_t options,
                         LineProblem& problem) {
  for (const Line* line : {&p_line, &q_line}) {
    const char* what = line == &p_line ? "P of each option" : "Q of each option";
    if (absl::Status status = CheckWidth(*line, options, what); !status.ok()) return status;
  }
  for (std::size_t r = 0; r < options; ++r) {
    const int p = p_line.values[r];
    const int q = q_line.values[r];
    if (p < 1) return Refusal(p_line, absl::StrCat("option ", r, ": P is at least 1"));
    if (p > q) return Refusal(q_line, absl::StrCat("option ", r, ": P ", p, " exceeds Q ", q));
    problem.ratios.push_back({.ident = absl::StrCat("option ", r), .p = p, .q = q, .high = true});
  }
  return absl::OkStatus();
}

absl::Status ParseClass(const Line& line, int cars_left, CsplibProblem& parsed) {
  LineProblem& problem = parsed.problem;
  const std::size_t options = problem.ratios.size();
  if (absl::Status status = CheckWidth(line, options + 2, "a class"); !status.ok()) return status;
  const int number = line.values[0];
  const int cars = line.values[1];
  if (cars > cars_left) {
    return Refusal(line, absl::StrCat("class ", number, ": more cars than the first line says"));
  }
  std::uint64_t mask = 0;
  for (std::size_t r = 0; r < options; ++r) {
    if (line.values[r + 2] > 1) {
      return Refusal(line, absl::StrCat("class ", number, ", option ", r, ": neither 0 nor 1"));
    }
    mask |= static_cast<std::uint64_t>(line.values[r + 2]) << r;
  }
  for (int car = 0; car < cars; ++car) {
    problem.day.push_back(
        {.ident = absl::StrCat("class ", number, " car ", car), .colour = 0, .options = mask});
    parsed.class_of.push_back(number);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CsplibProblem> ParseCsplib(std::string_view text) {
  const auto lines = LinesOf(text);
  if (!lines.ok()) return lines.status();
  if (lines->size() < 3) {
    return absl::InvalidArgumentError("a file has a line of sizes, of P, of Q, and of each class");
  }
  const Line& sizes = lines->front();
  if (absl::Status status = CheckWidth(sizes, 3, "cars, options, classes"); !status.ok()) {
    return status;
  }
  const int cars = sizes.values[0];
  const auto options = static_cast<std::size_t>(sizes.values[1]);
  if (cars > kDayMax) return Refusal(sizes, absl::StrCat("more than ", kDayMax, " cars"));
  if (options > kRatiosMax) {
    return Refusal(sizes, absl::StrCat("more than ", kRatiosMax, " options"));
  }
  if (lines->size() != static_cast<std::size_t>(sizes.values[2]) + 3) {
    return Refusal(sizes, absl::StrCat(sizes.values[2], " classes are said, ", lines->size() - 3,
                                       " lines of classes are there"));
  }
  CsplibProblem parsed;
  parsed.problem.windows = WindowRule::kCompleteOnly;
  parsed.problem.objectives = {Objective::kHighRatios};
  if (absl::Status status = ParseRatios((*lines)[1], (*lines)[2], options, parsed.problem);
      !status.ok()) {
    return status;
  }
  absl::flat_hash_set<int> numbers;  // Asked, never walked.
  for (std::size_t i = 3; i < lines->size(); ++i) {
    if (!numbers.insert((*lines)[i].values[0]).second) {
      return Refusal((*lines)[i], absl::StrCat("class ", (*lines)[i].values[0], " is there twice"));
    }
    const int left = cars - static_cast<int>(parsed.problem.day.size());
    if (absl::Status status = ParseClass((*lines)[i], left, parsed); !status.ok()) return status;
  }
  if (static_cast<int>(parsed.problem.day.size()) != cars) {
    return Refusal(
        sizes, absl::StrCat(cars, " cars are said, the classes have ", parsed.problem.day.size()));
  }
  if (absl::Status status = CheckProblem(parsed.problem); !status.ok()) return status;
  return parsed;
}

}  // namespace tandem::sequencing
