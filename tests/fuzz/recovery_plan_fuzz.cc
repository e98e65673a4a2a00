// A recovery plan's stored bytes: they decode to one plan, that to those bytes; and a plan as
// strange as it may be is refused, or answers what happens to it without a crash.
#include <cstdint>
#include <optional>
#include <string_view>

#include "sequencing/recovery/encode.h"
#include "sequencing/recovery/propose.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  namespace sequencing = tandem::sequencing;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  if (const auto proposal = sequencing::DecodeProposal(bytes); proposal.ok()) {
    Check(sequencing::EncodeProposal(*proposal) == bytes, "a proposal has one encoding");
  }
  const auto plan = sequencing::DecodePlan(bytes);
  if (!plan.ok()) return 0;
  Check(sequencing::EncodePlan(*plan) == bytes, "a plan has one encoding");
  auto book = sequencing::RecoveryBook::Create(*plan);
  if (!book.ok()) return 0;

  // What may have happened to its first vehicle, part, rack and supplier.
  const sequencing::PlanFamily none;
  const sequencing::PlanFamily& family = plan->families.empty() ? none : plan->families.front();
  const std::int64_t vehicle = plan->vehicles.front().vehicle;
  const std::int64_t part = family.parts.empty() ? 0 : family.parts.front().part;
  const std::int64_t rack = family.racks.empty() ? 0 : family.racks.front().rack;
  const sequencing::Happening happenings[] = {
      sequencing::LineChanged{plan->runs},
      sequencing::VehiclesPulled{{{.vehicle = vehicle}}},
      sequencing::VehiclesScrapped{{vehicle}},
      sequencing::SpecificationChanged{vehicle, INT64_MAX, {{family.location, family.family, 0}}},
      sequencing::PartRejected{part, std::nullopt},
      sequencing::LoadDelayed{{rack}, std::nullopt},
      sequencing::SupplierDown{family.supplier, plan->now_ms, plan->now_ms + 1'000'000'000'000},
      sequencing::CallsMissing{{vehicle}},
      sequencing::SetBroken{part},
  };
  for (const sequencing::Happening& what : happenings) {
    const auto proposal = sequencing::Propose(*book, {.what = what});
    if (!proposal.ok()) continue;
    Check(proposal->choice <= proposal->do_nothing, "a choice is no worse than doing nothing");
    sequencing::RecoveryBook after = *book;
    if (!after.Apply(what).ok()) {
      Check(sequencing::EncodePlan(after.plan()) == bytes, "what is refused changes nothing");
      continue;
    }
    Check(sequencing::RecoveryBook::Create(after.plan()).ok(), "a book's plan makes a book");
  }
  return 0;
}
