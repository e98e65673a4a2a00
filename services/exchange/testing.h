// What the exchange's tests share: a slot of its own kind that decides and applies on a map of
// rows, and a table of registers.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/base/bug.h"
#include "services/base/day.h"
#include "services/base/grants.h"
#include "services/base/reason.h"
#include "services/base/rows.h"
#include "services/exchange/decide.h"
#include "services/exchange/model.h"
#include "services/exchange/registers.h"
#include "services/exchange/series.h"

namespace tandem::exchange::testing {

inline constexpr std::int32_t kDay = 15'000;  // 2011-01-26.

// Items "i1", "i2", ... and locations "l1", ... of one firm.
inline std::shared_ptr<FirmRegister> MakeRegister(std::uint32_t items, std::uint32_t locations) {
  auto firm = std::make_shared<FirmRegister>();
  for (std::uint32_t i = 1; i <= items; ++i) firm->items.Add(i, "i" + std::to_string(i));
  for (std::uint32_t l = 1; l <= locations; ++l) firm->locations.Add(l, "l" + std::to_string(l));
  return firm;
}

class TableRegisters final : public Registers {
 public:
  std::shared_ptr<const FirmRegister> Of(std::string_view firm) const override {
    const auto found = firms.find(firm);
    return found == firms.end() ? std::make_shared<const FirmRegister>() : found->second;
  }
  std::map<std::string, std::shared_ptr<const FirmRegister>, std::less<>> firms{};
};

// One row of a block.
struct Row {
  std::uint32_t item = 0;
  std::int32_t day = 0;
  std::int64_t value = 0;
};

inline v1::SeriesBlock WireBlock(const std::vector<Row>& rows, std::uint32_t revision,
                                 std::uint32_t items) {
  v1::SeriesBlock block;
  for (std::uint32_t i = 1; i <= items; ++i) block.add_items("i" + std::to_string(i));
  for (const Row& row : rows) {
    block.add_run_item(row.item - 1);
    block.add_run_first_day(row.day);
    block.add_value_milli(row.value);
  }
  block.set_revision(revision);
  block.set_measure(v1::MEASURE_SALES);
  return block;
}

// Decides, applies, and keeps the facts, as a slot does.
class TestSlot {
 public:
  template <typename Command>
  absl::Status Run(const Command& command) {
    auto decided = Decide(rows, command);
    if (!decided.ok()) return decided.status();
    Add(FactsOf(*std::move(decided)));
    return absl::OkStatus();
  }

  void Add(Facts facts) {
    for (base::Fact& fact : facts) {
      base::FactRecord record{
          .slot = {base::DomainId::kExchange, 3},
          .number = log.size() + 1,
          .instant = absl::FromUnixSeconds(1'000'000 + static_cast<int>(log.size()))};
      record.fact = std::move(fact);
      base::Require(CheckReadable(record).ok(), "a decided fact cannot be read");
      Apply(record, rows);
      log.push_back(std::move(record));
    }
  }

  std::uint64_t number() const { return log.size(); }

  base::MapRows rows{};
  std::vector<base::FactRecord> log{};

 private:
  static Facts FactsOf(Facts facts) { return facts; }
  static Facts FactsOf(BlockDecision decision) { return std::move(decision.facts); }
};

// Which items each viewer may see, by "viewer/owner/location"; kinds are not told apart.
class TableGrants final : public base::Grants {
 public:
  class Items final : public base::GrantedItems {
   public:
    Items(bool all, std::vector<std::string> items) : all_(all), items_(std::move(items)) {}
    bool Contains(std::string_view item) const override {
      return all_ || std::find(items_.begin(), items_.end(), item) != items_.end();
    }
    bool empty() const override { return !all_ && items_.empty(); }

   private:
    bool all_;
    std::vector<std::string> items_;
  };

  absl::Status Check(std::string_view viewer, std::string_view owner, base::DataKind,
                     std::string_view item, std::string_view location) const override {
    if (stale) return base::Refuse(base::Reason::kGrantsStale, "stale");
    if (viewer == owner) return absl::OkStatus();
    const std::string prefix = std::string(viewer) + "/" + std::string(owner) + "/";
    for (const auto& [place, items] : table) {
      if (place.rfind(prefix, 0) != 0) continue;
      if (!location.empty() && place != prefix + std::string(location)) continue;
      if (item.empty() || std::find(items.begin(), items.end(), item) != items.end()) {
        return absl::OkStatus();
      }
    }
    return base::Refuse(base::Reason::kNotGranted, "not granted");
  }
  absl::StatusOr<std::shared_ptr<const base::GrantedItems>> ItemsAt(
      std::string_view viewer, std::string_view owner, base::DataKind,
      std::string_view location) const override {
    if (stale) return base::Refuse(base::Reason::kGrantsStale, "stale");
    const auto found =
        table.find(std::string(viewer) + "/" + std::string(owner) + "/" + std::string(location));
    return std::make_shared<const Items>(
        viewer == owner, found == table.end() ? std::vector<std::string>() : found->second);
  }
  absl::Status CheckJoint(std::string_view, std::string_view) const override {
    return base::Refuse(base::Reason::kNotGranted, "no agreements here");
  }
  absl::StatusOr<std::shared_ptr<const base::AgreementTerms>> TermsOf(
      std::string_view, std::string_view) const override {
    return base::Refuse(base::Reason::kNotGranted, "no agreements here");
  }
  absl::Status CheckDerivation(std::string_view, std::string_view,
                               std::string_view) const override {
    return absl::OkStatus();
  }
  std::vector<std::string> ViewersOf(std::string_view, base::DataKind,
                                     std::string_view) const override {
    return {};
  }
  std::vector<std::string> PartiesOf(std::string_view) const override { return {}; }
  std::uint64_t version() const override { return 1; }

  std::map<std::string, std::vector<std::string>> table{};
  bool stale = false;
};

}  // namespace tandem::exchange::testing
