// Where the searches of the forms start, and what one form's fit is worth to the next. Internal to
// ets.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "forecasting/local/ets_search.h"

namespace tandem::forecasting::ets {

// Simple forms first: each starts from the fit of the one that it extends.
extern const std::array<EtsForm, kEtsForms> kFormsInOrder;

// Where a search lets the level start: on the line through the first years or through all, or at
// the first value.
enum class StartLevel : std::uint8_t { kFirstYears, kAll, kFirstValue };

// The weights that it starts with.
struct Weights {
  double alpha = 0.0;
  double gamma_share = 0.05;  // Of 1 - alpha.
  StartLevel level = StartLevel::kFirstYears;
};

// A history's seasonal factors and the line of what is left.
struct LineStart {
  EtsState state{};     // The level is that of the middle.
  double middle = 0.0;  // Buckets after the start.
};
struct LineStarts {
  LineStart first_years{};
  LineStart all{};
};

// The fits of one series so far.
class Searched {
 public:
  explicit Searched(const Series& series) : series_(series) {}

  // The best fit of the form; null if none of its starts is a fit. A likelihood above `hopeless`
  // cannot win, so such a search may end early. Owned by this object.
  const Fit* Find(const EtsForm& form, double hopeless);

 private:
  Point PlainStart(const EtsForm& form, const Weights& weights);
  Point FlatStart(const EtsForm& form, const Weights& weights) const;
  std::optional<Point> StartFrom(const EtsForm& form) const;
  void ReadStarts(EtsSeason season);
  LineStart LineOf(EtsSeason season, const EtsState& start, std::size_t count) const;
  double WithoutSeason(EtsSeason season, const EtsState& start, std::size_t t) const;

  const Series& series_;
  std::array<std::optional<Fit>, 18> fits_{};  // 2 errors, 3 trends, 3 seasons.
  // By kind of season: factors, and the lines of what is left.
  std::array<std::optional<LineStarts>, 3> starts_{};
};

}  // namespace tandem::forecasting::ets
