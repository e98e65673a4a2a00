#include "forecasting/consensus/uplift_record.h"

#include <algorithm>
#include <cmath>

namespace tandem::forecasting {

absl::Status UpliftRecord::Observe(const Uplift& uplift) {
  if (!std::isfinite(uplift.announced) || !std::isfinite(uplift.realised)) {
    return absl::InvalidArgumentError("an uplift is not finite");
  }
  if (uplift.announced == 0.0) {
    return absl::InvalidArgumentError("an event of nothing was announced");
  }
  const double announced = announced_squares + uplift.announced * uplift.announced;
  const double realised = realised_squares + uplift.realised * uplift.realised;
  if (!std::isfinite(announced) || !std::isfinite(realised)) {
    return absl::InvalidArgumentError("an uplift is too large to be squared");
  }
  count += 1.0;
  announced_squares = announced;
  products += uplift.announced * uplift.realised;
  realised_squares = realised;
  return absl::OkStatus();
}

double UpliftRecord::Credit(const CreditOptions& options) const {
  // The prior is worth its announcements of the mean square; without a record only it counts.
  const double typical = count > 0.0 ? announced_squares / count : 1.0;
  const double prior = options.prior_announcements * typical;
  const double weight = announced_squares + prior;
  const double credit =
      weight > 0.0 ? (products + prior * options.prior_credit) / weight : options.prior_credit;
  return std::clamp(credit, 0.0, options.credit_max);
}

double UpliftRecord::Deviation() const {
  if (count < 2.0 || announced_squares <= 0.0) return 0.0;
  const double squares = realised_squares - products * products / announced_squares;
  return std::sqrt(std::max(0.0, squares) / (count - 1.0) / (announced_squares / count));
}

}  // namespace tandem::forecasting
