#include "forecasting/consensus/uplift_record.h"

#include <algorithm>
#include <cmath>

namespace tandem::forecasting {

absl::Status UpliftRecord::Observe(const Uplift& uplift) {
  if (!std::isfinite(uplift.announced_units) || !std::isfinite(uplift.realised_units)) {
    return absl::InvalidArgumentError("an uplift is not finite");
  }
  if (uplift.announced_units == 0.0) {
    return absl::InvalidArgumentError("an event of 0 units was announced");
  }
  const double realised = uplift.realised_units / uplift.announced_units;
  if (!std::isfinite(realised)) {
    return absl::InvalidArgumentError("an uplift is too large for what was announced");
  }
  count += 1.0;
  ratio += realised;
  ratio_squares += realised * realised;
  return absl::OkStatus();
}

double UpliftRecord::Credit(const CreditOptions& options) const {
  const double weight = count + options.prior_announcements;
  const double credit = weight > 0.0
                            ? (ratio + options.prior_announcements * options.prior_credit) / weight
                            : options.prior_credit;
  return std::clamp(credit, 0.0, options.credit_max);
}

double UpliftRecord::Deviation() const {
  if (count < 2.0) return 0.0;
  return std::sqrt(std::max(0.0, ratio_squares - ratio * ratio / count) / (count - 1.0));
}

}  // namespace tandem::forecasting
