#include "services/tandem/cli/commands.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/tandem/cli/nouns.h"

namespace tandem::cli {
namespace {

// `tandem firm`, where that is how far the words were commands.
std::string PathOf(const CLI::App* command) {
  const CLI::App* parent = command->get_parent();
  return parent == nullptr ? command->get_name()
                           : absl::StrCat(PathOf(parent), " ", command->get_name());
}

}  // namespace

void AddClientCommands(CLI::App& app, int& exit_code) {
  const auto session = std::make_shared<Session>();
  session->exit_code = &exit_code;
  AddFirmCommands(app, session);
  AddAgreementCommands(app, session);
  AddBreakGlassCommands(app, session);
  AddRegisterCommands(app, session);
  AddSeriesCommands(app, session);
  AddForecastCommands(app, session);
  AddFeedCommands(app, session);
  AddLineCommands(app, session);
  AddLocalCommands(app, session);
  AddBackupCommands(app, session);
  AddTourCommand(app, session);
  AddCompletionCommands(app, session);
}

std::string CommandError(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_name() != "RequiredError") return "";
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
  if (commands.empty()) return "";  // A verb, and an option of it.
  const std::vector<std::string> unknown = app.remaining(true);
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return absl::StrCat(unknown.empty() ? "" : absl::StrCat("'", unknown.front(), "' is none; "), "`",
                      PathOf(at), "` takes one of: ", absl::StrJoin(names, ", "));
}

}  // namespace tandem::cli
