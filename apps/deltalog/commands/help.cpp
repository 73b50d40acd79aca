// Asked-for help is data and goes to stdout.
#include "cli/help.hpp"

#include "cli/parse.hpp"
#include "command.hpp"
#include "commands/commands.hpp"
#include "commands/options.hpp"
#include "ui/console.hpp"

namespace deltalog {

namespace {

Result<Exit> run(const Invocation& invocation, Console& console) {
  if (invocation.operands().empty()) {
    DELTA_OK(console.print(overview_text()));
    return Exit::yes;
  }
  const auto& name = invocation.operands().front();
  const Command* command = find_command(name);
  if (command == nullptr) return unknown_command(name);
  DELTA_OK(console.print(help_text(*command)));
  return Exit::yes;
}

}  // namespace

Command help_command() {
  return {.name = "help",
          .summary = "explain a command",
          .synopsis = "[COMMAND]",
          .description = "Prints the list of commands, or the help of one, on stdout.",
          .operands = {{"COMMAND", "the command to explain", false, false, Kind::command}},
          .options = options::common(),
          .example = "deltalog help encode\n",
          .run = run};
}

}  // namespace deltalog
