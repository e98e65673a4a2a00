#include "services/runtime/slot_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/support/random.h"

namespace tandem::runtime {
namespace {

using Model = std::map<std::string, std::string>;

// Rows as a store's snapshot would show them, and how often it was asked.
class Durable final : public base::RowReader {
 public:
  Durable(Model rows, int& asked) : rows_(std::move(rows)), asked_(asked) {}
  std::optional<std::string> Get(std::string_view key) const override {
    ++asked_;
    const auto found = rows_.find(std::string(key));
    if (found == rows_.end()) return std::nullopt;
    return found->second;
  }
  void Scan(std::string_view first, std::string_view limit, base::RowVisitor visit) const override {
    for (auto row = rows_.lower_bound(std::string(first)); row != rows_.end(); ++row) {
      if (!limit.empty() && row->first >= limit) return;
      if (!visit(row->first, row->second)) return;
    }
  }

 private:
  const Model rows_;
  int& asked_;
};

// Few keys, so that they come again; more than are kept.
std::string SomeKey(testing::Random& random) { return "k" + std::to_string(random.Below(300)); }

TEST(RowStackTest, ReadsAsAMapWouldWhateverIsKept) {
  testing::Random random;
  int asked = 0;
  RowStack stack;
  Model durable;
  stack.Reset(std::make_shared<Durable>(durable, asked));
  std::deque<Model> pending;  // What each layer makes of all below it.
  const auto top = [&]() -> const Model& { return pending.empty() ? durable : pending.back(); };
  for (int step = 0; step < 20'000; ++step) {
    if (pending.size() < 3 && random.OneIn(8)) {
      stack.Push();
      pending.push_back(top());
    } else if (!pending.empty() && random.OneIn(8)) {
      durable = pending.front();
      pending.pop_front();
      stack.Settle(std::make_shared<Durable>(durable, asked));
    } else if (random.OneIn(2000)) {
      pending.clear();
      durable[SomeKey(random)] = "other";  // Another owner was here.
      stack.Reset(std::make_shared<Durable>(durable, asked));
    } else if (!pending.empty() && random.OneIn(2)) {
      const std::string key = SomeKey(random);
      if (random.OneIn(4)) {
        stack.TopLayer().Delete(key);
        pending.back().erase(key);
      } else {
        // What is large is kept for a short time only.
        const std::string value(random.OneIn(10) ? 2000 : random.Below(20), 'v');
        stack.TopLayer().Put(key, value + std::to_string(step));
        pending.back()[key] = value + std::to_string(step);
      }
    }
    const std::string key = SomeKey(random);
    const auto found = top().find(key);
    const std::optional<std::string> want =
        found == top().end() ? std::nullopt : std::optional(found->second);
    ASSERT_EQ(stack.Top().Get(key), want) << key << " at step " << step;
  }
  Model scanned;
  stack.Top().Scan("", "", [&](std::string_view key, std::string_view value) {
    scanned.emplace(key, value);
    return true;
  });
  EXPECT_EQ(scanned, top());
}

TEST(RowStackTest, ARowThatEachCommandChangesIsReadFromTheStoreOnce) {
  int asked = 0;
  RowStack stack;
  Model durable{{"mark", "0"}};
  stack.Reset(std::make_shared<Durable>(durable, asked));
  for (int i = 0; i < 100; ++i) {
    stack.Push();
    EXPECT_EQ(stack.Top().Get("mark"), std::to_string(i));
    EXPECT_EQ(stack.Top().Get("new" + std::to_string(i)), std::nullopt);
    EXPECT_EQ(stack.Top().Get("new" + std::to_string(i)), std::nullopt);  // As Apply asks again.
    durable["mark"] = std::to_string(i + 1);
    stack.TopLayer().Put("mark", durable["mark"]);
    stack.Settle(std::make_shared<Durable>(durable, asked));
  }
  EXPECT_EQ(asked, 1 + 100);
}

}  // namespace
}  // namespace tandem::runtime
