#include "services/base/quantity.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "services/base/bug.h"
#include "services/base/reason.h"

namespace tandem::base {
namespace {

// What a refusal shows of a text, which may be of any length.
absl::string_view Start(std::string_view text) {
  return {text.data(), std::min<std::size_t>(text.size(), 40)};
}

struct Decimal {
  std::int64_t value = 0;  // Without the point, with the sign.
  int decimals = 0;        // Digits after the point.
};

// Plain decimal text, at most `decimals_max` digits after the point and 15 digits in all.
std::optional<Decimal> ParseDecimal(std::string_view text, int decimals_max) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  Decimal result;
  int digits = 0;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || digits == 15) return std::nullopt;
    result.value = result.value * 10 + (c - '0');
    if (result.value != 0 || point) ++digits;
    if (point && ++result.decimals > decimals_max) return std::nullopt;
  }
  if (text.empty() || text == "." || text.back() == '.' || text.front() == '.') return std::nullopt;
  if (negative) result.value = -result.value;
  return result;
}

std::string Text(std::int64_t value, int scale) {
  // Through unsigned, so that the smallest int64 has a magnitude.
  std::uint64_t magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::string digits = absl::StrCat(magnitude);
  if (digits.size() <= static_cast<std::size_t>(scale)) {
    digits.insert(0, static_cast<std::size_t>(scale) + 1 - digits.size(), '0');
  }
  if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), 1, '.');
  return value < 0 ? absl::StrCat("-", digits) : digits;
}

}  // namespace

absl::StatusOr<Quantity> Quantity::Parse(std::string_view text) {
  const std::optional<Decimal> decimal = ParseDecimal(text, 3);
  std::int64_t milli = 0;
  bool fits = decimal.has_value();
  if (fits) {
    milli = decimal->value;
    for (int i = decimal->decimals; i < 3; ++i) {
      fits = !__builtin_mul_overflow(milli, 10, &milli) && fits;
    }
    fits = fits && milli <= kMilliMax && milli >= -kMilliMax;
  }
  if (!fits) {
    return Refuse(Reason::kQuantityOutOfRange,
                  "a quantity is a decimal number with at most three decimals, within +-9000000000",
                  {{"value", Start(text)}});
  }
  return FromMilli(milli);
}

absl::StatusOr<Quantity> Quantity::Round(double units) {
  const double milli = std::round(units * 1000.0);
  if (!std::isfinite(milli) || std::fabs(milli) > static_cast<double>(kMilliMax)) {
    return absl::OutOfRangeError("a quantity must be finite and within +-9000000000 units");
  }
  return FromMilli(static_cast<std::int64_t>(milli));
}

std::string Quantity::ToString() const {
  std::string text = Text(milli_, 3);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

Quantity operator+(Quantity a, Quantity b) {
  std::int64_t sum = 0;
  Require(!__builtin_add_overflow(a.milli_, b.milli_, &sum), "a sum of quantities overflows");
  return Quantity::FromMilli(sum);
}

Quantity operator-(Quantity a, Quantity b) {
  std::int64_t difference = 0;
  Require(!__builtin_sub_overflow(a.milli_, b.milli_, &difference),
          "a difference of quantities overflows");
  return Quantity::FromMilli(difference);
}

absl::StatusOr<UnitPrice> ParseUnitPrice(std::string_view text) {
  const std::optional<Decimal> decimal = ParseDecimal(text, 9);
  if (!decimal.has_value() || text.front() == '-') {
    return Refuse(Reason::kFieldOutOfRange,
                  "a price is a number of zero or more, with at most nine decimals",
                  {{"value", Start(text)}});
  }
  return UnitPrice{.value = decimal->value, .scale = decimal->decimals};
}

std::string ToString(const UnitPrice& price) {
  Require(price.scale >= 0 && price.scale <= 9, "a price has 0 to 9 decimals");
  return Text(price.value, price.scale);
}

}  // namespace tandem::base
