// The client commands of the program: nouns and verbs over the public gRPC API alone.
//
//   CLI::App app("Tandem");
//   int exit_code = 0;
//   AddClientCommands(app, exit_code);
//   CLI11_PARSE(app, argc, argv);
//   return exit_code;
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tandem::cli {

// What the program returns to the shell.
enum ExitCode : int {
  kDone = 0,
  kRefused = 1,       // The service, or a rule checked before it, said no.
  kUsage = 2,         // The command line, or a file that it names, is wrong.
  kUnavailable = 3,   // The service cannot be reached, is overloaded or took too long.
  kRowsRejected = 4,  // A file holds bad rows: nothing was sent, or with --keep-good the good ones.
  kDamaged = 5,       // Stored bytes do not prove what they should.
};

// Adds every client command to `app`. A command runs while `app` parses; `exit_code` gets its
// outcome then, and must outlive the parsing.
void AddClientCommands(CLI::App& app, int& exit_code);

// What is wrong with a command line that names no command that there is, and which there are; ""
// for any other error, which says so itself.
std::string CommandError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace tandem::cli
