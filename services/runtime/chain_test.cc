// Goal: whatever is done to a stored log, the proof fails and names slot and group.
#include "services/runtime/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "services/base/bytes.h"
#include "services/runtime/embedded_log.h"
#include "services/runtime/map_store.h"
#include "services/runtime/slot.h"
#include "tests/support/fake_time.h"
#include "tests/support/status.h"
#include "tests/support/toy_domain.h"

namespace tandem::runtime {
namespace {

using testing::Add;
using testing::HasReason;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr base::SlotId kSlot{.domain = base::DomainId::kExchange, .index = 3};
constexpr std::uint64_t kGroups = 12;  // Of one fact each, so that group n holds fact n.

std::string KeyOf(std::uint64_t number) {
  base::ByteWriter key;
  key.BigEndian16(static_cast<std::uint16_t>(kSlot.domain)).BigEndian16(kSlot.index);
  key.BigEndian64(number);
  return key.Take();
}

class ChainTest : public ::testing::Test {
 protected:
  using Groups = std::map<std::uint64_t, std::string>;

  ChainTest() {
    std::shared_ptr<Slot> slot;
    Slot::Open(kSlot, {domain_, log_, clock_, executor_}, SlotOptions{}, [&](auto opened) {
      ASSERT_THAT(opened, IsOk());
      slot = *std::move(opened);
    });
    executor_.RunDue();
    for (std::uint64_t i = 0; i < kGroups; ++i) {
      slot->Submit(Add("acme", "beans", 1),
                   [](const absl::StatusOr<Outcome>& outcome) { EXPECT_THAT(outcome, IsOk()); });
      executor_.RunDue();
    }
  }
  Groups Read() {
    Groups groups;
    store_.Snapshot()->Scan(Space::kLog, KeyOf(0), KeyOf(~std::uint64_t{0}),
                            [&](std::string_view key, std::string_view value) {
                              groups[base::ByteReader(key.substr(4)).BigEndian64()] = value;
                              return true;
                            });
    return groups;
  }
  // Stores these groups in place of all that are there, and verifies as a new process would.
  absl::Status VerifyWith(const Groups& groups) {
    StoreBatch batch;
    for (std::uint64_t number = 1; number <= kGroups; ++number) {
      const auto found = groups.find(number);
      batch.push_back({Space::kLog, KeyOf(number),
                       found == groups.end() ? std::nullopt : std::optional(found->second)});
    }
    store_.Write(std::move(batch), [](const absl::Status& status) { EXPECT_THAT(status, IsOk()); });
    executor_.RunDue();
    const EmbeddedLog log(store_, executor_, 7);
    return VerifyChain(log, kSlot);
  }
  static std::string DetailOf(const absl::Status& status, std::string_view key) {
    const auto refusal = base::RefusalOf(status);
    if (!refusal.has_value()) return "";
    for (const auto& [name, value] : refusal->details) {
      if (name == key) return value;
    }
    return "";
  }

