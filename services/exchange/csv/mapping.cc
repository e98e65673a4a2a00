#include "services/exchange/csv/mapping.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "services/base/reason.h"
#include "services/base/status.h"

namespace tandem::exchange::csv {
namespace {

absl::string_view Abseil(std::string_view text) { return {text.data(), text.size()}; }

struct Line {
  std::int64_t number = 0;
  std::string heading{};
  std::string key{};
  std::string value{};
};

absl::Status Malformed(const Line& line, std::string_view why) {
  return base::Refuse(base::Reason::kFileMalformed, why,
                      {{"line", line.number}, {"key", line.key}});
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

// A quoted string with \" \\ and \t, or a bare number; a comment may follow.
absl::StatusOr<std::string> ParseValue(const Line& line, std::string_view text) {
  if (!text.starts_with('"')) {
    const std::string_view bare = Trim(text.substr(0, text.find('#')));
    if (bare.empty() || bare.find_first_not_of("0123456789.-") != std::string_view::npos) {
      return Malformed(line, "a value is a \"string\" or a number");
    }
    return std::string(bare);
  }
  std::string value;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      const std::string_view rest = Trim(text.substr(at + 1));
      if (!rest.empty() && rest[0] != '#') return Malformed(line, "text behind the string");
      return value;
    }
    if (text[at] == '\\' && ++at == text.size()) break;
    const bool tab = text[at] == 't' && text[at - 1] == '\\';
    value.push_back(tab ? '\t' : text[at]);
  }
  return Malformed(line, "a string is not closed");
}

absl::StatusOr<char> OneOf(const Line& line, std::string_view allowed) {
  if (line.value.size() == 1 && allowed.find(line.value[0]) != std::string_view::npos) {
    return line.value[0];
  }
  return Malformed(line, "not a character that is possible here");
}

absl::Status CheckDateFormat(const Line& line) {
  const std::string_view text = line.value;
  for (const std::string_view part : {"YYYY", "MM", "DD"}) {
    const std::size_t at = text.find(part);
    const auto letters = static_cast<std::size_t>(std::count(text.begin(), text.end(), part[0]));
    if (at == std::string_view::npos || letters != part.size()) {
      return Malformed(line, "a date format has YYYY, MM and DD once each");
    }
  }
  return absl::OkStatus();
}

absl::Status SetGeneral(const Line& line, Mapping* mapping) {
  if (line.key == "delimiter") {
    TANDEM_ASSIGN_OR_RETURN(mapping->delimiter, OneOf(line, ",;\t|"));
    return absl::OkStatus();
  }
  if (line.key == "decimal") {
    TANDEM_ASSIGN_OR_RETURN(mapping->decimal, OneOf(line, ".,"));
    return absl::OkStatus();
  }
  if (line.key == "date") {
    TANDEM_RETURN_IF_ERROR(CheckDateFormat(line));
    mapping->date_format = line.value;
    return absl::OkStatus();
  }
  return Malformed(line, "no such key: delimiter, decimal or date");
}

absl::Status Set(const Line& line, Mapping* mapping) {
  if (line.heading.empty()) return SetGeneral(line, mapping);
  if (line.heading == "columns") {
    if (mapping->columns.emplace(line.key, line.value).second) return absl::OkStatus();
    return Malformed(line, "the key stands twice");
  }
  if (line.heading == "constants") {
    if (mapping->constants.emplace(line.key, line.value).second) return absl::OkStatus();
    return Malformed(line, "the key stands twice");
  }
  const absl::StatusOr<base::Quantity> factor = base::Quantity::Parse(line.value);
  if (!factor.ok() || factor->milli() <= 0) return Malformed(line, "a factor is a number above 0");
  if (mapping->factors_milli.emplace(line.key, factor->milli()).second) return absl::OkStatus();
  return Malformed(line, "the key stands twice");
}

// `digits` at text[at...] as a number; -1 if another character is among them.
int NumberAt(std::string_view text, std::size_t at, std::size_t digits) {
  int number = 0;
  for (std::size_t k = 0; k < digits; ++k) {
    const char digit = text[at + k];
    if (digit < '0' || digit > '9') return -1;
    number = 10 * number + (digit - '0');
  }
  return number;
}

}  // namespace

