// The table of commands. Parsing, --help and the completions are made from it, and a test holds the man pages to it.
#include "commands/commands.hpp"

#include <algorithm>

#include "command.hpp"
#include "delta/text.hpp"
#include "formats/suggest.hpp"

namespace deltalog {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {encode_command(), merge_command(),  compact_command(),   snapshot_command(),
                                           blame_command(),  verify_command(), dump_command(),      log_command(),
                                           show_command(),   diff_command(),   rollback_command(),  tag_command(),
                                           info_command(),   help_command(),   completion_command()};
  return all;
}

const Command* find_command(std::string_view name) {
  const auto it = std::ranges::find(commands(), name, &Command::name);
  return it == commands().end() ? nullptr : &*it;
}

delta::Error unknown_command(std::string_view name) {
  auto error = delta::error(delta::ErrorCode::usage, "unknown command " + delta::quote(name));
  std::vector<std::string_view> names;
  for (const auto& command : commands()) {
    if (!command.hidden) names.push_back(command.name);
  }
  const auto near = delta::formats::nearest(name, names);
  error.hint = near.empty() ? "deltalog --help lists the commands" : "did you mean " + std::string(near) + "?";
  return error;
}

}  // namespace deltalog
