// The table of commands. Parsing, --help and the completions are made from it, and a test holds the man pages to it.
#include "commands/commands.hpp"

#include <algorithm>

#include "cli/hints.hpp"
#include "command.hpp"
#include "delta/text.hpp"

namespace deltalog {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      encode_command(), merge_command(), compact_command(), snapshot_command(), blame_command(),  verify_command(),
      dump_command(),   log_command(),   show_command(),    diff_command(),     search_command(), rollback_command(),
      tag_command(),    info_command(),  reindex_command(), contract_command(), help_command(),   completion_command()};
  return all;
}

const Command* find_command(std::string_view name) {
  const auto it = std::ranges::find(commands(), name, &Command::name);
  return it == commands().end() ? nullptr : &*it;
}

delta::Error unknown_command(std::string_view name) {
  return delta::error(delta::ErrorCode::usage, "unknown command " + delta::quote(name)).with_hint(command_hint(name));
}

}  // namespace deltalog
