// The nouns, one function a file; each adds its verbs.
#pragma once

#include "services/tandem/cli/session.h"

namespace tandem::cli {

void AddFirmCommands(CLI::App& app, const SessionPtr& session);
void AddAgreementCommands(CLI::App& app, const SessionPtr& session);
void AddBreakGlassCommands(CLI::App& app, const SessionPtr& session);
void AddRegisterCommands(CLI::App& app, const SessionPtr& session);  // item, location, event, ...
void AddSeriesCommands(CLI::App& app, const SessionPtr& session);    // sales, stock, price, batch
void AddForecastCommands(CLI::App& app, const SessionPtr& session);
// The verb of `forecast` that calls no service.
void AddBacktestVerb(CLI::App* forecast, const SessionPtr& session);
void AddFeedCommands(CLI::App& app, const SessionPtr& session);
void AddLineCommands(CLI::App& app, const SessionPtr& session);   // Of this machine alone.
void AddLocalCommands(CLI::App& app, const SessionPtr& session);  // audit
void AddBackupCommands(CLI::App& app, const SessionPtr& session);
void AddCompletionCommands(CLI::App& app, const SessionPtr& session);
void AddTourCommand(CLI::App& app, const SessionPtr& session);

}  // namespace tandem::cli
