#include "services/exchange/csv/writer.h"

#include <array>
#include <charconv>

namespace tandem::exchange::csv {

void Writer::Separate() {
  if (!first_) out_.push_back(',');
  first_ = false;
}

Writer& Writer::Text(std::string_view text) {
  Separate();
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out_.append(text);
    return *this;
  }
  out_.push_back('"');
  for (const char c : text) {
    if (c == '"') out_.push_back('"');
    out_.push_back(c);
  }
  out_.push_back('"');
  return *this;
}

Writer& Writer::Number(std::int64_t number) {
  Separate();
  std::array<char, 24> digits;
  const std::to_chars_result end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out_.append(digits.data(), end.ptr);
  return *this;
}

Writer& Writer::Amount(base::Quantity amount) {
  if (amount.milli() % 1000 == 0) return Number(amount.milli() / 1000);
  return Text(amount.ToString());
}

Writer& Writer::Revision(std::uint32_t revision) {
  return revision == 0 ? Text("") : Number(revision);
}

void Writer::EndRecord() {
  out_.push_back('\n');
  first_ = true;
}

}  // namespace tandem::exchange::csv
