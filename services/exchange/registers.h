// The registers as blocks, reads and views need them: ids to register numbers and back. Pure; the
// shell's replica implements Registers, tests use a table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/base/day.h"

namespace tandem::exchange {

// One kind of entry (items or locations) of one firm. Numbers are dense, from 1.
class EntryTable {
 public:
  static constexpr std::int32_t kOpen = base::Day::kLast;

  // The number, or 0 for an id that is not in.
  std::uint32_t NumberOf(std::string_view id) const;
  // The id, or "" for a number that is not in.
  std::string_view IdOf(std::uint32_t number) const;
  // The last day of which data is accepted; kOpen for an entry that is not closed or not in.
  std::int32_t LastDay(std::uint32_t number) const {
    return number == 0 || number > last_days_.size() ? kOpen : last_days_[number - 1];
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(ids_.size()); }

  // Enters an id under the next number, which must be `number`; one that is in stays as it is.
  void Add(std::uint32_t number, std::string_view id);
  void Close(std::uint32_t number, std::int32_t last_day);

 private:
  std::vector<std::string> ids_;
  std::vector<std::int32_t> last_days_;
  absl::flat_hash_map<std::string, std::uint32_t> numbers_;
};

struct FirmRegister {
  EntryTable items{};
  EntryTable locations{};
};

class Registers {
 public:
  virtual ~Registers() = default;
  // Never null: a firm without entries has an empty register. What is returned never changes.
  virtual std::shared_ptr<const FirmRegister> Of(std::string_view firm) const = 0;
};

}  // namespace tandem::exchange
