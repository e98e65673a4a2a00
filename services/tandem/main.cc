// The one program: `tandem serve` and the client commands.
#include <CLI/CLI.hpp>

#include "services/tandem/cli/commands.h"
#include "services/tandem/serve.h"

int main(int argc, char** argv) {
  CLI::App app("Tandem: the service that partner firms run between them.", "tandem");
  app.require_subcommand(1);
  int exit_code = 0;
  tandem::program::AddServe(app, exit_code);
  tandem::cli::AddClientCommands(app, exit_code);
  try {  // CLI11 throws, for --help too; it ends here.
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : tandem::cli::kUsage;
  }
  return exit_code;
}
