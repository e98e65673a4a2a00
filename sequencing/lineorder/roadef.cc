#include "sequencing/lineorder/roadef.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace tandem::sequencing {
namespace {

using Fields = std::vector<std::string>;

struct Line {
  int number = 0;  // From 1.
  Fields fields{};
};

struct File {
  std::string_view name{};
  Fields header{};
  std::vector<Line> lines{};
};

absl::Status Refusal(const File& file, const Line& line, std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(file.name), " line ", line.number, ": ", std::string(reason)));
}

// Behind the last column there is nothing. Quotes are none of the form: what stands between them
// would be taken apart at its semicolons.
absl::Status CheckFields(const File& file, const Line& line) {
  for (std::size_t i = 0; i < line.fields.size(); ++i) {
    const std::string& field = line.fields[i];
    if (i >= file.header.size()) {
      return Refusal(file, line,
                     absl::StrCat(field.empty() ? "an empty field" : "the field " + field,
                                  " stands behind the last column, ", file.header.back()));
    }
    if (absl::StrContains(field, '"')) {
      return Refusal(file, line, absl::StrCat("the field ", field, " has a quote in it"));
    }
  }
  return absl::OkStatus();
}

// Lines without anything in them are left out, and so is a mark of the byte order; an empty last
// field is none.
absl::StatusOr<File> Split(std::string_view name, std::string_view text) {
  File file{.name = name, .header = {}, .lines = {}};
  absl::string_view rest(text.data(), text.size());
  absl::ConsumePrefix(&rest, "\xEF\xBB\xBF");
  int number = 0;
  for (absl::string_view piece : absl::StrSplit(rest, '\n')) {
    ++number;
    piece = absl::StripAsciiWhitespace(piece);
    if (piece.empty()) continue;
    Line line{.number = number, .fields = absl::StrSplit(piece, ';')};
    for (std::string& field : line.fields) absl::StripAsciiWhitespace(&field);
    if (line.fields.back().empty()) line.fields.pop_back();
    const bool is_header = file.header.empty();
    if (is_header) file.header = line.fields;
    if (absl::Status status = CheckFields(file, line); !status.ok()) return status;
    if (!is_header) file.lines.push_back(std::move(line));
  }
  if (!file.header.empty()) return file;
  return absl::InvalidArgumentError(absl::StrCat(std::string(name), ": has no header"));
}

absl::StatusOr<std::size_t> ColumnOf(const File& file, std::string_view column) {
  const auto found = std::ranges::find(file.header, column);
  if (found == file.header.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file.name), ": the column ", std::string(column), " is missing"));
  }
  if (std::find(found + 1, file.header.end(), column) != file.header.end()) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(file.name), ": the column ",
                                                   std::string(column), " is there twice"));
  }
  return static_cast<std::size_t>(found - file.header.begin());
}

absl::StatusOr<std::string> FieldOf(const File& file, const Line& line, std::size_t column) {
  if (column < line.fields.size() && !line.fields[column].empty()) return line.fields[column];
  return Refusal(file, line, absl::StrCat("the field ", file.header[column], " is missing"));
}

absl::StatusOr<int> NumberOf(const File& file, const Line& line, std::size_t column) {
  const absl::StatusOr<std::string> field = FieldOf(file, line, column);
  if (!field.ok()) return field.status();
  int number = 0;
  if (absl::SimpleAtoi(*field, &number) && number >= 0) return number;
  return Refusal(
      file, line,
      absl::StrCat("the field ", file.header[column], " is ", *field, ", no whole number from 0"));
}

struct RatioColumns {
  std::size_t ratio = 0;
  std::size_t prio = 0;
  std::size_t ident = 0;
};

absl::StatusOr<RatioColumns> RatioColumnsOf(const File& file) {
  RatioColumns columns;
  for (const auto& [name, column] : {std::pair<const char*, std::size_t*>{"Ratio", &columns.ratio},
                                     {"Prio", &columns.prio},
                                     {"Ident", &columns.ident}}) {
    const auto found = ColumnOf(file, name);
    if (!found.ok()) return found.status();
    *column = *found;
  }
  return columns;
}

