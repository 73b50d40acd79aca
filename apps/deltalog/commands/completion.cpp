// Hidden: the build's way to the completion scripts and to the table of options.
#include "cli/completion.hpp"

#include "cli/parse.hpp"
#include "cli/values.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "delta/text.hpp"
#include "ui/console.hpp"

namespace deltalog {

namespace {

Result<Exit> run(const Invocation& invocation, Console& console) {
  const auto& shell = invocation.operands().front();
  std::string (*make)() = shell == "bash"    ? bash_completion
                          : shell == "zsh"   ? zsh_completion
                          : shell == "fish"  ? fish_completion
                          : shell == "table" ? option_table
                                             : nullptr;
  if (make == nullptr) return usage_error(invocation, "no completion for " + delta::quote(shell));
  DELTA_OK(console.print(make()));
  return Exit::yes;
}

}  // namespace

Command completion_command() {
  return {.name = "completion",
          .summary = "print a shell's completion script",
          .synopsis = "bash|zsh|fish|table",
          .description =
              "Made from the table of commands. \"table\" prints that table itself, tab-separated: command, option, "
              "letter, value, choices.",
          .operands = {{"SHELL", "bash, zsh, fish or table", true, false, Kind::text}},
          .options = options::common(),
          .example = "deltalog completion bash > /etc/bash_completion.d/deltalog\n",
          .run = run,
          .hidden = true};
}

}  // namespace deltalog
