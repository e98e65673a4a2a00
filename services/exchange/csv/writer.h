// Writes comma-separated values (RFC 4180 with LF): a cell that holds a comma, a quote, CR or LF is
// quoted, nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/base/quantity.h"

namespace tandem::exchange::csv {

// Appends cells to `out`, which must outlive it.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& Text(std::string_view text);
  Writer& Number(std::int64_t number);
  Writer& Amount(base::Quantity amount);
  // 0, that of a first report, is left empty.
  Writer& Revision(std::uint32_t revision);
  void EndRecord();

 private:
  void Separate();
  std::string& out_;
  bool first_ = true;
};

}  // namespace tandem::exchange::csv
