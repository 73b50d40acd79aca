// Asked-for help is data and goes to stdout.
#include "cli/help.hpp"

#include "cli/concepts.hpp"
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
  if (name == "concepts") {
    DELTA_OK(console.print(concepts_text()));
    return Exit::yes;
  }
  const Command* command = find_command(name);
  if (command == nullptr) return unknown_command(name);
  DELTA_OK(console.print(help_text(*command)));
  return Exit::yes;
}

}  // namespace

Command help_command() {
  return {.name = "help",
          .summary = "explain a command, or the words of deltalog",
          .synopsis = "[COMMAND]\nconcepts",
          .description =
              "Prints the list of commands, the help of one, or a short explanation of the words that deltalog uses: "
              "log, delta, dot, context, cut and others.",
          .operands = {{"COMMAND", "the command to explain, or concepts", false, false, Kind::command}},
          .options = options::common(),
          .example = "deltalog help encode\ndeltalog help concepts\n",
          .run = run};
}

}  // namespace deltalog
