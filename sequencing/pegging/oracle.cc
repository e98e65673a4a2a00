#include "sequencing/pegging/oracle.h"

#include <cstddef>
#include <limits>
#include <utility>

namespace tandem::sequencing {
namespace {

constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 8;
constexpr OracleCost kImpossible{.weight_late = kFar, .repegs = 0, .lateness = 0};

using Matrix = std::vector<std::vector<OracleCost>>;

// The Hungarian method with rows added one by one (Kuhn, Munkres; potentials as in Lawler), on
// costs that are only added, subtracted and compared. Rows and columns count from 1; more columns
// than rows. Returns the row of each column, 0 for none.
std::vector<std::size_t> Assign(const Matrix& cost) {
  const std::size_t rows = cost.size() - 1;
  const std::size_t columns = cost.front().size() - 1;
  std::vector<OracleCost> row_price(rows + 1);
  std::vector<OracleCost> column_price(columns + 1);
  std::vector<std::size_t> row_of(columns + 1, 0);
  for (std::size_t row = 1; row <= rows; ++row) {
    std::vector<OracleCost> slack(columns + 1, {.weight_late = 4 * kFar});
    std::vector<std::size_t> from(columns + 1, 0);
    std::vector<bool> done(columns + 1, false);
    std::size_t column = 0;
    row_of[0] = row;
    do {
      done[column] = true;
      const std::size_t at = row_of[column];
      OracleCost least{.weight_late = 4 * kFar};
      std::size_t next = 0;
      for (std::size_t c = 1; c <= columns; ++c) {
        if (done[c]) continue;
        const OracleCost reduced = cost[at][c] - row_price[at] - column_price[c];
        if (reduced < slack[c]) {
          slack[c] = reduced;
          from[c] = column;
        }
        if (slack[c] < least) {
          least = slack[c];
          next = c;
        }
      }
      for (std::size_t c = 0; c <= columns; ++c) {
        if (done[c]) {
          row_price[row_of[c]] = row_price[row_of[c]] + least;
          column_price[c] = column_price[c] - least;
        } else {
          slack[c] = slack[c] - least;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    for (; column != 0; column = from[column]) row_of[column] = row_of[from[column]];
  }
  return row_of;
}

}  // namespace

OracleCost BestCost(const std::vector<OracleNeed>& needs, const std::vector<OraclePart>& parts,
                    std::int64_t horizon) {
  if (needs.empty()) return {};
  const std::size_t columns = parts.size() + needs.size();
  Matrix cost(needs.size() + 1, std::vector<OracleCost>(columns + 1, kImpossible));
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const OracleNeed& need = needs[i];
    std::vector<OracleCost>& row = cost[i + 1];
    for (std::size_t j = 0; j < parts.size(); ++j) {
      if (!need.accepts[j]) continue;
      const bool changed = need.peg != -1 && need.peg != static_cast<int>(j);
      if (parts[j].ready > need.due) {
        row[j + 1] = {need.weight, changed ? 1 : 0, parts[j].ready - need.due};
      } else if (need.due <= parts[j].expiry) {
        row[j + 1] = {0, changed ? 1 : 0, 0};
      }
    }
    for (std::size_t c = parts.size() + 1; c <= columns; ++c) {
      row[c] = {need.weight, need.peg != -1 ? 1 : 0, horizon - need.due};
    }
  }
  const std::vector<std::size_t> row_of = Assign(cost);
  OracleCost total;
  for (std::size_t c = 1; c <= columns; ++c) {
    if (row_of[c] != 0) total = total + cost[row_of[c]][c];
  }
  return total;
}

}  // namespace tandem::sequencing
