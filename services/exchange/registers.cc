#include "services/exchange/registers.h"

#include "services/base/bug.h"

namespace tandem::exchange {

std::uint32_t EntryTable::NumberOf(std::string_view id) const {
  const auto found = numbers_.find(absl::string_view(id.data(), id.size()));
  return found == numbers_.end() ? 0 : found->second;
}

std::string_view EntryTable::IdOf(std::uint32_t number) const {
  return number == 0 || number > ids_.size() ? std::string_view() : ids_[number - 1];
}

void EntryTable::Add(std::uint32_t number, std::string_view id) {
  if (number != 0 && number <= ids_.size()) return;
  base::Require(number == ids_.size() + 1, "a register's numbers have a gap");
  ids_.emplace_back(id);
  last_days_.push_back(kOpen);
  numbers_.emplace(id, number);
}

void EntryTable::Close(std::uint32_t number, std::int32_t last_day) {
  base::Require(number != 0 && number <= last_days_.size(), "an entry that is not in was closed");
  last_days_[number - 1] = last_day;
}

}  // namespace tandem::exchange