absl::Status ParseRatio(const File& file, const Line& line, const RatioColumns& columns,
                        LineProblem& problem) {
  const auto text = FieldOf(file, line, columns.ratio);
  if (!text.ok()) return text.status();
  const auto high = NumberOf(file, line, columns.prio);
  if (!high.ok()) return high.status();
  if (*high > 1) return Refusal(file, line, "the field Prio is neither 1 nor 0");
  const auto ident = FieldOf(file, line, columns.ident);
  if (!ident.ok()) return ident.status();
  const std::vector<std::string> parts = absl::StrSplit(*text, '/');
  Ratio ratio{.ident = *ident, .p = 0, .q = 0, .high = *high == 1};
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &ratio.p) ||
      !absl::SimpleAtoi(parts[1], &ratio.q)) {
    return Refusal(file, line, absl::StrCat("the field Ratio is ", *text, ", not P/Q"));
  }
  if (ratio.p < 1) return Refusal(file, line, absl::StrCat("ratio ", *text, ": P is at least 1"));
  if (ratio.p > ratio.q) return Refusal(file, line, absl::StrCat("ratio ", *text, ": P exceeds Q"));
  for (const Ratio& other : problem.ratios) {
    if (other.ident != ratio.ident) continue;
    return Refusal(file, line, absl::StrCat("the option ", ratio.ident, " has a ratio already"));
  }
  problem.ratios.push_back(std::move(ratio));
  return absl::OkStatus();
}

// Where a vehicle's fields are.
struct VehicleColumns {
  std::size_t date = 0;
  std::size_t ident = 0;
  std::size_t colour = 0;
  std::vector<std::size_t> options{};  // By ratio.
};

absl::StatusOr<VehicleColumns> ColumnsOf(const File& file, const LineProblem& problem) {
  VehicleColumns columns;
  std::size_t rank = 0;  // Of the day's own order, which the rows have too: only to be there.
  std::vector<bool> known(file.header.size());
  for (const auto& [name, column] : {std::pair<const char*, std::size_t*>{"Date", &columns.date},
                                     {"SeqRank", &rank},
                                     {"Ident", &columns.ident},
                                     {"Paint Color", &columns.colour}}) {
    const auto found = ColumnOf(file, name);
    if (!found.ok()) return found.status();
    *column = *found;
    known[*found] = true;
  }
  for (const Ratio& ratio : problem.ratios) {
    const auto found = ColumnOf(file, ratio.ident);
    if (!found.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("ratios.txt: ratio ", ratio.ident, ": ", found.status().message()));
    }
    columns.options.push_back(*found);
    known[*found] = true;
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i] || file.header[i].empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(std::string(file.name), ": the option column ",
                                                   file.header[i], " has no row in ratios.txt"));
  }
  return columns;
}

absl::StatusOr<LineVehicle> ParseVehicle(const File& file, const Line& line,
                                         const VehicleColumns& columns) {
  const auto ident = FieldOf(file, line, columns.ident);
  if (!ident.ok()) return ident.status();
  const auto colour = NumberOf(file, line, columns.colour);
  if (!colour.ok()) return colour.status();
  LineVehicle vehicle{.ident = *ident, .colour = *colour, .options = 0};
  for (std::size_t r = 0; r < columns.options.size(); ++r) {
    const auto option = NumberOf(file, line, columns.options[r]);
    if (!option.ok()) return option.status();
    if (*option > 1) {
      return Refusal(file, line,
                     absl::StrCat("vehicle ", *ident, ": the option ",
                                  file.header[columns.options[r]], " is neither 0 nor 1"));
    }
    vehicle.options |= static_cast<std::uint64_t>(*option) << r;
  }
  return vehicle;
}

absl::Status ParseVehicles(std::string_view text, LineProblem& problem) {
  const auto file = Split("vehicles.txt", text);
  if (!file.ok()) return file.status();
  const auto columns = ColumnsOf(*file, problem);
  if (!columns.ok()) return columns.status();
  std::vector<std::string> dates;
  absl::flat_hash_set<std::string> idents;  // Asked, never walked.
  for (const Line& line : file->lines) {
    const auto date = FieldOf(*file, line, columns->date);
    if (!date.ok()) return date.status();
    if (dates.empty() || dates.back() != *date) {
      if (std::ranges::find(dates, *date) != dates.end()) {
        return Refusal(*file, line, absl::StrCat("the date ", *date, " comes back"));
      }
      dates.push_back(*date);
    }
    auto vehicle = ParseVehicle(*file, line, *columns);
    if (!vehicle.ok()) return vehicle.status();
    if (dates.size() > 1 && !idents.insert(vehicle->ident).second) {
      return Refusal(*file, line, absl::StrCat("vehicle ", vehicle->ident, " is in the day twice"));
    }
    (dates.size() == 1 ? problem.previous : problem.day).push_back(*std::move(vehicle));
  }
  if (dates.size() > 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "vehicles.txt: the day is empty: no rows of a second date behind the previous day's");
}

