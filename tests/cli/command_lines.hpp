// Command lines drawn at random over the whole option table, and what they parse to as a line of text.
#pragma once

#include <string>
#include <vector>

#include "command.hpp"

namespace command_lines {

/// A command and the words behind its name.
struct Line {
  const deltalog::Command* command = nullptr;
  std::vector<std::string> words;
};

/// The same line for the same number, on every machine.
Line drawn(std::uint64_t seed);

/// "log --id= a%20b": bytes that would be lost between words stand as %XX, and an empty word as %.
std::string to_text(const Line& line);
/// REQUIRES: to_text() made the text, and the command is still there.
Line from_text(std::string_view text);

/// "= id:a at:now -- LOG": the options in the order of the table, then the operands; "= help" or "= version" where that
/// wins; "! MESSAGE" for an error.
std::string outcome(const Line& line);

}  // namespace command_lines
