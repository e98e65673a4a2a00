#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/tandem/cli/nouns.h"
#include "services/tandem/cli/print.h"

namespace tandem::cli {
namespace {

// The words that may follow `app`: its verbs and options.
std::string WordsOf(const CLI::App* app) {
  std::string words;
  for (const CLI::App* verb : app->get_subcommands([](const CLI::App*) { return true; })) {
    absl::StrAppend(&words, verb->get_name(), " ");
  }
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) absl::StrAppend(&words, "--", name, " ");
  }
  return words;
}

// A bash function that completes nouns, verbs and options; file names behind an option.
std::string BashText(const CLI::App* root) {
  std::string out =
      "_tandem() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} path=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" words\n"
      "  if ((COMP_CWORD == 1)); then path=; elif ((COMP_CWORD == 2)); then "
      "path=${COMP_WORDS[1]}; fi\n"
      "  case $path in\n";
  absl::StrAppend(&out, "    '') words='", WordsOf(root), "';;\n");
  for (const CLI::App* noun : root->get_subcommands([](const CLI::App*) { return true; })) {
    absl::StrAppend(&out, "    '", noun->get_name(), "') words='", WordsOf(noun), "';;\n");
    for (const CLI::App* verb : noun->get_subcommands([](const CLI::App*) { return true; })) {
      absl::StrAppend(&out, "    '", noun->get_name(), " ", verb->get_name(), "') words='",
                      WordsOf(verb), "';;\n");
    }
  }
  absl::StrAppend(&out,
                  "    *) case $path in *' '*) path=${path%% *};; esac\n"
                  "  esac\n"
                  "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                  "  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$current\"))\n"
                  "}\n"
                  "complete -o filenames -F _tandem tandem\n");
  return out;
}

}  // namespace

void AddCompletionCommands(CLI::App& app, const SessionPtr& session) {
  CLI::App* noun = AddNoun(app, "completion", "Completion for your shell");
  const CLI::App* root = &app;
  AddLocalVerb(noun, session,
               {"bash", "For bash", "tandem completion bash > /etc/bash_completion.d/tandem"},
               [root] {
                 PrintText(BashText(root));
                 return absl::OkStatus();
               });
  AddLocalVerb(noun, session,
               {"zsh", "For zsh", "tandem completion zsh > ~/.tandem.zsh; source ~/.tandem.zsh"},
               [root] {
                 PrintText("autoload -U +X bashcompinit && bashcompinit\n" + BashText(root));
                 return absl::OkStatus();
               });
}

}  // namespace tandem::cli
