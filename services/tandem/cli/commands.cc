#include "services/tandem/cli/commands.h"

#include <memory>

#include "services/tandem/cli/nouns.h"

namespace tandem::cli {

void AddClientCommands(CLI::App& app, int& exit_code) {
  const auto session = std::make_shared<Session>();
  session->exit_code = &exit_code;
  AddFirmCommands(app, session);
  AddAgreementCommands(app, session);
  AddRegisterCommands(app, session);
  AddSeriesCommands(app, session);
  AddForecastCommands(app, session);
  AddFeedCommands(app, session);
  AddLocalCommands(app, session);
  AddBackupCommands(app, session);
  AddTourCommand(app, session);
  AddCompletionCommands(app, session);
}

}  // namespace tandem::cli