  testing::FakeClock clock_;
  testing::ManualExecutor executor_{clock_};
  MapStore store_{executor_};
  EmbeddedLog log_{store_, executor_, 7};
  testing::ToyDomain domain_{4};
};

TEST_F(ChainTest, AWholeLogIsProvenToItsEnd) {
  const Groups whole = Read();
  ASSERT_EQ(whole.size(), kGroups);
  EXPECT_THAT(VerifyWith(whole), IsOk());
  std::uint64_t checked = 0;
  EXPECT_THAT(VerifyChain(log_, kSlot,
                          [&](std::uint64_t done, std::uint64_t last) {
                            EXPECT_EQ(last, kGroups);
                            checked = done;
                          }),
              IsOk());
  EXPECT_EQ(checked, kGroups);
  EXPECT_THAT(VerifyChain(log_, {.domain = base::DomainId::kExchange, .index = 0}), IsOk());
}

TEST_F(ChainTest, NamesTheGroupThatWasChanged) {
  const Groups whole = Read();
  struct Case {
    const char* name;
    std::function<void(Groups&)> change;
    std::uint64_t want_number;  // 0: the slot alone is named.
    const char* want_words;
  };
  const Case cases[] = {
      {"a byte in the first", [](Groups& g) { g[1][60] ^= 1; }, 1, "from fact 1 on"},
      {"a byte in the middle", [](Groups& g) { g[5].back() ^= 0x40; }, 5, "from fact 5 on"},
      {"a byte in the last", [](Groups& g) { g[kGroups].back() ^= 1; }, 0, "last group"},
      {"the first missing", [](Groups& g) { g.erase(1); }, 0, "its start is missing"},
      {"one missing", [](Groups& g) { g.erase(7); }, 7, "it is missing"},
      {"the last missing", [](Groups& g) { g.erase(kGroups); }, 0, "does not fit"},
      {"two swapped", [](Groups& g) { std::swap(g[4], g[5]); }, 4, "another group"},
      {"one twice", [](Groups& g) { g[9] = g[8]; }, 9, "another group"},
      {"one cut short", [](Groups& g) { g[6].pop_back(); }, 6, "from fact 6 on"},
      {"one empty", [](Groups& g) { g[6].clear(); }, 6, "from fact 6 on"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Groups groups = whole;
    c.change(groups);
    const absl::Status damaged = VerifyWith(groups);
    ASSERT_THAT(damaged, HasReason(base::Reason::kStoredBytesDamaged));
    EXPECT_EQ(DetailOf(damaged, "slot"), kSlot.ToString());
    EXPECT_EQ(DetailOf(damaged, "number"), c.want_number == 0 ? "" : std::to_string(c.want_number));
    EXPECT_THAT(std::string(damaged.message()), HasSubstr(kSlot.ToString()));
    EXPECT_THAT(std::string(damaged.message()), HasSubstr(c.want_words));
  }
  EXPECT_THAT(VerifyWith(whole), IsOk());
}

// Somebody who knows the format writes another history: every group is well formed, and still the
// chain shows which one does not follow from the one before.
TEST_F(ChainTest, NamesTheGroupAfterOneThatWasForged) {
  const Groups whole = Read();
  struct Case {
    const char* name;
    std::function<void(GroupHeader&, std::vector<base::FactRecord>&)> forge;
    std::uint64_t want_number;
    const char* want_words;
  };
  const Case cases[] = {
      {"another payload",
       [](GroupHeader&, auto& facts) {
         facts[0].fact.payload = testing::Added("beans", 100).payload;
       },
       6, "hash"},
      {"another actor", [](GroupHeader&, auto& facts) { facts[0].actor.firm = "bolt"; }, 6, "hash"},
      {"an older instant", [](GroupHeader&, auto& facts) { facts[0].instant -= absl::Hours(1); }, 5,
       "backwards"},
      {"another seq", [](GroupHeader& header, auto&) { header.seq += 1; }, 5, "seq"},
      {"another history", [](GroupHeader& header, auto&) { header.previous[0] ^= 1; }, 5, "hash"},
      {"another network", [](GroupHeader& header, auto&) { header.log_id = 8; }, 5, "another log"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TANDEM_ASSERT_OK_AND_ASSIGN(Group group, DecodeGroup(whole.at(5)));
    c.forge(group.header, group.facts);
    const std::vector<std::string> facts = {EncodeFact(group.facts[0])};
    Groups groups = whole;
    groups[5] = EncodeGroup(group.header, facts);
    const absl::Status damaged = VerifyWith(groups);
    ASSERT_THAT(damaged, HasReason(base::Reason::kStoredBytesDamaged));
    EXPECT_EQ(DetailOf(damaged, "slot"), kSlot.ToString());
    EXPECT_EQ(DetailOf(damaged, "number"), std::to_string(c.want_number));
    EXPECT_THAT(std::string(damaged.message()), HasSubstr(c.want_words));
  }
}

}  // namespace
}  // namespace tandem::runtime
