// The smallest domain that drives a slot: counters by name.
//
//   slot->Submit(Add("acme", "beans", 3), done);
//   EXPECT_EQ(CounterIn(*rows, "beans"), 3);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/base/bytes.h"
#include "services/base/reason.h"
#include "services/runtime/call.h"
#include "services/runtime/domain.h"
#include "services/runtime/slot.h"

namespace tandem::testing {

// The row of a counter is its decimal value; a counter that was never added to has none.
inline std::int64_t CounterIn(const base::RowReader& rows, std::string_view name) {
  const std::optional<std::string> row = rows.Get(name);
  return row.has_value() ? std::stoll(*row) : 0;
}

class ToyDomain final : public runtime::Domain {
 public:
  static constexpr std::uint32_t kAdded = base::kDomainKindFirst;

  explicit ToyDomain(std::uint16_t slots = 1) : slots_(slots) {}
  base::DomainId id() const override { return base::DomainId::kExchange; }
  std::uint16_t slots() const override { return slots_; }

  absl::Status CheckReadable(const base::FactRecord& record) const override {
    if (record.fact.kind == kAdded && record.fact.schema_version == 1) return absl::OkStatus();
    return base::Refuse(base::Reason::kStoredBytesDamaged, "the toy does not know this kind");
  }
  void Apply(const base::FactRecord& record, base::Rows& rows) const override {
    base::ByteReader in(record.fact.payload);
    const std::string name(in.Sized());
    rows.Put(name, std::to_string(CounterIn(rows, name) + in.Signed()));
  }
  runtime::Audience AudienceOf(const base::FactRecord& record) const override {
    return {.owner = record.actor.firm, .kind = base::DataKind::kStock, .parties = {}};
  }
  absl::StatusOr<std::optional<runtime::ViewedFact>> View(const base::FactRecord& record,
                                                          std::string_view viewer,
                                                          const base::Grants&) const override {
    if (viewer != record.actor.firm) return std::nullopt;
    return runtime::ViewedFact{
        .type_name = "toy.Added", .payload = record.fact.payload, .relation = {}};
  }

 private:
  std::uint16_t slots_;
};

// One fact that adds `delta` to the counter; `size` more bytes of it say nothing.
inline base::Fact Added(std::string_view name, std::int64_t delta, std::size_t size = 0) {
  base::ByteWriter payload;
  payload.Sized(name).Signed(delta);
  std::uint64_t noise = 1;  // Bytes that no compressor shortens.
  for (std::size_t i = 0; i < size; ++i) {
    noise = noise * 6364136223846793005u + 1442695040888963407u;
    payload.Byte(static_cast<std::uint8_t>(noise >> 56));
  }
  base::Fact fact;
  fact.kind = ToyDomain::kAdded;
  fact.payload = payload.Take();
  return fact;
}

// A firm's command that adds to a counter. A counter below zero is refused as ENTRY_CLOSED, so that
// what is decided depends on what was decided before.
inline runtime::Command Add(std::string firm, std::string name, std::int64_t delta,
                            std::string request_id = {}) {
  runtime::Command command;
  command.caller = {.firm = std::move(firm), .principal = "bot"};
  command.method = "Add";
  command.request_id = std::move(request_id);
  if (!command.request_id.empty()) {
    command.request_digest = runtime::DigestOf("Add", name + "+" + std::to_string(delta));
  }
  command.byte_size = name.size();
  command.decide = [name = std::move(name), delta](
                       const base::RowReader& rows,
                       const base::Stamp&) -> absl::StatusOr<std::vector<base::Fact>> {
    if (CounterIn(rows, name) + delta < 0) {
      return base::Refuse(base::Reason::kEntryClosed, "a counter cannot fall below zero");
    }
    return std::vector<base::Fact>{Added(name, delta)};
  };
  return command;
}

}  // namespace tandem::testing
