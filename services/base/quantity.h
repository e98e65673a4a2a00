// Measures that two firms must agree on: integers, never floating point. Operators stop the program
// on overflow (Parse bounds what a partner may send, so an overflow is a bug of ours).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tandem::base {

// An amount of goods in thousandths of the item's base unit.
class Quantity {
 public:
  // What a partner may send: +-9 * 10^12 thousandths, so that sums over a million rows fit.
  static constexpr std::int64_t kMilliMax = 9'000'000'000'000;

  constexpr Quantity() = default;
  static constexpr Quantity FromMilli(std::int64_t milli) { return Quantity(milli); }
  // From decimal text ("12", "-0.5", "3.125"). Returns kInvalidArgument / QUANTITY_OUT_OF_RANGE for
  // more than three decimals, other characters, or a value beyond kMilliMax.
  static absl::StatusOr<Quantity> Parse(std::string_view text);
  // From a model's double, to the nearest thousandth, halves away from zero; finite and within
  // kMilliMax, else kOutOfRange.
  static absl::StatusOr<Quantity> Round(double units);

  constexpr std::int64_t milli() const { return milli_; }
  // The shortest decimal text that Parse reads back.
  std::string ToString() const;
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend Quantity operator+(Quantity a, Quantity b);
  friend Quantity operator-(Quantity a, Quantity b);

 private:
  explicit constexpr Quantity(std::int64_t milli) : milli_(milli) {}
  std::int64_t milli_ = 0;
};

// Money in the currency's minor unit (cents), with its ISO 4217 code.
struct Money {
  std::int64_t amount_minor = 0;
  std::string currency_code{};
  friend bool operator==(const Money&, const Money&) = default;
};

// A price per `basis` of goods: value / 10^scale currency units.
struct UnitPrice {
  std::int64_t value = 0;
  std::int32_t scale = 0;  // Decimals, 0 to 9.
  friend bool operator==(const UnitPrice&, const UnitPrice&) = default;
};

// Reads "9.58" as {958, 2}. Returns kInvalidArgument for anything but digits with up to nine
// decimals, negative values, or a value beyond 10^15.
absl::StatusOr<UnitPrice> ParseUnitPrice(std::string_view text);
// "9.58" for {958, 2}. The scale must be 0 to 9 (checked where a partner's message is parsed).
std::string ToString(const UnitPrice& price);

}  // namespace tandem::base
