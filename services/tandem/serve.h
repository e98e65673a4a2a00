// `tandem serve`: the command that runs an instance until it is told to stop.
#pragma once

#include <CLI/CLI.hpp>

namespace tandem::program {

// Adds the command to `app`. It runs while `app` parses: prints one line once it serves, and
// returns after SIGTERM or SIGINT; `exit_code` gets 0 then, 2 for settings that make no sense, 5
// for damaged bytes, 1 for any other error, which is printed. Outlives the parsing.
void AddServe(CLI::App& app, int& exit_code);

}  // namespace tandem::program
