#include "services/exchange/csv/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "services/exchange/csv/source.h"
#include "tests/support/random.h"
#include "tests/support/status.h"
#include "zstd.h"

namespace tandem::exchange::csv {
namespace {

using ::testing::ElementsAre;
using Records = std::vector<std::vector<std::string>>;

// A source that gives at most `most` bytes a call, so that records lie across reads.
class Drip : public Source {
 public:
  Drip(std::string_view text, std::size_t most) : text_(text), most_(most) {}
  absl::StatusOr<std::size_t> Read(std::span<char> to) override {
    return text_.Read(to.first(std::min(most_, to.size())));
  }

 private:
  TextSource text_;
  std::size_t most_;
};

struct Outcome {
  Records records{};
  std::vector<std::int64_t> lines{};
  int bad = 0;
  bool broken = false;
};

Outcome ReadAll(Source& source, const ReaderOptions& options = {}) {
  Outcome outcome;
  Reader reader(source, options);
  for (auto step = reader.Next(); step != Reader::Step::kEnd; step = reader.Next()) {
    if (step == Reader::Step::kBroken) {
      EXPECT_FALSE(reader.error().ok());
      outcome.broken = true;
      return outcome;
    }
    if (step == Reader::Step::kBadRecord) {
      EXPECT_THAT(reader.error(), testing::HasReason(base::Reason::kFileMalformed));
      ++outcome.bad;
      continue;
    }
    outcome.records.emplace_back(reader.fields().begin(), reader.fields().end());
    outcome.lines.push_back(reader.line());
  }
  return outcome;
}

Outcome ReadText(std::string_view text, const ReaderOptions& options = {}) {
  TextSource source(text);
  return ReadAll(source, options);
}

std::string Pack(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

TEST(ReaderTest, ReadsWhatRfc4180Allows) {
  struct Case {
    const char* name;
    const char* text;
    Records want;
  };
  const Case cases[] = {
      {"empty", "", {}},
      {"no line end at the end", "a,b\n1,2", {{"a", "b"}, {"1", "2"}}},
      {"CRLF and blank lines", "a,b\r\n\r\n1,2\r\n", {{"a", "b"}, {"1", "2"}}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a,b\n",
       {{"a", "b"}}},
      {"empty cells", ",\n,,", {{"", ""}, {"", "", ""}}},
      {"quotes", "\"a\",\"b,c\"\n\"\",\"say \"\"hi\"\"\"\n", {{"a", "b,c"}, {"", "say \"hi\""}}},
      {"a line end in quotes", "\"a\r\nb\",c\n1,2\n", {{"a\r\nb", "c"}, {"1", "2"}}},
      {"a quoted cell, then an empty one", "\"a\",\n", {{"a", ""}}},
      {"over sixteen bytes",
       "0123456789abcdefgh,1,2\nx,y,0123456789abcdef,z\n",
       {{"0123456789abcdefgh", "1", "2"}, {"x", "y", "0123456789abcdef", "z"}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
      Drip source(c.text, most);
      const Outcome outcome = ReadAll(source);
      EXPECT_EQ(outcome.records, c.want);
      EXPECT_EQ(outcome.bad, 0);
      EXPECT_FALSE(outcome.broken);
    }
  }
}

TEST(ReaderTest, NamesTheLineInWhichARecordBegins) {
  const Outcome outcome = ReadText("a\n\"x\ny\nz\"\n\nb\n");
  EXPECT_THAT(outcome.lines, ElementsAre(1, 2, 6));
}

TEST(ReaderTest, GoesOnBehindARecordThatIsNoCsv) {
  const Outcome outcome = ReadText("a\"b\",c\n\"a\"b,c\n1,2\n");
  EXPECT_EQ(outcome.bad, 2);
  EXPECT_THAT(outcome.records, ElementsAre(ElementsAre("1", "2")));
}

TEST(ReaderTest, StopsAtAQuoteThatNeverEnds) {
  const Outcome outcome = ReadText("a,b\n\"1,2\n3,4\n");
  EXPECT_TRUE(outcome.broken);
  EXPECT_EQ(outcome.records.size(), 1U);
}

TEST(ReaderTest, StopsAtARecordThatIsTooLong) {
  const std::string text = "a\n" + std::string(2 << 20, 'x') + "\n";
  EXPECT_TRUE(ReadText(text, {.record_bytes_max = 1 << 20}).broken);
  EXPECT_FALSE(ReadText(text, {.record_bytes_max = 4 << 20}).broken);
}

TEST(ReaderTest, TakesAnotherDelimiter) {
  EXPECT_THAT(ReadText("a;b,c\n", {.delimiter = ';'}).records,
              ElementsAre(ElementsAre("a", "b,c")));
}

TEST(ReaderTest, ReadsZstdAndRefusesOtherBytes) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + ",x\n";
  const std::string packed = Pack(text) + Pack("last,frame\n");
  const auto source = UnpackZstd(std::make_unique<Drip>(packed, 1000));
  const Outcome outcome = ReadAll(*source);
  EXPECT_EQ(outcome.records.size(), 100'001U);
  EXPECT_THAT(outcome.records.back(), ElementsAre("last", "frame"));
  for (const std::string& bad : {packed.substr(0, packed.size() / 2), std::string("plain text")}) {
    const auto broken = UnpackZstd(std::make_unique<TextSource>(bad));
    EXPECT_TRUE(ReadAll(*broken).broken);
  }
}

TEST(ReaderTest, TakesAnyBytesAndReadsThemAlikeInAnyPieces) {
  testing::Random random;
  constexpr char kAlphabet[] = {'a', ',', '"', '\n', '\r', '\xEF', '1', '\0'};
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::size_t size = random.Below(60); text.size() < size;) {
      text.push_back(kAlphabet[random.Below(sizeof(kAlphabet))]);
    }
    const Outcome whole = ReadText(text);
    Drip drip(text, 1 + random.Below(5));
    const Outcome pieces = ReadAll(drip);
    ASSERT_EQ(whole.records, pieces.records) << round;
    ASSERT_EQ(whole.lines, pieces.lines);
    ASSERT_EQ(whole.bad, pieces.bad);
    ASSERT_EQ(whole.broken, pieces.broken);
  }
}

}  // namespace
}  // namespace tandem::exchange::csv
