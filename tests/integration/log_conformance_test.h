// What every Log promises (services/runtime/log.h). A log takes part by a factory:
//
//   INSTANTIATE_TEST_SUITE_P(Embedded, LogConformanceTest, ::testing::Values(&MakeEmbeddedLog));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/base/bytes.h"
#include "services/runtime/chain.h"
#include "services/runtime/log.h"
#include "tests/support/random.h"
#include "tests/support/status.h"

namespace tandem::runtime {

// A log under a test's control.
class LogFixture {
 public:
  virtual ~LogFixture() = default;
  virtual Log& log() = 0;
  // Returns once nothing is left to do: every Acquire and Append answered, every follower told.
  virtual void Settle() = 0;
  // Drops all but what is durable and opens the log anew. Writers and followers are gone before.
  virtual void Restart() = 0;
  // From now on answers of appends get lost (true), or come again (false). False if this log cannot
  // be made to do so.
  virtual bool LoseAnswers(bool lose) = 0;
};
using MakeLog = std::unique_ptr<LogFixture> (*)();

class LogConformanceTest : public ::testing::TestWithParam<MakeLog> {
 protected:
  static constexpr base::SlotId kSlot{.domain = base::DomainId::kExchange, .index = 3};
  static constexpr base::SlotId kOther{.domain = base::DomainId::kExchange, .index = 4};

  // A writer and what it needs to go on.
  struct Owner {
    std::unique_ptr<LogWriter> writer{};
    SlotTail tail{};
  };

  Log& log() { return fixture_->log(); }
  Owner Acquire(base::SlotId slot = kSlot) {
    Owner owner;
    log().Acquire(slot, [&](absl::StatusOr<std::unique_ptr<LogWriter>> writer) {
      ASSERT_THAT(writer, testing::IsOk());
      owner.writer = *std::move(writer);
      owner.tail = owner.writer->tail();
    });
    fixture_->Settle();
    return owner;
  }
  // The next group: `count` facts with a payload of `size` bytes each.
  std::string NextGroup(Owner& owner, std::uint32_t count, std::size_t size = 10,
                        base::SlotId slot = kSlot) {
    GroupHeader header{.log_id = log().log_id(),
                       .slot = slot,
                       .term = owner.tail.term,
                       .seq = owner.tail.seq + 1,
                       .first_number = owner.tail.last_number + 1,
                       .count = count,
                       .previous = owner.tail.hash};
    std::vector<std::string> facts;
    for (std::uint32_t i = 0; i < count; ++i) {
      base::FactRecord record;
      record.number = header.first_number + i;
      instant_ += absl::Nanoseconds(1);
      record.instant = instant_;
      record.fact.kind = base::kDomainKindFirst;
      record.fact.payload = std::string(size, static_cast<char>('a' + i % 26));
      facts.push_back(EncodeFact(record));
    }
    std::string bytes = EncodeGroup(header, facts, &owner.tail.hash);
    ++owner.tail.seq;
    owner.tail.last_number += count;
    owner.tail.last_instant = instant_;
    return bytes;
  }
  AppendOutcome Append(Owner& owner, std::string group,
                       const base::OverlayRows::Changes& rows = {}) {
    std::optional<AppendOutcome> answer;
    bool inside = true;  // Of this thread: another may well answer before the call returns.
    const std::thread::id caller = std::this_thread::get_id();
    owner.writer->Append(std::move(group), rows, [&](AppendOutcome outcome) {
      if (std::this_thread::get_id() == caller) {
        EXPECT_FALSE(inside) << "answered inside the call";
      }
      EXPECT_FALSE(answer.has_value()) << "answered twice";
      answer = outcome;
    });
    inside = false;
    fixture_->Settle();
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(AppendOutcome::kUnknown);
  }
  std::uint64_t LastNumber(base::SlotId slot = kSlot) {
    const absl::StatusOr<SlotTail> tail = log().Last(slot);
    EXPECT_THAT(tail, testing::IsOk());
    return tail.ok() ? tail->last_number : 0;
  }

