#include "sequencing/stream/digest.h"

#include <vector>

#include "gmock/gmock.h"

namespace tandem::sequencing {
namespace {

TEST(DigestTest, IsSha256) {
  // FIPS 180-4's example "abc".
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(NumbersDigest(std::vector<std::int64_t>{9, 10, -1}), Sha256Hex("9,10,-1"));
  EXPECT_EQ(NumbersDigest({}), Sha256Hex(""));
}

TEST(OutputIdTest, DependsOnEveryPartAndNothingElse) {
  const CauseKey cause = {.stream = "a", .epoch = 1, .number = 2, .version = 3};
  EXPECT_EQ(OutputId(cause, 4), OutputId(cause, 4));
  EXPECT_EQ(OutputId(cause, 4).size(), 32u);
  EXPECT_NE(OutputId(cause, 4), OutputId(cause, 5));
  // The stream's name may hold what looks like the rest.
  EXPECT_NE(OutputId({.stream = "a/1", .epoch = 2, .number = 3, .version = 4}, 5),
            OutputId({.stream = "a", .epoch = 1, .number = 2, .version = 3}, 4));
}

}  // namespace
}  // namespace tandem::sequencing
