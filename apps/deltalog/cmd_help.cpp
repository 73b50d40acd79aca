// Asked-for help is data and goes to stdout.
#include "cli/help.hpp"
#include "cli/parse.hpp"
#include "cli/suggest.hpp"
#include "command.hpp"
#include "delta/text.hpp"
#include "ui/console.hpp"

namespace deltalog {

Result<Exit> run_help(const Invocation& invocation, Console& console) {
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

delta::Error unknown_command(std::string_view name) {
  auto error = delta::error(delta::ErrorCode::usage, "unknown command " + delta::quote(name));
  std::vector<std::string_view> names;
  for (const auto& command : commands()) {
    if (!command.hidden) names.push_back(command.name);
  }
  const auto near = nearest(name, names);
  error.hint = near.empty() ? "deltalog --help lists the commands" : "did you mean " + std::string(near) + "?";
  return error;
}

}  // namespace deltalog