  absl::Time instant_ = absl::FromUnixSeconds(1'800'000'000);
  std::unique_ptr<LogFixture> fixture_ = GetParam()();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LogConformanceTest);

TEST_P(LogConformanceTest, AnEmptySlotBeginsAtOne) {
  Owner owner = Acquire();
  EXPECT_GE(owner.tail.term, 1u);
  EXPECT_EQ(owner.tail.seq, 0u);
  EXPECT_EQ(owner.tail.last_number, 0u);
  EXPECT_EQ(owner.tail.hash, Hash{});
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto groups, log().Read(kSlot, 1, 1'000));
  EXPECT_TRUE(groups.empty());
  EXPECT_THAT(log().Read(kSlot, 2, 1'000), testing::HasReason(base::Reason::kCursorFromTheFuture));
}

// Goal: what is committed is in the log as it was given, with its rows, now and after a restart.
TEST_P(LogConformanceTest, CommitsGroupsWithTheirRows) {
  Owner owner = Acquire();
  const std::string first = NextGroup(owner, 3);
  ASSERT_EQ(Append(owner, first, {{"a", "1"}, {"b", "1"}}), AppendOutcome::kCommitted);
  ASSERT_EQ(Append(owner, NextGroup(owner, 2), {{"a", "2"}, {"b", std::nullopt}}),
            AppendOutcome::kCommitted);
  for (int life = 0; life < 2; ++life) {
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto groups, log().Read(kSlot, 1, 1'000'000));
    ASSERT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups[0]->hash, HashOf(first));
    EXPECT_EQ(groups[1]->header.previous, groups[0]->hash);
    EXPECT_EQ(groups[1]->header.seq, 2u);
    EXPECT_EQ(groups[1]->last_number(), 5u);
    TANDEM_ASSERT_OK_AND_ASSIGN(const SlotTail tail, log().Last(kSlot));
    EXPECT_EQ(tail.hash, groups[1]->hash);
    EXPECT_EQ(tail.last_instant, instant_);
    EXPECT_THAT(VerifyChain(log(), kSlot), testing::IsOk());
    if (life == 0) {
      TANDEM_ASSERT_OK_AND_ASSIGN(const Log::Rows rows, log().ReadRows(kSlot));
      EXPECT_EQ(rows.applied, 5u);
      EXPECT_EQ(rows.rows->Get("a"), "2");
      EXPECT_EQ(rows.rows->Get("b"), std::nullopt);
    }
    owner.writer.reset();
    fixture_->Restart();
  }
}

TEST_P(LogConformanceTest, ANewOwnerFencesTheOld) {
  Owner old = Acquire();
  ASSERT_EQ(Append(old, NextGroup(old, 1)), AppendOutcome::kCommitted);
  Owner owner = Acquire();
  EXPECT_GT(owner.tail.term, old.tail.term);
  EXPECT_EQ(owner.tail.last_number, 1u);
  EXPECT_EQ(owner.tail.hash, old.tail.hash);
  EXPECT_EQ(Append(old, NextGroup(old, 1), {{"a", "old"}}), AppendOutcome::kFenced);
  EXPECT_EQ(LastNumber(), 1u);
  ASSERT_EQ(Append(owner, NextGroup(owner, 2), {{"b", "new"}}), AppendOutcome::kCommitted);
  {
    TANDEM_ASSERT_OK_AND_ASSIGN(const Log::Rows rows, log().ReadRows(kSlot));
    EXPECT_EQ(rows.rows->Get("a"), std::nullopt);  // What was fenced is never visible.
    EXPECT_EQ(rows.rows->Get("b"), "new");
  }
  owner.writer.reset();
  old.writer.reset();
  const std::uint64_t term = owner.tail.term;
  fixture_->Restart();
  EXPECT_GT(Acquire().tail.term, term);
}

// Goal: an Acquire that is asked for while a group is in flight knows what became of it.
TEST_P(LogConformanceTest, AnOwnerKnowsTheFateOfEarlierGroups) {
  Owner old = Acquire();
  std::optional<AppendOutcome> outcome;
  old.writer->Append(NextGroup(old, 2), {}, [&](AppendOutcome answer) { outcome = answer; });
  const Owner owner = Acquire();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(owner.tail.last_number, *outcome == AppendOutcome::kCommitted ? 2u : LastNumber());
  EXPECT_EQ(LastNumber(), owner.tail.last_number);
}

TEST_P(LogConformanceTest, AfterAnUnknownOutcomeTheNextOwnerTells) {
  Owner owner = Acquire();
  ASSERT_EQ(Append(owner, NextGroup(owner, 1)), AppendOutcome::kCommitted);
  if (!fixture_->LoseAnswers(true)) GTEST_SKIP() << "this log's answers cannot be lost";
  EXPECT_EQ(Append(owner, NextGroup(owner, 1)), AppendOutcome::kUnknown);
  fixture_->LoseAnswers(false);
  Owner next = Acquire();
  EXPECT_THAT(next.tail.last_number, ::testing::AnyOf(1u, 2u));
  const std::uint64_t before = next.tail.last_number;
  ASSERT_EQ(Append(next, NextGroup(next, 1)), AppendOutcome::kCommitted);
  EXPECT_EQ(LastNumber(), before + 1);
  EXPECT_THAT(VerifyChain(log(), kSlot), testing::IsOk());
}

TEST_P(LogConformanceTest, ReadsFromTheGroupThatHoldsTheNumber) {
  Owner owner = Acquire();
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(Append(owner, NextGroup(owner, 3)), AppendOutcome::kCommitted);
  }
  for (std::uint64_t from = 1; from <= 30; ++from) {
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto one, log().Read(kSlot, from, 1));
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0]->header.first_number, (from - 1) / 3 * 3 + 1);
    TANDEM_ASSERT_OK_AND_ASSIGN(const auto all, log().Read(kSlot, from, 1'000'000));
    EXPECT_EQ(all.size(), 10 - (from - 1) / 3);
  }
}

