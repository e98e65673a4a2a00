#include "services/runtime/feed_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/base/reason.h"
#include "tests/support/status.h"

namespace tandem::runtime {
namespace {

using ::tandem::testing::HasReason;
using ::tandem::testing::IsOk;

constexpr base::SlotId kFirst{base::DomainId::kExchange, 0};

TEST(FeedCursorTest, RefusesOtherBytes) {
  const FeedCursor cursor{7, 9, 3, {{kFirst, {5, 77}}}};
  const std::string bytes = EncodeCursor(cursor);
  ASSERT_THAT(DecodeCursor(bytes), IsOk());
  EXPECT_EQ(EncodeCursor(*DecodeCursor(bytes)), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(DecodeCursor(bytes.substr(0, size)), HasReason(base::Reason::kBadToken));
  }
  EXPECT_THAT(DecodeCursor(bytes + "x"), HasReason(base::Reason::kBadToken));
}

TEST(FeedCursorTest, TellsFiltersApartButNotTheirSpelling) {
  const FeedFilter a{{base::DomainId::kExchange, base::DomainId::kForecast}, "r", {"x", "y"}};
  const FeedFilter b{{base::DomainId::kForecast, base::DomainId::kExchange}, "r", {"y", "x"}};
  EXPECT_EQ(FilterHash(a), FilterHash(b));
  EXPECT_NE(FilterHash(a), FilterHash({}));
  EXPECT_NE(FilterHash({.relation = "x"}), FilterHash({.type_names = {"x"}}));
}

// Goal: whatever is killed and whenever, a subscriber that resumes from its last cursor gets each

}  // namespace
}  // namespace tandem::runtime
