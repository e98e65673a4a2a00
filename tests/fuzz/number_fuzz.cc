// Days, quantities and prices: what is accepted is written back as text that reads the same.
#include <string_view>

#include "services/base/day.h"
#include "services/base/quantity.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tandem::fuzz::Check;
  using tandem::fuzz::Is;
  namespace base = tandem::base;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto day = base::Day::Parse(text); day.ok()) {
    Check(day->InRange(), "a day within what is accepted");
    Check(day->ToString() == text, "a day has one spelling");
  }
  if (const auto quantity = base::Quantity::Parse(text); quantity.ok()) {
    Check(quantity->milli() <= base::Quantity::kMilliMax &&
              quantity->milli() >= -base::Quantity::kMilliMax,
          "a quantity within what is accepted");
    Check(Is(base::Quantity::Parse(quantity->ToString()), *quantity), "a quantity reads back");
  }
  if (const auto price = base::ParseUnitPrice(text); price.ok()) {
    Check(price->scale >= 0 && price->scale <= 9 && price->value >= 0, "a price's bounds");
    Check(Is(base::ParseUnitPrice(base::ToString(*price)), *price), "a price reads back");
  }
  return 0;
}
