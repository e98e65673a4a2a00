#include "tests/bench/forecasting_effects/table.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "tests/bench/forecasting_effects/bench.h"
#include "tests/bench/packed_file.h"

namespace tandem::bench {

TextTable::TextTable(const std::string& path)
    : path_(path),
      text_(ReadPacked(std::filesystem::exists(path + ".zst") ? path + ".zst" : path)) {
  std::string_view left = text_;
  bool head = true;
  while (!left.empty()) {
    std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(line.size() + 1, left.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    std::size_t count = 0;
    for (bool more = true; more; ++count) {
      const std::size_t comma = line.find(',');
      (head ? columns_ : cells_).push_back(line.substr(0, comma));
      more = comma != std::string_view::npos;
      if (more) line.remove_prefix(comma + 1);
    }
    if (!head && count != columns_.size()) Fail(path_ + ": a row has not the head's cells");
    head = false;
  }
  if (columns_.empty()) Fail(path_ + " is empty");
}

std::size_t TextTable::Column(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name);
  if (found == columns_.end()) Fail(path_ + " has no column " + std::string(name));
  return static_cast<std::size_t>(found - columns_.begin());
}

double TextTable::Number(std::size_t row, std::size_t column, double otherwise) const {
  const std::string_view cell = At(row, column);
  double value = 0.0;
  const auto [last, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc{} && last == cell.data() + cell.size() ? value : otherwise;
}

}  // namespace tandem::bench
