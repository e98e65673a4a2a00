#include "services/base/name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/base/reason.h"

namespace tandem::base {
namespace {

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

bool AllDigits(std::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// GS1: weights 3, 1, 3, ... from the digit left of the check digit; the sum with it is 0 mod 10.
bool CheckDigitHolds(std::string_view digits) {
  int sum = 0;
  int weight = 1;
  for (std::size_t i = digits.size(); i-- > 0;) {
    sum += weight * (digits[i] - '0');
    weight = 4 - weight;
  }
  return sum % 10 == 0;
}

bool IsId(std::string_view id) {
  if (id.empty() || id.size() > 64 || id.front() == '.' || id.front() == '-') return false;
  return std::ranges::all_of(id, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

absl::Status CheckId(std::string_view field, std::string_view id) {
  if (IsId(id)) return absl::OkStatus();
  return RefuseField(Reason::kBadName, field,
                     "an identifier is 1 to 64 of letters, digits, '.', '_' and '-', and does not "
                     "begin with '.' or '-'",
                     {{"value", View(id.substr(0, 80))}});
}

absl::StatusOr<std::vector<std::string>> ParseName(std::string_view field, std::string_view pattern,
                                                   std::string_view name) {
  std::vector<std::string> ids;
  bool good =
      name.size() <= 512 && std::ranges::count(name, '/') == std::ranges::count(pattern, '/');
  // Part by part, without a list of either's.
  std::string_view want = pattern;
  std::string_view have = name;
  while (good) {
    const std::string_view wanted = want.substr(0, want.find('/'));
    const std::string_view part = have.substr(0, have.find('/'));
    good = wanted == "*" ? IsId(part) : wanted == part;
    if (good && wanted == "*") ids.emplace_back(part);
    if (wanted.size() == want.size()) break;
    want.remove_prefix(wanted.size() + 1);
    have.remove_prefix(part.size() + 1);
  }
  if (good) return ids;
  return RefuseField(Reason::kBadName, field, absl::StrCat("a name has the form ", View(pattern)),
                     {{"value", View(name.substr(0, 120))}, {"pattern", View(pattern)}});
}

absl::StatusOr<std::string> NormalizeGtin(std::string_view field, std::string_view gtin) {
  const bool length = gtin.size() == 8 || (gtin.size() >= 12 && gtin.size() <= 14);
  if (!length || !AllDigits(gtin) || !CheckDigitHolds(gtin)) {
    return RefuseField(Reason::kBadGtin, field,
                       "a GTIN is 8, 12, 13 or 14 digits, the last a right check digit",
                       {{"value", View(gtin.substr(0, 40))}});
  }
  return std::string(14 - gtin.size(), '0') + std::string(gtin);
}

absl::Status CheckGln(std::string_view field, std::string_view gln) {
  if (gln.size() == 13 && AllDigits(gln) && CheckDigitHolds(gln)) return absl::OkStatus();
  return RefuseField(Reason::kBadGln, field, "a GLN is 13 digits, the last a right check digit",
                     {{"value", View(gln.substr(0, 40))}});
}

absl::Status CheckRequestId(std::string_view request_id) {
  bool good = request_id.size() == 36;
  for (std::size_t i = 0; good && i < request_id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    good = dash ? request_id[i] == '-'
                : absl::ascii_isxdigit(static_cast<unsigned char>(request_id[i]));
  }
  if (good) return absl::OkStatus();
  return RefuseField(Reason::kBadRequestId, "request_id",
                     "a request id is a UUID such as 9f1c2a34-0b5d-4e6f-8a7b-1c2d3e4f5a6b",
                     {{"value", View(request_id.substr(0, 80))}});
}

}  // namespace tandem::base
