// The exchange as the runtime sees it: eight slots, found by owner and location or by owner alone.
#pragma once

#include <cstdint>

#include "services/exchange/registers.h"
#include "services/runtime/domain.h"

namespace tandem::exchange {

class ExchangeDomain final : public runtime::Domain {
 public:
  static constexpr std::uint16_t kSlots = 8;

  // `registers` (the shell's replica) must outlive it; only views ask it.
  explicit ExchangeDomain(const Registers& registers, std::uint16_t slots = kSlots)
      : registers_(registers), slots_(slots) {}

  base::DomainId id() const override { return base::DomainId::kExchange; }
  std::uint16_t slots() const override { return slots_; }
  absl::Status CheckReadable(const base::FactRecord& record) const override;
  void Apply(const base::FactRecord& record, base::Rows& rows) const override;
  runtime::Audience AudienceOf(const base::FactRecord& record) const override;
  absl::StatusOr<std::optional<runtime::ViewedFact>> View(
      const base::FactRecord& record, std::string_view viewer,
      const base::Grants& grants) const override;

 private:
  const Registers& registers_;
  const std::uint16_t slots_;
};

}  // namespace tandem::exchange