absl::StatusOr<Mapping> ParseMapping(std::string_view text) {
  Mapping mapping;
  Line line;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // As in a data file.
  while (!text.empty()) {
    const std::size_t stop = text.find('\n');
    const std::string_view whole = Trim(text.substr(0, stop));
    text.remove_prefix(stop == std::string_view::npos ? text.size() : stop + 1);
    ++line.number;
    line.key.clear();
    if (whole.empty() || whole[0] == '#') continue;
    if (whole[0] == '[') {
      line.heading = std::string(Trim(whole.substr(1, whole.find(']') - 1)));
      const bool known =
          line.heading == "columns" || line.heading == "constants" || line.heading == "factors";
      if (!known || !whole.ends_with(']')) {
        return Malformed(line, "no such heading: [columns], [constants] or [factors]");
      }
      continue;
    }
    const std::size_t equals = whole.find('=');
    if (equals == std::string_view::npos) return Malformed(line, "a line is key = value");
    line.key = std::string(Trim(whole.substr(0, equals)));
    if (line.key.empty()) return Malformed(line, "a line is key = value");
    TANDEM_ASSIGN_OR_RETURN(line.value, ParseValue(line, Trim(whole.substr(equals + 1))));
    TANDEM_RETURN_IF_ERROR(Set(line, &mapping));
  }
  if (mapping.decimal == mapping.delimiter) {
    return base::Refuse(base::Reason::kFileMalformed, "decimal sign and delimiter are the same",
                        {{"key", "decimal"}});
  }
  return mapping;
}

absl::StatusOr<base::Day> ParseDay(std::string_view text, std::string_view format) {
  if (format == "YYYY-MM-DD") return base::Day::Parse(text);
  const std::size_t year = format.find("YYYY");
  const std::size_t month = format.find("MM");
  const std::size_t day = format.find("DD");
  bool fits = text.size() == format.size();
  for (std::size_t at = 0; fits && at < format.size(); ++at) {
    const bool part = at - year < 4 || at - month < 2 || at - day < 2;  // Wraps around below.
    fits = part || text[at] == format[at];
  }
  if (fits) {
    const int y = NumberAt(text, year, 4);
    const int m = NumberAt(text, month, 2);
    const int d = NumberAt(text, day, 2);
    if (y >= 0 && m >= 0 && d >= 0) return base::Day::FromCivil(y, m, d);
  }
  return base::Refuse(base::Reason::kBadDate, "not a day in the file's date format",
                      {{"date", Abseil(text)}, {"format", Abseil(format)}});
}

absl::StatusOr<base::Quantity> ParseQuantity(std::string_view text, char decimal,
                                             std::int64_t factor_milli) {
  std::string with_point;
  if (decimal != '.') {
    with_point = std::string(text.find('.') == std::string_view::npos ? text : "?");
    std::replace(with_point.begin(), with_point.end(), decimal, '.');
    text = with_point;
  }
  TANDEM_ASSIGN_OR_RETURN(const base::Quantity parsed, base::Quantity::Parse(text));
  if (factor_milli == 1000) return parsed;
  std::int64_t product = 0;
  const bool fits = !__builtin_mul_overflow(parsed.milli(), factor_milli, &product) &&
                    product % 1000 == 0 && product / 1000 <= base::Quantity::kMilliMax &&
                    product / 1000 >= -base::Quantity::kMilliMax;
  if (!fits) {
    return base::Refuse(base::Reason::kQuantityOutOfRange,
                        "times its factor, the number is too large or has over three decimals",
                        {{"value", Abseil(text)}, {"factor_milli", factor_milli}});
  }
  return base::Quantity::FromMilli(product / 1000);
}

}  // namespace tandem::exchange::csv
