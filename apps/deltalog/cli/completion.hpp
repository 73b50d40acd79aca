// Completion scripts, made from the table of commands.
#pragma once

#include <string>

namespace deltalog {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();
/// command, option, letter, value, choices; tab-separated: for the test that holds the man pages to the table.
std::string option_table();

}  // namespace deltalog
