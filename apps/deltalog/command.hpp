// A command as data. One table of these makes parsing, `--help`, the completions and the check of the man pages, so
// that none of them can drift from the others. An option stands in a command's table only if the command acts on it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "delta/result.hpp"

namespace deltalog {

using delta::Result;
using delta::Status;

class Console;
class Invocation;

/// Exit codes are an interface: scripts rest on them.
enum class Exit : int {
  yes = 0,     ///< yes, or done
  no = 1,      ///< a negative answer: a verdict that is not ok, nothing found
  usage = 2,   ///< the request makes no sense
  failed = 3,  ///< bad input, a fork, I/O; no output is left behind
  partly = 4,  ///< done in part, and said which
};

/// What a word on the command line names: for completion, and to see that no stream is named twice.
enum class Kind : unsigned char { text, file, output, command };

struct Option {
  std::string_view name = {};                  ///< long name without dashes
  char letter = 0;                             ///< short name, or 0
  std::string_view value = {};                 ///< name of the value in the help; empty: a flag
  std::string_view help = {};                  ///< one line, no full stop
  bool repeatable = false;                     ///< a list: given once per value
  std::vector<std::string_view> choices = {};  ///< the only values; empty: any
  Kind kind = Kind::text;
  std::string_view group = {};  ///< heading in the help; empty: the command's own options
  bool several = false;         ///< a list of two values at least
  bool to_file = false;         ///< a choice may be followed by a colon and a file that is written
};

struct Operand {
  std::string_view name;  ///< "LOG"
  std::string_view help;
  bool required = true;
  bool repeatable = false;
  Kind kind = Kind::file;
};

struct Command {
  std::string_view name;
  std::string_view summary;      ///< a line, lower case, no full stop
  std::string_view synopsis;     ///< what follows the name; a line for each way
  std::string_view description;  ///< a short paragraph
  std::vector<Operand> operands;
  std::vector<Option> options;
  std::string_view example;  ///< shell lines
  Result<Exit> (*run)(const Invocation&, Console&) = nullptr;
  bool hidden = false;  ///< not listed; for the build

  const Option* find(std::string_view long_name) const;
  const Option* find(char letter) const;
};

/// All commands, in the order of the help. Lives for ever.
const std::vector<Command>& commands();
const Command* find_command(std::string_view name);
delta::Error unknown_command(std::string_view name);  ///< usage, with the nearest name as a hint

/// "--version": the program, its formats, codecs and libraries.
std::string version_text();

}  // namespace deltalog
