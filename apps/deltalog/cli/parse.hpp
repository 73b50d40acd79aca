// Words on a command line, matched against a command's option table.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hpp"

namespace deltalog {

/// What was asked: a command with its options and operands. Values are text; cli/values.hpp gives them meaning.
/// Asking for an option that the command's table does not list is a bug and aborts.
class Invocation {
 public:
  explicit Invocation(const Command& command) : command_(&command) {}

  const Command& command() const { return *command_; }
  bool has(std::string_view option) const { return count(option) > 0; }
  std::size_t count(std::string_view option) const { return values(option).size(); }
  /// The value of an option that is given at most once; null if it is not there.
  const std::string* value(std::string_view option) const;
  const std::vector<std::string>& values(std::string_view option) const;  ///< of a flag: "" as often as it was given
  const std::vector<std::string>& operands() const { return operands_; }

  struct Given {
    std::string_view option, value;
  };
  /// Every value of some options, in the order in which they stood: for options whose order among each other matters.
  std::vector<Given> in_order(std::initializer_list<std::string_view> options) const;

 private:
  friend class Parser;
  const Command* command_;
  std::map<std::string_view, std::vector<std::string>> values_;  // by the table's own name
  std::vector<std::pair<std::string_view, std::size_t>> order_;  // option, and which of its values
  std::vector<std::string> operands_;
};

/// Options may stand before, between and after operands; `--` ends them; `-` is an operand. A value follows as the next
/// word, whatever it looks like, or after `=`, or after the letter. Flags cluster. Long names are never abbreviated: a
/// new option must not change what an old script means. The first `--help` or `--version` wins over whatever is wrong
/// around it, before it too. Errors: usage, of the first word that is wrong, with the nearest option as a hint.
Result<Invocation> parse(const Command& command, std::span<const std::string> words);

}  // namespace deltalog