absl::Status ParseLimit(std::string_view text, LineProblem& problem) {
  const auto file = Split("paint_batch_limit.txt", text);
  if (!file.ok()) return file.status();
  const auto column = ColumnOf(*file, "limitation");
  if (!column.ok()) return column.status();
  if (file->lines.size() != 1) {
    return absl::InvalidArgumentError("paint_batch_limit.txt: holds one limit, in one line");
  }
  const auto limit = NumberOf(*file, file->lines[0], *column);
  if (!limit.ok()) return limit.status();
  if (*limit < 1) return Refusal(*file, file->lines[0], "the limit is at least 1");
  problem.paint_batch_max = *limit;
  return absl::OkStatus();
}

std::optional<Objective> ObjectiveOf(std::string_view name) {
  if (name == "high_priority_level_and_easy_to_satisfy_ratio_constraints" ||
      name == "high_priority_level_and_difficult_to_satisfy_ratio_constraints") {
    return Objective::kHighRatios;
  }
  if (name == "low_priority_level_ratio_constraints") return Objective::kLowRatios;
  if (name == "paint_color_batches") return Objective::kColourChanges;
  return std::nullopt;
}

absl::Status ParseObjectives(std::string_view text, LineProblem& problem) {
  const auto file = Split("optimization_objectives.txt", text);
  if (!file.ok()) return file.status();
  const auto rank_column = ColumnOf(*file, "rank");
  if (!rank_column.ok()) return rank_column.status();
  const auto name_column = ColumnOf(*file, "objective name");
  if (!name_column.ok()) return name_column.status();
  std::vector<std::pair<int, Objective>> ranked;
  for (const Line& line : file->lines) {
    const auto rank = NumberOf(*file, line, *rank_column);
    if (!rank.ok()) return rank.status();
    const auto name = FieldOf(*file, line, *name_column);
    if (!name.ok()) return name.status();
    const std::optional<Objective> objective = ObjectiveOf(*name);
    if (!objective.has_value()) {
      return Refusal(*file, line, absl::StrCat("the objective ", *name, " is unknown"));
    }
    for (const auto& [other_rank, other] : ranked) {
      if (other_rank == *rank) return Refusal(*file, line, absl::StrCat("a second rank ", *rank));
      if (other == *objective) {
        return Refusal(*file, line, absl::StrCat("the objective ", *name, " is there twice"));
      }
    }
    ranked.emplace_back(*rank, *objective);
  }
  if (ranked.empty()) {
    return absl::InvalidArgumentError("optimization_objectives.txt: no objective is named");
  }
  std::ranges::sort(ranked);
  for (const auto& [rank, objective] : ranked) problem.objectives.push_back(objective);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LineProblem> ParseRoadef(const RoadefText& text) {
  LineProblem problem;
  const auto ratios = Split("ratios.txt", text.ratios);
  if (!ratios.ok()) return ratios.status();
  const auto ratio_columns = RatioColumnsOf(*ratios);
  if (!ratio_columns.ok()) return ratio_columns.status();
  for (const Line& line : ratios->lines) {
    if (absl::Status status = ParseRatio(*ratios, line, *ratio_columns, problem); !status.ok()) {
      return status;
    }
  }
  if (problem.ratios.size() > kRatiosMax) {  // Before options are packed into 64 bits.
    return absl::InvalidArgumentError(
        absl::StrCat("ratios.txt: more than ", kRatiosMax, " ratios"));
  }
  for (const absl::Status& status :
       {ParseVehicles(text.vehicles, problem), ParseLimit(text.paint_batch_limit, problem),
        ParseObjectives(text.optimization_objectives, problem)}) {
    if (!status.ok()) return status;
  }
  if (absl::Status status = CheckProblem(problem); !status.ok()) return status;
  return problem;
}

}  // namespace tandem::sequencing
