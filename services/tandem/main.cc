// The one program: `tandem serve` and the client commands.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "services/tandem/cli/commands.h"
#include "services/tandem/serve.h"

namespace {

int Run(int argc, char** argv) {
  CLI::App app("Tandem: the service that partner firms run between them.", "tandem");
  app.require_subcommand(1);
  app.set_version_flag("--version", "tandem " TANDEM_VERSION, "Print the version and end");
  app.footer(
      "Examples:\n"
      "  tandem serve --data ./data --insecure\n"
      "  tandem firm admit acme --admin ann --insecure --as operator/root\n"
      "  tandem sales import --help\n"
      "Exit codes: 0 done, 1 refused, 2 usage, 3 unavailable, 4 rows rejected, 5 damaged");
  int exit_code = 0;
  tandem::program::AddServe(app, exit_code);
  tandem::cli::AddClientCommands(app, exit_code);
  try {  // CLI11 throws, for --help too; it ends here.
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string why = tandem::cli::CommandError(app, error);
    if (!why.empty()) {
      std::cerr << "tandem: " << why << "\n  what to do: tandem --help" << std::endl;
      return tandem::cli::kUsage;
    }
    const int code = app.exit(error);
    return code == 0 ? 0 : tandem::cli::kUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {  // CLI11's, if a command is described wrongly: a bug.
    std::fprintf(stderr, "tandem: %s\n", error.what());
    return 1;
  }
}
