// One measured number as a line of JSON, beside the limit that was measured in the same run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace tandem::bench {

enum class Better { kHigher, kLower };

struct Result {
  std::string name{};
  double value = 0.0;
  std::string unit{};
  std::optional<double> limit{};  // What the bare thing does, in the same unit.
  std::optional<double> goal{};   // Of value / limit where there is a limit, else of value.
  Better better = Better::kHigher;
  std::string note{};  // Sizes, data, what the limit was.
};

// {"name":…,"value":…,"unit":…,"limit":…,"ratio":…,"goal":…,"met":…,"note":…}
inline void Print(const Result& result) {
  std::string line = "{\"name\":\"" + result.name + "\"";
  char text[128];
  const auto add = [&](const char* key, double value) {
    std::snprintf(text, sizeof text, ",\"%s\":%.6g", key, value);
    line += text;
  };
  add("value", result.value);
  line += ",\"unit\":\"" + result.unit + "\"";
  double judged = result.value;
  if (result.limit.has_value()) {
    judged = result.value / *result.limit;
    add("limit", *result.limit);
    add("ratio", judged);
  }
  if (result.goal.has_value()) {
    add("goal", *result.goal);
    const bool met =
        result.better == Better::kHigher ? judged >= *result.goal : judged <= *result.goal;
    line += met ? ",\"met\":true" : ",\"met\":false";
  }
  if (!result.note.empty()) line += ",\"note\":\"" + result.note + "\"";
  std::printf("%s}\n", line.c_str());
  std::fflush(stdout);
}

// The ⌈q·n⌉-th smallest (nearest rank); the vector is sorted in place and must not be empty.
inline double Quantile(std::vector<double>& values, double q) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values[std::min(values.size() - 1, rank == 0 ? 0 : rank - 1)];
}

}  // namespace tandem::bench
