// A small comma-separated file with a head line, by column names; no quotes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem::bench {

class TextTable {
 public:
  // Reads PATH, or PATH.zst where that is there. Ends the program with a message if it cannot be
  // read or a row has not as many cells as the head line.
  explicit TextTable(const std::string& path);

  std::size_t columns() const { return columns_.size(); }
  std::size_t rows() const { return cells_.size() / columns_.size(); }
  // Ends the program with a message if there is no such column.
  std::size_t Column(std::string_view name) const;
  std::string_view At(std::size_t row, std::size_t column) const {
    return cells_[row * columns_.size() + column];
  }
  // The cell as a number; `otherwise` where it is none (NA, empty).
  double Number(std::size_t row, std::size_t column, double otherwise) const;

 private:
  std::string path_;
  std::string text_;
  std::vector<std::string_view> columns_{};
  std::vector<std::string_view> cells_{};
};

}  // namespace tandem::bench