TEST_P(LogConformanceTest, SlotsAreApart) {
  Owner one = Acquire(kSlot);
  Owner two = Acquire(kOther);
  ASSERT_EQ(Append(one, NextGroup(one, 4), {{"k", "one"}}), AppendOutcome::kCommitted);
  ASSERT_EQ(Append(two, NextGroup(two, 1, 10, kOther), {{"k", "two"}}), AppendOutcome::kCommitted);
  EXPECT_EQ(LastNumber(kSlot), 4u);
  EXPECT_EQ(LastNumber(kOther), 1u);
  TANDEM_ASSERT_OK_AND_ASSIGN(const Log::Rows rows, log().ReadRows(kOther));
  EXPECT_EQ(rows.rows->Get("k"), "two");
}

TEST_P(LogConformanceTest, CarriesTheLargestGroup) {
  Owner owner = Acquire();
  testing::Random random;
  base::FactRecord record;
  record.number = 1;
  record.instant = instant_;
  record.fact.kind = base::kDomainKindFirst;
  // Bytes that no compressor shortens.
  while (record.fact.payload.size() < kGroupBytesMax - 4'096) {
    record.fact.payload.push_back(static_cast<char>(random.Next()));
  }
  const GroupHeader header{.log_id = log().log_id(),
                           .slot = kSlot,
                           .term = owner.tail.term,
                           .seq = 1,
                           .first_number = 1,
                           .count = 1};
  const std::string group = EncodeGroup(header, std::vector{EncodeFact(record)});
  ASSERT_EQ(Append(owner, group), AppendOutcome::kCommitted);
  TANDEM_ASSERT_OK_AND_ASSIGN(const auto groups, log().Read(kSlot, 1, 1));
  EXPECT_EQ(groups.at(0)->facts.at(0).fact.payload, record.fact.payload);
}

// Goal: no gap and no repeat, wherever a follower begins and whatever is appended meanwhile.
TEST_P(LogConformanceTest, FollowersGetEveryGroupOnce) {
  testing::Random random;
  Owner owner = Acquire();
  struct Watch {
    std::uint64_t from = 0;
    std::vector<std::uint64_t> numbers{};
    std::unique_ptr<LogFollower> follower{};
  };
  std::vector<std::unique_ptr<Watch>> watches;
  for (int step = 0; step < 60; ++step) {
    if (random.OneIn(3)) {
      auto watch = std::make_unique<Watch>();
      watch->from = 1 + random.Below(owner.tail.last_number + 2);
      auto note = [&numbers = watch->numbers](const std::shared_ptr<const Group>& group) {
        for (const base::FactRecord& fact : group->facts) numbers.push_back(fact.number);
      };
      watch->follower = random.OneIn(2) ? log().Follow(kSlot, watch->from, std::move(note))
                                        : log().FollowBriefly(kSlot, watch->from, std::move(note));
      watches.push_back(std::move(watch));
    }
    const auto count = static_cast<std::uint32_t>(1 + random.Below(4));
    ASSERT_EQ(Append(owner, NextGroup(owner, count)), AppendOutcome::kCommitted);
    if (!watches.empty() && random.OneIn(8)) {
      Watch& ended = *watches[random.Below(watches.size())];
      ended.follower.reset();
    }
  }
  fixture_->Settle();
  for (const auto& watch : watches) {
    const std::vector<std::uint64_t>& numbers = watch->numbers;
    if (watch->follower != nullptr) {
      ASSERT_FALSE(numbers.empty());
      EXPECT_EQ(numbers.back(), owner.tail.last_number);
    }
    if (numbers.empty()) continue;
    EXPECT_LE(numbers.front(), watch->from);
    EXPECT_GT(numbers.front() + 4, watch->from);  // Not more than the group that holds it.
    for (std::size_t i = 1; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], numbers[i - 1] + 1);
  }
}

}  // namespace tandem::runtime
