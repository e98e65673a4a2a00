// Forecast as the runtime knows it: its facts, what they change, and who sees them.
#pragma once

#include "services/runtime/domain.h"

namespace tandem::forecast {

inline constexpr std::uint16_t kForecastSlots = 8;  // Fixed when a network is made.

class ForecastDomain final : public runtime::Domain {
 public:
  explicit ForecastDomain(std::uint16_t slots = kForecastSlots) : slots_(slots) {}
  base::DomainId id() const override { return base::DomainId::kForecast; }
  std::uint16_t slots() const override { return slots_; }
  absl::Status CheckReadable(const base::FactRecord& record) const override;
  void Apply(const base::FactRecord& record, base::Rows& rows) const override;
  runtime::Audience AudienceOf(const base::FactRecord& record) const override;
  absl::StatusOr<std::optional<runtime::ViewedFact>> View(
      const base::FactRecord& record, std::string_view viewer,
      const base::Grants& grants) const override;

 private:
  std::uint16_t slots_;
};

}  // namespace tandem::forecast
