#include "services/tandem/cli/session.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "services/base/name.h"
#include "services/base/reason.h"
#include "services/tandem/cli/commands.h"
#include "services/tandem/cli/print.h"

namespace tandem::cli {
namespace {

TEST(ExitCodeTest, TellsWhatKindOfErrorItWas) {
  using base::Reason;
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), kDone);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kNotGranted, "")), kRefused);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kBadName, "")), kRefused);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kFileMalformed, "")), kUsage);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kLogAway, "")), kUnavailable);
  EXPECT_EQ(ExitCodeOf(RowsRejected("3 rows")), kRowsRejected);
  EXPECT_EQ(ExitCodeOf(base::Refuse(Reason::kStoredBytesDamaged, "")), kDamaged);
}

// Every verb shows an example, and says it with its own noun.
TEST(HelpTest, EveryVerbHasAnExample) {
  CLI::App app("Tandem", "tandem");
  int exit_code = 0;
  AddClientCommands(app, exit_code);
  int verbs = 0;
  for (const CLI::App* noun : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (const CLI::App* verb : noun->get_subcommands([](const CLI::App*) { return true; })) {
      const std::string want = "tandem " + noun->get_name() + " " + verb->get_name();
      EXPECT_NE(verb->get_footer().find(want), std::string::npos) << want;
      EXPECT_NE(noun->get_footer().find(want), std::string::npos) << want;
      EXPECT_FALSE(verb->get_description().empty()) << want;
      ++verbs;
    }
  }
  EXPECT_GT(verbs, 35);
}

TEST(HelpTest, NamesTheWordThatIsNoCommandAndThoseThatAre) {
  struct Case {
    const char* line;
    const char* want;  // In the answer; "": the error says enough itself.
  };
  const Case cases[] = {
      {"", "`tandem` takes one of: firm, agreement"},
      {"frim", "'frim' is none; `tandem` takes one of: firm"},
      {"firm", "`tandem firm` takes one of: admit, list"},
      {"firm admitt acme", "'admitt' is none; `tandem firm` takes one of: admit, list"},
      {"firm admit", ""},
      {"firm list --output xml", ""},
      {"stock import absent.csv", ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.line);
    CLI::App app("Tandem", "tandem");
    app.require_subcommand(1);
    int exit_code = 0;
    AddClientCommands(app, exit_code);
    std::string said;
    bool failed = false;
    try {
      app.parse(c.line);
    } catch (const CLI::ParseError& error) {
      failed = true;
      said = CommandError(app, error);
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(said.empty(), *c.want == '\0') << said;
    EXPECT_NE(said.find(c.want), std::string::npos) << said;
  }
}

TEST(CommandsTest, SayWhatIsMissingBeforeAnyCall) {
  CLI::App app("Tandem", "tandem");
  int exit_code = 0;
  AddClientCommands(app, exit_code);
  app.parse("firm list --server 127.0.0.1:1");
  EXPECT_EQ(exit_code, kUsage);  // Neither TLS nor --insecure.
}

TEST(RequestIdTest, IsAFreshUuid) {
  std::set<std::string> seen;
  for (int k = 0; k < 100; ++k) {
    const std::string id = NewRequestId();
    EXPECT_TRUE(base::CheckRequestId(id).ok()) << id;
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(PrintTest, LinesColumnsUp) {
  const Table table{.columns = {"ITEM", "UNITS"}, .rows = {{"Käse", "7"}, {"b", "1,000"}}};
  EXPECT_EQ(TableText(table), "ITEM  UNITS\nKäse      7\nb     1,000\n");
  EXPECT_EQ(CsvText(table), "ITEM,UNITS\nKäse,7\nb,\"1,000\"\n");
}

}  // namespace
}  // namespace tandem::cli
