// Where the searches of the forms start, and what one form's fit is worth to the next. Internal to
// ets.cc.
#pragma once

#include <array>
#include <optional>

#include "forecasting/local/ets_search.h"

namespace tandem::forecasting::ets {

// Simple forms first: each starts from the fit of the one that it extends.
extern const std::array<EtsForm, kEtsForms> kFormsInOrder;

// The fits of one series so far.
class Searched {
 public:
  explicit Searched(const Series& series) : series_(series) {}

  // The best fit of the form; null if none of its starts is a fit. A likelihood above `hopeless`
  // cannot win, so such a search may end early. Owned by this object.
  const Fit* Find(const EtsForm& form, double hopeless);

 private:
  Point PlainStart(const EtsForm& form, double alpha);
  std::optional<Point> StartFrom(const EtsForm& form) const;
  void ReadStart(EtsSeason season);

  const Series& series_;
  std::array<std::optional<Fit>, 18> fits_{};  // 2 errors, 3 trends, 3 seasons.
  // Of the first buckets, by kind of season: factors, and the line of what is left.
  std::array<std::optional<EtsState>, 3> starts_{};
};

}  // namespace tandem::forecasting::ets
