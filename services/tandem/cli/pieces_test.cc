#include "services/tandem/cli/pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/reason.h"
#include "tests/support/status.h"

namespace tandem::cli {
namespace {

namespace v1 = exchange::v1;

std::vector<v1::Item> Items(int count, std::size_t name_bytes) {
  std::vector<v1::Item> items(static_cast<std::size_t>(count));
  for (int k = 0; k < count; ++k) {
    v1::Item& item = items[static_cast<std::size_t>(k)];
    item.set_name(absl::StrCat("firms/shop/items/i", k));
    item.set_display_name(std::string(name_bytes, 'n'));
  }
  return items;
}

std::string DetailOf(const absl::Status& status, std::string_view name) {
  const auto refusal = base::RefusalOf(status);
  if (!refusal.has_value()) return "";
  for (const auto& [key, value] : refusal->details) {
    if (key == name) return value;
  }
  return "";
}

// Pieces were cut by their number alone: 2,000 items with long names are more than the service
// takes at once.
TEST(InPiecesTest, CutsByNumberAndByBytes) {
  for (const std::size_t name_bytes : {std::size_t{0}, std::size_t{200}, std::size_t{600'000}}) {
    SCOPED_TRACE(name_bytes);
    const auto items = Items(name_bytes > 1'000 ? 3 : 4'500, name_bytes);
    std::size_t next = 0;
    EXPECT_THAT(InPieces(std::span(items), {}, 0,
                         [&](std::span<const v1::Item> piece) {
                           std::size_t bytes = 0;
                           for (const v1::Item& item : piece) {
                             EXPECT_EQ(item.name(), items[next++].name());
                             bytes += item.ByteSizeLong();
                           }
                           EXPECT_LE(piece.size(), kPieceRecords);
                           EXPECT_LE(piece.size() > 1 ? bytes : 0, kPieceBytes);
                           EXPECT_FALSE(piece.empty());
                           return absl::OkStatus();
                         }),
                testing::IsOk());
    EXPECT_EQ(next, items.size());
  }
}

TEST(InPiecesTest, NamesTheRefusedRecordsLineAndWhatWasAccepted) {
  const auto items = Items(4'500, 0);
  std::vector<std::int64_t> lines(items.size());
  for (std::size_t k = 0; k < lines.size(); ++k) lines[k] = static_cast<std::int64_t>(2 + 10 * k);
  const auto send = [&](const absl::Status& refusal) {
    int calls = 0;
    return InPieces(
        std::span(items), std::span<const std::int64_t>(lines), 7,
        [&](std::span<const v1::Item>) { return ++calls == 2 ? refusal : absl::OkStatus(); });
  };
  const absl::Status by_index =
      send(base::RefuseField(base::Reason::kUnknownUnit, "items[3].unit_code", "is none"));
  EXPECT_EQ(DetailOf(by_index, "line"), "20032");  // Of items[2003].
  EXPECT_EQ(DetailOf(by_index, "accepted_before"), "2007");
  const absl::Status by_name = send(base::Refuse(base::Reason::kAlreadyExists, "is another",
                                                 {{"name", "firms/shop/items/i2001"}}));
  EXPECT_EQ(DetailOf(by_name, "line"), "20012");
  const absl::Status by_none = send(base::Refuse(base::Reason::kRoleMissing, "may not"));
  EXPECT_EQ(DetailOf(by_none, "line"), "");
  EXPECT_EQ(DetailOf(by_none, "accepted_before"), "2007");
  EXPECT_THAT(std::string(send(absl::UnavailableError("gone")).message()),
              ::testing::HasSubstr("2007 records were accepted before"));
}

}  // namespace
}  // namespace tandem::cli
